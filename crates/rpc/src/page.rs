//! Page sizes and opaque keyset page tokens, bound to the request's other fields.

use std::{collections::BTreeMap, ops::Bound};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::violation::{Scope, reason};

/// Rows in a page when the request does not say.
pub const DEFAULT_SIZE: usize = 50;
/// Rows in a page at most.
pub const MAX_SIZE: usize = 1000;
/// A page ends early when its rows have so many bytes: clients take messages of 4 MiB unless told otherwise.
const BYTES_MAX: usize = 3 * 1024 * 1024;

/// The bytes of the request's digest that a token carries: enough to notice another request.
const DIGEST_BYTES: usize = 8;

/// What a list request asks for: so many rows after a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub size: usize,
    /// The key of the last row of the page before.
    pub after: Option<String>,
    binding: [u8; DIGEST_BYTES],
}

impl Page {
    /// Reads size and token. `request` is the request with `page_size` and `page_token` cleared: a token is bound to
    /// it, so that it cannot be used with other filters.
    pub fn parse(request: &impl Message, size: i32, token: &str, scope: &mut Scope<'_>) -> Self {
        let size = match size {
            0 => DEFAULT_SIZE,
            1..=1000 => usize::try_from(size).unwrap_or(MAX_SIZE),
            _ => {
                scope.invalid("page_size", format!("{size} is not between 1 and {MAX_SIZE}"));
                DEFAULT_SIZE
            }
        };
        let mut binding = [0; DIGEST_BYTES];
        binding.copy_from_slice(&Sha256::digest(request.encode_to_vec())[..DIGEST_BYTES]);
        let mut after = None;
        if !token.is_empty() {
            match decode(token) {
                Some((bound, key)) if bound == binding => after = Some(key),
                Some(_) => scope.add(
                    reason::BAD_PAGE_TOKEN,
                    "page_token",
                    "was made for a request with other fields",
                ),
                None => scope.add(reason::BAD_PAGE_TOKEN, "page_token", "is not a page token"),
            }
        }
        Self { size, after, binding }
    }

    /// As [`Self::parse`], taking size and token out of the request, where `fields` finds them.
    pub fn take<R: Message>(
        request: &mut R,
        fields: impl Fn(&mut R) -> (&mut i32, &mut String),
        scope: &mut Scope<'_>,
    ) -> Self {
        let (size, token) = fields(request);
        let (size, token) = (std::mem::take(size), std::mem::take(token));
        Self::parse(request, size, &token, scope)
    }

    /// The page of a table that is ordered by its keys, and the token of the next one. `read` says how an entry reads,
    /// or that it is not listed.
    pub fn of<'a, V, T: Message>(
        &self,
        table: &'a BTreeMap<String, V>,
        read: impl Fn(&'a V) -> Option<T>,
    ) -> (Vec<T>, String) {
        let after = self.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let entries = table.range::<str, _>((after, Bound::Unbounded));
        let listed = entries.filter_map(|(key, value)| Some((key.clone(), read(value)?)));
        let (keys, mut rows): (Vec<String>, Vec<T>) = listed.take(self.size + 1).unzip();
        let next_page_token = self.cut_by(&mut rows, &keys);
        (rows, next_page_token)
    }

    /// As [`Self::cut`], where each row's key stands beside it.
    pub fn cut_by<T: Message>(&self, rows: &mut Vec<T>, keys: &[String]) -> String {
        let count = rows.len();
        self.cut(rows, |_| String::new());
        if rows.len() == count {
            return String::new();
        }
        let last = rows.len().checked_sub(1).and_then(|last| keys.get(last));
        last.map_or_else(String::new, |key| self.token(key))
    }

    /// Cuts rows to the page, by number and by bytes, and gives the token of the next one. The caller fetched one row
    /// more than `size`, if there was one; `key` is the key of the last row kept.
    pub fn cut<T: Message>(&self, rows: &mut Vec<T>, key: impl Fn(&T) -> String) -> String {
        let mut bytes = 0;
        let fitting = rows.iter().take_while(|row| {
            bytes += row.encoded_len();
            bytes <= BYTES_MAX
        });
        // One row is always given, however large, or no page would ever lead on.
        let kept = fitting.count().max(1).min(self.size);
        if rows.len() <= kept {
            return String::new();
        }
        rows.truncate(kept);
        rows.last().map_or_else(String::new, |last| self.token(&key(last)))
    }

    /// The token of the page after a key.
    #[must_use]
    pub fn token(&self, key: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.binding[..], key.as_bytes()].concat())
    }
}

fn decode(token: &str) -> Option<([u8; DIGEST_BYTES], String)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (binding, key) = bytes.split_at_checked(DIGEST_BYTES)?;
    Some((binding.try_into().ok()?, String::from_utf8(key.to_vec()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Violations;

    fn request(text: &str) -> prost_types::Duration {
        prost_types::Duration {
            seconds: text.len() as i64,
            nanos: 0,
        }
    }

    #[test]
    fn a_token_leads_on_and_is_bound_to_its_request() {
        let mut violations = Violations::new();
        let page = Page::parse(&request("a"), 2, "", &mut violations.root());
        let row = |key: &str| key.to_owned();
        let mut rows = vec![row("k1"), row("k2"), row("k3")];
        let token = page.cut(&mut rows, Clone::clone);
        assert_eq!(rows, ["k1", "k2"]);
        let next = Page::parse(&request("a"), 2, &token, &mut violations.root());
        assert_eq!(next.after.as_deref(), Some("k2"));
        assert!(violations.is_empty());
        Page::parse(&request("other"), 2, &token, &mut violations.root());
        Page::parse(&request("a"), -1, "garbage!", &mut violations.root());
        let paths: Vec<_> = violations.as_slice().iter().map(|v| v.path.as_str()).collect();
        assert_eq!(paths, ["page_token", "page_size", "page_token"]);
    }

    #[test]
    fn the_last_page_has_no_token() {
        let mut violations = Violations::new();
        let page = Page::parse(&request("a"), 3, "", &mut violations.root());
        let mut rows = vec!["k1".to_owned(), "k2".to_owned(), "k3".to_owned()];
        assert_eq!(page.cut(&mut rows, Clone::clone), "");
    }

    #[test]
    fn a_page_ends_before_it_is_too_large_for_a_client() {
        let mut violations = Violations::new();
        let page = Page::parse(&request("a"), 100, "", &mut violations.root());
        let large = |n: usize| format!("{n}{}", "x".repeat(BYTES_MAX / 2 - 100));
        let mut rows: Vec<String> = (0..5).map(large).collect();
        assert!(!page.cut(&mut rows, |row| row[..1].to_owned()).is_empty());
        assert_eq!(rows.len(), 2);
        let mut huge = vec!["x".repeat(2 * BYTES_MAX), "y".to_owned()];
        assert!(!page.cut(&mut huge, |row| row[..1].to_owned()).is_empty());
        assert_eq!(huge.len(), 1, "one row is always given");
    }
}

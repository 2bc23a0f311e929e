//! Attachments: documents that belong to events, named by what they hold.

mod media;
mod office;
mod reception;
mod text;

pub use media::MediaType;
pub use office::of_package;
pub use reception::{Received, Reception};

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use banggiao_model::name;
use banggiao_rpc::{Scope, Violations, violation::reason};

use super::{Error, rule};

/// What attachments are called, before their digest.
const COLLECTION: &str = "attachments";
/// A SHA-256 in hexadecimal digits.
const DIGEST_CHARS: usize = 64;
/// What a digest in an attachment's name must be, for people.
const FORM: &str = "64 lower-case hexadecimal digits";

/// The digest in an attachment's name: 64 lower-case hexadecimal digits, the SHA-256 of its bytes.
pub fn digest_of(name: &str) -> Option<&str> {
    let digest = name.strip_prefix(COLLECTION)?.strip_prefix('/')?;
    is_digest(digest).then_some(digest)
}

/// Whether a text is a digest as attachments are named by.
pub fn is_digest(text: &str) -> bool {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == DIGEST_CHARS && text.bytes().all(hexadecimal)
}

/// The digest in a field that names an attachment and must be given.
pub fn required_digest(name: &str, field: &str, scope: &mut Scope<'_>) -> Option<String> {
    if name.is_empty() {
        scope.required(field);
        return None;
    }
    let digest = digest_of(name).map(str::to_owned);
    if digest.is_none() {
        scope.invalid(field, format!("{name:?} is not of the form {COLLECTION}/{{sha256}}"));
    }
    digest
}

/// The name of the attachment with a digest.
pub fn name_of(digest: &str) -> String {
    name::name(COLLECTION, digest)
}

/// The digests of the attachments that events name.
pub fn named<'a>(events: impl IntoIterator<Item = &'a pb::Event>) -> BTreeSet<String> {
    let attachments = events.into_iter().flat_map(|event| &event.attachments);
    attachments
        .filter_map(|given| digest_of(&given.attachment))
        .map(str::to_owned)
        .collect()
}

/// The rule that what an event names is stored. What it named `before` is, since nothing that was ever named is removed.
///
/// # Errors
/// [`Error::Invalid`] with every attachment under `path` that is not.
pub fn stored(
    event: &pb::Event,
    before: Option<&pb::Event>,
    stored: &BTreeSet<String>,
    path: &str,
) -> Result<(), Error> {
    let before = named(before);
    let is_there =
        |name: &str| digest_of(name).is_some_and(|digest| before.contains(digest) || stored.contains(digest));
    let mut violations = Violations::new();
    for (index, given) in event.attachments.iter().enumerate() {
        if !is_there(&given.attachment) {
            let field = format!("attachments[{index}].attachment");
            violations.scope(path).unknown(&field, &given.attachment);
        }
    }
    violations.check(()).map_err(Error::Invalid)
}

/// A document that is none of the kinds that are taken.
fn refused(what: &str) -> Error {
    let why = format!(
        "{what} is not taken; PDF, JPEG, PNG, WebP, TIFF, DOCX, XLSX, PPTX, ODT, ODS and plain text in UTF-8 are"
    );
    let mut violations = Violations::new();
    violations.root().add(rule::REFUSED_CONTENT, "data", why);
    Error::Invalid(violations)
}

/// A document that is not what it was said to be.
fn contradicted(field: &str, why: String) -> Error {
    let mut violations = Violations::new();
    violations.root().add(reason::INVALID_FIELD, field, why);
    Error::Invalid(violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_one_digest_in_one_spelling() {
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(digest_of(&format!("attachments/{digest}")), Some(digest.as_str()));
        assert_eq!(digest_of(&name_of(&digest)), Some(digest.as_str()));
        for other in [
            digest.clone(),
            format!("attachments/{}", digest.to_uppercase()),
            format!("attachments/{digest}0"),
            format!("attachments{digest}"),
            "attachments/../../etc/passwd".to_owned(),
            String::new(),
        ] {
            assert_eq!(digest_of(&other), None, "{other}");
        }
    }

    #[test]
    fn what_an_event_named_before_needs_no_proof() {
        let name = |digit: &str| name_of(&digit.repeat(64));
        let event = |digits: &[&str]| pb::Event {
            attachments: digits
                .iter()
                .map(|digit| pb::EventAttachment {
                    attachment: name(digit),
                    ..pb::EventAttachment::default()
                })
                .collect(),
            ..pb::Event::default()
        };
        let there = BTreeSet::from(["a".repeat(64)]);
        assert!(stored(&event(&["a"]), None, &there, "event").is_ok());
        assert!(stored(&event(&["b", "a"]), Some(&event(&["b"])), &there, "event").is_ok());
        let Err(Error::Invalid(violations)) = stored(&event(&["a", "c", "b"]), None, &there, "events[3]") else {
            panic!("two are not there")
        };
        let paths: Vec<_> = violations.as_slice().iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "events[3].attachments[1].attachment",
                "events[3].attachments[2].attachment"
            ]
        );
    }
}

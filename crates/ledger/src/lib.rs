//! Commitments of the journal's log: what is hashed for each entry.
//!
//! An entry commits to the stored bytes of a revision without showing them: a mirror or witness can check the whole log
//! and sees nothing, and content can be lawfully withheld without breaking a proof. Leaf hashes are those of RFC 6962.
//! Pure: no database, no network, no clock.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// What an entry stands for. The number is part of what is hashed and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A revision of an event.
    EventRevision = 1,
}

impl Kind {
    /// The number that is hashed and stored.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// The prefix that no other hashed text begins with.
const PREFIX: &[u8] = b"banggiao.org/leaf/v1\n";

/// The entry of one revision: `prefix ‖ kind ‖ id ‖ 0x00 ‖ revision (u32, big-endian) ‖ SHA-256(salt ‖ content)`.
///
/// `id` is the bare id of the resource, at most 63 ASCII characters; `content` the stored bytes; `salt` 32 random bytes,
/// without which short contents could be guessed from the hash.
#[must_use]
pub fn entry(kind: Kind, id: &str, revision: u32, salt: &[u8; 32], content: &[u8]) -> Vec<u8> {
    let mut commitment = Sha256::new();
    commitment.update(salt);
    commitment.update(content);
    let mut entry = Vec::with_capacity(PREFIX.len() + 1 + id.len() + 1 + 4 + 32);
    entry.extend_from_slice(PREFIX);
    entry.push(kind.number());
    entry.extend_from_slice(id.as_bytes());
    entry.push(0);
    entry.extend_from_slice(&revision.to_be_bytes());
    entry.extend_from_slice(&commitment.finalize());
    entry
}

/// The leaf hash of an entry (RFC 6962, 2.1): `SHA-256(0x00 ‖ entry)`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(entry);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_leaf_hash_is_that_of_rfc_6962() {
        // The hash of the empty leaf, as published with the test vectors of Certificate Transparency.
        let empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(&leaf_hash(b"")), empty);
    }

    #[test]
    fn an_entry_commits_to_every_part_and_shows_no_content() {
        let base = entry(Kind::EventRevision, "e1", 1, &[1; 32], b"content");
        assert_eq!(base.len(), PREFIX.len() + 1 + 2 + 1 + 4 + 32);
        assert!(!base.windows(7).any(|window| window == b"content"));
        for other in [
            entry(Kind::EventRevision, "e2", 1, &[1; 32], b"content"),
            entry(Kind::EventRevision, "e1", 2, &[1; 32], b"content"),
            entry(Kind::EventRevision, "e1", 1, &[2; 32], b"content"),
            entry(Kind::EventRevision, "e1", 1, &[1; 32], b"other"),
        ] {
            assert_ne!(leaf_hash(&base), leaf_hash(&other));
        }
    }
}

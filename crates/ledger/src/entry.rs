//! Entries: what stands in the log for a revision, or for something that the log must remember beside revisions.
//!
//! An entry commits to the stored bytes of a revision without showing them: a mirror or witness can check the whole log
//! and sees nothing, and content can be lawfully withheld without breaking a proof.

use sha2::{Digest, Sha256};

use crate::Hash;

/// What an entry stands for. The number is part of what is hashed and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A revision of an event.
    EventRevision = 1,
    /// The declaration that the log was recovered from an older state, with which a new epoch begins.
    Recovery = 2,
    /// Another key signs for the log from here on, or one signs no more.
    KeyChange = 3,
    /// A reorganisation of units, or its revocation, as the registry told of it.
    Reorganization = 4,
    /// A report was issued, with this digest.
    Report = 5,
}

impl Kind {
    /// The number that is hashed and stored.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The kind of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        use Kind::{EventRevision, KeyChange, Recovery, Reorganization, Report};
        [EventRevision, Recovery, KeyChange, Reorganization, Report]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// The prefix that no other hashed text begins with.
const PREFIX: &[u8] = b"banggiao.org/leaf/v1\n";

/// One entry: `prefix ‖ kind ‖ id ‖ 0x00 ‖ revision (u32, big-endian) ‖ commitment` is what is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it stands for, as a number: a verifier checks entries of kinds that it does not know.
    pub kind: u8,
    /// Bare id of the resource, at most 63 ASCII characters.
    pub id: String,
    /// Number of the revision.
    pub revision: u32,
    /// The commitment to the stored bytes.
    pub commitment: Hash,
}

impl Entry {
    /// The entry of a revision with its stored bytes.
    #[must_use]
    pub fn new(kind: Kind, id: &str, revision: u32, salt: &[u8; 32], content: &[u8]) -> Self {
        Self {
            kind: kind.number(),
            id: id.to_owned(),
            revision,
            commitment: commitment(salt, content),
        }
    }

    /// The bytes that are hashed, at most 200.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PREFIX.len() + 1 + self.id.len() + 1 + 4 + 32);
        bytes.extend_from_slice(PREFIX);
        bytes.push(self.kind);
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&self.revision.to_be_bytes());
        bytes.extend_from_slice(&self.commitment);
        bytes
    }

    /// Its leaf hash.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }
}

/// The commitment to stored bytes: `SHA-256(salt ‖ content)`. Without the 32 random bytes of salt, short contents could be
/// guessed from it.
#[must_use]
pub fn commitment(salt: &[u8; 32], content: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(content);
    hash.finalize().into()
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

    #[test]
    fn an_entry_commits_to_every_part_and_shows_no_content() {
        let of =
            |kind, id: &str, revision, salt: &[u8; 32], content: &[u8]| Entry::new(kind, id, revision, salt, content);
        let base = of(Kind::EventRevision, "e1", 1, &[1; 32], b"content");
        let bytes = base.to_bytes();
        assert_eq!(bytes.len(), PREFIX.len() + 1 + 2 + 1 + 4 + 32);
        assert!(!bytes.windows(7).any(|window| window == b"content"));
        for other in [
            of(Kind::Recovery, "e1", 1, &[1; 32], b"content"),
            of(Kind::EventRevision, "e2", 1, &[1; 32], b"content"),
            of(Kind::EventRevision, "e1", 2, &[1; 32], b"content"),
            of(Kind::EventRevision, "e1", 1, &[2; 32], b"content"),
            of(Kind::EventRevision, "e1", 1, &[1; 32], b"other"),
        ] {
            assert_ne!(base.leaf_hash(), other.leaf_hash());
        }
    }
}

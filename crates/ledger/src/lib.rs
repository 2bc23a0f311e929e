//! The Merkle log of the journal: what is hashed for each entry, how the hashes make a tree, what proves that an entry is
//! in it and that nothing before was changed, what is signed, and how all of it is checked without a database or a network.
//!
//! Hashing is that of RFC 6962; signatures are signed notes and what they sign are checkpoints, as the specifications at
//! c2sp.org have them, so that verifiers of others work here unchanged. Pure: it knows no database, no network, no clock.
//! Where hashes are kept is the caller's: this crate says which it needs.

pub mod check;
pub mod checkpoint;
pub mod entry;
pub mod key_change;
pub mod note;
pub mod proof;
pub mod tree;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, Kind, commitment, leaf_hash};
pub use key_change::{KeyChange, Terms};
pub use note::{Note, PublicKey, SecretKey};
pub use tree::{Frontier, Node};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// A hash in hexadecimal digits, as the command line shows it.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

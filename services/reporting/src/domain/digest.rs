//! Digests: one number over everything that counts, in whatever order it came.
//!
//! It proves that what figures are computed on is what the journal told: two projections that count the same revisions
//! have the same digest, and each change costs the same, however long the history.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The sum of the hashes of every counted revision, held or cancelled, modulo 2^256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// From the lowest 64 bits.
    limbs: [u64; 4],
}

impl Digest {
    /// A revision begins to count.
    pub fn add(&mut self, event: &str, revision: i32, log_index: i64) {
        let mut carry = false;
        for (limb, added) in self.limbs.iter_mut().zip(hash(event, revision, log_index)) {
            let (sum, over) = limb.overflowing_add(added);
            let (sum, carried) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || carried);
        }
    }

    /// A revision counts no more.
    pub fn remove(&mut self, event: &str, revision: i32, log_index: i64) {
        let mut borrow = false;
        for (limb, removed) in self.limbs.iter_mut().zip(hash(event, revision, log_index)) {
            let (rest, under) = limb.overflowing_sub(removed);
            let (rest, borrowed) = rest.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (rest, under || borrowed);
        }
    }
}

/// The numbers have a fixed length and come first, so that no two revisions give the same bytes.
fn hash(event: &str, revision: i32, log_index: i64) -> [u64; 4] {
    let mut hasher = Sha256::new();
    hasher.update(log_index.to_be_bytes());
    hasher.update(revision.to_be_bytes());
    hasher.update(event.as_bytes());
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(hasher.finalize().chunks_exact(8)) {
        *limb = bytes.iter().rev().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    limbs
}

impl fmt::Display for Digest {
    /// As 64 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs = self.limbs.iter().rev();
        limbs.try_for_each(|limb| write!(formatter, "{limb:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn order_does_not_matter_and_what_is_removed_was_never_there(
            revisions in proptest::collection::vec((0_u8..9, 1_i32..9, 1_i64..99), 0..20),
            gone in proptest::collection::vec((0_u8..9, 1_i32..9, 1_i64..99), 0..20),
        ) {
            let (mut forwards, mut backwards) = (Digest::default(), Digest::default());
            for (event, revision, log_index) in revisions.iter().chain(&gone) {
                forwards.add(&format!("e{event}"), *revision, *log_index);
            }
            for (event, revision, log_index) in &gone {
                forwards.remove(&format!("e{event}"), *revision, *log_index);
            }
            for (event, revision, log_index) in revisions.iter().rev() {
                backwards.add(&format!("e{event}"), *revision, *log_index);
            }
            proptest::prop_assert_eq!(forwards, backwards);
        }
    }

    #[test]
    fn it_is_written_as_hexadecimal() {
        let mut digest = Digest::default();
        assert_eq!(digest.to_string(), "0".repeat(64));
        digest.remove("e1", 1, 1);
        digest.add("e1", 1, 1);
        assert_eq!(digest, Digest::default());
        digest.add("e1", 1, 1);
        assert_eq!(digest.to_string().len(), 64);
        assert_ne!(digest, Digest::default());
    }
}

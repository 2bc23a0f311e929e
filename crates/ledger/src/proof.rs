//! Proofs, as RFC 6962 (2.1.1 and 2.1.2) defines them: that a leaf is in a tree, and that a tree is the beginning of
//! another. Making one takes hashes of stretches of leaves, which whoever keeps the tree looks up; checking one takes
//! nothing but the proof.

use std::ops::Range;

use crate::{Hash, tree::node_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such leaf in a tree of that size, or the older tree is the larger one.
    #[error("there is no such place in a tree of this size")]
    OutOfRange,
    /// The proof has too few or too many hashes.
    #[error("the proof is not as long as it must be")]
    Length,
    /// Its hashes lead to another root.
    #[error("the proof leads to another root")]
    Mismatch,
}

/// The stretches of leaves whose hashes prove that a leaf is in a tree of a size, in the order of the proof; nothing if
/// it is not.
#[must_use]
pub fn inclusion(leaf: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if leaf >= size {
        return None;
    }
    let (mut tree, mut path) = (0..size, Vec::new());
    while tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        let (left, right) = (tree.start..middle, middle..tree.end);
        let (within, beside) = if leaf < middle { (left, right) } else { (right, left) };
        path.push(beside);
        tree = within;
    }
    path.reverse();
    Some(path)
}

/// The stretches of leaves whose hashes prove that the tree of the smaller size is the beginning of the other, in the
/// order of the proof; nothing if the older is the larger one.
#[must_use]
pub fn consistency(old: u64, new: u64) -> Option<Vec<Range<u64>>> {
    if old > new {
        return None;
    }
    if old == new || old == 0 {
        return Some(Vec::new());
    }
    let (mut tree, mut old_is_whole, mut path) = (0..new, true, Vec::new());
    while tree.end != old {
        let middle = tree.start + split(tree.end - tree.start);
        if old <= middle {
            path.push(middle..tree.end);
            tree = tree.start..middle;
        } else {
            path.push(tree.start..middle);
            tree = middle..tree.end;
            old_is_whole = false;
        }
    }
    if !old_is_whole {
        path.push(tree);
    }
    path.reverse();
    Some(path)
}

/// The largest power of two that is smaller than a size of at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Checks that a leaf is in a tree (RFC 9162, 2.1.3.2).
///
/// # Errors
/// If the proof does not prove it.
pub fn verify_inclusion(leaf_hash: &Hash, leaf: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), Error> {
    if leaf >= size {
        return Err(Error::OutOfRange);
    }
    let (mut place, mut last, mut hash) = (leaf, size - 1, *leaf_hash);
    for beside in proof {
        if last == 0 {
            return Err(Error::Length);
        }
        if place % 2 == 1 || place == last {
            hash = node_hash(beside, &hash);
            while place != 0 && place.is_multiple_of(2) {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        place >>= 1;
        last >>= 1;
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(Error::Length),
        (true, false) => Err(Error::Mismatch),
        (true, true) => Ok(()),
    }
}

/// Checks that a tree is the beginning of another (RFC 9162, 2.1.4.2).
///
/// # Errors
/// If the proof does not prove it.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), Error> {
    if old > new {
        return Err(Error::OutOfRange);
    }
    if old == new || old == 0 {
        // An empty tree is the beginning of any, and a tree of itself.
        let same = old == 0 || old_root == new_root;
        return match (proof.is_empty(), same) {
            (false, _) => Err(Error::Length),
            (true, false) => Err(Error::Mismatch),
            (true, true) => Ok(()),
        };
    }
    let mut hashes = proof.iter();
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        hashes.next()
    };
    let Some(first) = first else { return Err(Error::Length) };
    let (mut place, mut last) = (old - 1, new - 1);
    while place % 2 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for beside in hashes {
        if last == 0 {
            return Err(Error::Length);
        }
        if place % 2 == 1 || place == last {
            old_hash = node_hash(beside, &old_hash);
            new_hash = node_hash(beside, &new_hash);
            while place != 0 && place.is_multiple_of(2) {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, beside);
        }
        place >>= 1;
        last >>= 1;
    }
    match (last == 0, old_hash == *old_root && new_hash == *new_root) {
        (false, _) => Err(Error::Length),
        (true, false) => Err(Error::Mismatch),
        (true, true) => Ok(()),
    }
}

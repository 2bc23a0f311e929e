//! The tree over the leaf hashes, growing at its right edge.
//!
//! A tree of any size is a row of complete subtrees, the largest first, as many as the size has binary ones. Their roots,
//! the *frontier*, are all that it takes to append and to give the root. Of the hashes inside, every eighth level is worth
//! keeping: what lies between is computed from at most 256 of the level below.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::Hash;

/// Levels whose number is a multiple of this are kept; level 0 are the leaves.
pub const KEPT_LEVELS: u8 = 8;

/// The hash of two subtrees (RFC 6962, 2.1): `SHA-256(0x01 ‖ left ‖ right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// A complete subtree: the leaves from `index × 2^level`, `2^level` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// 0 is a leaf.
    pub level: u8,
    /// Its place among those of its level.
    pub index: u64,
}

impl Node {
    /// The kept level below or at its own, and its hashes from which [`folded`] makes this one.
    #[must_use]
    pub fn kept(self) -> (u8, Range<u64>) {
        let above = self.level % KEPT_LEVELS;
        (self.level - above, self.index << above..(self.index + 1) << above)
    }

    /// The leaves under it.
    #[must_use]
    pub fn leaves(self) -> Range<u64> {
        self.index << self.level..(self.index + 1) << self.level
    }
}

/// The root of a complete subtree over hashes of one level, as many as a power of two; nothing for any other number.
#[must_use]
pub fn folded(mut hashes: Vec<Hash>) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    hashes.pop()
}

/// The root of neighbouring complete subtrees, the largest first: the hash of a tree that they make up.
#[must_use]
pub fn joined(subtrees: &[Hash]) -> Hash {
    match subtrees.split_last() {
        None => Sha256::digest([]).into(),
        Some((last, others)) => others.iter().rfold(*last, |right, left| node_hash(left, &right)),
    }
}

/// The complete subtrees of a stretch of leaves that is itself a subtree of some tree, the largest first.
#[must_use]
pub fn subtrees(leaves: Range<u64>) -> Vec<Node> {
    let (mut start, mut nodes) = (leaves.start, Vec::new());
    while start < leaves.end {
        let longest = (leaves.end - start).ilog2().min(start.trailing_zeros().min(63));
        // A stretch that is a subtree begins where its largest part may begin, so the first of the two decides.
        let level = u8::try_from(longest).unwrap_or(63);
        nodes.push(Node {
            level,
            index: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

/// The right edge of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, the largest first.
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of a size from the roots of its complete subtrees, one behind the other; nothing if they are
    /// not as many as the size has.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (subtrees, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && subtrees.len() == size.count_ones() as usize;
        fits.then(|| Self {
            size,
            subtrees: subtrees.to_vec(),
        })
    }

    /// The same from hashes.
    #[must_use]
    pub fn from_hashes(size: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (subtrees.len() == size.count_ones() as usize).then_some(Self { size, subtrees })
    }

    /// The roots of its complete subtrees, one behind the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.subtrees.concat()
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        joined(&self.subtrees)
    }

    /// Appends a leaf, and tells the inner nodes of kept levels that are complete with it.
    pub fn push(&mut self, leaf: Hash, mut kept: impl FnMut(Node, Hash)) {
        let (mut hash, mut node) = (
            leaf,
            Node {
                level: 0,
                index: self.size,
            },
        );
        while node.index % 2 == 1 {
            let Some(left) = self.subtrees.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node {
                level: node.level + 1,
                index: node.index / 2,
            };
            if node.level.is_multiple_of(KEPT_LEVELS) {
                kept(node, hash);
            }
        }
        self.subtrees.push(hash);
        self.size += 1;
    }
}

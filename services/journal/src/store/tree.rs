//! The tree over the log as it is kept: hashes of stretches of entries, put together from leaf hashes and kept nodes.
//!
//! It reads what was committed and never changes, so that it needs no transaction.

use std::ops::Range;

use banggiao_ledger::{
    Frontier, Hash, Node,
    tree::{folded, joined, subtrees},
};
use banggiao_store::Error;
use sea_orm::ConnectionTrait;

use super::{node, revision};

/// The hash of one complete subtree.
async fn subtree(db: &impl ConnectionTrait, subtree: Node) -> Result<Hash, Error> {
    let (level, places) = subtree.kept();
    let hashes = match level {
        0 => revision::leaf_hashes(db, places.clone()).await?,
        _ => node::hashes(db, level, places.clone()).await?,
    };
    let in_order: Option<Vec<Hash>> = hashes
        .into_iter()
        .zip(places)
        .map(|((found, hash), place)| (found == place).then(|| hash.try_into().ok()).flatten())
        .collect();
    in_order.and_then(folded).ok_or_else(|| {
        let leaves = subtree.leaves();
        Error::Damaged(format!(
            "a hash over entries {}\u{2013}{} of the log is missing",
            leaves.start + 1,
            leaves.end
        ))
    })
}

/// The hash of a stretch of leaves that is a subtree of some tree.
async fn stretch(db: &impl ConnectionTrait, leaves: Range<u64>) -> Result<Hash, Error> {
    let mut hashes = Vec::new();
    for part in subtrees(leaves) {
        hashes.push(subtree(db, part).await?);
    }
    Ok(joined(&hashes))
}

/// The hashes of a proof.
pub async fn hashes(db: &impl ConnectionTrait, stretches: Vec<Range<u64>>) -> Result<Vec<Hash>, Error> {
    let mut hashes = Vec::with_capacity(stretches.len());
    for leaves in stretches {
        hashes.push(stretch(db, leaves).await?);
    }
    Ok(hashes)
}

/// The right edge of the tree of a size.
pub async fn frontier(db: &impl ConnectionTrait, size: u64) -> Result<Frontier, Error> {
    let mut hashes = Vec::new();
    for part in subtrees(0..size) {
        hashes.push(subtree(db, part).await?);
    }
    Frontier::from_hashes(size, hashes).ok_or_else(|| Error::Damaged("the tree over the log".to_owned()))
}

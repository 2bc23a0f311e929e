//! The fifth step: the tree over the log, for what stands in it already, and a place for signed checkpoints.

use banggiao_ledger::{Frontier, Hash};
use banggiao_store::head;
use sea_orm_migration::prelude::*;

use crate::store::{checkpoint, node, revision};

/// So many leaves are read at once.
const LEAVES: u64 = 10_000;

/// The fifth step.
pub struct Ledger;

impl MigrationName for Ledger {
    fn name(&self) -> &'static str {
        "m0005_ledger"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Ledger {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(head::add_tree()).await?;
        manager.create_table(node::create_table()).await?;
        manager.create_table(checkpoint::create_table()).await?;
        let db = manager.get_connection();
        let tree = grow(db).await.map_err(|error| DbErr::Migration(error.to_string()))?;
        let put = Query::update()
            .table(Alias::new("head"))
            .value(Alias::new("tree"), tree.to_bytes())
            .to_owned();
        manager.execute(put).await
    }
}

async fn grow(db: &impl ConnectionTrait) -> Result<Frontier, banggiao_store::Error> {
    let mut tree = Frontier::default();
    loop {
        let leaves = revision::leaf_hashes(db, tree.size()..tree.size() + LEAVES).await?;
        if leaves.is_empty() {
            return Ok(tree);
        }
        let mut nodes = Vec::new();
        for (place, leaf) in leaves {
            let leaf: Option<Hash> = leaf.try_into().ok();
            let (true, Some(leaf)) = (place == tree.size(), leaf) else {
                let what = format!("entry {} of the log is missing", tree.size() + 1);
                return Err(banggiao_store::Error::Damaged(what));
            };
            tree.push(leaf, |node, hash| nodes.push((node, hash)));
        }
        node::insert(db, nodes).await?;
    }
}

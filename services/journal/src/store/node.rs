//! What is kept of the tree over the log, besides the leaf hashes, which stand in the revisions: the hashes of every eighth
//! level. They are inserted with the entry that completes them and never touched again.

use std::ops::Range;

use banggiao_ledger::{Hash, Node};
use banggiao_store::{Error, Session, bulk};
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, ExprTrait, Index, Table, TableCreateStatement},
};

/// One kept hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "node")]
pub struct Model {
    /// Level, a multiple of 8 and not 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: i16,
    /// Place among those of its level, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i64,
    /// The hash.
    pub hash: Vec<u8>,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Level).small_integer().not_null())
        .col(ColumnDef::new(Column::Place).big_integer().not_null())
        .col(ColumnDef::new(Column::Hash).blob().not_null())
        .primary_key(Index::create().col(Column::Level).col(Column::Place))
        .to_owned()
}

/// Adds hashes.
pub async fn insert(db: &impl Session, nodes: Vec<(Node, Hash)>) -> Result<(), Error> {
    let rows = nodes.into_iter().map(|(node, hash)| ActiveModel {
        level: Set(i16::from(node.level)),
        place: Set(place(node.index)),
        hash: Set(hash.to_vec()),
    });
    bulk::insert(db, rows.collect(), bulk::Taken::Refuse).await
}

/// The hashes of a stretch of a level that are there, by their places.
pub async fn hashes(db: &impl ConnectionTrait, level: u8, places: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    let rows: Vec<(i64, Vec<u8>)> = Entity::find()
        .select_only()
        .columns([Column::Place, Column::Hash])
        .filter(Column::Level.eq(i16::from(level)))
        .filter(
            Column::Place
                .gte(place(places.start))
                .and(Column::Place.lt(place(places.end))),
        )
        .order_by_asc(Column::Place)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(place, hash)| (u64::try_from(place).unwrap_or_default(), hash))
        .collect())
}

/// All that are kept of these levels over the leaves that are told, by level and place.
pub async fn over(db: &impl ConnectionTrait, leaves: Range<u64>) -> Result<Vec<(Node, Vec<u8>)>, Error> {
    let mut found = Vec::new();
    for level in [8_u8, 16, 24, 32] {
        // Those whose last leaf is among them.
        let places = leaves.start >> level..leaves.end >> level;
        if !places.is_empty() {
            let hashes = hashes(db, level, places).await?;
            found.extend(hashes.into_iter().map(|(index, hash)| (Node { level, index }, hash)));
        }
    }
    Ok(found)
}

fn place(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

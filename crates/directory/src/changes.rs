//! The stored changes: registry's own log, and the copy of it that every reader keeps. The same table in each database.

use banggiao_contracts::registry::v1 as pb;
use banggiao_store::{Error, Tx};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};

use crate::Directory;

/// So many changes are read at once.
const CHUNK: u64 = 1000;

/// One change as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registry_change")]
pub struct Model {
    /// Position, from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// The change, encoded as `banggiao.registry.v1.Change`. What was stored is never encoded anew.
    pub change: Vec<u8>,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table, for a service's first migration.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .col(ColumnDef::new(Column::Change).blob().not_null())
        .primary_key(Index::create().col(Column::Position))
        .to_owned()
}

/// Appends changes.
///
/// # Errors
/// If a position is taken, or the database is away.
pub async fn append(tx: &Tx, changes: &[pb::Change]) -> Result<(), Error> {
    for change in changes {
        let row = ActiveModel {
            position: Set(change.position),
            change: Set(change.encode_to_vec()),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The changes after a position, oldest first.
///
/// # Errors
/// If the database is away, or a stored change does not decode.
pub async fn read_after(db: &impl ConnectionTrait, position: i64, limit: u64) -> Result<Vec<pb::Change>, Error> {
    let rows = Entity::find()
        .filter(Column::Position.gt(position))
        .order_by_asc(Column::Position)
        .limit(limit);
    rows.all(db).await?.iter().map(decode).collect()
}

/// One change.
///
/// # Errors
/// If the database is away, it is not there, or it does not decode.
pub async fn read(db: &impl ConnectionTrait, position: i64) -> Result<pb::Change, Error> {
    let row = Entity::find_by_id(position).one(db).await?;
    decode(&row.ok_or(Error::Missing("a change that was recorded"))?)
}

/// Folds in everything that is stored after the directory's position.
///
/// # Errors
/// If the database is away, or a stored change does not fit.
pub async fn fold_stored(db: &impl ConnectionTrait, directory: &mut Directory) -> Result<(), Error> {
    fold(db, directory, i64::MAX).await
}

/// The directory as it was at a position, folded from what is stored.
///
/// # Errors
/// If the database is away, or a stored change does not fit.
pub async fn fold_until(db: &impl ConnectionTrait, position: i64) -> Result<Directory, Error> {
    let mut directory = Directory::default();
    fold(db, &mut directory, position).await?;
    Ok(directory)
}

async fn fold(db: &impl ConnectionTrait, directory: &mut Directory, until: i64) -> Result<(), Error> {
    while directory.position() < until {
        let left = u64::try_from(until - directory.position()).unwrap_or(CHUNK);
        let changes = read_after(db, directory.position(), left.min(CHUNK)).await?;
        if changes.is_empty() {
            break;
        }
        for change in &changes {
            directory
                .apply(change)
                .map_err(|error| Error::Damaged(error.to_string()))?;
        }
    }
    Ok(())
}

fn decode(row: &Model) -> Result<pb::Change, Error> {
    pb::Change::decode(row.change.as_slice())
        .map_err(|error| Error::Damaged(format!("change {}: {error}", row.position)))
}

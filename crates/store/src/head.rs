//! The head row: the one place from which positions come.
//!
//! A sequence would leave gaps and could show N + 1 before N; a reader that had stored N + 1 would then lose N for ever.
//! The head is locked first and alone in the writing transaction, so positions are gapless and in commit order.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, LockType, Table, TableAlterStatement, TableCreateStatement},
};

use crate::{Error, Session, follow};

/// The one row of the table.
const ID: i32 = 1;

/// Where a log stands.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "head")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Grows when an operator declares a recovery from an older backup.
    pub epoch: i64,
    /// Number of entries so far; the last entry's position.
    pub position: i64,
    /// When the last entry was recorded, in microseconds since 1970. Recorded times never run backwards.
    pub recorded_at: i64,
    /// What the log's owner keeps of a Merkle tree over its entries; absent where there is none.
    pub tree: Option<Vec<u8>>,
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
        .col(ColumnDef::new(Column::Id).integer().not_null())
        .col(ColumnDef::new(Column::Epoch).big_integer().not_null())
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .col(ColumnDef::new(Column::RecordedAt).big_integer().not_null())
        .primary_key(Index::create().col(Column::Id))
        .to_owned()
}

/// The column for what is kept of a tree, for a later migration.
#[must_use]
pub fn add_tree() -> TableAlterStatement {
    Table::alter()
        .table(Entity)
        .add_column(ColumnDef::new(Column::Tree).blob())
        .to_owned()
}

/// Puts the first row, at position 0 of epoch 1.
///
/// # Errors
/// If the row is there already.
pub async fn insert_first(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let first = ActiveModel {
        id: Set(ID),
        epoch: Set(1),
        position: Set(0),
        recorded_at: Set(0),
        tree: NotSet,
    };
    Entity::insert(first).exec_without_returning(db).await.map(|_| ())
}

/// Locks the head for the rest of the transaction and reads it. This must be the transaction's first statement: what
/// is read before it may be stale.
///
/// # Errors
/// If the database is away or has no head.
pub async fn lock(tx: &impl Session) -> Result<Model, Error> {
    let row = tx.find(locked()).await?.pop();
    row.ok_or(Error::Missing("the head row"))
}

/// On SQLite there is nothing to lock: the transaction is the only writer from its beginning.
fn locked() -> Select<Entity> {
    Entity::find_by_id(ID).lock(LockType::Update)
}

/// Reads the head without locking it.
///
/// # Errors
/// If the database is away or has no head.
pub async fn read(db: &impl ConnectionTrait) -> Result<Model, Error> {
    Entity::find_by_id(ID)
        .one(db)
        .await?
        .ok_or(Error::Missing("the head row"))
}

/// Moves the head, which this transaction has locked; other processes on the database hear of it.
///
/// # Errors
/// If the database is away.
pub async fn advance(tx: &impl Session, head: &Model) -> Result<(), Error> {
    let row = ActiveModel {
        id: Set(ID),
        epoch: Set(head.epoch),
        position: Set(head.position),
        recorded_at: Set(head.recorded_at),
        tree: Set(head.tree.clone()),
    };
    let moved = Entity::update_many().set(row).filter(Column::Id.eq(ID));
    follow::announced(tx, moved.build(tx.backend())).await
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    #[test]
    fn the_head_is_locked_where_several_can_write() {
        let columns = r#""head"."id", "head"."epoch", "head"."position", "head"."recorded_at", "head"."tree""#;
        let select = format!(r#"SELECT {columns} FROM "head" WHERE "head"."id" = 1"#);
        let sql = |backend| locked().build(backend).to_string();
        assert_eq!(sql(DbBackend::Postgres), format!("{select} FOR UPDATE"));
        assert_eq!(sql(DbBackend::Sqlite).trim_end(), select);
    }
}

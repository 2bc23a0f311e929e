//! Cursors: how far a reader has read a feed, stored in the same transaction as what it made of it.

use sea_orm::{
    ActiveValue::Set,
    QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Expr, ExprTrait, Index, LockType, Table, TableCreateStatement},
};

use crate::{Error, Tx};

/// A reader's place in a feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cursor")]
pub struct Model {
    /// The feed, as `registry` or `journal`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub feed: String,
    /// The epoch that was read.
    pub epoch: i64,
    /// The last position that was read; 0 before the first.
    pub position: i64,
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
        .col(ColumnDef::new(Column::Feed).string_len(32).not_null())
        .col(ColumnDef::new(Column::Epoch).big_integer().not_null())
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .primary_key(Index::create().col(Column::Feed))
        .to_owned()
}

/// Puts a reader's cursor at the beginning of a feed.
///
/// # Errors
/// If it is there already.
pub async fn insert_first(db: &impl ConnectionTrait, feed: &'static str) -> Result<(), DbErr> {
    let first = ActiveModel {
        feed: Set(feed.to_owned()),
        epoch: Set(0),
        position: Set(0),
    };
    Entity::insert(first).exec_without_returning(db).await.map(|_| ())
}

/// Puts a reader's cursor back to the beginning of a feed, so that all of it is read again.
///
/// # Errors
/// If the database is away.
pub async fn restart(db: &impl ConnectionTrait, feed: &'static str) -> Result<(), DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::Epoch, Expr::value(0_i64))
        .col_expr(Column::Position, Expr::value(0_i64))
        .filter(Column::Feed.eq(feed));
    update.exec(db).await.map(|_| ())
}

/// Where the reader stands.
///
/// # Errors
/// If the database is away or there is no such cursor.
pub async fn read(db: &impl ConnectionTrait, feed: &'static str) -> Result<Model, Error> {
    Entity::find_by_id(feed)
        .one(db)
        .await?
        .ok_or(Error::Missing("the cursor"))
}

/// As [`read`], and nobody moves it for the rest of the transaction.
///
/// # Errors
/// As [`read`].
pub async fn lock(tx: &Tx, feed: &'static str) -> Result<Model, Error> {
    let row = Entity::find_by_id(feed).lock(LockType::Update).one(tx).await?;
    row.ok_or(Error::Missing("the cursor"))
}

/// Moves the cursor from where it was expected to where it shall be, so that no two processes apply the same entries.
///
/// # Errors
/// [`Error::CursorMoved`] if it is not where it was expected.
pub async fn advance(tx: &Tx, feed: &'static str, expected: i64, epoch: i64, position: i64) -> Result<(), Error> {
    let moved = Entity::update_many()
        .col_expr(Column::Epoch, Expr::value(epoch))
        .col_expr(Column::Position, Expr::value(position))
        .filter(Column::Feed.eq(feed).and(Column::Position.eq(expected)))
        .exec(tx)
        .await?;
    if moved.rows_affected == 1 {
        Ok(())
    } else {
        Err(Error::CursorMoved(feed))
    }
}

//! The digest over what counts, beside the cursor: whoever moves the one moves the other.

use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ColumnDef, Expr, ExprTrait, Index, Table, TableCreateStatement},
};

use crate::domain::digest::Digest;

/// The digest of what was read of a feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "digest")]
pub struct Model {
    /// The feed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub feed: String,
    /// As 64 hexadecimal digits.
    pub value: String,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Feed).string_len(32).not_null())
        .col(ColumnDef::new(Column::Value).string_len(64).not_null())
        .primary_key(Index::create().col(Column::Feed))
        .to_owned()
}

/// The digest of nothing.
pub async fn insert_first(db: &impl ConnectionTrait, feed: &'static str) -> Result<(), DbErr> {
    let first = ActiveModel {
        feed: Set(feed.to_owned()),
        value: Set(Digest::default().to_string()),
    };
    Entity::insert(first).exec_without_returning(db).await.map(|_| ())
}

/// The digest as stored.
pub async fn read(db: &impl ConnectionTrait, feed: &'static str) -> Result<String, Error> {
    let stored = Entity::find_by_id(feed).one(db).await?;
    Ok(stored.ok_or(Error::Missing("the digest"))?.value)
}

/// Moves the digest from what was expected to what it shall be: a writer whose memory is not what is stored is stopped here,
/// even where the position is the same.
///
/// # Errors
/// [`Error::CursorMoved`] if it is not what was expected.
pub async fn advance(tx: &Tx, feed: &'static str, expected: &str, value: &str) -> Result<(), Error> {
    let moved = Entity::update_many()
        .col_expr(Column::Value, Expr::value(value))
        .filter(Column::Feed.eq(feed).and(Column::Value.eq(expected)))
        .exec(tx)
        .await?;
    if moved.rows_affected == 1 {
        Ok(())
    } else {
        Err(Error::CursorMoved(feed))
    }
}

//! Requests that were answered, kept for ever: the same id gives the same answer, however late it comes again.

use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};

/// One answered request. Its answer is the changes that it made.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request")]
pub struct Model {
    /// Who asked. Ids are scoped by it, or one caller could read another's answer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: String,
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// SHA-256 of the request without its id.
    pub digest: Vec<u8>,
    /// Position of the first change that it made.
    pub first_position: i64,
    /// Position of the last.
    pub last_position: i64,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Principal).string_len(63).not_null())
        .col(ColumnDef::new(Column::Id).uuid().not_null())
        .col(ColumnDef::new(Column::Digest).blob().not_null())
        .col(ColumnDef::new(Column::FirstPosition).big_integer().not_null())
        .col(ColumnDef::new(Column::LastPosition).big_integer().not_null())
        .primary_key(Index::create().col(Column::Principal).col(Column::Id))
        .to_owned()
}

/// The request, if it was answered before.
pub async fn find(tx: &Tx, principal: &str, id: Uuid) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id((principal.to_owned(), id)).one(tx).await?)
}

/// Remembers an answered request.
pub async fn insert(tx: &Tx, row: Model) -> Result<(), Error> {
    let row = ActiveModel {
        principal: Set(row.principal),
        id: Set(row.id),
        digest: Set(row.digest),
        first_position: Set(row.first_position),
        last_position: Set(row.last_position),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

//! Rows that were imported, recognised for ever by source, kind and key.

use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};

/// One imported row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_row")]
pub struct Model {
    /// Where the row came from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// What kind of row it is, as `unit`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Id of the resource, or the digest of an act.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the parsed fields.
    pub digest: Vec<u8>,
    /// Position of the change that it made.
    pub position: i64,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Source).string_len(100).not_null())
        .col(ColumnDef::new(Column::Kind).string_len(32).not_null())
        .col(ColumnDef::new(Column::Key).string_len(64).not_null())
        .col(ColumnDef::new(Column::Digest).blob().not_null())
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .primary_key(Index::create().col(Column::Source).col(Column::Kind).col(Column::Key))
        .to_owned()
}

/// The row, if it was imported before.
pub async fn find(tx: &Tx, source: &str, kind: &str, key: &str) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id((source.to_owned(), kind.to_owned(), key.to_owned()))
        .one(tx)
        .await?)
}

/// Remembers an imported row.
pub async fn insert(tx: &Tx, row: Model) -> Result<(), Error> {
    let row = ActiveModel {
        source: Set(row.source),
        kind: Set(row.kind),
        key: Set(row.key),
        digest: Set(row.digest),
        position: Set(row.position),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

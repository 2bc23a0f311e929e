//! Rows that were imported, recognised for ever by source, kind and key, whatever happened since to what they made.

use std::collections::HashMap;

use crate::{Error, Session, bulk};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ColumnDef, ExprTrait, Index, Table, TableCreateStatement},
};

/// One imported row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_row")]
pub struct Model {
    /// Where the row came from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// What kind of row it is, as `event`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The id or reference in the source, or the digest of a row that has none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the parsed fields.
    pub digest: Vec<u8>,
    /// Position of the log entry that it made.
    pub position: i64,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Source, kind and key of a row.
pub type Key = (String, String, String);

/// The table, for a service's first migration.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Source).string_len(100).not_null())
        .col(ColumnDef::new(Column::Kind).string_len(32).not_null())
        .col(ColumnDef::new(Column::Key).string_len(100).not_null())
        .col(ColumnDef::new(Column::Digest).blob().not_null())
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .primary_key(Index::create().col(Column::Source).col(Column::Kind).col(Column::Key))
        .to_owned()
}

/// The rows among these keys that were imported before.
///
/// # Errors
/// If the database is away.
pub async fn find(tx: &impl Session, keys: &[Key]) -> Result<HashMap<Key, Model>, Error> {
    let mut found = HashMap::new();
    let mut by_source: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for (source, kind, key) in keys {
        by_source.entry((source, kind)).or_default().push(key);
    }
    for ((source, kind), keys) in by_source {
        for part in bulk::parts(&keys) {
            let same = Column::Source.eq(source).and(Column::Kind.eq(kind));
            let rows = Entity::find().filter(same.and(Column::Key.is_in(part)));
            for row in tx.find(rows).await? {
                found.insert((row.source.clone(), row.kind.clone(), row.key.clone()), row);
            }
        }
    }
    Ok(found)
}

/// Remembers imported rows.
///
/// # Errors
/// If a row is there already, or the database is away.
pub async fn insert(tx: &impl Session, rows: Vec<Model>) -> Result<(), Error> {
    let rows = rows.into_iter().map(|row| ActiveModel {
        source: Set(row.source),
        kind: Set(row.kind),
        key: Set(row.key),
        digest: Set(row.digest),
        position: Set(row.position),
    });
    bulk::insert(tx, rows.collect(), bulk::Taken::Refuse).await
}

//! Who uploaded which attachment: what no event names yet may be read and named by those.

use std::collections::BTreeSet;

use banggiao_store::{Error, Tx, bulk};
use sea_orm::{
    ActiveValue::Set,
    QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, ExprTrait, Index, OnConflict, Table, TableCreateStatement},
};

/// An attachment and one who uploaded it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment_upload")]
pub struct Model {
    /// The attachment's digest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// Id of the principal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: String,
    /// When the principal uploaded it first, in microseconds since 1970.
    pub uploaded_at: i64,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Digest).string_len(64).not_null())
        .col(ColumnDef::new(Column::Principal).string_len(63).not_null())
        .col(ColumnDef::new(Column::UploadedAt).big_integer().not_null())
        .primary_key(Index::create().col(Column::Digest).col(Column::Principal))
        .to_owned()
}

/// Writes down that a principal uploaded an attachment; the first time stays.
pub async fn put(tx: &Tx, row: Model) -> Result<(), Error> {
    let row = ActiveModel {
        digest: Set(row.digest),
        principal: Set(row.principal),
        uploaded_at: Set(row.uploaded_at),
    };
    let mut ignore = OnConflict::new();
    ignore.do_nothing();
    Entity::insert(row)
        .on_conflict(ignore)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// When a principal uploaded an attachment first, if ever.
pub async fn find(db: &impl ConnectionTrait, digest: &str, principal: &str) -> Result<Option<i64>, Error> {
    let row = Entity::find_by_id((digest.to_owned(), principal.to_owned()))
        .one(db)
        .await?;
    Ok(row.map(|row| row.uploaded_at))
}

/// Those of the digests whose attachments a principal uploaded.
pub async fn of_principal(
    db: &impl ConnectionTrait,
    digests: &BTreeSet<String>,
    principal: &str,
) -> Result<BTreeSet<String>, Error> {
    let (all, mut found) = (Vec::from_iter(digests), BTreeSet::new());
    for part in bulk::parts(&all) {
        let same = Column::Principal.eq(principal).and(Column::Digest.is_in(part));
        let query = Entity::find().select_only().column(Column::Digest).filter(same);
        found.extend(query.into_tuple::<String>().all(db).await?);
    }
    Ok(found)
}

/// Forgets who uploaded attachments.
pub(super) async fn forget(tx: &Tx, digests: &[String]) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Digest.is_in(digests))
        .exec(tx)
        .await?;
    Ok(())
}

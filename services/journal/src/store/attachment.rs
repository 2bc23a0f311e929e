//! Attachments that are stored, and who uploaded them. Their contents stand in a folder; a row says that one is there.

use std::collections::BTreeSet;

use banggiao_store::{Error, Session, Tx, bulk};
use sea_orm::{
    ActiveValue::Set,
    Condition, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Expr, ExprTrait, Index, IntoColumnRef, OnConflict, Table, TableCreateStatement},
};

use super::event::link;

pub mod upload;

/// An attachment that is stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    /// SHA-256 of its bytes in lower-case hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// Number of its bytes.
    pub size_bytes: i64,
    /// What it is, as the contract has it.
    pub media_type: String,
    /// When it was last uploaded, by whomever, in microseconds since 1970.
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
        .col(ColumnDef::new(Column::SizeBytes).big_integer().not_null())
        .col(ColumnDef::new(Column::MediaType).string_len(100).not_null())
        .col(ColumnDef::new(Column::UploadedAt).big_integer().not_null())
        .primary_key(Index::create().col(Column::Digest))
        .to_owned()
}

/// Writes down that an attachment was uploaded, for the first time or again.
pub async fn put(tx: &Tx, row: Model) -> Result<(), Error> {
    let row = ActiveModel {
        digest: Set(row.digest),
        size_bytes: Set(row.size_bytes),
        media_type: Set(row.media_type),
        uploaded_at: Set(row.uploaded_at),
    };
    // What it is was found by other rules, perhaps, when it came first.
    let again = OnConflict::column(Column::Digest)
        .update_columns([Column::MediaType, Column::UploadedAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The attachment with a digest.
pub async fn find(db: &impl ConnectionTrait, digest: &str) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id(digest).one(db).await?)
}

/// Those of the digests whose attachments are stored.
pub async fn stored(db: &impl Session, digests: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
    let (all, mut found) = (Vec::from_iter(digests), BTreeSet::new());
    for part in bulk::parts(&all) {
        let rows = db.find(Entity::find().filter(Column::Digest.is_in(part))).await?;
        found.extend(rows.into_iter().map(|row| row.digest));
    }
    Ok(found)
}

/// Whether any attachment is stored.
pub async fn is_any(db: &impl ConnectionTrait) -> Result<bool, Error> {
    Ok(Entity::find().one(db).await?.is_some())
}

/// Digests of attachments that no revision names and that were last uploaded before a time, at most `limit`.
pub async fn orphans(db: &impl ConnectionTrait, before: i64, limit: u64) -> Result<Vec<String>, Error> {
    let orphans = Entity::find()
        .select_only()
        .column(Column::Digest)
        .filter(orphaned(before));
    Ok(orphans.limit(limit).into_tuple().all(db).await?)
}

/// Takes out those of these attachments that are orphans still.
pub async fn take_orphans(tx: &Tx, before: i64, digests: &[String]) -> Result<(), Error> {
    let still = Entity::find()
        .select_only()
        .column(Column::Digest)
        .filter(orphaned(before).add(Column::Digest.is_in(digests)));
    let digests: Vec<String> = still.into_tuple().all(tx).await?;
    upload::forget(tx, &digests).await?;
    Entity::delete_many()
        .filter(Column::Digest.is_in(&digests))
        .exec(tx)
        .await?;
    Ok(())
}

fn orphaned(before: i64) -> Condition {
    let named = link::naming((Entity, Column::Digest).into_column_ref());
    Condition::all()
        .add(Column::UploadedAt.lt(before))
        .add(Expr::exists(named).not())
}

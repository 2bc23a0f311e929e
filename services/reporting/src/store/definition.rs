//! Revisions of definitions: rows that are inserted and never touched again. The shipped ones are the first.

use banggiao_contracts::reporting::v1 as pb;
use banggiao_store::{Error, Tx, bulk};
use sea_orm::{
    ActiveValue::Set,
    QueryOrder,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};
use sha2::{Digest, Sha256};

use crate::domain::definition::{Definition, Definitions, id_of};

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "definition")]
pub struct Model {
    /// What kind it is: how its names begin.
    #[sea_orm(primary_key, auto_increment = false)]
    pub collection: String,
    /// Its id; of a period with its calendar.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Number of the revision, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    /// The revision as a message of the contract, without its etag.
    pub content: Vec<u8>,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Collection).string_len(32).not_null())
        .col(ColumnDef::new(Column::Id).string_len(80).not_null())
        .col(ColumnDef::new(Column::Revision).integer().not_null())
        .col(ColumnDef::new(Column::Content).blob().not_null())
        .primary_key(
            Index::create()
                .col(Column::Collection)
                .col(Column::Id)
                .col(Column::Revision),
        )
        .to_owned()
}

/// Everything that is defined.
pub async fn all(db: &impl ConnectionTrait) -> Result<Definitions, Error> {
    let rows = Entity::find()
        .order_by_asc(Column::Collection)
        .order_by_asc(Column::Id)
        .order_by_asc(Column::Revision);
    let mut definitions = Definitions::default();
    for row in rows.all(db).await? {
        match row.collection.as_str() {
            pb::Indicator::COLLECTION => definitions.indicators.put(row.decode()?),
            pb::Period::COLLECTION => definitions.periods.put(row.decode()?),
            pb::ReportTemplate::COLLECTION => definitions.templates.put(row.decode()?),
            other => return Err(Error::Damaged(format!("definitions of no known kind: {other}"))),
        }
    }
    Ok(definitions)
}

/// Adds a revision; gives it as it is read from now on.
pub async fn insert<D: Definition>(tx: &Tx, revision: D) -> Result<D, Error> {
    let row = model(revision);
    let shown = row.decode()?;
    Entity::insert(active(row)).exec_without_returning(tx).await?;
    Ok(shown)
}

/// Adds those of the shipped definitions that are not there yet. What people made of the others stays.
pub async fn add_shipped<D: Definition>(tx: &Tx, shipped: Vec<D>) -> Result<(), Error> {
    let rows = shipped.into_iter().map(|revision| active(model(revision)));
    bulk::insert(tx, rows.collect(), bulk::Taken::Keep).await
}

fn model<D: Definition>(mut revision: D) -> Model {
    revision.set_etag(String::new());
    Model {
        collection: D::COLLECTION.to_owned(),
        id: id_of::<D>(revision.name()),
        revision: revision.revision(),
        content: revision.encode_to_vec(),
    }
}

fn active(row: Model) -> ActiveModel {
    ActiveModel {
        collection: Set(row.collection),
        id: Set(row.id),
        revision: Set(row.revision),
        content: Set(row.content),
    }
}

impl Model {
    fn decode<D: Definition>(&self) -> Result<D, Error> {
        let damaged = |error: prost::DecodeError| Error::Damaged(format!("{} {}: {error}", self.collection, self.id));
        let mut revision = D::decode(self.content.as_slice()).map_err(damaged)?;
        let digest = Sha256::digest(&self.content);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        revision.set_etag(format!("{}-{hash}", self.revision));
        Ok(revision)
    }
}

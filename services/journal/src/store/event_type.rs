//! Revisions of event types: rows that are inserted and never touched again. The shipped ones are the first.

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::request::RequestId;
use banggiao_store::{Error, Tx, bulk};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder,
    entity::prelude::*,
    sea_query::{ColumnDef, ExprTrait, Index, IndexCreateStatement, Table, TableCreateStatement},
};
use sha2::{Digest, Sha256};

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_type")]
pub struct Model {
    /// Id of the type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Number of the revision, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    /// The revision, encoded as `banggiao.journal.v1.EventType` without its etag.
    pub content: Vec<u8>,
    /// Id of the principal who wrote it; empty if it was shipped.
    pub principal: String,
    /// Id of the request that asked for it, if it had one.
    pub request_id: Option<Uuid>,
    /// Digest of that request.
    pub request_digest: Option<Vec<u8>>,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Id).string_len(63).not_null())
        .col(ColumnDef::new(Column::Revision).integer().not_null())
        .col(ColumnDef::new(Column::Content).blob().not_null())
        .col(ColumnDef::new(Column::Principal).string_len(63).not_null())
        .col(ColumnDef::new(Column::RequestId).uuid())
        .col(ColumnDef::new(Column::RequestDigest).blob())
        .primary_key(Index::create().col(Column::Id).col(Column::Revision))
        .to_owned()
}

/// A request answered twice is then an error.
pub fn create_index() -> IndexCreateStatement {
    Index::create()
        .name("event_type_request")
        .table(Entity)
        .col(Column::Principal)
        .col(Column::RequestId)
        .unique()
        .to_owned()
}

/// All revisions of all types, by id and number.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<pb::EventType>, Error> {
    let rows = Entity::find()
        .order_by_asc(Column::Id)
        .order_by_asc(Column::Revision)
        .all(db)
        .await?;
    rows.iter().map(Model::decode).collect()
}

/// The newest revision of a type.
pub async fn newest(tx: &Tx, id: &str) -> Result<Option<pb::EventType>, Error> {
    let rows = Entity::find().filter(Column::Id.eq(id)).order_by_desc(Column::Revision);
    rows.one(tx).await?.map(|row| row.decode()).transpose()
}

/// What a request of a principal wrote before, with the request's digest.
pub async fn of_request(tx: &Tx, principal: &str, id: Uuid) -> Result<Option<(Vec<u8>, pb::EventType)>, Error> {
    let same = Column::Principal.eq(principal).and(Column::RequestId.eq(id));
    let Some(row) = Entity::find().filter(same).one(tx).await? else {
        return Ok(None);
    };
    Ok(Some((row.request_digest.clone().unwrap_or_default(), row.decode()?)))
}

/// Adds a revision; gives it as it is read from now on.
pub async fn insert(
    tx: &Tx,
    id: &str,
    revision: pb::EventType,
    principal: &str,
    request: Option<&RequestId>,
) -> Result<pb::EventType, Error> {
    let row = model(id, revision, principal, request);
    let shown = row.decode()?;
    Entity::insert(active(row)).exec_without_returning(tx).await?;
    Ok(shown)
}

/// Adds those of the shipped types that are not there yet. What people made of the others stays.
pub async fn add_shipped(tx: &Tx, shipped: Vec<pb::EventType>) -> Result<(), Error> {
    let rows = shipped.into_iter().map(|revision| {
        let id = revision.name.trim_start_matches("eventTypes/").to_owned();
        active(model(&id, revision, "", None))
    });
    bulk::insert(tx, rows.collect(), bulk::Taken::Keep).await
}

fn model(id: &str, revision: pb::EventType, principal: &str, request: Option<&RequestId>) -> Model {
    Model {
        id: id.to_owned(),
        revision: revision.revision,
        content: pb::EventType {
            etag: String::new(),
            ..revision
        }
        .encode_to_vec(),
        principal: principal.to_owned(),
        request_id: request.map(|request| request.id),
        request_digest: request.map(|request| request.digest.to_vec()),
    }
}

fn active(row: Model) -> ActiveModel {
    ActiveModel {
        id: Set(row.id),
        revision: Set(row.revision),
        content: Set(row.content),
        principal: Set(row.principal),
        request_id: Set(row.request_id),
        request_digest: Set(row.request_digest),
    }
}

impl Model {
    fn decode(&self) -> Result<pb::EventType, Error> {
        let damaged = |error: prost::DecodeError| Error::Damaged(format!("event type {}: {error}", self.id));
        let mut revision = pb::EventType::decode(self.content.as_slice()).map_err(damaged)?;
        let digest = Sha256::digest(&self.content);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        revision.etag = format!("{}-{hash}", self.revision);
        Ok(revision)
    }
}

//! The log of revisions: rows that are inserted and never touched again.

use std::{collections::HashMap, ops::Range};

use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::Kind;
use banggiao_store::{Error, Session, bulk};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect, Statement,
    entity::prelude::*,
    sea_query::{ColumnDef, ConditionalStatement, ExprTrait, Index, IndexCreateStatement, Table, TableCreateStatement},
};

/// What stands in the place of an event's id in the entry of a recovery. The ids of events begin with an `e`, and those of
/// reports are an `r` with digits: nothing else is entered.
pub const RECOVERY: &str = "recovery";
/// The same for a change of keys.
pub const KEY: &str = "key";
/// The same for a reorganisation of units.
pub const REORGANIZATION: &str = "reorganization";

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    /// Position in the log, from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub log_index: i64,
    /// Epoch of the log.
    pub epoch: i64,
    /// What kind of entry it is; 1 is a revision of an event.
    pub kind: i16,
    /// Id of the event.
    pub event_id: String,
    /// Number of the revision, from 1.
    pub number: i32,
    /// The revision, encoded as `banggiao.journal.v1.EventRevision` without its place in the log. What was stored is
    /// what is hashed; it is never encoded anew.
    pub content: Vec<u8>,
    /// The salt of the commitment.
    pub salt: Vec<u8>,
    /// The leaf hash of the entry.
    pub leaf_hash: Vec<u8>,
    /// Id of the principal who wrote it.
    pub principal: String,
    /// Id of the request that asked for it, if it had one. Kept for ever, so that a repetition is always recognised.
    pub request_id: Option<Uuid>,
    /// Which revision of that request it is, from 0.
    pub request_part: i32,
    /// Digest of that request.
    pub request_digest: Option<Vec<u8>>,
    /// Registry position at which it was authorised.
    pub registry_position: i64,
    /// When it was recorded, in microseconds since 1970.
    pub recorded_at: i64,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::LogIndex).big_integer().not_null())
        .col(ColumnDef::new(Column::Epoch).big_integer().not_null())
        .col(ColumnDef::new(Column::Kind).small_integer().not_null())
        .col(ColumnDef::new(Column::EventId).string_len(63).not_null())
        .col(ColumnDef::new(Column::Number).integer().not_null())
        .col(ColumnDef::new(Column::Content).blob().not_null())
        .col(ColumnDef::new(Column::Salt).blob().not_null())
        .col(ColumnDef::new(Column::LeafHash).blob().not_null())
        .col(ColumnDef::new(Column::Principal).string_len(63).not_null())
        .col(ColumnDef::new(Column::RequestId).uuid())
        .col(ColumnDef::new(Column::RequestPart).integer().not_null())
        .col(ColumnDef::new(Column::RequestDigest).blob())
        .col(ColumnDef::new(Column::RegistryPosition).big_integer().not_null())
        .col(ColumnDef::new(Column::RecordedAt).big_integer().not_null())
        .primary_key(Index::create().col(Column::LogIndex))
        .to_owned()
}

/// A doubled revision or a request answered twice is then an error, never a fork.
pub fn create_indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("revision_event")
            .table(Entity)
            .col(Column::EventId)
            .col(Column::Number)
            .unique()
            .to_owned(),
        Index::create()
            .name("revision_request")
            .table(Entity)
            .col(Column::Principal)
            .col(Column::RequestId)
            .col(Column::RequestPart)
            .unique()
            .to_owned(),
    ]
}

/// As the request's index of the first step, without the entries that no request asked for by an id: imports have none.
pub fn create_request_index() -> IndexCreateStatement {
    Index::create()
        .name("revision_by_request")
        .table(Entity)
        .col(Column::RequestId)
        .col(Column::Principal)
        .col(Column::RequestPart)
        .unique()
        .cond_where(Column::RequestId.is_not_null())
        .to_owned()
}

/// All entries by event, in the order of their numbers, after one of an event, at most `limit`.
pub async fn by_event(db: &impl ConnectionTrait, after: Option<(&str, i32)>, limit: u64) -> Result<Vec<Model>, Error> {
    let mut rows = Entity::find();
    if let Some((id, number)) = after {
        let later = Column::EventId.eq(id).and(Column::Number.gt(number));
        rows = rows.filter(Column::EventId.gt(id).or(later));
    }
    let rows = rows
        .order_by_asc(Column::EventId)
        .order_by_asc(Column::Number)
        .limit(limit);
    Ok(rows.all(db).await?)
}

/// Appends entries.
pub async fn insert(tx: &impl Session, rows: Vec<Model>) -> Result<(), Error> {
    let rows = rows.into_iter().map(|row| ActiveModel {
        log_index: Set(row.log_index),
        epoch: Set(row.epoch),
        kind: Set(row.kind),
        event_id: Set(row.event_id),
        number: Set(row.number),
        content: Set(row.content),
        salt: Set(row.salt),
        leaf_hash: Set(row.leaf_hash),
        principal: Set(row.principal),
        request_id: Set(row.request_id),
        request_part: Set(row.request_part),
        request_digest: Set(row.request_digest),
        registry_position: Set(row.registry_position),
        recorded_at: Set(row.recorded_at),
    });
    bulk::insert(tx, rows.collect(), bulk::Taken::Refuse).await
}

/// The entries that these requests made before, by principal and request id, in their order.
pub async fn of_requests(tx: &impl Session, ids: &[Uuid]) -> Result<HashMap<(String, Uuid), Vec<Model>>, Error> {
    let mut found: HashMap<(String, Uuid), Vec<Model>> = HashMap::new();
    for part in bulk::parts(ids) {
        let rows = Entity::find()
            .filter(Column::RequestId.is_in(part))
            .order_by_asc(Column::RequestPart);
        for row in tx.find(rows).await? {
            if let Some(id) = row.request_id {
                found.entry((row.principal.clone(), id)).or_default().push(row);
            }
        }
    }
    Ok(found)
}

/// The first entry that a principal's request made before.
pub async fn of_request(db: &impl ConnectionTrait, principal: &str, id: Uuid) -> Result<Option<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::RequestId.eq(id).and(Column::Principal.eq(principal)))
        .order_by_asc(Column::RequestPart);
    Ok(rows.one(db).await?)
}

/// The declarations of recoveries, the oldest first.
pub async fn recoveries(db: &impl Session) -> Result<Vec<Model>, Error> {
    of_kind(db, Kind::Recovery, RECOVERY).await
}

/// The entries that say which keys sign, recoveries and changes of keys, the oldest first.
pub async fn of_keys(db: &impl Session) -> Result<Vec<Model>, Error> {
    let kinds = [Kind::Recovery, Kind::KeyChange].map(|kind| i16::from(kind.number()));
    let rows = Entity::find()
        .filter(Column::EventId.is_in([RECOVERY, KEY]).and(Column::Kind.is_in(kinds)))
        .order_by_asc(Column::LogIndex);
    db.find(rows).await
}

/// The newest entry of an id and a kind.
pub async fn newest_of(db: &impl Session, kind: Kind, id: &str) -> Result<Option<Model>, Error> {
    let rows = entries_of(kind, id).order_by_desc(Column::Number).limit(1);
    Ok(db.find(rows).await?.pop())
}

/// All entries of an id and a kind, the oldest first.
pub async fn of_kind(db: &impl Session, kind: Kind, id: &str) -> Result<Vec<Model>, Error> {
    db.find(entries_of(kind, id).order_by_asc(Column::Number)).await
}

fn entries_of(kind: Kind, id: &str) -> Select<Entity> {
    let kind = i16::from(kind.number());
    Entity::find().filter(Column::EventId.eq(id).and(Column::Kind.eq(kind)))
}

/// The entries at these positions.
pub async fn at(db: &impl Session, positions: &[i64]) -> Result<HashMap<i64, Model>, Error> {
    let mut found = HashMap::new();
    for part in bulk::parts(positions) {
        let rows = Entity::find().filter(Column::LogIndex.is_in(part));
        found.extend(db.find(rows).await?.into_iter().map(|row| (row.log_index, row)));
    }
    Ok(found)
}

/// The entries after a position, in order.
pub async fn after(db: &impl ConnectionTrait, position: i64, limit: u64) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::LogIndex.gt(position))
        .order_by_asc(Column::LogIndex)
        .limit(limit);
    Ok(rows.all(db).await?)
}

/// The leaf hashes of a stretch of the tree that are there, by their places, which count from 0.
pub async fn leaf_hashes(db: &impl ConnectionTrait, leaves: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    let position = |leaf| i64::try_from(leaf).unwrap_or(i64::MAX);
    let rows: Vec<(i64, Vec<u8>)> = Entity::find()
        .select_only()
        .columns([Column::LogIndex, Column::LeafHash])
        .filter(Column::LogIndex.gt(position(leaves.start)))
        .filter(Column::LogIndex.lte(position(leaves.end)))
        .order_by_asc(Column::LogIndex)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(position, hash)| (u64::try_from(position - 1).unwrap_or_default(), hash))
        .collect())
}

/// How many entries stand in the log beyond its head: none, unless somebody put them there.
pub async fn beyond_head(db: &impl ConnectionTrait) -> Result<i64, Error> {
    // One statement sees one moment.
    let backend = db.get_database_backend();
    let beyond = "SELECT COUNT(*) FROM revision WHERE log_index > (SELECT position FROM head)";
    let row = db.query_one_raw(Statement::from_string(backend, beyond)).await?;
    let row = row.ok_or(Error::Missing("a count"))?;
    Ok(row.try_get_by_index(0)?)
}

/// The revisions of an event after a number, in order.
pub async fn of_event(db: &impl ConnectionTrait, id: &str, after: i32, limit: u64) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::EventId.eq(id).and(Column::Number.gt(after)))
        .order_by_asc(Column::Number)
        .limit(limit);
    Ok(rows.all(db).await?)
}

/// The newest revision of an event before a position of the log.
pub async fn newest_before(db: &impl ConnectionTrait, id: &str, log_index: i64) -> Result<Option<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::EventId.eq(id).and(Column::LogIndex.lt(log_index)))
        .order_by_desc(Column::Number);
    Ok(rows.one(db).await?)
}

impl Model {
    /// The revision with its place in the log.
    ///
    /// # Errors
    /// If the stored bytes do not decode.
    pub fn decode(&self) -> Result<pb::EventRevision, Error> {
        let mut revision = pb::EventRevision::decode(self.content.as_slice()).map_err(|error| self.damaged(&error))?;
        revision.epoch = self.epoch;
        let event = revision
            .event
            .as_mut()
            .ok_or_else(|| self.damaged(&"it holds no event"))?;
        event.log_index = self.log_index;
        event.etag = self.etag();
        Ok(revision)
    }

    /// What is stored cannot be what was stored.
    pub fn damaged(&self, what: &dyn std::fmt::Display) -> Error {
        Error::Damaged(format!("entry {} of the log: {what}", self.log_index))
    }

    /// Whether it is of a kind.
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == i16::from(kind.number())
    }

    /// Names the revision: its number and the first bytes of its leaf hash.
    pub fn etag(&self) -> String {
        let hash: String = self
            .leaf_hash
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{}-{hash}", self.number)
    }
}

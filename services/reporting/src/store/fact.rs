//! The facts: every revision of the journal as it was received, with the positions between which it was the newest of
//! its event, and between which it counted. What is stored is only ever ended, never changed, so that any past state
//! can be computed again.

use banggiao_contracts::journal::v1 as pb;
use banggiao_store::{Error, Tx, bulk};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Expr, Index, IndexCreateStatement, Table, TableCreateStatement},
};

use banggiao_model::date::Date;

use crate::domain::{book::Ended, fact::Fact};

/// So many facts are read at once.
const READ_ROWS: u64 = 1000;

/// One revision as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fact")]
pub struct Model {
    /// Position in the journal's log, from 1 without gaps: the first at which it was the newest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub log_index: i64,
    /// Id of the event.
    pub event_id: String,
    /// First day of the event, `YYYY-MM-DD`, so that a past state of some days is found without reading the others.
    pub start_date: String,
    /// Number of the revision.
    pub revision: i32,
    /// The position at which it was no longer the newest; absent while it is.
    pub newest_to: Option<i64>,
    /// Whether it was approved, so that it counted from its position on.
    pub counted: bool,
    /// The position at which it no longer counted; absent while it does.
    pub counted_to: Option<i64>,
    /// The revision, encoded as `banggiao.journal.v1.EventRevision`.
    pub payload: Vec<u8>,
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
        .col(ColumnDef::new(Column::EventId).string_len(63).not_null())
        .col(ColumnDef::new(Column::StartDate).string_len(10).not_null())
        .col(ColumnDef::new(Column::Revision).integer().not_null())
        .col(ColumnDef::new(Column::NewestTo).big_integer())
        .col(ColumnDef::new(Column::Counted).boolean().not_null())
        .col(ColumnDef::new(Column::CountedTo).big_integer())
        .col(ColumnDef::new(Column::Payload).blob().not_null())
        .primary_key(Index::create().col(Column::LogIndex))
        .to_owned()
}

/// The facts by day.
pub fn create_index() -> IndexCreateStatement {
    Index::create()
        .name("fact_start_date")
        .table(Entity)
        .col(Column::StartDate)
        .col(Column::LogIndex)
        .to_owned()
}

/// The facts by event, so that where an event stands is found without keeping every one in memory.
pub fn create_event_index() -> IndexCreateStatement {
    Index::create()
        .name("fact_event_id")
        .table(Entity)
        .col(Column::EventId)
        .to_owned()
}

/// A revision as it is stored when it comes.
pub fn row(revision: &pb::EventRevision, fact: &Fact) -> Model {
    Model {
        log_index: fact.log_index,
        event_id: fact.event.clone().into(),
        start_date: fact.day.to_string(),
        revision: fact.revision,
        newest_to: None,
        counted: fact.approved,
        counted_to: None,
        payload: revision.encode_to_vec(),
    }
}

/// Adds revisions, and ends those that they end, which may be among them. `ended` goes with `rows`.
pub async fn append(tx: &Tx, rows: &[Model], ended: &[Ended]) -> Result<(), Error> {
    bulk::insert(tx, rows.iter().cloned().map(active).collect(), bulk::Taken::Refuse).await?;
    for (row, ended) in rows.iter().zip(ended) {
        end(tx, ended.newest, Column::NewestTo, row.log_index).await?;
        end(tx, ended.counted, Column::CountedTo, row.log_index).await?;
    }
    Ok(())
}

async fn end(tx: &Tx, revision: Option<i64>, column: Column, at: i64) -> Result<(), Error> {
    let Some(revision) = revision else { return Ok(()) };
    let update = Entity::update_many()
        .col_expr(column, Expr::value(at))
        .filter(Column::LogIndex.eq(revision));
    update.exec(tx).await?;
    Ok(())
}

/// Takes revisions after a position away, and what they ended stands again.
pub async fn forget_after(tx: &Tx, position: i64) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::LogIndex.gt(position))
        .exec(tx)
        .await?;
    for end in [Column::NewestTo, Column::CountedTo] {
        let update = Entity::update_many()
            .col_expr(end, Expr::value(Option::<i64>::None))
            .filter(end.gt(position));
        update.exec(tx).await?;
    }
    Ok(())
}

/// The revisions after a position that were the newest of their event, or counted, as of another, oldest first; some
/// of them at a time. With days, only those of events that begin within one of these stretches, both ends inclusive.
pub async fn read_standing(
    db: &impl ConnectionTrait,
    after: i64,
    as_of: i64,
    days: Option<&[(Date, Date)]>,
) -> Result<Vec<Model>, Error> {
    let within = days.map(|stretches| {
        let any = stretches.iter().fold(Condition::any(), |any, (start, end)| {
            any.add(Column::StartDate.between(start.to_string(), end.to_string()))
        });
        Condition::all().add(any)
    });
    let rows = Entity::find()
        .filter(Column::LogIndex.gt(after))
        .filter(Column::LogIndex.lte(as_of))
        .filter(lasts(Column::NewestTo, as_of).add(counts(as_of)))
        .filter(within.unwrap_or_else(Condition::all))
        .order_by_asc(Column::LogIndex)
        .limit(READ_ROWS);
    Ok(rows.all(db).await?)
}

/// The revisions that are the newest of their event and wait to be approved, after a position, oldest first; some of
/// them at a time.
pub async fn read_waiting(db: &impl ConnectionTrait, after: i64) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::LogIndex.gt(after))
        .filter(Column::NewestTo.is_null())
        .filter(Column::Counted.eq(false))
        .order_by_asc(Column::LogIndex)
        .limit(READ_ROWS);
    Ok(rows.all(db).await?)
}

/// All revisions after a position up to another, oldest first; some of them at a time.
pub async fn read_after(db: &impl ConnectionTrait, after: i64, until: i64) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::LogIndex.gt(after))
        .filter(Column::LogIndex.lte(until))
        .order_by_asc(Column::LogIndex)
        .limit(READ_ROWS);
    Ok(rows.all(db).await?)
}

/// How many revisions are stored.
pub async fn count(db: &impl ConnectionTrait) -> Result<i64, Error> {
    Ok(i64::try_from(Entity::find().count(db).await?).unwrap_or(i64::MAX))
}

/// All revisions after a position up to another, oldest first.
pub async fn read_between(db: &impl ConnectionTrait, after: i64, until: i64) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::LogIndex.gt(after))
        .filter(Column::LogIndex.lte(until))
        .order_by_asc(Column::LogIndex);
    Ok(rows.all(db).await?)
}

/// Puts revisions in the place of all after a position up to another.
pub async fn replace(tx: &Tx, (after, until): (i64, i64), rows: &[Model]) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::LogIndex.gt(after))
        .filter(Column::LogIndex.lte(until))
        .exec(tx)
        .await?;
    bulk::insert(tx, rows.iter().cloned().map(active).collect(), bulk::Taken::Refuse).await
}

/// These revisions, in any order; what was forgotten meanwhile is missing.
pub async fn read_these(db: &impl ConnectionTrait, log_indexes: &[i64]) -> Result<Vec<Model>, Error> {
    let mut rows = Vec::new();
    for part in bulk::parts(log_indexes) {
        rows.extend(Entity::find().filter(Column::LogIndex.is_in(part)).all(db).await?);
    }
    Ok(rows)
}

/// Whether something had not ended as of a position.
pub(super) fn lasts(end: Column, as_of: i64) -> Condition {
    Condition::any().add(end.is_null()).add(end.gt(as_of))
}

/// Whether a revision counted as of a position.
pub(super) fn counts(as_of: i64) -> Condition {
    Condition::all()
        .add(Column::Counted.eq(true))
        .add(lasts(Column::CountedTo, as_of))
}

impl Model {
    /// Whether it was the newest of its event as of a position that is not before its own.
    pub fn was_newest(&self, as_of: i64) -> bool {
        self.newest_to.is_none_or(|end| as_of < end)
    }

    /// Whether it counted as of a position that is not before its own.
    pub fn did_count(&self, as_of: i64) -> bool {
        self.counted && self.counted_to.is_none_or(|end| as_of < end)
    }

    /// The revision as it was received.
    pub fn decode(&self) -> Result<pb::EventRevision, Error> {
        pb::EventRevision::decode(self.payload.as_slice())
            .map_err(|error| Error::Damaged(format!("fact {}: {error}", self.log_index)))
    }
}

fn active(row: Model) -> ActiveModel {
    ActiveModel {
        log_index: Set(row.log_index),
        event_id: Set(row.event_id),
        start_date: Set(row.start_date),
        revision: Set(row.revision),
        newest_to: Set(row.newest_to),
        counted: Set(row.counted),
        counted_to: Set(row.counted_to),
        payload: Set(row.payload),
    }
}

//! What events are found by: one row for each, as its newest revision left it, with what it leads to beside it. All of it
//! can be made anew from the log.

pub mod link;

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use banggiao_store::{Error, Session, bulk};
use sea_orm::{
    ActiveValue::Set,
    Condition, DbBackend, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, ConditionalStatement, ExprTrait, Index, IndexCreateStatement, Table, TableCreateStatement},
};

use crate::domain::filter::{self, ListKey, Order};

/// An event as its newest revision left it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Position of the newest revision.
    pub log_index: i64,
    /// Source of the external reference.
    pub source: Option<String>,
    /// The external reference.
    pub reference: Option<String>,
    /// Id of the type.
    pub event_type: String,
    /// First day, ISO 8601.
    pub start_date: String,
    /// Last day, ISO 8601; the first one if the event says no other.
    pub end_date: String,
    /// Direction, as on the wire.
    pub direction: i32,
    /// Classification, as on the wire.
    pub classification: i32,
    /// Phase, as on the wire.
    pub phase: i32,
    /// Review state, as on the wire.
    pub review_state: i32,
    /// Why it is cancelled, as on the wire; 0 if it is not.
    pub cancellation_reason: i32,
    /// Principals who wrote the revisions since the last approval, separated by spaces.
    pub pending_authors: String,
    /// The first marker of its stretch, as a text that sorts along the border.
    pub marker_from: Option<String>,
    /// The last marker of its stretch.
    pub marker_to: Option<String>,
    /// Id of the unit at which it waits for approval; empty if there is none over it, absent unless it waits.
    pub waiting_for: Option<String>,
    /// Since when it waits, in microseconds since 1970; absent unless it does.
    pub submitted_at: Option<i64>,
    /// What is searched, folded.
    pub search_text: String,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The tables.
pub fn create_tables(backend: DbBackend) -> Vec<TableCreateStatement> {
    let mut table = Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Id).string_len(63).not_null())
        .col(ColumnDef::new(Column::LogIndex).big_integer().not_null())
        .col(ColumnDef::new(Column::Source).string_len(100))
        .col(ColumnDef::new(Column::Reference).string_len(100))
        .col(ColumnDef::new(Column::EventType).string_len(63).not_null())
        .col(ColumnDef::new(Column::StartDate).string_len(10).not_null())
        .col(ColumnDef::new(Column::EndDate).string_len(10).not_null())
        .col(ColumnDef::new(Column::Direction).integer().not_null())
        .col(ColumnDef::new(Column::Classification).integer().not_null())
        .col(ColumnDef::new(Column::Phase).integer().not_null())
        .col(ColumnDef::new(Column::ReviewState).integer().not_null())
        .col(ColumnDef::new(Column::CancellationReason).integer().not_null())
        .col(ColumnDef::new(Column::PendingAuthors).text().not_null())
        .col(ColumnDef::new(Column::MarkerFrom).string_len(40))
        .col(ColumnDef::new(Column::MarkerTo).string_len(40))
        .col(ColumnDef::new(Column::WaitingFor).string_len(63))
        .col(ColumnDef::new(Column::SubmittedAt).big_integer())
        .col(ColumnDef::new(Column::SearchText).text().not_null())
        .primary_key(Index::create().col(Column::Id))
        .to_owned();
    clustered(&mut table, backend);
    vec![table, link::create_table(backend)]
}

/// SQLite keeps such a table in the tree of its key, instead of beside it.
fn clustered(table: &mut TableCreateStatement, backend: DbBackend) {
    if backend == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
}

/// The name of the index of references.
pub const REFERENCE_INDEX: &str = "event_reference";

/// By their references; those that have none do not stand in it.
pub fn create_reference_index() -> IndexCreateStatement {
    Index::create()
        .name(REFERENCE_INDEX)
        .table(Entity)
        .col(Column::Source)
        .col(Column::Reference)
        .unique()
        .cond_where(Column::Source.is_not_null())
        .to_owned()
}

/// How events are found.
pub fn create_indexes() -> Vec<IndexCreateStatement> {
    let of_event = |name: &str| Index::create().name(name).table(Entity).to_owned();
    vec![
        create_reference_index(),
        of_event("event_start_date")
            .col(Column::StartDate)
            .col(Column::Id)
            .to_owned(),
        // Only what waits stands in it, so it costs the rest nothing.
        of_event("event_waiting")
            .col(Column::SubmittedAt)
            .col(Column::Id)
            .cond_where(Column::SubmittedAt.is_not_null())
            .to_owned(),
    ]
}

/// An event as a command leaves it, and as it was found.
pub struct Written<'a> {
    /// Id.
    pub id: &'a str,
    /// As it was; nothing of a new one.
    pub before: Option<&'a pb::Event>,
    /// As it is now.
    pub event: &'a pb::Event,
    /// Who wrote the revisions since the last approval.
    pub pending_authors: &'a BTreeSet<String>,
}

/// What is to be written of events, made before the database is asked for anything.
pub struct Rows {
    new: Vec<ActiveModel>,
    known: Vec<ActiveModel>,
    links: link::Changes,
}

impl Rows {
    /// How a transaction leaves its events, each once.
    pub fn of(written: &[Written<'_>]) -> Self {
        let (known, new): (Vec<_>, Vec<_>) = written.iter().partition(|written| written.before.is_some());
        Self {
            new: new.into_iter().map(active).collect(),
            known: known.into_iter().map(active).collect(),
            links: link::Changes::of(written),
        }
    }
}

/// Writes down how a transaction leaves its events.
pub async fn put(db: &impl Session, rows: Rows) -> Result<(), Error> {
    bulk::insert(db, rows.new, bulk::Taken::Refuse).await?;
    bulk::insert(db, rows.known, bulk::Taken::Replace(Column::Id)).await?;
    link::put(db, rows.links).await
}

fn active(written: &Written<'_>) -> ActiveModel {
    let event = written.event;
    let reference = event.external_reference.as_ref();
    let stretch = filter::stretch_of(event);
    let end_date = if event.end_date.is_empty() {
        &event.start_date
    } else {
        &event.end_date
    };
    let waits = event.review_state() == pb::ReviewState::Submitted;
    let submitted = event.submit_time.or(event.create_time).filter(|_| waits);
    ActiveModel {
        id: Set(written.id.to_owned()),
        log_index: Set(event.log_index),
        source: Set(reference.map(|reference| reference.source.clone())),
        reference: Set(reference.map(|reference| reference.reference.clone())),
        event_type: Set(bare(&event.event_type).to_owned()),
        start_date: Set(event.start_date.clone()),
        end_date: Set(end_date.clone()),
        direction: Set(event.direction),
        classification: Set(event.classification),
        phase: Set(event.phase),
        review_state: Set(event.review_state),
        cancellation_reason: Set(event.cancellation_reason),
        pending_authors: Set(written.pending_authors.iter().cloned().collect::<Vec<_>>().join(" ")),
        marker_from: Set(stretch.as_ref().map(|stretch| stretch.from.clone())),
        marker_to: Set(stretch.map(|stretch| stretch.to)),
        waiting_for: Set(waits.then(|| event.review_chain.first().map_or("", |unit| bare(unit)).to_owned())),
        submitted_at: Set(submitted.as_ref().map(filter::micros)),
        search_text: Set(filter::search_text(event)),
    }
}

fn bare(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, id)| id)
}

/// How many events there are.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(Entity::find().count(db).await?)
}

/// The events with these ids.
pub async fn with_ids(db: &impl Session, ids: &[String]) -> Result<Vec<Model>, Error> {
    let mut found = Vec::new();
    for part in bulk::parts(ids) {
        found.extend(db.find(Entity::find().filter(Column::Id.is_in(part))).await?);
    }
    Ok(found)
}

/// The events with these references in a source.
pub async fn with_references(db: &impl Session, source: &str, names: &[String]) -> Result<Vec<Model>, Error> {
    let mut found = Vec::new();
    for part in bulk::parts(names) {
        let same = Column::Source.eq(source).and(Column::Reference.is_in(part));
        found.extend(db.find(Entity::find().filter(same)).await?);
    }
    Ok(found)
}

/// Events that meet a condition, in an order, after a key, at most `limit`.
pub async fn list(
    db: &impl ConnectionTrait,
    condition: Condition,
    order: Order,
    after: Option<&ListKey>,
    limit: u64,
) -> Result<Vec<Model>, Error> {
    let rows = Entity::find().filter(condition);
    let rows = match order {
        Order::Newest => newest(rows, after),
        Order::Waiting => waiting(rows, after),
    };
    Ok(rows.limit(limit).all(db).await?)
}

fn newest(mut rows: Select<Entity>, after: Option<&ListKey>) -> Select<Entity> {
    if let Some(key) = after {
        let earlier = Column::StartDate.lt(key.first.as_str());
        let same_day = Column::StartDate
            .eq(key.first.as_str())
            .and(Column::Id.lt(key.id.as_str()));
        rows = rows.filter(earlier.or(same_day));
    }
    rows.order_by_desc(Column::StartDate).order_by_desc(Column::Id)
}

fn waiting(rows: Select<Entity>, after: Option<&ListKey>) -> Select<Entity> {
    let mut rows = rows.filter(Column::SubmittedAt.is_not_null());
    if let Some(key) = after {
        let time: i64 = key.first.parse().unwrap_or(0);
        let later = Column::SubmittedAt.gt(time);
        let same_time = Column::SubmittedAt.eq(time).and(Column::Id.gt(key.id.as_str()));
        rows = rows.filter(later.or(same_time));
    }
    rows.order_by_asc(Column::SubmittedAt).order_by_asc(Column::Id)
}

/// Whether an event meets a condition.
pub async fn meets(db: &impl ConnectionTrait, id: &str, condition: Condition) -> Result<bool, Error> {
    let same = Entity::find_by_id(id).filter(condition);
    Ok(same.one(db).await?.is_some())
}

/// Positions of the newest revisions of the events that meet a condition.
pub async fn positions(db: &impl ConnectionTrait, condition: Condition) -> Result<Vec<i64>, Error> {
    let positions = Entity::find()
        .select_only()
        .column(Column::LogIndex)
        .filter(condition)
        .into_tuple();
    Ok(positions.all(db).await?)
}

impl Model {
    /// Where it stands in a list.
    pub fn key(&self, order: Order) -> ListKey {
        let first = match order {
            Order::Newest => self.start_date.clone(),
            Order::Waiting => self.submitted_at.unwrap_or_default().to_string(),
        };
        ListKey {
            first,
            id: self.id.clone(),
        }
    }

    /// The principals who wrote the revisions since the last approval.
    pub fn authors(&self) -> BTreeSet<String> {
        self.pending_authors.split_whitespace().map(str::to_owned).collect()
    }
}

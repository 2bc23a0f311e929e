//! What events are found by: one row for each, as its newest revision left it, with its units and programmes beside it.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{
        ColumnDef, ExprTrait, Index, IndexCreateStatement, OnConflict, SelectStatement, Table, TableCreateStatement,
    },
};

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
    /// Direction, as on the wire.
    pub direction: i32,
    /// Classification, as on the wire.
    pub classification: i32,
    /// Phase, as on the wire.
    pub phase: i32,
    /// Review state, as on the wire.
    pub review_state: i32,
    /// Principals who wrote the revisions since the last approval, separated by spaces.
    pub pending_authors: String,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Units and programmes of events.
pub mod link {
    use sea_orm::entity::prelude::*;

    /// What a link leads to.
    pub const HOME: &str = "home";
    /// A partner unit.
    pub const PARTNER: &str = "partner";
    /// A programme.
    pub const PROGRAMME: &str = "programme";

    /// One unit or programme of an event.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_link")]
    pub struct Model {
        /// Id of the event.
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: String,
        /// What it leads to: `home` (co-homes included), `partner`, `programme`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub side: String,
        /// Id of the unit or programme.
        #[sea_orm(primary_key, auto_increment = false)]
        pub target: String,
    }

    /// No relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables.
pub fn create_tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table(Entity)
            .col(ColumnDef::new(Column::Id).string_len(63).not_null())
            .col(ColumnDef::new(Column::LogIndex).big_integer().not_null())
            .col(ColumnDef::new(Column::Source).string_len(100))
            .col(ColumnDef::new(Column::Reference).string_len(100))
            .col(ColumnDef::new(Column::EventType).string_len(63).not_null())
            .col(ColumnDef::new(Column::StartDate).string_len(10).not_null())
            .col(ColumnDef::new(Column::Direction).integer().not_null())
            .col(ColumnDef::new(Column::Classification).integer().not_null())
            .col(ColumnDef::new(Column::Phase).integer().not_null())
            .col(ColumnDef::new(Column::ReviewState).integer().not_null())
            .col(ColumnDef::new(Column::PendingAuthors).text().not_null())
            .primary_key(Index::create().col(Column::Id))
            .to_owned(),
        Table::create()
            .table(link::Entity)
            .col(ColumnDef::new(link::Column::EventId).string_len(63).not_null())
            .col(ColumnDef::new(link::Column::Side).string_len(16).not_null())
            .col(ColumnDef::new(link::Column::Target).string_len(63).not_null())
            .primary_key(
                Index::create()
                    .col(link::Column::EventId)
                    .col(link::Column::Side)
                    .col(link::Column::Target),
            )
            .to_owned(),
    ]
}

/// How events are found.
pub fn create_indexes() -> Vec<IndexCreateStatement> {
    let of_event = |name: &str| Index::create().name(name).table(Entity).to_owned();
    vec![
        of_event("event_reference")
            .col(Column::Source)
            .col(Column::Reference)
            .unique()
            .to_owned(),
        of_event("event_start_date")
            .col(Column::StartDate)
            .col(Column::Id)
            .to_owned(),
        Index::create()
            .name("event_link_target")
            .table(link::Entity)
            .col(link::Column::Side)
            .col(link::Column::Target)
            .to_owned(),
    ]
}

/// The events with these ids.
pub async fn with_ids(db: &impl ConnectionTrait, ids: &[String]) -> Result<Vec<Model>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(db).await?)
}

/// The events with these references in a source.
pub async fn with_references(db: &impl ConnectionTrait, source: &str, names: &[String]) -> Result<Vec<Model>, Error> {
    let same = Column::Source.eq(source).and(Column::Reference.is_in(names));
    Ok(Entity::find().filter(same).all(db).await?)
}

/// Writes down how a revision left its event. `links` says whether units or programmes may have changed.
pub async fn put(
    tx: &Tx,
    id: &str,
    event: &pb::Event,
    pending_authors: &BTreeSet<String>,
    links: bool,
) -> Result<(), Error> {
    let reference = event.external_reference.as_ref();
    let bare = |name: &str| name.split_once('/').map_or(name, |(_, id)| id).to_owned();
    let row = ActiveModel {
        id: Set(id.to_owned()),
        log_index: Set(event.log_index),
        source: Set(reference.map(|reference| reference.source.clone())),
        reference: Set(reference.map(|reference| reference.reference.clone())),
        event_type: Set(bare(&event.event_type)),
        start_date: Set(event.start_date.clone()),
        direction: Set(event.direction),
        classification: Set(event.classification),
        phase: Set(event.phase),
        review_state: Set(event.review_state),
        pending_authors: Set(pending_authors.iter().cloned().collect::<Vec<_>>().join(" ")),
    };
    if event.revision == 1 {
        Entity::insert(row).exec_without_returning(tx).await?;
    } else {
        Entity::update(row).exec(tx).await?;
        if links {
            link::Entity::delete_many()
                .filter(link::Column::EventId.eq(id))
                .exec(tx)
                .await?;
        }
    }
    if !links {
        return Ok(());
    }
    let homes = std::iter::once(&event.home_unit)
        .chain(&event.co_home_units)
        .map(|unit| (link::HOME, unit));
    let partners = event.partner_units.iter().map(|unit| (link::PARTNER, unit));
    let programmes = event.programmes.iter().map(|programme| (link::PROGRAMME, programme));
    for (side, target) in homes.chain(partners).chain(programmes) {
        let row = link::ActiveModel {
            event_id: Set(id.to_owned()),
            side: Set(side.to_owned()),
            target: Set(bare(target)),
        };
        let ignore = OnConflict::new().do_nothing().to_owned();
        link::Entity::insert(row)
            .on_conflict(ignore)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// The events that have one of these targets on a side.
pub fn linked(side: &str, targets: Vec<String>) -> SelectStatement {
    link::Entity::find()
        .select_only()
        .column(link::Column::EventId)
        .filter(link::Column::Side.eq(side).and(link::Column::Target.is_in(targets)))
        .into_query()
}

/// Events that meet a condition, newest first day first, after a key, at most `limit`.
pub async fn list(
    db: &impl ConnectionTrait,
    condition: Condition,
    after: Option<&(String, String)>,
    limit: u64,
) -> Result<Vec<Model>, Error> {
    let mut query = Entity::find().filter(condition);
    if let Some((day, id)) = after {
        let earlier = Column::StartDate.lt(day.as_str());
        let same_day = Column::StartDate.eq(day.as_str()).and(Column::Id.lt(id.as_str()));
        query = query.filter(Condition::any().add(earlier).add(same_day));
    }
    let rows = query
        .order_by_desc(Column::StartDate)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows)
}

impl Model {
    /// The principals who wrote the revisions since the last approval.
    pub fn authors(&self) -> BTreeSet<String> {
        self.pending_authors.split_whitespace().map(str::to_owned).collect()
    }
}

//! What events lead to: units, programmes, agreements, warnings, the reasons for which they were returned, attachments.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use banggiao_store::{Error, Session, bulk};
use sea_orm::{
    ActiveValue::Set,
    Condition, DbBackend, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{ColumnDef, ColumnRef, Expr, ExprTrait, Index, SelectStatement, Table, TableCreateStatement},
};

use super::{Written, bare, clustered};
use crate::domain::attachment;

/// A home or co-home unit.
pub const HOME: &str = "home";
/// A partner unit.
pub const PARTNER: &str = "partner";
/// A programme.
pub const PROGRAMME: &str = "programme";
/// The agreement.
pub const AGREEMENT: &str = "agreement";
/// A warning of the newest revision, by the number of its code.
pub const WARNING: &str = "warning";
/// A reason for which the event was ever returned, by its number. Unlike the others it stays.
pub const RETURNED: &str = "returned";
/// An attachment that any revision names, by its digest. It stays, too, since revisions do.
pub const ATTACHMENT: &str = "attachment";

/// Something that an event leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, DeriveEntityModel)]
#[sea_orm(table_name = "event_link")]
pub struct Model {
    /// What it leads to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub side: String,
    /// Id of the unit, programme or agreement, number of the code, or digest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target: String,
    /// The month of the event's first day for a partner, so that a few days of a busy one are found at once; empty for
    /// all others, of which nobody asks that. Ids grow as events are logged, so whatever leads to one target stands at the
    /// end of what did so before: a day in the key would scatter the rows over as many pages of the table as there are
    /// days, and each of these is written with the commit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: String,
    /// Id of the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table. Its key is the order in which it is searched.
pub fn create_table(backend: DbBackend) -> TableCreateStatement {
    let key = [Column::Side, Column::Target, Column::Month, Column::EventId];
    let mut primary = Index::create();
    for column in key {
        primary.col(column);
    }
    let mut table = Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Side).string_len(16).not_null())
        .col(ColumnDef::new(Column::Target).string_len(64).not_null())
        .col(ColumnDef::new(Column::Month).string_len(10).not_null())
        .col(ColumnDef::new(Column::EventId).string_len(63).not_null())
        .primary_key(&mut primary)
        .to_owned();
    clustered(&mut table, backend);
    table
}

/// What events lead to now, and what they no longer do.
#[derive(Default)]
pub(super) struct Changes {
    /// Of new events, whose links cannot be there yet.
    new: Vec<Model>,
    added: Vec<Model>,
    removed: Vec<Model>,
}

impl Changes {
    pub(super) fn of(written: &[Written<'_>]) -> Self {
        let mut changes = Self::default();
        for written in written {
            let now = of(written.id, written.event);
            match written.before.map(|before| of(written.id, before)) {
                None => changes.new.extend(now),
                Some(before) => {
                    changes.added.extend(now.difference(&before).cloned());
                    changes.removed.extend(before.difference(&now).cloned());
                }
            }
        }
        changes
    }
}

/// Writes down what events lead to now, and takes out what they no longer do.
pub(super) async fn put(db: &impl Session, changes: Changes) -> Result<(), Error> {
    for link in changes.removed {
        let key = (link.side, link.target, link.month, link.event_id);
        db.run(Entity::delete_by_id(key).build(db.backend())).await?;
    }
    // To look whether a row is there costs a server twice as much as to insert it.
    insert(db, changes.new, bulk::Taken::Refuse).await?;
    insert(db, changes.added, bulk::Taken::Keep).await
}

/// Writes down what revisions lead to for ever, as [`lasting`] has it.
pub async fn put_lasting(db: &impl Session, links: impl IntoIterator<Item = Model>) -> Result<(), Error> {
    // An event may be returned for the same reason twice, and revision after revision names the same attachment.
    insert(db, links.into_iter().collect(), bulk::Taken::Keep).await
}

async fn insert(db: &impl Session, links: Vec<Model>, taken: bulk::Taken<Column>) -> Result<(), Error> {
    let rows = links.into_iter().map(|link| ActiveModel {
        side: Set(link.side),
        target: Set(link.target),
        month: Set(link.month),
        event_id: Set(link.event_id),
    });
    bulk::insert(db, rows.collect(), taken).await
}

fn of(id: &str, event: &pb::Event) -> BTreeSet<Model> {
    let homes = std::iter::once(&event.home_unit).chain(&event.co_home_units);
    let named = homes
        .map(|unit| (HOME, bare(unit)))
        .chain(event.partner_units.iter().map(|unit| (PARTNER, bare(unit))))
        .chain(event.programmes.iter().map(|programme| (PROGRAMME, bare(programme))))
        .chain((!event.agreement.is_empty()).then(|| (AGREEMENT, bare(&event.agreement))));
    let named = named.map(|(side, target)| (side, target.to_owned()));
    let warnings = event.warnings.iter().map(|warning| (WARNING, warning.code.to_string()));
    named
        .chain(warnings)
        .map(|(side, target)| Model {
            side: side.to_owned(),
            target,
            month: if side == PARTNER { month(&event.start_date) } else { "" }.to_owned(),
            event_id: id.to_owned(),
        })
        .collect()
}

/// The month of a day, both as ISO 8601 has them.
fn month(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

/// What one revision makes an event lead to for ever: the attachments that it names, and why it returned the event, if
/// it did.
pub fn lasting(id: &str, event: &pb::Event) -> BTreeSet<Model> {
    let link = |side: &str, target| Model {
        side: side.to_owned(),
        target,
        month: String::new(),
        event_id: id.to_owned(),
    };
    let returned = event.review_state() == pb::ReviewState::Returned;
    let reason = returned.then(|| link(RETURNED, event.return_reason.to_string()));
    let named = attachment::named([event]).into_iter();
    named.map(|digest| link(ATTACHMENT, digest)).chain(reason).collect()
}

/// The events that name the attachment whose digest stands in a column of the query around it.
pub fn naming(digest: ColumnRef) -> SelectStatement {
    let same = Expr::col((Entity, Column::Target)).eq(Expr::col(digest));
    find(Condition::all().add(Column::Side.eq(ATTACHMENT)).add(same))
}

/// The events that have one of these targets on a side.
pub fn linked(side: &str, targets: Vec<String>) -> SelectStatement {
    find(Column::Side.eq(side).and(Column::Target.is_in(targets)).into())
}

/// The events with one of these partners whose first day lies in the months of two days, or between them.
pub fn of_partners_about(partners: Vec<String>, from: &str, to: &str) -> SelectStatement {
    let months = Condition::all()
        .add(Column::Month.gte(month(from)))
        .add(Column::Month.lte(month(to)));
    find(months.add(Column::Side.eq(PARTNER)).add(Column::Target.is_in(partners)))
}

fn find(condition: Condition) -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::EventId)
        .filter(condition)
        .into_query()
}

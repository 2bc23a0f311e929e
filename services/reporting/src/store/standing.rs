//! Where events stood as of a position, and what one reading of them ends: columns of the facts without their payloads.

use banggiao_model::date;
use banggiao_store::{Error, Tx, bulk};
use sea_orm::{FromQueryResult, QuerySelect, entity::prelude::*};

use super::fact::{Column, Entity, counts, lasts};
use crate::domain::book::Placed;

/// A fact by its place.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Row {
    /// Id of the event.
    pub event_id: String,
    log_index: i64,
    revision: i32,
    start_date: String,
    newest_to: Option<i64>,
    counted: bool,
    counted_to: Option<i64>,
}

impl Row {
    /// Where to find it.
    pub fn placed(&self) -> Result<Placed, Error> {
        let day = date::parse(&self.start_date);
        Ok(Placed {
            log_index: self.log_index,
            revision: self.revision,
            day: day.map_err(|error| Error::Damaged(format!("fact {}: {error}", self.log_index)))?,
        })
    }

    /// Whether it was the newest of its event as of a position that is not before its own.
    pub fn was_newest(&self, as_of: i64) -> bool {
        self.newest_to.is_none_or(|end| as_of < end)
    }

    /// Whether it counted as of a position that is not before its own.
    pub fn did_count(&self, as_of: i64) -> bool {
        self.counted && self.counted_to.is_none_or(|end| as_of < end)
    }
}

/// The revisions of these events that were the newest, or counted, as of a position.
pub async fn of(db: &impl ConnectionTrait, events: &[&str], as_of: i64) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for part in bulk::parts(events) {
        let stood = Entity::find()
            .filter(Column::EventId.is_in(part))
            .filter(Column::LogIndex.lte(as_of))
            .filter(lasts(Column::NewestTo, as_of).add(counts(as_of)));
        rows.extend(placed(stood, db).await?);
    }
    Ok(rows)
}

/// How the digest changes when revisions after a position are forgotten: those that count no more, and those that count
/// again.
pub async fn recounted(tx: &Tx, position: i64) -> Result<[Vec<Row>; 2], Error> {
    let counted = || Entity::find().filter(Column::Counted.eq(true));
    let gone = counted()
        .filter(Column::LogIndex.gt(position))
        .filter(Column::CountedTo.is_null());
    let again = counted()
        .filter(Column::LogIndex.lte(position))
        .filter(Column::CountedTo.gt(position));
    Ok([placed(gone, tx).await?, placed(again, tx).await?])
}

async fn placed(select: Select<Entity>, db: &impl ConnectionTrait) -> Result<Vec<Row>, Error> {
    let columns = [
        Column::EventId,
        Column::LogIndex,
        Column::Revision,
        Column::StartDate,
        Column::NewestTo,
        Column::Counted,
        Column::CountedTo,
    ];
    let rows = select.select_only().columns(columns).into_model::<Row>();
    Ok(rows.all(db).await?)
}

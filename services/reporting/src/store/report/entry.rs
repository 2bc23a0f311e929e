//! Which issued reports stand in the journal's log, and where. What is missing here is still to be handed over.

use std::collections::HashMap;

use banggiao_contracts::{journal::v1 as journal, reporting::v1 as pb};
use banggiao_store::{Error, Tx, bulk, cursor};
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, ExprTrait, Index, Query, Table, TableCreateStatement},
};

use super::{Column as OfReport, Entity as Reports, id_of};
use crate::projection::FEED;

/// One report in the log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_entry")]
pub struct Model {
    /// Id of the report.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Epoch of the log in which it was entered.
    pub epoch: i64,
    /// Place of its entry.
    pub log_index: i64,
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
        .col(ColumnDef::new(Column::Epoch).big_integer().not_null())
        .col(ColumnDef::new(Column::LogIndex).big_integer().not_null())
        .primary_key(Index::create().col(Column::Id))
        .to_owned()
}

/// Issued reports after a position that are still to be handed over, the oldest first, at most `limit`; each with its
/// position, by its id if it does not read.
pub async fn missing(
    db: &impl ConnectionTrait,
    after: i64,
    limit: u64,
) -> Result<Vec<(i64, Result<pb::Report, String>)>, Error> {
    let entered = Query::select().column(Column::Id).from(Entity).to_owned();
    let rows = Reports::find()
        .filter(OfReport::Number.is_not_null().and(OfReport::Position.gt(after)))
        .filter(OfReport::Id.not_in_subquery(entered))
        .order_by_asc(OfReport::Position)
        .limit(limit);
    let rows = rows.all(db).await?.into_iter();
    let read = |row: super::Model| (row.position, row.decode().map_err(|_| row.id));
    Ok(rows.map(read).collect())
}

/// Keeps where a report stands, unless the log has begun a new epoch meanwhile, in which that place may be another's: then
/// it is handed over again.
pub async fn keep(tx: &Tx, report: &str, epoch: i64, log_index: i64) -> Result<(), Error> {
    if cursor::lock(tx, FEED).await?.epoch > epoch {
        return Ok(());
    }
    let row = ActiveModel {
        id: Set(id_of(report).to_owned()),
        epoch: Set(epoch),
        log_index: Set(log_index),
    };
    // Another replica may have handed it over as well, and was told the same place.
    bulk::insert(tx, vec![row], bulk::Taken::Keep).await
}

/// Where these reports stand, by their names.
pub async fn of(db: &impl ConnectionTrait, reports: &mut [pb::Report]) -> Result<(), Error> {
    let ids: Vec<String> = reports.iter().map(|report| id_of(&report.name).to_owned()).collect();
    let mut places = HashMap::new();
    for part in bulk::parts(&ids) {
        let rows = Entity::find().filter(Column::Id.is_in(part)).all(db).await?;
        places.extend(rows.into_iter().map(|row| (row.id, row.log_index)));
    }
    for report in reports {
        report.entry_log_index = places.get(id_of(&report.name)).copied().unwrap_or_default();
    }
    Ok(())
}

/// What the log gave up when it was recovered is to be handed over again.
pub async fn forget(tx: &Tx, recovery: &journal::LedgerRecovery) -> Result<(), Error> {
    let given_up = Column::Epoch
        .lt(recovery.epoch)
        .and(Column::LogIndex.gt(recovery.kept_log_index));
    Entity::delete_many().filter(given_up).exec(tx).await?;
    Ok(())
}

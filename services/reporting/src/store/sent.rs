//! Returns: every one that was sent. The newest of a unit and period counts; none is ever changed.

use banggiao_contracts::reporting::v1 as pb;
use banggiao_store::{Error, Tx};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, IndexCreateStatement, Table, TableCreateStatement},
};

/// One return.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sent_return")]
pub struct Model {
    /// Position of the office's head at which it was sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Name of the unit.
    pub unit: String,
    /// Name of the period.
    pub period: String,
    /// The return as a message of the contract.
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
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .col(ColumnDef::new(Column::Unit).string_len(80).not_null())
        .col(ColumnDef::new(Column::Period).string_len(100).not_null())
        .col(ColumnDef::new(Column::Content).blob().not_null())
        .primary_key(Index::create().col(Column::Position))
        .to_owned()
}

/// The returns of a period.
pub fn create_index() -> IndexCreateStatement {
    Index::create()
        .name("sent_return_period")
        .table(Entity)
        .col(Column::Period)
        .col(Column::Position)
        .to_owned()
}

/// Adds a return.
pub async fn insert(tx: &Tx, position: i64, sent: &pb::Return) -> Result<(), Error> {
    let row = ActiveModel {
        position: Set(position),
        unit: Set(sent.unit.clone()),
        period: Set(sent.period.clone()),
        content: Set(sent.encode_to_vec()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The returns of some periods, oldest first, so that the last one of a unit and period is the one that counts.
pub async fn of_periods(db: &impl ConnectionTrait, periods: &[String]) -> Result<Vec<pb::Return>, Error> {
    let rows = Entity::find()
        .filter(Column::Period.is_in(periods))
        .order_by_asc(Column::Position);
    rows.all(db).await?.iter().map(Model::decode).collect()
}

/// Returns sent before a position, the newest first, with their positions; some of them at a time. With a period, only
/// those of it.
pub async fn read_before(
    db: &impl ConnectionTrait,
    before: i64,
    period: Option<&str>,
    limit: u64,
) -> Result<Vec<(i64, pb::Return)>, Error> {
    let mut rows = Entity::find().filter(Column::Position.lt(before));
    if let Some(period) = period {
        rows = rows.filter(Column::Period.eq(period));
    }
    let rows = rows.order_by_desc(Column::Position).limit(limit).all(db).await?;
    rows.iter().map(|row| Ok((row.position, row.decode()?))).collect()
}

impl Model {
    fn decode(&self) -> Result<pb::Return, Error> {
        let damaged = |error: prost::DecodeError| Error::Damaged(format!("return {}: {error}", self.position));
        pb::Return::decode(self.content.as_slice()).map_err(damaged)
    }
}

//! What issued reports say: bytes that are written once and never encoded anew.

use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};

/// The content of one report.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_content")]
pub struct Model {
    /// Id of the report.
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: String,
    /// The content, encoded as `banggiao.reporting.v1.ReportContent`.
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
        .col(ColumnDef::new(Column::ReportId).string_len(63).not_null())
        .col(ColumnDef::new(Column::Content).blob().not_null())
        .primary_key(Index::create().col(Column::ReportId))
        .to_owned()
}

/// Keeps the content of a report.
pub async fn keep(tx: &Tx, id: &str, content: Vec<u8>) -> Result<(), Error> {
    let row = ActiveModel {
        report_id: Set(id.to_owned()),
        content: Set(content),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The content of a report, if it was issued.
pub async fn read(db: &impl ConnectionTrait, id: &str) -> Result<Option<Vec<u8>>, Error> {
    let row = Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| row.content))
}

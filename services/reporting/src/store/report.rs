//! Reports: drafts as questions, issued ones with their content beside them.

pub mod content;
pub mod entry;

use banggiao_contracts::reporting::v1 as pb;
use banggiao_store::{Error, Tx};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Expr, ExprTrait, Index, IndexCreateStatement, Table, TableCreateStatement},
};

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Position of the office's head at which it was made.
    pub position: i64,
    /// Name of the unit.
    pub unit: String,
    /// Number among the issued reports of its unit and year; absent for a draft.
    pub number: Option<i32>,
    /// The year of that number; 0 for a draft.
    pub number_year: i32,
    /// Id of the report that it corrects; absent if it corrects none.
    pub supersedes: Option<String>,
    /// How often it was changed, from 1.
    pub revision: i32,
    /// The report as a message of the contract, without etag and content.
    pub report: Vec<u8>,
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
        .col(ColumnDef::new(Column::Position).big_integer().not_null())
        .col(ColumnDef::new(Column::Unit).string_len(80).not_null())
        .col(ColumnDef::new(Column::Number).integer())
        .col(ColumnDef::new(Column::NumberYear).integer().not_null())
        .col(ColumnDef::new(Column::Supersedes).string_len(63))
        .col(ColumnDef::new(Column::Revision).integer().not_null())
        .col(ColumnDef::new(Column::Report).blob().not_null())
        .primary_key(Index::create().col(Column::Id))
        .to_owned()
}

/// The order of lists; no number is given twice, and no report is corrected by two.
pub fn create_indexes() -> [IndexCreateStatement; 3] {
    let index = |name: &str| Index::create().name(name).table(Entity).to_owned();
    [
        index("report_position").col(Column::Position).unique().to_owned(),
        index("report_number")
            .col(Column::Unit)
            .col(Column::NumberYear)
            .col(Column::Number)
            .unique()
            .to_owned(),
        index("report_supersedes").col(Column::Supersedes).unique().to_owned(),
    ]
}

/// Adds a draft; gives it as it is read from now on.
pub async fn insert(tx: &Tx, position: i64, report: pb::Report) -> Result<pb::Report, Error> {
    let row = model(position, 1, report);
    let shown = row.decode()?;
    Entity::insert(active(row)).exec_without_returning(tx).await?;
    Ok(shown)
}

/// A report by its id.
pub async fn read(db: &impl ConnectionTrait, id: &str) -> Result<Option<pb::Report>, Error> {
    let Some(row) = Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let mut reports = [row.decode()?];
    entry::of(db, &mut reports).await?;
    let [report] = reports;
    Ok(Some(report))
}

/// The report that corrects another.
pub async fn correcting(db: &impl ConnectionTrait, id: &str) -> Result<Option<pb::Report>, Error> {
    let row = Entity::find().filter(Column::Supersedes.eq(id)).one(db).await?;
    row.map(|row| row.decode()).transpose()
}

/// Writes a report anew; gives it as it is read from now on.
pub async fn update(tx: &Tx, report: pb::Report) -> Result<pb::Report, Error> {
    let id = id_of(&report.name);
    let before = Entity::find_by_id(id)
        .one(tx)
        .await?
        .ok_or(Error::Missing("the report"))?;
    let row = model(before.position, before.revision + 1, report);
    let shown = row.decode()?;
    Entity::update(active(row)).exec(tx).await?;
    Ok(shown)
}

/// The last number that was given to a report of a unit and year; 0 before the first.
pub async fn last_number(tx: &Tx, unit: &str, year: i32) -> Result<i32, Error> {
    let last: Option<Option<i32>> = Entity::find()
        .filter(Column::Unit.eq(unit).and(Column::NumberYear.eq(year)))
        .select_only()
        .expr(Expr::col(Column::Number).max())
        .into_tuple()
        .one(tx)
        .await?;
    Ok(last.flatten().unwrap_or_default())
}

/// Reports made before a position, the newest first, with their positions; some of them at a time.
pub async fn read_before(db: &impl ConnectionTrait, before: i64, limit: u64) -> Result<Vec<(i64, pb::Report)>, Error> {
    let rows = Entity::find()
        .filter(Column::Position.lt(before))
        .order_by_desc(Column::Position)
        .limit(limit);
    let rows = rows.all(db).await?;
    let mut reports = rows.iter().map(Model::decode).collect::<Result<Vec<_>, _>>()?;
    entry::of(db, &mut reports).await?;
    Ok(rows.iter().map(|row| row.position).zip(reports).collect())
}

/// The bare id of a report.
pub fn id_of(name: &str) -> &str {
    name.strip_prefix("reports/").unwrap_or(name)
}

fn model(position: i64, revision: i32, report: pb::Report) -> Model {
    Model {
        id: id_of(&report.name).to_owned(),
        position,
        unit: report.unit.clone(),
        number: (report.number > 0).then_some(report.number),
        number_year: report.number_year,
        supersedes: (!report.supersedes.is_empty()).then(|| id_of(&report.supersedes).to_owned()),
        revision,
        report: pb::Report {
            etag: String::new(),
            content: None,
            // Where it stands in the log is kept beside it.
            entry_log_index: 0,
            ..report
        }
        .encode_to_vec(),
    }
}

fn active(row: Model) -> ActiveModel {
    ActiveModel {
        id: Set(row.id),
        position: Set(row.position),
        unit: Set(row.unit),
        number: Set(row.number),
        number_year: Set(row.number_year),
        supersedes: Set(row.supersedes),
        revision: Set(row.revision),
        report: Set(row.report),
    }
}

impl Model {
    fn decode(&self) -> Result<pb::Report, Error> {
        let damaged = |error: prost::DecodeError| Error::Damaged(format!("report {}: {error}", self.id));
        let report = pb::Report::decode(self.report.as_slice()).map_err(damaged)?;
        Ok(pb::Report {
            etag: format!("{}-{}", self.id, self.revision),
            ..report
        })
    }
}

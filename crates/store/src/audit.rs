//! The audit trail of a service: changes and refusals, each a row that is inserted and never touched again. The same
//! table in each database.

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, IndexCreateStatement, Table, TableCreateStatement},
};

use crate::{Error, Session, bulk};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Id; those made later sort later.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// When the call was answered, in microseconds since 1970.
    pub time: i64,
    /// Id of the principal; empty if nobody was recognised.
    pub principal: String,
    /// Id of the token; empty if nobody was recognised.
    pub token: String,
    /// The service, as `banggiao.journal.v1.EventService`.
    pub service: String,
    /// The method, as `LogEvent`.
    pub method: String,
    /// What it was about; empty if the call did not come so far.
    pub resource: String,
    /// The rule by which it was decided.
    pub rule: String,
    /// Name of the status.
    pub code: String,
    /// The request's id; empty if it had none.
    pub request_id: String,
    /// Registry position at which it was decided.
    pub registry_position: i64,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table, for a service's migration.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    let text = |column| ColumnDef::new(column).text().not_null().to_owned();
    let mut table = Table::create();
    table
        .table(Entity)
        .col(ColumnDef::new(Column::Id).string_len(63).not_null())
        .col(ColumnDef::new(Column::Time).big_integer().not_null());
    for column in [
        Column::Principal,
        Column::Token,
        Column::Service,
        Column::Method,
        Column::Resource,
        Column::Rule,
        Column::Code,
        Column::RequestId,
    ] {
        table.col(text(column));
    }
    table
        .col(ColumnDef::new(Column::RegistryPosition).big_integer().not_null())
        .primary_key(Index::create().col(Column::Id))
        .to_owned()
}

/// How entries of one principal are found; all others are found by looking through the time that is asked for.
#[must_use]
pub fn create_index() -> IndexCreateStatement {
    Index::create()
        .name("audit_entry_principal")
        .table(Entity)
        .col(Column::Principal)
        .col(Column::Id)
        .to_owned()
}

/// Appends entries.
///
/// # Errors
/// If the database is away.
pub async fn append(tx: &impl Session, rows: &[Model]) -> Result<(), Error> {
    let rows = rows.iter().cloned().map(|row| ActiveModel {
        id: Set(row.id),
        time: Set(row.time),
        principal: Set(row.principal),
        token: Set(row.token),
        service: Set(row.service),
        method: Set(row.method),
        resource: Set(row.resource),
        rule: Set(row.rule),
        code: Set(row.code),
        request_id: Set(row.request_id),
        registry_position: Set(row.registry_position),
    });
    bulk::insert(tx, rows.collect(), bulk::Taken::Refuse).await
}

/// Which entries are meant: those that match everything that is set.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Id of the principal.
    pub principal: Option<String>,
    /// What it was about.
    pub resource: Option<String>,
    /// The service.
    pub service: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// Name of the status.
    pub code: Option<String>,
    /// The first microsecond since 1970.
    pub from: Option<i64>,
    /// The first microsecond since 1970 that is no longer meant.
    pub until: Option<i64>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut condition = Condition::all();
        for (column, wanted) in [
            (Column::Principal, &self.principal),
            (Column::Resource, &self.resource),
            (Column::Service, &self.service),
            (Column::Method, &self.method),
            (Column::Code, &self.code),
        ] {
            condition = condition.add_option(wanted.as_ref().map(|wanted| column.eq(wanted)));
        }
        condition
            .add_option(self.from.map(|from| Column::Time.gte(from)))
            .add_option(self.until.map(|until| Column::Time.lt(until)))
    }
}

/// The entries that match, newest first, older than one of them, at most `limit`.
///
/// # Errors
/// If the database is away.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<Model>, Error> {
    let older = before.map(|id| Column::Id.lt(id));
    let rows = Entity::find()
        .filter(filter.condition().add_option(older))
        .order_by_desc(Column::Id)
        .limit(limit);
    Ok(rows.all(db).await?)
}

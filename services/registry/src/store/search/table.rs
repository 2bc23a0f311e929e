//! The tables of the search, their indexes, and the one condition that each database writes in its own way.

use banggiao_model::text::search::EDITION;
use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    DbBackend, Statement,
    entity::prelude::*,
    sea_query::{Alias, ColumnDef, Expr, ExprTrait, Index, Order, Query, SelectStatement, Table},
};
use sea_orm_migration::SchemaManager;

use super::rank::{Form, Pattern};

/// Where a resource belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(9))")]
pub enum Collection {
    /// `units/`
    #[sea_orm(string_value = "unit")]
    Unit,
    /// `agreements/`
    #[sea_orm(string_value = "agreement")]
    Agreement,
    /// `programmes/`
    #[sea_orm(string_value = "programme")]
    Programme,
    /// `markers/`
    #[sea_orm(string_value = "marker")]
    Marker,
}

/// One text of a resource.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_text")]
pub struct Model {
    /// Order among texts that match equally well.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// Name of the resource.
    pub resource: String,
    /// Where it belongs.
    pub collection: Collection,
    /// As it was written.
    pub text: String,
    /// Spelling of the exact form.
    pub exact: String,
    /// Spelling of the folded form.
    pub folded: String,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far the index reaches.
pub mod reach {
    use sea_orm::entity::prelude::*;

    /// The one row of the table.
    pub const ID: i32 = 1;

    /// Up to where the log is indexed.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "search_reach")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// The edition of the forms that the index holds.
        pub edition: i32,
        /// The last position of the log that is indexed.
        pub position: i64,
    }

    /// No relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// SQLite's trigrams hold no text of their own. Spellings are ASCII in two cases that must be told apart. Of the
/// collection the first three letters are kept, which are one trigram.
const SQLITE: &str = "\
CREATE VIRTUAL TABLE search_trigram USING fts5(
    exact, folded, collection, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');
CREATE TRIGGER search_text_inserted AFTER INSERT ON search_text BEGIN
    INSERT INTO search_trigram (rowid, exact, folded, collection)
    VALUES (new.number, new.exact, new.folded, substr(new.collection, 1, 3));
END;
CREATE TRIGGER search_text_deleted AFTER DELETE ON search_text BEGIN
    DELETE FROM search_trigram WHERE rowid = old.number;
END;";

/// The extension is a trusted one: whoever may create tables in the database may create it. The second index holds
/// all that a walk in order looks at, so that the rows themselves are left alone, and the third one keeps a collection
/// of few from being looked for among many.
const POSTGRES: &str = "\
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX search_text_trigram ON search_text USING gin (exact gin_trgm_ops, folded gin_trgm_ops);
CREATE INDEX search_text_order ON search_text (number) INCLUDE (collection, exact, folded);
CREATE INDEX search_text_collection ON search_text (collection, number);";

/// Creates tables and indexes. The index is complete up to position 0: whatever the log holds is still to be indexed.
pub async fn create(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let texts = Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Number).big_integer().not_null())
        .col(ColumnDef::new(Column::Resource).string_len(100).not_null())
        .col(ColumnDef::new(Column::Collection).string_len(9).not_null())
        .col(ColumnDef::new(Column::Text).text().not_null())
        .col(ColumnDef::new(Column::Exact).text().not_null())
        .col(ColumnDef::new(Column::Folded).text().not_null())
        .primary_key(Index::create().col(Column::Number))
        .to_owned();
    manager.create_table(texts).await?;
    let by_resource = Index::create()
        .name("search_text_resource")
        .table(Entity)
        .col(Column::Resource)
        .to_owned();
    manager.create_index(by_resource).await?;
    let db = manager.get_connection();
    let trigrams = match db.get_database_backend() {
        DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    db.execute_unprepared(trigrams).await?;
    let reach = Table::create()
        .table(reach::Entity)
        .col(ColumnDef::new(reach::Column::Id).integer().not_null())
        .col(ColumnDef::new(reach::Column::Edition).integer().not_null())
        .col(ColumnDef::new(reach::Column::Position).big_integer().not_null())
        .primary_key(Index::create().col(reach::Column::Id))
        .to_owned();
    manager.create_table(reach).await?;
    let first = reach::ActiveModel {
        id: Set(reach::ID),
        edition: Set(EDITION),
        position: Set(0),
    };
    reach::Entity::insert(first).exec_without_returning(db).await.map(drop)
}

/// The position of the log up to which everything is indexed: 0 if nothing is, or if texts are compared in another way
/// now than when they were indexed, and all have to be put in again.
pub async fn indexed_position(db: &impl ConnectionTrait) -> Result<i64, Error> {
    let reach = reach::Entity::find_by_id(reach::ID).one(db).await?;
    let reach = reach.ok_or(Error::Missing("the reach of the search"))?;
    Ok(if reach.edition == EDITION { reach.position } else { 0 })
}

/// Remembers up to which position of the log everything is indexed, in the transaction that indexed it.
pub async fn set_indexed_position(tx: &Tx, position: i64) -> Result<(), Error> {
    let row = reach::ActiveModel {
        id: Set(reach::ID),
        edition: Set(EDITION),
        position: Set(position),
    };
    reach::Entity::update(row).exec(tx).await?;
    Ok(())
}

/// The numbers of the first texts after a number that have a pattern, in their order.
///
/// FTS5 walks its lists of numbers in their order, so the limit ends the walk. PostgreSQL uses the trigrams where they
/// are rare, and otherwise walks the rows in their order until the limit.
pub(super) async fn candidates(
    db: &impl ConnectionTrait,
    pattern: &Pattern,
    collections: &[Collection],
    after: i64,
    limit: usize,
) -> Result<Vec<i64>, Error> {
    let mut numbers = Query::select();
    if db.get_database_backend() == DbBackend::Postgres {
        let column = match pattern.form {
            Form::Exact => Column::Exact,
            Form::Folded => Column::Folded,
        };
        numbers
            .column(Column::Number)
            .from(Entity)
            .and_where(Column::Number.gt(after));
        for part in &pattern.parts {
            numbers.and_where(column.contains(part));
        }
        if !collections.is_empty() {
            numbers.and_where(Column::Collection.is_in(collections.iter().copied()));
        }
        numbers.order_by(Column::Number, Order::Asc);
    } else {
        let found = Expr::cust_with_values("search_trigram MATCH ?", [matching(pattern, collections)]);
        let number = Alias::new("rowid");
        numbers
            .expr_as(Expr::col(number.clone()), Column::Number)
            .from("search_trigram");
        numbers.and_where(found).and_where(Expr::col(number.clone()).gt(after));
        numbers.order_by(number, Order::Asc);
    }
    numbers.limit(limit as u64);
    let rows = db.query_all_raw(plain(db, &numbers)).await?;
    let numbers = rows.iter().map(|row| row.try_get_by_index(0));
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// A query with its values in the text. PostgreSQL plans a statement that it has seen a few times without regard to the
/// values that it is given, and how rare these are decides everything here.
fn plain(db: &impl ConnectionTrait, query: &SelectStatement) -> Statement {
    let backend = db.get_database_backend();
    Statement::from_string(backend, backend.build(query).to_string())
}

/// A pattern in the language of FTS5. It holds letters, digits and blanks only, so quotes are all that it needs.
fn matching(pattern: &Pattern, collections: &[Collection]) -> String {
    let column = match pattern.form {
        Form::Exact => "exact",
        Form::Folded => "folded",
    };
    let parts = pattern.parts.iter().map(|part| format!("{column} : \"{part}\""));
    let all = parts.collect::<Vec<_>>().join(" AND ");
    if collections.is_empty() {
        return all;
    }
    let codes = collections.iter().map(Collection::to_value);
    let any = codes.map(|code| format!("collection : \"{code:.3}\""));
    format!("{all} AND ({})", any.collect::<Vec<_>>().join(" OR "))
}

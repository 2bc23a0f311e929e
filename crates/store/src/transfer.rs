//! Moving a database from SQLite to PostgreSQL: every row of every table, in one transaction, so that it is there whole or
//! not at all.
//!
//! It knows no table: what there is, and of which type, is asked of the schema that the migrations have just made. What
//! is stored as bytes arrives as the same bytes.

use std::path::Path;

use futures_util::TryStreamExt;
use sea_orm::{
    ConnectionTrait, DbBackend, QueryResult, Statement, StreamTrait, Value,
    prelude::Uuid,
    sea_query::{Alias, Expr, ExprTrait, PostgresQueryBuilder, Query},
};
use sea_orm_migration::MigratorTrait;

use crate::{Error, Store, Tx, snapshot::Snapshot};

/// So many rows are read and written at once.
const ROWS: usize = 500;
/// The migrations' own table, which the target has already.
const MIGRATIONS: &str = "seaql_migrations";

/// What was moved: each table with its number of rows.
pub type Moved = Vec<(String, u64)>;

/// A column of the target and how its values travel.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Small,
    Integer,
    Big,
    Boolean,
    Bytes,
    Uuid,
    Text,
}

/// Moves the copy of a service's SQLite database into an empty PostgreSQL database, which is migrated first. `M` is the
/// service's migrator, and both must end with the same step.
///
/// # Errors
/// [`Error::Schema`] if the target holds anything already, or the two schemas are not the same; otherwise if one of the
/// databases is away or damaged. The target is then as it was, but for its empty tables.
pub async fn transfer<M: MigratorTrait>(from: &Path, to: &str) -> Result<Moved, Error> {
    let source = Snapshot::open(from).await?;
    let target = Store::open::<M>(to).await?;
    if target.reader().get_database_backend() != DbBackend::Postgres {
        return Err(Error::Schema("the target is not a PostgreSQL database".to_owned()));
    }
    let steps = [migrations(source.reader()).await?, migrations(target.reader()).await?];
    if steps[0] != steps[1] {
        let why = "the copy was made by another version of the program; restore it with this one first";
        return Err(Error::Schema(why.to_owned()));
    }
    let tables = tables(target.reader()).await?;
    let source = std::sync::Arc::new(source);
    let work = move |tx: Tx| {
        let (source, tables) = (std::sync::Arc::clone(&source), tables.clone());
        async move {
            let mut moved = Vec::with_capacity(tables.len());
            for (table, columns) in &tables {
                refuse_used(&tx, table).await?;
                empty(&tx, table).await?;
                moved.push((table.clone(), copy(&source, &tx, table, columns).await?));
            }
            Ok(moved)
        }
    };
    let moved = target.tx::<_, Error, _, _>("database.transfer", work).await;
    target.close().await?;
    moved
}

/// The steps that a schema has taken.
async fn migrations(db: &impl ConnectionTrait) -> Result<Vec<String>, Error> {
    let asked = Query::select()
        .column(Alias::new("version"))
        .from(Alias::new(MIGRATIONS))
        .order_by(Alias::new("version"), sea_orm::Order::Asc)
        .to_owned();
    let rows = db.query_all(&asked).await?;
    rows.iter().map(|row| Ok(row.try_get("", "version")?)).collect()
}

/// The target's tables with their columns.
async fn tables(db: &impl ConnectionTrait) -> Result<Vec<(String, Vec<Column>)>, Error> {
    let asked = Statement::from_string(
        DbBackend::Postgres,
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
         WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
    );
    let mut tables: Vec<(String, Vec<Column>)> = Vec::new();
    for row in db.query_all_raw(asked).await? {
        let table: String = row.try_get("", "table_name")?;
        if table == MIGRATIONS {
            continue;
        }
        let data_type: String = row.try_get("", "data_type")?;
        let kind = match data_type.as_str() {
            "smallint" => Kind::Small,
            "integer" => Kind::Integer,
            "bigint" => Kind::Big,
            "boolean" => Kind::Boolean,
            "bytea" => Kind::Bytes,
            "uuid" => Kind::Uuid,
            "text" | "character varying" | "character" => Kind::Text,
            other => return Err(Error::Schema(format!("a column of {table} is of type {other}"))),
        };
        let name = row.try_get("", "column_name")?;
        match tables.last_mut() {
            Some((last, columns)) if *last == table => columns.push(Column { name, kind }),
            _ => tables.push((table, vec![Column { name, kind }])),
        }
    }
    Ok(tables)
}

/// Refuses a target in which something was recorded: a log's head or a feed's cursor that has moved.
async fn refuse_used(tx: &Tx, table: &str) -> Result<(), Error> {
    if !["head", "cursor"].contains(&table) {
        return Ok(());
    }
    let asked = Query::select()
        .expr_as(Expr::col(Alias::new("position")).max(), Alias::new("newest"))
        .from(Alias::new(table))
        .to_owned();
    let newest: Option<i64> = match tx.query_one(&asked).await? {
        Some(row) => row.try_get("", "newest")?,
        None => None,
    };
    match newest {
        Some(1..) => Err(Error::Schema("the target holds records already".to_owned())),
        _ => Ok(()),
    }
}

/// Takes away what the migrations put there: first rows of heads and cursors, which come from the source.
async fn empty(tx: &Tx, table: &str) -> Result<(), Error> {
    let delete = Query::delete().from_table(Alias::new(table)).to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

async fn copy(source: &Snapshot, tx: &Tx, table: &str, columns: &[Column]) -> Result<u64, Error> {
    let asked = Query::select()
        .columns(columns.iter().map(|column| Alias::new(&column.name)))
        .from(Alias::new(table))
        .to_owned();
    let mut rows = source.reader().stream(&asked).await?;
    let (mut waiting, mut count) = (Vec::with_capacity(ROWS), 0);
    while let Some(row) = rows.try_next().await? {
        waiting.push(row);
        count += 1;
        if waiting.len() == ROWS {
            insert(tx, table, columns, &waiting).await?;
            waiting.clear();
        }
    }
    insert(tx, table, columns, &waiting).await?;
    Ok(count)
}

async fn insert(tx: &Tx, table: &str, columns: &[Column], rows: &[QueryResult]) -> Result<(), Error> {
    // A statement takes at most 65,535 values.
    let fitting = (60_000 / columns.len().max(1)).max(1);
    for some in rows.chunks(fitting) {
        let mut insert = Query::insert();
        insert
            .into_table(Alias::new(table))
            .columns(columns.iter().map(|column| Alias::new(&column.name)));
        for row in some {
            let values = columns.iter().map(|column| Ok(Expr::val(value(row, column)?)));
            let values = values.collect::<Result<Vec<_>, Error>>()?;
            insert
                .values(values)
                .map_err(|error| Error::Damaged(format!("a row of {table}: {error}")))?;
        }
        let (sql, values) = insert.build(PostgresQueryBuilder);
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
            .await?;
    }
    Ok(())
}

fn value(row: &QueryResult, column: &Column) -> Result<Value, Error> {
    let name = column.name.as_str();
    Ok(match column.kind {
        Kind::Small => row.try_get::<Option<i16>>("", name)?.into(),
        Kind::Integer => row.try_get::<Option<i32>>("", name)?.into(),
        Kind::Big => row.try_get::<Option<i64>>("", name)?.into(),
        Kind::Boolean => row.try_get::<Option<bool>>("", name)?.into(),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>>("", name)?.into(),
        Kind::Uuid => row.try_get::<Option<Uuid>>("", name)?.into(),
        Kind::Text => row.try_get::<Option<String>>("", name)?.into(),
    })
}

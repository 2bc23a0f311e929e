//! Many rows, and look-ups of many keys, in few statements.
//!
//! A statement for every number of rows would have a text of its own, and each text a place in the connection's cache of
//! prepared statements. PostgreSQL takes a whole column as one array, so any number of rows has the same text. For SQLite
//! there are few lengths, and what is left over goes in shorter ones. The text is written by hand: thousands of rows a
//! second pass here, and a syntax tree of each would cost more than its insertion.

use std::fmt::Write as _;

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DbBackend, DbErr, EntityName, EntityTrait, IdenStatic, Iterable,
    Statement, Value, sea_query::ArrayType,
};

use crate::{Error, Session};

/// On SQLite so many rows go in one statement, the longest that fits first: two or three statements for any number up to
/// the longest.
const LENGTHS: [usize; 24] = [
    128, 112, 96, 80, 64, 56, 48, 40, 32, 28, 24, 20, 16, 14, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1,
];
/// On PostgreSQL so many rows go in one statement at most: a message to the server is held in memory.
const ROWS: usize = 4096;

/// What becomes of a row whose key is there already.
#[derive(Debug, Clone, Copy)]
pub enum Taken<C> {
    /// It is an error.
    Refuse,
    /// The row that is there stays.
    Keep,
    /// Its other columns get the new values; the key is this column.
    Replace(C),
}

/// Inserts rows, all columns of which are set. If it fails on SQLite, some of them are there: it must then be rolled back,
/// as every transaction is in which a statement failed.
///
/// # Errors
/// [`Error::Duplicate`] for a key that is taken and must not be; otherwise if the database is away.
pub async fn insert<A: ActiveModelTrait>(
    db: &impl Session,
    rows: Vec<A>,
    taken: Taken<<A::Entity as EntityTrait>::Column>,
) -> Result<(), Error> {
    let backend = db.backend();
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let (sql, values) = if backend == DbBackend::Postgres {
            let (given, values) = arrays(rows.by_ref().take(ROWS))?;
            (text::<A>(&given, "", &taken), values)
        } else {
            let length = LENGTHS.into_iter().find(|length| *length <= rows.len()).unwrap_or(1);
            let values = rows.by_ref().take(length).flat_map(values).collect();
            // Without these two words SQLite copies each page that a statement of several rows touches into a journal of
            // the statement, to undo it alone.
            (text::<A>(&tuples::<A>(length), "OR FAIL ", &taken), values)
        };
        db.run(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(())
}

/// So many keys are looked up by one statement at most: databases bound how many values a statement binds.
const KEYS: usize = 1024;

/// Keys in parts to be looked up one after the other, each part as long as a power of two, in which the last key is
/// repeated: so there are few texts of such statements, too.
pub fn parts<K: Clone>(keys: &[K]) -> impl Iterator<Item = Vec<K>> + '_ {
    keys.chunks(KEYS).map(|part| {
        let mut padded = part.to_vec();
        if let Some(last) = part.last() {
            padded.resize(part.len().next_power_of_two(), last.clone());
        }
        padded
    })
}

fn values<A: ActiveModelTrait>(mut row: A) -> impl Iterator<Item = Value> {
    let columns = <A::Entity as EntityTrait>::Column::iter();
    columns.map(move |column| match row.take(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => value,
        // The database then says which column is missing.
        ActiveValue::NotSet => Value::String(None),
    })
}

/// Rows as PostgreSQL takes them: the text that reads them out of arrays, one for each column, and these arrays. An array
/// as it is bound here holds no null, so a column that may be null has a second one, which says where a value is.
fn arrays<A: ActiveModelTrait>(rows: impl Iterator<Item = A>) -> Result<(String, Vec<Value>), DbErr> {
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().collect();
    let mut given: Vec<Vec<Value>> = vec![Vec::with_capacity(rows.size_hint().0); columns.len()];
    for row in rows {
        for (column, value) in given.iter_mut().zip(values(row)) {
            column.push(value);
        }
    }
    let (mut selected, mut from, mut bound) = (Vec::new(), Vec::new(), Vec::new());
    let mut bind = |array: ArrayType, values: Vec<Value>| {
        bound.push(Value::Array(array.clone(), Some(Box::new(values))));
        let number = bound.len();
        from.push(format!("${number}::{}[]", type_of(&array)?));
        Ok::<_, DbErr>(format!("c{number}"))
    };
    for (column, mut values) in columns.into_iter().zip(given) {
        let Some(array) = values.first().map(Value::array_type) else {
            continue;
        };
        if column.def().is_null() {
            let present = values.iter().map(|value| Value::Bool(Some(value.is_some()))).collect();
            for absent in values.iter_mut().filter(|value| !value.is_some()) {
                *absent = absent.dummy_value();
            }
            let (present, value) = (bind(ArrayType::Bool, present)?, bind(array, values)?);
            selected.push(format!("CASE WHEN {present} THEN {value} END"));
        } else {
            selected.push(bind(array, values)?);
        }
    }
    let names: Vec<String> = (1..=bound.len()).map(|number| format!("c{number}")).collect();
    let sql = format!(
        "SELECT {} FROM UNNEST({}) AS given ({})",
        selected.join(", "),
        from.join(", "),
        names.join(", ")
    );
    Ok((sql, bound))
}

/// The name of a type in PostgreSQL.
fn type_of(array: &ArrayType) -> Result<&'static str, DbErr> {
    Ok(match array {
        ArrayType::Bool => "bool",
        ArrayType::SmallInt => "int2",
        ArrayType::Int => "int4",
        ArrayType::BigInt => "int8",
        ArrayType::Double => "float8",
        ArrayType::String => "text",
        ArrayType::Bytes => "bytea",
        ArrayType::Uuid => "uuid",
        other => return Err(DbErr::Type(format!("no table has a column of {other:?}"))),
    })
}

/// So many rows as SQLite takes them. It takes `$1` for a name, and looks for each among all others.
fn tuples<A: ActiveModelTrait>(rows: usize) -> String {
    let columns = <A::Entity as EntityTrait>::Column::iter().count();
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("VALUES {}", vec![row; rows].join(", "))
}

fn text<A: ActiveModelTrait>(given: &str, or: &str, taken: &Taken<<A::Entity as EntityTrait>::Column>) -> String {
    let names: Vec<&str> = <A::Entity as EntityTrait>::Column::iter()
        .map(|column| column.as_str())
        .collect();
    let mut sql = format!(
        "INSERT {or}INTO \"{}\" (\"{}\") {given}",
        A::Entity::default().table_name(),
        names.join("\", \"")
    );
    match taken {
        Taken::Refuse => {}
        Taken::Keep => sql.push_str(" ON CONFLICT DO NOTHING"),
        Taken::Replace(key) => {
            let key = key.as_str();
            let others = names.iter().filter(|name| **name != key);
            let set: Vec<String> = others.map(|name| format!("\"{name}\" = excluded.\"{name}\"")).collect();
            // Writing to a text does not fail.
            let _written = write!(sql, " ON CONFLICT (\"{key}\") DO UPDATE SET {}", set.join(", "));
        }
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_parts_of_few_lengths() {
        let keys: Vec<usize> = (0..KEYS + 5).collect();
        let lengths: Vec<usize> = parts(&keys).map(|part| part.len()).collect();
        assert_eq!(lengths, [KEYS, 8]);
        let mut looked_up: Vec<usize> = parts(&keys).flatten().collect();
        looked_up.dedup();
        assert_eq!(looked_up, keys);
        assert_eq!(parts::<usize>(&[]).count(), 0);
    }
}

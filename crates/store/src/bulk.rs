//! Many rows, and look-ups of many keys, in few statements.
//!
//! A statement for every number of rows would have a text of its own, and each text a place in the connection's cache of
//! prepared statements; so there are few lengths, and what is left over goes in shorter ones. The text is written by
//! hand: thousands of rows a second pass here, and a syntax tree of each would cost more than its insertion.

use std::fmt::Write as _;

use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic, Iterable,
    Statement, Value,
};

use crate::Error;

/// So many rows go in one statement, the longest that fits first.
const LENGTHS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

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

/// Inserts rows, all columns of which are set.
///
/// # Errors
/// [`Error::Duplicate`] for a key that is taken and must not be; otherwise if the database is away.
pub async fn insert<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    rows: Vec<A>,
    taken: Taken<<A::Entity as EntityTrait>::Column>,
) -> Result<(), Error> {
    let backend = db.get_database_backend();
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let length = LENGTHS.into_iter().find(|length| *length <= rows.len()).unwrap_or(1);
        let values = rows.by_ref().take(length).flat_map(values).collect::<Vec<Value>>();
        let statement = Statement::from_sql_and_values(backend, text::<A>(backend, length, &taken), values);
        db.execute_raw(statement).await?;
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

fn text<A: ActiveModelTrait>(
    backend: DbBackend,
    rows: usize,
    taken: &Taken<<A::Entity as EntityTrait>::Column>,
) -> String {
    let names: Vec<&str> = <A::Entity as EntityTrait>::Column::iter()
        .map(|column| column.as_str())
        .collect();
    let mut sql = format!(
        "INSERT INTO \"{}\" (\"{}\") VALUES ",
        A::Entity::default().table_name(),
        names.join("\", \"")
    );
    let mut number = 0;
    // SQLite takes `$1` for a name, and looks for each among all others.
    let numbered = backend == DbBackend::Postgres;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..names.len() {
            number += 1;
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a text does not fail.
            let _written = if numbered {
                write!(sql, "{comma}${number}")
            } else {
                write!(sql, "{comma}?")
            };
        }
        sql.push(')');
    }
    match taken {
        Taken::Refuse => {}
        Taken::Keep => sql.push_str(" ON CONFLICT DO NOTHING"),
        Taken::Replace(key) => {
            let key = key.as_str();
            let others = names.iter().filter(|name| **name != key);
            let set: Vec<String> = others.map(|name| format!("\"{name}\" = excluded.\"{name}\"")).collect();
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

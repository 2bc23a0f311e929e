//! Statements that go to a server in one message: each is a way there and back, for which everybody waits who wants the
//! head's lock.

use std::sync::{Mutex, PoisonError};

use sea_orm::{EntityTrait, Select, Statement, TryIntoModel, Values};

use crate::{Appending, Error, Session};

/// So many go together at most: each number of them is a text of its own, and has a place in the connection's cache of
/// prepared statements.
const MOST: usize = 8;

/// Statements that need not be answered one by one. None of them may depend on what another has written, since a server
/// runs them as if at once. On SQLite each is run when it is asked for.
#[derive(Debug)]
pub struct Together<'a> {
    tx: &'a Appending,
    waiting: Mutex<Vec<Statement>>,
}

impl<'a> Together<'a> {
    /// On this transaction.
    #[must_use]
    pub fn on(tx: &'a Appending) -> Self {
        Self {
            tx,
            waiting: Mutex::default(),
        }
    }

    /// Runs those that wait.
    ///
    /// # Errors
    /// That of any of them.
    pub async fn sent(&self) -> Result<(), Error> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        match one(waiting) {
            Some(statement) => self.tx.run(statement).await,
            None => Ok(()),
        }
    }
}

impl Session for Together<'_> {
    fn backend(&self) -> sea_orm::DbBackend {
        self.tx.backend()
    }

    async fn run(&self, statement: Statement) -> Result<(), Error> {
        if self.tx.is_here() {
            return self.tx.run(statement).await;
        }
        let full = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(statement);
            waiting.len() == MOST
        };
        if full { self.sent().await } else { Ok(()) }
    }

    async fn find<E: EntityTrait>(&self, select: Select<E>) -> Result<Vec<E::Model>, Error>
    where
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        self.sent().await?;
        self.tx.find(select).await
    }
}

/// One statement that does what these do: the last is its own, the others stand before it as its common table expressions.
fn one(mut statements: Vec<Statement>) -> Option<Statement> {
    let last = statements.pop()?;
    if statements.is_empty() {
        return Some(last);
    }
    let (mut parts, mut bound) = (Vec::new(), Vec::new());
    for (place, statement) in statements.into_iter().enumerate() {
        parts.push(format!("part{place} AS ({})", shifted(&statement.sql, bound.len())));
        bound.extend(statement.values.into_iter().flat_map(|values| values.0));
    }
    let sql = shifted(&last.sql, bound.len());
    bound.extend(last.values.into_iter().flat_map(|values| values.0));
    let parts = parts.join(", ");
    let sql = match sql.strip_prefix("WITH ") {
        Some(rest) => format!("WITH {parts}, {rest}"),
        None => format!("WITH {parts} {sql}"),
    };
    Some(Statement {
        sql,
        values: Some(Values(bound)),
        db_backend: last.db_backend,
    })
}

/// A text whose places for values are numbered on from others. No text of ours has a dollar sign for anything else.
fn shifted(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut shifted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        let number = number.parse::<usize>().map(|number| (number + by).to_string());
        shifted.push('$');
        shifted.push_str(number.as_deref().unwrap_or_default());
        shifted.push_str(rest);
    }
    shifted
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    fn statement(sql: &str, values: &[i64]) -> Statement {
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values.iter().map(|value| (*value).into()))
    }

    #[test]
    fn several_become_one_whose_values_are_theirs_in_turn() {
        let insert = statement(
            "INSERT INTO a SELECT c1 FROM UNNEST($1::int8[], $2) AS given (c1)",
            &[1, 2],
        );
        let delete = statement("DELETE FROM b WHERE id = $1", &[3]);
        let moved = statement(
            "WITH moved AS (UPDATE head SET n = $1 WHERE id = $2) SELECT pg_notify('', '')",
            &[4, 5],
        );
        let together = one(vec![insert.clone(), delete.clone(), moved]).unwrap();
        assert_eq!(
            together.sql,
            "WITH part0 AS (INSERT INTO a SELECT c1 FROM UNNEST($1::int8[], $2) AS given (c1)), \
             part1 AS (DELETE FROM b WHERE id = $3), \
             moved AS (UPDATE head SET n = $4 WHERE id = $5) SELECT pg_notify('', '')"
        );
        let wanted: Vec<sea_orm::Value> = (1_i64..=5).map(Into::into).collect();
        assert_eq!(together.values.unwrap().0, wanted);

        let two = one(vec![insert, delete.clone()]).unwrap();
        assert!(
            two.sql.ends_with("AS given (c1)) DELETE FROM b WHERE id = $3"),
            "{}",
            two.sql
        );
        assert_eq!(one(vec![delete.clone()]).unwrap(), delete);
        assert_eq!(one(Vec::new()), None);
    }
}

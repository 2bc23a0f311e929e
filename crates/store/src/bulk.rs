//! Many rows in few statements.
//!
//! A statement for every number of rows would have a text of its own, and each text a place in the connection's cache of
//! prepared statements; so there are few lengths, and what is left over goes in shorter ones.

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, sea_query::OnConflict};

use crate::Error;

/// So many rows go in one statement, the longest that fits first.
const LENGTHS: [usize; 3] = [64, 8, 1];

/// Inserts rows, all columns of which are set. `on_conflict` says what becomes of those that are there already; without
/// it they are an error.
///
/// # Errors
/// [`Error::Duplicate`] for a key that is taken; otherwise if the database is away.
pub async fn insert<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    rows: Vec<A>,
    on_conflict: Option<&OnConflict>,
) -> Result<(), Error> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let length = LENGTHS.into_iter().find(|length| *length <= rows.len()).unwrap_or(1);
        let mut insert = <A::Entity as EntityTrait>::insert_many(rows.by_ref().take(length));
        if let Some(on_conflict) = on_conflict {
            insert = insert.on_conflict(on_conflict.clone());
        }
        insert.exec_without_returning(db).await?;
    }
    Ok(())
}

//! Migrating: all steps that are pending, or none.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use sea_orm_migration::MigratorTrait;

use crate::{Error, postgres, tx};

/// Brings the schema up to date. It is one transaction: a step that fails leaves nothing behind, another process that
/// opens the same database waits and then finds nothing to do, and a schema that this program does not know is left
/// as it is.
///
/// # Errors
/// [`Error::Schema`] if the database has steps that this program does not know.
pub(crate) async fn migrate<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), Error> {
    let transaction = tx::begin(db).await?;
    let migrated = async {
        if transaction.get_database_backend() == DbBackend::Postgres {
            postgres::take_turn_to_migrate(&transaction).await?;
        }
        M::up(&transaction, None).await.map_err(Error::schema)
    }
    .await;
    match migrated {
        Ok(()) => Ok(transaction.commit().await?),
        Err(error) => {
            tx::roll_back(transaction).await;
            Err(error)
        }
    }
}

//! The database edge: opening a database with the settings that make an acknowledged write durable, migrating it,
//! named transactions that are retried as a whole, the head row that gives positions, and the cursors of feed readers.
//!
//! It knows databases and nothing of any service's tables; these live in each service's `store` room.

pub mod cursor;
pub mod error;
pub mod head;
pub mod import_row;
pub mod tx;

pub use error::{Error, Kind};
pub use tx::{Retry, Tx};

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use sea_orm_migration::MigratorTrait;

/// Connections that read beside the one that writes.
const SQLITE_READERS: u32 = 4;
/// The oldest SQLite that is free of the bug by which two connections can corrupt a database in WAL mode.
const SQLITE_OLDEST: [u32; 3] = [3, 51, 3];

/// An open database of one service.
#[derive(Debug, Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Store {
    /// Opens the database, creating and migrating it as needed.
    ///
    /// `url` is `sqlite:PATH`. SQLite runs in WAL mode with full synchronisation: what was committed survives a loss of
    /// power. One connection writes, so that a transaction never meets another one's lock; several read.
    ///
    /// # Errors
    /// If it cannot be opened, its SQLite is too old, or its schema is newer than this program.
    pub async fn open<M: MigratorTrait>(url: &str) -> Result<Self, Error> {
        let writer = Database::connect(options(url, 1)).await?;
        refuse_old_sqlite(&writer).await?;
        M::up(&writer, None).await.map_err(Error::schema)?;
        let reader = Database::connect(options(url, SQLITE_READERS)).await?;
        Ok(Self { writer, reader })
    }

    /// For single queries outside a transaction.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Closes the connections; what was committed is durable without it.
    ///
    /// # Errors
    /// If a connection does not close.
    pub async fn close(self) -> Result<(), Error> {
        self.reader.close().await?;
        self.writer.close().await?;
        Ok(())
    }
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("trusted_schema", "OFF")
        });
    options
}

async fn refuse_old_sqlite(db: &DatabaseConnection) -> Result<(), Error> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, "SELECT sqlite_version()"))
        .await?;
    let version: String = row.ok_or(Error::Missing("sqlite_version"))?.try_get_by_index(0)?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < SQLITE_OLDEST.as_slice() {
        Err(Error::OldSqlite(version))
    } else {
        Ok(())
    }
}

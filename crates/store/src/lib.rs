//! The database edge: opening a database with the settings that make an acknowledged write durable, migrating it,
//! named transactions that are retried as a whole, the head row that gives positions, the cursors of feed readers, and
//! copies of a database in use.
//!
//! SQLite and PostgreSQL do the same here; where they differ is told in one private module each. It knows databases and
//! nothing of any service's tables; these live in each service's `store` room.

mod append;
pub mod audit;
pub mod bulk;
pub mod cursor;
pub mod error;
mod follow;
pub mod head;
pub mod import_row;
mod postgres;
mod schema;
mod session;
pub mod snapshot;
mod sqlite;
mod together;
mod transfer;
pub mod tx;

pub use append::Appending;
pub use error::{Error, Kind};
pub use session::Session;
pub use together::Together;
pub use transfer::{Moved, transfer};
pub use tx::{Retry, Tx};

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use append::{Connections, Line, Writers};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, sqlx::postgres::PgConnectOptions};
use sea_orm_migration::MigratorTrait;

/// So long is a connection waited for: a server that restarts is back by then.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// So long does a statement wait for another transaction's lock before it is a conflict. It is also how long a process
/// that was frozen inside a transaction can hold up the others.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// The wait before a conflict is tried again.
const FIRST_WAIT: Duration = Duration::from_millis(5);
/// Connections that read beside those that write; on PostgreSQL one of them listens.
const READERS: u32 = 5;

/// An open database of one service.
#[derive(Debug, Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    line: Line,
}

/// The databases that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    Sqlite,
    Postgres,
}

impl Store {
    /// Opens the database and migrates it as needed.
    ///
    /// `url` is `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. An SQLite file is created if it is not there; it runs
    /// in WAL mode with full synchronisation, and one connection writes, so that the transactions of one process never
    /// meet each other's locks. A PostgreSQL database must exist, in UTF-8 and best with the collation `C`, by which
    /// text sorts as it does in SQLite; several connections write, and the head row's lock puts them in order. On both,
    /// what was committed survives a loss of power.
    ///
    /// # Errors
    /// If it cannot be opened, is not durable, or its schema is newer than this program.
    pub async fn open<M: MigratorTrait>(url: &str) -> Result<Self, Error> {
        let backend = Backend::of(url)?;
        let writer = backend.connect(url).await?;
        match backend.prepare::<M>(url, &writer).await {
            Ok((reader, line)) => Ok(Self { writer, reader, line }),
            Err(error) => {
                // Whoever is told of the refusal finds nothing of ours open any more.
                drop(writer.close().await);
                Err(error)
            }
        }
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
        self.line.close().await?;
        self.writer.close().await?;
        Ok(())
    }
}

impl Backend {
    /// Told from the address without ever repeating it: it may hold a password.
    fn of(url: &str) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            // What does not read would be repeated by those who read it after us.
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                match url.parse::<PgConnectOptions>() {
                    Ok(_) => Ok(Self::Postgres),
                    Err(_) => Err(Error::Address),
                }
            }
            _ => Err(Error::Address),
        }
    }

    /// How many connections write.
    fn writers(self) -> u32 {
        match self {
            Self::Sqlite => sqlite::WRITERS,
            Self::Postgres => postgres::WRITERS,
        }
    }

    /// The connections that write. Several processes that make one SQLite file at once are in each other's way while it
    /// is put into WAL mode, and SQLite does not wait there by itself.
    async fn connect(self, url: &str) -> Result<DatabaseConnection, Error> {
        let patience = Instant::now() + LOCK_TIMEOUT;
        loop {
            let connected = Database::connect(self.options(url, self.writers(), true)).await;
            match connected.map_err(Error::from) {
                Err(error) if error.is_conflict() && Instant::now() < patience => {
                    tokio::time::sleep(FIRST_WAIT).await;
                }
                other => return other,
            }
        }
    }

    /// Refuses what must be refused, migrates, and opens the connections that read.
    async fn prepare<M: MigratorTrait>(
        self,
        url: &str,
        writer: &DatabaseConnection,
    ) -> Result<(DatabaseConnection, Line), Error> {
        match self {
            Self::Sqlite => sqlite::refuse_old(writer).await?,
            Self::Postgres => postgres::refuse_forgetful(writer).await?,
        }
        schema::migrate::<M>(writer).await?;
        let reader = Database::connect(self.options(url, READERS, false)).await?;
        let line = match self {
            Self::Sqlite => Line::Of(Writers::new(url)?),
            Self::Postgres => {
                let mut options = self.options(url, postgres::APPENDERS, true);
                options
                    .min_connections(0)
                    .map_sqlx_postgres_pool_opts(postgres::appending_pool);
                Line::AtTheServer(Arc::new(Connections::new(options)))
            }
        };
        Ok((reader, line))
    }

    fn options(self, url: &str, connections: u32, writes: bool) -> ConnectOptions {
        let mut options = ConnectOptions::new(url);
        unaged(&mut options)
            .min_connections(1)
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .sqlx_logging(false);
        match self {
            Self::Sqlite if writes => options
                .map_sqlx_sqlite_opts(sqlite::writing_connection)
                .map_sqlx_sqlite_pool_opts(sqlite::pool),
            Self::Sqlite => options.map_sqlx_sqlite_opts(sqlite::connection),
            Self::Postgres if writes => options
                .test_before_acquire(false)
                .map_sqlx_postgres_opts(postgres::writing_session)
                .map_sqlx_postgres_pool_opts(postgres::writing_pool),
            Self::Postgres => options
                .test_before_acquire(false)
                .map_sqlx_postgres_opts(postgres::session)
                .map_sqlx_postgres_pool_opts(postgres::pool),
        };
        options
    }
}

/// Connections are not closed for their age. The pool looks through those that are idle for it, as many as it has counted;
/// one that is taken in the very moment in which it comes back is subtracted before it is added, and then it looks through
/// 2^64 of them, on a thread that does nothing else any more.
fn unaged(options: &mut ConnectOptions) -> &mut ConnectOptions {
    options.idle_timeout(None).max_lifetime(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_which_database_it_is() {
        assert_eq!(Backend::of("sqlite:registry.db").unwrap(), Backend::Sqlite);
        assert_eq!(Backend::of("postgres://u@h/registry").unwrap(), Backend::Postgres);
        assert_eq!(Backend::of("postgresql://u@h/registry").unwrap(), Backend::Postgres);
        let foreign = ["", "registry.db", "mysql://u:secret@h/registry", "postgres:registry"];
        for other in foreign.into_iter().chain(["postgres://u:sec/secret@h/registry"]) {
            let error = Backend::of(other).unwrap_err();
            assert!(matches!(error, Error::Address), "{other}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}

//! An SQLite database as a file: a copy of one moment of it while others write, and reading such a copy.
//!
//! Only SQLite. A PostgreSQL server is copied with the tools that come with it.

use std::path::Path;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::sqlite::SqliteConnectOptions,
};

use crate::{ACQUIRE_TIMEOUT, Error, LOCK_TIMEOUT, unaged};

/// Copies a database into a file that does not exist or is empty. Everything that was committed before is in the copy,
/// and of what is committed meanwhile nothing.
///
/// `VACUUM INTO` reads within one transaction, which in WAL mode holds up no writer and is held up by none. The online
/// backup would begin anew with every commit of another process, and never end under steady writing. The copy is not in
/// WAL mode: it is one file, and reading it makes no others. It is not synchronised; that is left to the caller.
///
/// # Errors
/// If the database is not there or is damaged, or the file cannot be written.
pub async fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let Some(to) = to.to_str() else {
        return Err(Error::Database(DbErr::Custom("the path is not UTF-8".to_owned())));
    };
    let db = connect(from, |options| options).await?;
    let into = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [to.into()]);
    let copied = db.execute_raw(into).await;
    db.close().await?;
    copied?;
    Ok(())
}

/// A copy that nobody writes to, opened for reading. Nothing beside it is made or changed, so it may lie on a medium
/// that cannot be written.
#[derive(Debug)]
pub struct Snapshot {
    db: DatabaseConnection,
}

impl Snapshot {
    /// Opens a copy.
    ///
    /// # Errors
    /// If it is not there or is no database.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let db = connect(path, |options| options.immutable(true)).await?;
        Ok(Self { db })
    }

    /// For queries.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.db
    }

    /// What SQLite's own check finds wrong with the file, at most a hundred things; nothing if it is sound.
    ///
    /// # Errors
    /// If the file is too damaged to be checked.
    pub async fn faults(&self) -> Result<Vec<String>, Error> {
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let rows = self.db.query_all_raw(check).await?;
        let found: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(0))
            .collect::<Result<_, DbErr>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Closes the file.
    ///
    /// # Errors
    /// If it does not close.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.db.close().await?)
    }
}

/// One connection that reads. The path is given as it is, for an address would be decoded.
async fn connect(
    path: &Path,
    settings: fn(SqliteConnectOptions) -> SqliteConnectOptions,
) -> Result<DatabaseConnection, Error> {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    unaged(&mut options)
        .min_connections(1)
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options.filename(&path).read_only(true).busy_timeout(LOCK_TIMEOUT);
            settings(options.pragma("trusted_schema", "OFF"))
        });
    Ok(Database::connect(options).await?)
}

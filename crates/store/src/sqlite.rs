//! What is peculiar to SQLite: the settings of a connection, and the refusal of a version that can corrupt a database.

pub(crate) mod thread;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sqlx::{
        Connection, Sqlite, SqliteConnection,
        pool::PoolOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode},
    },
};

use crate::{Error, LOCK_TIMEOUT};

/// One connection writes: SQLite has one writer at a time, and waiting for a turn in the pool is fair.
pub(crate) const WRITERS: u32 = 1;
/// Pages of the file that the writing connection keeps in memory at most, in kibibytes (that is what the sign says).
/// Inserts go all over the indexes, and what is not kept is read again for each of them; but most commits look through
/// all that is kept.
const CACHE: &str = "-16384";
/// So many texts of statements stay prepared: rows are inserted in some two dozen lengths.
const STATEMENTS: usize = 256;
/// So many pages of new content stand in the log before they are brought home into the file, each once.
const CHECKPOINT_PAGES: &str = "8000";
/// What every connection is set to, whichever driver makes it.
const SETTINGS: [(&str, &str); 3] = [
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("trusted_schema", "OFF"),
];
/// And what those that write are set to besides.
const WRITING: [(&str, &str); 2] = [("cache_size", CACHE), ("wal_autocheckpoint", CHECKPOINT_PAGES)];
/// The oldest SQLite that is free of the bug by which two connections can corrupt a database in WAL mode.
const OLDEST: [u32; 3] = [3, 51, 3];

/// A connection, to a file that is made in WAL mode if it is not there.
pub(crate) fn connection(options: SqliteConnectOptions) -> SqliteConnectOptions {
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(LOCK_TIMEOUT);
    set(options, SETTINGS)
}

/// A connection that writes.
pub(crate) fn writing_connection(options: SqliteConnectOptions) -> SqliteConnectOptions {
    set(connection(options).statement_cache_capacity(STATEMENTS), WRITING)
}

fn set(
    options: SqliteConnectOptions,
    settings: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> SqliteConnectOptions {
    let settings = settings.into_iter();
    settings.fold(options, |options, (name, value)| options.pragma(name, value))
}

/// A connection that comes back inside a transaction is closed. SQLite ends a transaction by itself when the disk fails in
/// it; rolling back then fails, and the driver goes on counting the transaction as open. The next ones would be parts of
/// one that nobody commits, and would be acknowledged all the same.
pub(crate) fn pool(options: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    options.after_release(|connection: &mut SqliteConnection, _| {
        Box::pin(async move {
            // A rollback that was asked for before is over by then.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

/// # Errors
/// [`Error::OldSqlite`] if this program was linked with a SQLite that is too old.
pub(crate) async fn refuse_old(db: &DatabaseConnection) -> Result<(), Error> {
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, "SELECT sqlite_version()"))
        .await?;
    let version: String = row.ok_or(Error::Missing("sqlite_version"))?.try_get_by_index(0)?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < OLDEST.as_slice() {
        Err(Error::OldSqlite(version))
    } else {
        Ok(())
    }
}

//! What can go wrong at the database, sorted by what the caller can do about it.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// A fault at the database. Its text is for the log, never for a caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the same transaction may succeed when it is run again.
    #[error("conflict with another transaction: {0}")]
    Conflict(#[source] DbErr),
    /// A unique key was violated: a race that the checks before it did not see.
    #[error("unique key violated: {0}")]
    Duplicate(String),
    /// The database is away, full, or read-only.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] DbErr),
    /// The schema is not one that this program knows.
    #[error("the database's schema cannot be used by this version: {0}")]
    Schema(String),
    /// The SQLite that this program was built with is too old to be safe.
    #[error("SQLite {0} can corrupt a database in WAL mode; 3.51.3 or newer is needed")]
    OldSqlite(String),
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Stored data does not read as what it must be.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The task that ran the transaction ended without an answer.
    #[error("a transaction ended without an answer")]
    Lost,
    /// A reader's position is not where it was expected: another process has moved it.
    #[error("the cursor of {0} was moved by another process")]
    CursorMoved(&'static str),
    /// Anything else.
    #[error(transparent)]
    Database(DbErr),
}

/// What a caller can do about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Repeat it at once: another transaction was in the way.
    Conflict,
    /// Repeat it later: the database is away.
    Away,
    /// Nothing; somebody has to look at the log.
    Fault,
}

impl Error {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Conflict(_) => Kind::Conflict,
            Self::Unavailable(_) => Kind::Away,
            Self::Duplicate(_)
            | Self::Schema(_)
            | Self::OldSqlite(_)
            | Self::Missing(_)
            | Self::Damaged(_)
            | Self::Lost
            | Self::CursorMoved(_)
            | Self::Database(_) => Kind::Fault,
        }
    }

    /// A fault while migrating.
    pub(crate) fn schema(error: DbErr) -> Self {
        match error {
            DbErr::Custom(text) | DbErr::Migration(text) => Self::Schema(text),
            other => other.into(),
        }
    }

    /// Whether the same transaction may succeed when it is run again at once.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.kind() == Kind::Conflict
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(key)) = error.sql_err() {
            return Self::Duplicate(key);
        }
        match code(&error).as_deref() {
            // SQLITE_BUSY with its extensions, and PostgreSQL's serialization failure and deadlock.
            Some("5" | "261" | "517" | "773" | "40001" | "40P01") => Self::Conflict(error),
            // SQLite's read-only, I/O error, full and cannot open; PostgreSQL's lost connection and shutdown.
            Some("8" | "10" | "13" | "14" | "53100" | "57P01" | "57P02" | "57P03") => Self::Unavailable(error),
            _ if matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error
        .as_database_error()
        .and_then(sea_orm::sqlx::error::DatabaseError::code)
        .map(std::borrow::Cow::into_owned)
}

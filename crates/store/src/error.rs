//! What can go wrong at the database, sorted by what the caller can do about it.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError, SqlxSqliteError};

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
    /// The connection was lost while a transaction was being committed: nobody knows whether it is.
    #[error("it is not known whether the transaction is committed: {0}")]
    Unsettled(#[source] DbErr),
    /// The schema is not one that this program knows.
    #[error("the database's schema cannot be used by this version: {0}")]
    Schema(String),
    /// The address is of no database that can be used. It is not repeated here, for it may hold a password.
    #[error("the database's address must begin with sqlite: or postgres://")]
    Address,
    /// The PostgreSQL server is set to forget what it acknowledged.
    #[error("the PostgreSQL server is not durable: {0}")]
    NotDurable(String),
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
            Self::Unavailable(_) | Self::Unsettled(_) => Kind::Away,
            Self::Duplicate(_)
            | Self::Schema(_)
            | Self::Address
            | Self::NotDurable(_)
            | Self::OldSqlite(_)
            | Self::Missing(_)
            | Self::Damaged(_)
            | Self::Lost
            | Self::CursorMoved(_)
            | Self::Database(_) => Kind::Fault,
        }
    }

    /// The database is away, as we know without having asked it.
    pub(crate) fn away(why: String) -> Self {
        Self::Unavailable(DbErr::Conn(RuntimeErr::Internal(why)))
    }

    /// A fault of a commit.
    pub(crate) fn of_commit(error: DbErr) -> Self {
        if is_unsettled(&error) {
            Self::Unsettled(error)
        } else {
            error.into()
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
        sorted(sort(&error), error)
    }
}

/// A fault of SQLite, by its extended result code.
pub(crate) fn of_sqlite(code: i32, error: DbErr) -> Error {
    sorted(sort_sqlite(code), error)
}

fn sorted(kind: Kind, error: DbErr) -> Error {
    match kind {
        Kind::Conflict => Error::Conflict(error),
        Kind::Away => Error::Unavailable(error),
        Kind::Fault => Error::Database(error),
    }
}

/// What a caller can do about a fault of a database.
fn sort(error: &DbErr) -> Kind {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        let no_connection = matches!(error, DbErr::ConnectionAcquire(_));
        return if no_connection { Kind::Away } else { Kind::Fault };
    };
    match cause {
        RuntimeErr::SqlxError(cause) => match sort_driver(cause) {
            // Whatever keeps us from connecting, nothing was done.
            Kind::Fault if matches!(error, DbErr::Conn(_)) => Kind::Away,
            kind => kind,
        },
        RuntimeErr::Internal(_) if matches!(error, DbErr::Conn(_)) => Kind::Away,
        RuntimeErr::Internal(_) => Kind::Fault,
    }
}

/// Whether a commit that was answered by this may have been carried out.
fn is_unsettled(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    match &**cause {
        SqlxError::Io(_) | SqlxError::Tls(_) | SqlxError::Protocol(_) | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) if error.try_downcast_ref::<SqlxSqliteError>().is_none() => {
            let code = error.code().unwrap_or_default();
            code == "40003" || code.starts_with("08") || code.starts_with("57P")
        }
        _ => false,
    }
}

fn sort_driver(error: &SqlxError) -> Kind {
    match error {
        SqlxError::Database(error) => {
            let code = error.code().unwrap_or_default();
            match error.try_downcast_ref::<SqlxSqliteError>() {
                Some(_) => code.parse().map_or(Kind::Fault, sort_sqlite),
                None => sort_sqlstate(&code),
            }
        }
        // The server went away in the middle of a call. If that call was the commit, nobody knows its outcome; a
        // request that is repeated later finds out.
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => Kind::Away,
        _ => Kind::Fault,
    }
}

/// By SQLite's result code. The driver gives extended codes; the low byte is the code that they extend.
fn sort_sqlite(extended: i32) -> Kind {
    match extended & 0xff {
        // Busy: another connection writes, or has written what this transaction has read.
        5 => Kind::Conflict,
        // Out of memory, read-only, input/output error, full, cannot open, locking protocol.
        7 | 8 | 10 | 13 | 14 | 15 => Kind::Away,
        _ => Kind::Fault,
    }
}

/// By PostgreSQL's SQLSTATE.
fn sort_sqlstate(code: &str) -> Kind {
    match code {
        // Serialization failure, deadlock, and a lock that was not had within `lock_timeout`.
        "40001" | "40P01" | "55P03" => Kind::Conflict,
        // Outcome unknown; a transaction that idled too long; a server that has become a standby; disk errors.
        "40003" | "25P03" | "25006" | "58030" => Kind::Away,
        // Connection exception, insufficient resources, and a server that is starting, stopping or was killed.
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => Kind::Away,
        _ => Kind::Fault,
    }
}

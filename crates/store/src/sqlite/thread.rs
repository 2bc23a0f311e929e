//! A connection that is used on the thread that asks. The driver of the other connections hands each statement to a thread
//! of its own and waits for it to be handed back. Who appends under load has a dozen of them in a transaction, and on a
//! machine whose cores are all at work each of these changes waits its turn: together for longer than the disk takes.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use rusqlite::{
    Connection, OpenFlags,
    types::{ToSql, ToSqlOutput, ValueRef},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, DbBackend, DbErr, EntityTrait, Iterable, QueryTrait, RuntimeErr, Select,
    Statement, TryIntoModel, Value, Values, sqlx::sqlite::SqliteConnectOptions,
};
use tokio::sync::OwnedMutexGuard;

use super::{SETTINGS, STATEMENTS, WRITING};
use crate::{Error, Kind, LOCK_TIMEOUT, error};

/// Where the database is, and its connection while there is one.
#[derive(Debug)]
pub(crate) struct Own {
    path: PathBuf,
    vfs: Option<String>,
    connection: Option<Connection>,
    closed: bool,
    /// Number of the transaction that was begun last.
    begun: u64,
}

impl Own {
    /// The connection is made when it is first needed.
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        let options: SqliteConnectOptions = url.parse().map_err(|_| Error::Address)?;
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        let vfs = parameters.split('&').find_map(|one| one.strip_prefix("vfs="));
        Ok(Self {
            path: options.get_filename().to_owned(),
            vfs: vfs.map(str::to_owned),
            connection: None,
            closed: false,
            begun: 0,
        })
    }

    /// The connection with the settings of the others, outside a transaction.
    fn ready(&mut self) -> Result<&Connection, Error> {
        if self.closed {
            return Err(none());
        }
        // SQLite ends a transaction by itself when the disk fails in it; one that it does not let go of is nobody's.
        if self
            .connection
            .as_ref()
            .is_some_and(|connection| !connection.is_autocommit())
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(self.connect().map_err(|error| match Fault::from(error).told() {
                conflict @ Error::Conflict(_) => conflict,
                // Whatever keeps us from connecting, nothing was done.
                other => Error::away(other.to_string()),
            })?);
        }
        self.connection.as_ref().ok_or_else(none)
    }

    /// The file is there, in WAL mode: it was migrated.
    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.path, flags, vfs.as_str())?,
            None => Connection::open_with_flags(&self.path, flags)?,
        };
        // A file that cannot be written is opened for reading without a word, and would be kept so.
        if connection.is_readonly("main")? {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
            return Err(rusqlite::Error::SqliteFailure(code, None));
        }
        connection.busy_timeout(LOCK_TIMEOUT)?;
        for (name, value) in SETTINGS.into_iter().chain(WRITING) {
            connection.pragma_update(None, name, value)?;
        }
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    /// The connection, if it is inside this transaction.
    fn of(&self, number: u64) -> Option<&Connection> {
        let connection = self.connection.as_ref().filter(|_| self.begun == number);
        connection.filter(|connection| !connection.is_autocommit())
    }

    /// Closes the connection; no other is made.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.closed = true;
        match self.connection.take().map(Connection::close) {
            Some(Err((_, error))) => Err(Fault::from(error).told()),
            _ => Ok(()),
        }
    }
}

/// What is said where there is no connection.
fn none() -> Error {
    Error::away("there is no connection".to_owned())
}

pub(crate) fn lock(own: &Mutex<Own>) -> MutexGuard<'_, Own> {
    // A statement that panicked leaves a transaction that is rolled back.
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A transaction on that connection. It is rolled back unless it is committed.
#[derive(Debug)]
pub(crate) struct Transaction {
    own: Arc<Mutex<Own>>,
    number: u64,
    /// The first statement that failed: what comes after it is not to be committed.
    failure: OnceLock<Fault>,
    /// Nobody else writes as long as it is there.
    _turn: Arc<OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(crate) fn begin(own: Arc<Mutex<Own>>, turn: Arc<OwnedMutexGuard<()>>) -> Result<Self, Error> {
        let number = {
            let mut own = lock(&own);
            let begun = own.ready()?.execute_batch("BEGIN IMMEDIATE");
            begun.map_err(|error| Fault::from(error).told())?;
            own.begun += 1;
            own.begun
        };
        Ok(Self {
            own,
            number,
            failure: OnceLock::new(),
            _turn: turn,
        })
    }

    /// Asks the connection for something, and remembers if it failed. SQLite may have ended the transaction with a failure,
    /// and what would be asked after it would then stand by itself.
    fn asked<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        if let Some(failure) = self.failure.get() {
            return Err(failure.told());
        }
        let own = lock(&self.own);
        let connection = own.of(self.number).ok_or_else(none)?;
        ask(connection).map_err(|error| {
            let fault = Fault::from(error);
            self.failure.get_or_init(|| fault.clone());
            fault.told()
        })
    }

    /// Runs a statement that answers nothing.
    pub(crate) fn run(&self, statement: &Statement) -> Result<(), Error> {
        self.asked(|connection| {
            let mut prepared = connection.prepare_cached(&statement.sql)?;
            bind(&mut prepared, statement.values.as_ref())?;
            prepared.raw_execute().map(drop)
        })
    }

    /// The rows that a query finds.
    pub(crate) fn find<E: EntityTrait>(&self, select: &Select<E>) -> Result<Vec<E::Model>, Error>
    where
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        let statement = select.build(DbBackend::Sqlite);
        let columns: Vec<_> = E::Column::iter().map(|column| (column, column.def())).collect();
        let rows = self.asked(|connection| {
            let mut prepared = connection.prepare_cached(&statement.sql)?;
            bind(&mut prepared, statement.values.as_ref())?;
            let (mut rows, mut found) = (prepared.raw_query(), Vec::new());
            while let Some(row) = rows.next()? {
                // The columns come in the order in which the entity has them.
                let mut values = Vec::with_capacity(columns.len());
                for (place, (_, definition)) in columns.iter().enumerate() {
                    values.push(value(definition.get_column_type(), row.get_ref(place)?));
                }
                found.push(values);
            }
            Ok(found)
        })?;
        rows.into_iter()
            .map(|values| {
                let mut model = <E::ActiveModel as ActiveModelTrait>::default();
                for ((column, _), value) in columns.iter().zip(values) {
                    let value = value.ok_or_else(|| Error::Damaged(format!("{column:?} is of another type")))?;
                    model
                        .try_set(*column, value)
                        .map_err(|error| Error::Damaged(error.to_string()))?;
                }
                model.try_into_model().map_err(Error::from)
            })
            .collect()
    }

    /// Commits, unless a statement failed: that failure is then the answer.
    pub(crate) fn commit(self) -> Result<(), Error> {
        self.asked(|connection| connection.execute_batch("COMMIT"))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let mut own = lock(&self.own);
        if let Some(connection) = own.of(self.number)
            && let Err(rollback) = connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%rollback, "rollback failed; the connection is given up");
        }
        // Once the disk is there again, a connection that met it away may still see it as it was.
        let away = |failure: &Fault| failure.told().kind() == Kind::Away;
        if own.begun == self.number && self.failure.get().is_some_and(away) {
            own.connection = None;
        }
    }
}

/// What SQLite said.
#[derive(Debug, Clone)]
struct Fault {
    /// Its extended result code.
    code: i32,
    text: String,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let code = error
            .sqlite_error()
            .map_or(rusqlite::ffi::SQLITE_ERROR, |error| error.extended_code);
        Self {
            code,
            text: format!("(code: {code}) {error}"),
        }
    }
}

impl Fault {
    fn told(&self) -> Error {
        let cause = DbErr::Exec(RuntimeErr::Internal(self.text.clone()));
        match self.code {
            rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE => {
                Error::Duplicate(self.text.clone())
            }
            code => error::of_sqlite(code, cause),
        }
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: Option<&Values>) -> rusqlite::Result<()> {
    for (place, value) in values.iter().flat_map(|values| &values.0).enumerate() {
        statement.raw_bind_parameter(place + 1, Bound(value))?;
    }
    Ok(())
}

/// A value as it is bound, and not copied for it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let integer = |value: Option<i64>| value.map_or(ValueRef::Null, ValueRef::Integer);
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Bool(value) => integer(value.map(i64::from)),
            Value::SmallInt(value) => integer(value.map(i64::from)),
            Value::Int(value) => integer(value.map(i64::from)),
            Value::BigInt(value) => integer(*value),
            // How many rows are wanted at most.
            Value::BigUnsigned(value) => integer(value.map(|value| i64::try_from(value).unwrap_or(i64::MAX))),
            Value::String(value) => value
                .as_ref()
                .map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            Value::Bytes(value) => value.as_ref().map_or(ValueRef::Null, |bytes| ValueRef::Blob(bytes)),
            Value::Uuid(value) => value
                .as_ref()
                .map_or(ValueRef::Null, |uuid| ValueRef::Blob(uuid.as_bytes())),
            other => {
                let unknown = format!("no table has a column of {other:?}");
                return Err(rusqlite::Error::ToSqlConversionFailure(unknown.into()));
            }
        }))
    }
}

/// A stored value as its column has it; nothing if it is of another type.
fn value(column: &ColumnType, stored: ValueRef<'_>) -> Option<Value> {
    let integer = || match stored {
        ValueRef::Null => Some(None),
        ValueRef::Integer(value) => Some(Some(value)),
        _ => None,
    };
    let bytes = || match stored {
        ValueRef::Null => Some(None),
        ValueRef::Blob(bytes) => Some(Some(bytes)),
        _ => None,
    };
    Some(match column {
        ColumnType::BigInteger => Value::BigInt(integer()?),
        ColumnType::Integer => Value::Int(integer()?.map(i32::try_from).transpose().ok()?),
        ColumnType::SmallInteger => Value::SmallInt(integer()?.map(i16::try_from).transpose().ok()?),
        ColumnType::Boolean => Value::Bool(integer()?.map(|value| value != 0)),
        ColumnType::String(_) | ColumnType::Text => Value::String(match stored {
            ValueRef::Null => None,
            other => Some(other.as_str().ok()?.to_owned()),
        }),
        ColumnType::Blob | ColumnType::VarBinary(_) => Value::Bytes(bytes()?.map(<[u8]>::to_vec)),
        ColumnType::Uuid => Value::Uuid(
            bytes()?
                .map(|bytes| bytes.try_into().map(sea_orm::prelude::Uuid::from_bytes))
                .transpose()
                .ok()?,
        ),
        _ => return None,
    })
}

//! Named transactions. The work is run in a task of its own that nobody cancels: a client that goes away must not leave
//! a connection inside a transaction, nor an answer unknown. A conflict runs the whole work again. A transaction in which
//! a statement failed is never committed.

use std::{
    fmt,
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::{Error, FIRST_WAIT, Store, append::Line};

/// PostgreSQL answers a statement in this time; what waits for a lock is told sooner.
const STATEMENT_MAX: Duration = Duration::from_secs(30);
/// And a commit; whoever waits longer finds out in another way how it ended.
const COMMIT_MAX: Duration = Duration::from_secs(5);
/// And a rollback, which nobody needs.
const ROLLBACK_MAX: Duration = Duration::from_secs(1);
/// So often is a transaction tried before its conflict is the answer.
const ATTEMPTS: u32 = 5;

/// An open transaction. It can be cloned into the futures of one unit of work; all clones are the same transaction.
#[derive(Clone)]
pub struct Tx(Arc<Open>);

struct Open {
    transaction: DatabaseTransaction,
    /// The first statement that failed. PostgreSQL has then given the transaction up, and answers COMMIT without an
    /// error although it rolls back.
    failure: OnceLock<DbErr>,
}

impl Open {
    async fn asked<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let backend = self.transaction.get_database_backend();
        let answer = in_time(backend, STATEMENT_MAX, answer).await;
        self.seen(answer.unwrap_or_else(|| Err(silence())))
    }

    fn seen<T>(&self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(failure) = &answer {
            // Only the first one counts; those after it are its consequences.
            self.failure.get_or_init(|| failure.clone());
        }
        answer
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

/// Errors of a unit of work: those of the database among them, so that a conflict is seen and tried again.
pub trait Retry: From<Error> + Send + 'static {
    /// Whether running the work again may succeed.
    fn is_conflict(&self) -> bool;
}

impl Retry for Error {
    fn is_conflict(&self) -> bool {
        Self::is_conflict(self)
    }
}

impl Store {
    /// Runs `work` in a transaction: committed if it succeeds, rolled back if it fails. `name` is what the log calls it,
    /// `<noun>.<verb>`. Work that goes on after a failed statement does not succeed: that statement's error is its
    /// answer.
    ///
    /// # Errors
    /// Those of the work and of its statements; [`Error::Conflict`] if the last try met one too; [`Error::Unsettled`] if the
    /// connection was lost while it was being committed; [`Error::Lost`] if the work panicked.
    #[tracing::instrument(skip(self, work), level = "debug")]
    pub async fn tx<T, E, W, F>(&self, name: &'static str, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: Retry,
        W: Fn(Tx) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send,
    {
        uncancelled(name, self.writer.clone(), self.line.clone(), work).await
    }
}

/// Runs work in a task of its own, in its turn.
pub(crate) async fn uncancelled<T, E, W, F>(
    name: &'static str,
    writer: DatabaseConnection,
    line: Line,
    work: W,
) -> Result<T, E>
where
    T: Send + 'static,
    E: Retry,
    W: Fn(Tx) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send,
{
    let task = tokio::spawn(async move {
        let _turn = line.turn().await?;
        repeated(name, || attempt_once(&writer, &work)).await
    });
    task.await.unwrap_or_else(|_| Err(Error::Lost.into()))
}

/// Tries a transaction again that met a conflict.
pub(crate) async fn repeated<T, E: Retry, F>(name: &'static str, attempt_once: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    // It doubles with each try.
    let mut wait = FIRST_WAIT;
    for attempt in 1.. {
        match attempt_once().await {
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                tracing::debug!(name, attempt, "transaction met a conflict and is run again");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            answer => return answer,
        }
    }
    Err(Error::Lost.into())
}

async fn attempt_once<T, E, W, F>(writer: &DatabaseConnection, work: &W) -> Result<T, E>
where
    E: Retry,
    W: Fn(Tx) -> F,
    F: Future<Output = Result<T, E>>,
{
    let tx = Tx(Arc::new(Open {
        transaction: begin(writer).await.map_err(Error::from)?,
        failure: OnceLock::new(),
    }));
    let outcome = work(tx.clone()).await;
    let Some(Open { transaction, failure }) = Arc::into_inner(tx.0) else {
        return Err(outlived().into());
    };
    let refused = match (outcome, failure.into_inner()) {
        (Ok(value), None) => {
            commit(transaction).await?;
            return Ok(value);
        }
        (Ok(_), Some(failure)) => Error::from(failure).into(),
        (Err(error), _) => error,
    };
    roll_back(transaction).await;
    Err(refused)
}

/// A clone outlived the work. Committing is then not ours to decide; dropping it rolls back.
pub(crate) fn outlived() -> Error {
    Error::Damaged("a transaction outlived its work".to_owned())
}

async fn commit(transaction: DatabaseTransaction) -> Result<(), Error> {
    let backend = transaction.get_database_backend();
    match in_time(backend, COMMIT_MAX, transaction.commit()).await {
        Some(committed) => committed.map_err(Error::of_commit),
        None => Err(Error::Unsettled(silence())),
    }
}

/// What a server answers in time; nothing if it does not. A connection over which nothing comes any more looks like a server
/// that thinks, for as long as the system sends it packets again. SQLite has no connection that could fall silent.
async fn in_time<T>(backend: DbBackend, time: Duration, answer: impl Future<Output = T>) -> Option<T> {
    match backend {
        DbBackend::Postgres => tokio::time::timeout(time, answer).await.ok(),
        _ => Some(answer.await),
    }
}

fn silence() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the server does not answer".to_owned()))
}

/// Begins a transaction that is going to write.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    // A deferred transaction that turns into a writer meets a stale snapshot that no waiting cures.
    let mode = match db.get_database_backend() {
        DbBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
        _ => None,
    };
    let options = TransactionOptions {
        sqlite_transaction_mode: mode,
        ..TransactionOptions::default()
    };
    db.begin_with_options(options).await
}

/// Ends a transaction that failed. It failed for another reason, so what goes wrong here is for the log only.
pub(crate) async fn roll_back(transaction: DatabaseTransaction) {
    let backend = transaction.get_database_backend();
    match in_time(backend, ROLLBACK_MAX, transaction.rollback()).await {
        Some(Ok(())) => {}
        Some(Err(rollback)) => tracing::warn!(%rollback, "rollback failed; the connection is given up"),
        None => tracing::warn!("the server does not answer; the connection is given up"),
    }
}

#[sea_orm_migration::async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.0.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.asked(self.0.transaction.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.asked(self.0.transaction.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.asked(self.0.transaction.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.asked(self.0.transaction.query_all_raw(statement)).await
    }
}

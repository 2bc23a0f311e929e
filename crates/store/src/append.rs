//! The transaction of whoever appends for many. It is a named transaction like the others; on SQLite it runs from its
//! beginning to its end on one thread that does nothing else meanwhile, and on a server over connections of its own.

use std::{
    fmt,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use futures_util::FutureExt;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend, EntityTrait, Select, Statement, TryIntoModel};
use tokio::{
    sync::{OnceCell, OwnedMutexGuard},
    time::timeout,
};

use crate::{
    ACQUIRE_TIMEOUT, Error, Retry, Session, Store, Tx,
    sqlite::thread::{Own, Transaction, lock},
    tx::{outlived, repeated, uncancelled},
};

/// Who writes to an SQLite file: one at a time, in the order in which they came.
#[derive(Debug, Clone)]
pub(crate) struct Writers {
    turn: Arc<tokio::sync::Mutex<()>>,
    own: Arc<Mutex<Own>>,
}

impl Writers {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            turn: Arc::default(),
            own: Arc::new(Mutex::new(Own::new(url)?)),
        })
    }

    /// Waits for one's turn, which lasts as long as what is given.
    async fn turn(&self) -> Result<OwnedMutexGuard<()>, Error> {
        let turn = timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.turn).lock_owned()).await;
        turn.map_err(|_| Error::away("others write for too long".to_owned()))
    }

    /// What is under way is waited for.
    async fn close(&self) -> Result<(), Error> {
        let _turn = self.turn().await?;
        lock(&self.own).close()
    }
}

/// Connections to a server that only whoever appends has. They are made when they are first needed, and so belong to the
/// runtime of whoever appends: what the server answers wakes nobody else.
pub(crate) struct Connections {
    options: ConnectOptions,
    made: OnceCell<DatabaseConnection>,
}

impl fmt::Debug for Connections {
    /// The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl Connections {
    pub(crate) fn new(options: ConnectOptions) -> Self {
        Self {
            options,
            made: OnceCell::new(),
        }
    }

    async fn made(&self) -> Result<DatabaseConnection, Error> {
        let made = self.made.get_or_try_init(|| Database::connect(self.options.clone()));
        Ok(made.await?.clone())
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        match self.made.get() {
            Some(made) => Ok(made.clone().close().await?),
            None => Ok(()),
        }
    }
}

/// Whose turn it is to write.
#[derive(Debug, Clone)]
pub(crate) enum Line {
    /// On SQLite there is one at a time.
    Of(Writers),
    /// A server puts them in order itself.
    AtTheServer(Arc<Connections>),
}

impl Line {
    /// Waits for one's turn, which lasts as long as what is given.
    pub(crate) async fn turn(&self) -> Result<Option<OwnedMutexGuard<()>>, Error> {
        match self {
            Self::Of(writers) => writers.turn().await.map(Some),
            Self::AtTheServer(_) => Ok(None),
        }
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        match self {
            Self::Of(writers) => writers.close().await,
            Self::AtTheServer(connections) => connections.close().await,
        }
    }
}

/// An open transaction that appends. All clones are the same.
#[derive(Debug, Clone)]
pub struct Appending(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Here(Arc<Transaction>),
    Elsewhere(Tx),
}

impl Store {
    /// As [`Store::tx`], for one who does nothing else, on a thread and in a runtime of its own: on SQLite the thread that
    /// polls it does the database's work itself, and while the work waits for anything but its statements, nobody else
    /// writes; a server is spoken to over connections that are bound to that runtime.
    ///
    /// # Errors
    /// As [`Store::tx`].
    #[tracing::instrument(skip(self, work), level = "debug")]
    pub async fn append<T, E, W, F>(&self, name: &'static str, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: Retry,
        W: Fn(Appending) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send,
    {
        let writers = match &self.line {
            Line::Of(writers) => writers,
            Line::AtTheServer(connections) => {
                let connection = connections.made().await?;
                let work = move |tx| work(Appending(Kind::Elsewhere(tx)));
                return uncancelled(name, connection, self.line.clone(), work).await;
            }
        };
        let turn = Arc::new(writers.turn().await?);
        repeated(name, || async {
            let transaction = Arc::new(Transaction::begin(Arc::clone(&writers.own), Arc::clone(&turn))?);
            let worked = work(Appending(Kind::Here(Arc::clone(&transaction))));
            // A panic ends the work and not whoever appends.
            let worked = AssertUnwindSafe(worked).catch_unwind().await;
            let outcome = worked.unwrap_or_else(|_| Err(Error::Lost.into()))?;
            let Some(transaction) = Arc::into_inner(transaction) else {
                return Err(outlived().into());
            };
            transaction.commit()?;
            Ok(outcome)
        })
        .await
    }
}

impl Appending {
    /// Whether the database does its work on the thread that asks.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self.0, Kind::Here(_))
    }
}

impl Session for Appending {
    fn backend(&self) -> DbBackend {
        match &self.0 {
            Kind::Here(_) => DbBackend::Sqlite,
            Kind::Elsewhere(tx) => tx.backend(),
        }
    }

    async fn run(&self, statement: Statement) -> Result<(), Error> {
        match &self.0 {
            Kind::Here(transaction) => transaction.run(&statement),
            Kind::Elsewhere(tx) => tx.run(statement).await,
        }
    }

    async fn find<E: EntityTrait>(&self, select: Select<E>) -> Result<Vec<E::Model>, Error>
    where
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        match &self.0 {
            Kind::Here(transaction) => transaction.find(&select),
            Kind::Elsewhere(tx) => tx.find(select).await,
        }
    }
}

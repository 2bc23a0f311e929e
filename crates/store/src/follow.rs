//! Hearing that the head moved. Several processes may write to one PostgreSQL database, and readers of a feed that one of
//! them serves wait for what another has written. On SQLite one process writes, which knows by itself.

use std::time::Duration;

use sea_orm::{DbBackend, Statement, sqlx::postgres::PgListener};
use tokio_util::sync::CancellationToken;

use crate::{Error, Session, Store, head};

/// The server tells sessions that listen on this channel when a transaction that moved the head is committed.
const CHANNEL: &str = "banggiao_head";
/// The head is read so often even if nothing was heard: a message can be lost with its connection.
const UNHEARD: Duration = Duration::from_secs(1);

/// Carries out the statement that moves the head, and lets the other processes hear, once this transaction is committed.
/// It is one statement: each is a way to the server and back, for which everybody waits who wants the head's lock.
pub(crate) async fn announced(tx: &impl Session, mut moved: Statement) -> Result<(), Error> {
    if moved.db_backend == DbBackend::Postgres {
        moved.sql = format!("WITH moved AS ({}) SELECT pg_notify('{CHANNEL}', '')", moved.sql);
    }
    tx.run(moved).await?;
    Ok(())
}

impl Store {
    /// Tells the head whenever another process may have moved it, until `shutdown`. Does nothing on SQLite.
    pub fn follow_head(&self, shutdown: CancellationToken, tell: impl FnMut(head::Model) + Send + 'static) {
        if self.reader.get_database_backend() != DbBackend::Postgres {
            return;
        }
        let store = self.clone();
        tokio::spawn(async move {
            shutdown.run_until_cancelled(store.hear(tell)).await;
        });
    }

    async fn hear(self, mut tell: impl FnMut(head::Model)) {
        let mut listener = None;
        loop {
            if listener.is_none() {
                listener = self.listen().await;
            }
            let heard = async {
                match &mut listener {
                    Some(listener) => listener.recv().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            if let Ok(false) = tokio::time::timeout(UNHEARD, heard).await {
                listener = None;
                tokio::time::sleep(UNHEARD).await;
            }
            match head::read(&self.reader).await {
                Ok(head) => tell(head),
                Err(error) => tracing::debug!(%error, "the head cannot be read for the moment"),
            }
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let mut listener = PgListener::connect_with(self.reader.get_postgres_connection_pool())
            .await
            .ok()?;
        listener.listen(CHANNEL).await.ok()?;
        Some(listener)
    }
}

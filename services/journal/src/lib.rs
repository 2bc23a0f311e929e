//! Journal: what was done together. Events are logged, corrected, submitted, approved and cancelled; each of these
//! appends a revision, and no revision is ever changed.
//!
//! There is one way in: a command goes to the sequencer, which commits many at once, and is answered when it is durable.
//! The log is a ledger: checkpoints of it are signed, and it can be proved what stands in it and that nothing was changed.
//! Documents that belong to events are stored beside the log, in a folder, each named by its digest.
//!
//! The journal knows units, agreements, programmes and markers from the registry's feed. Reporting reads its own feed.

mod attachments;
mod config;
mod domain;
mod grpc;
mod journal;
mod ledger;
mod sequencer;
mod store;
#[cfg(test)]
mod trial;

pub use config::{Config, Review};

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_directory::Follower;
use banggiao_runtime::{Seams, serve};
use banggiao_store::{Error, Store, snapshot::Snapshot};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The commented default configuration, compiled in.
pub const DEFAULTS: &str = include_str!("../../../deploy/journal.toml");

/// Moves the service's records from a copy of its SQLite database into an empty PostgreSQL database.
///
/// # Errors
/// As [`banggiao_store::transfer`].
pub async fn transfer(from: &std::path::Path, to: &str) -> Result<banggiao_store::Moved, Error> {
    banggiao_store::transfer::<store::migration::Migrator>(from, to).await
}

/// Opens the database, follows the registry, and serves until `shutdown`.
///
/// # Errors
/// If the database, the keys or the token cannot be opened, the clock is far behind the log, or the server fails.
pub async fn start(
    config: Config,
    listener: TcpListener,
    seams: Seams,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let entrance = serve::Entrance::new(
        listener,
        serve::Limits::INNER,
        config.tls.as_ref(),
        config.allow_plaintext,
    )?;
    let verifier = config
        .identity
        .verifier(Arc::clone(&seams.clock), shutdown.clone())
        .await?;
    let registry = config.registry.authorized(&config.token_file)?;
    let store = Store::open::<store::migration::Migrator>(&config.database.url).await?;
    let follower = Follower::start(store.clone(), registry, shutdown.clone()).await?;
    let trail = Trail::open(store.clone(), seams.clone());
    let journal = journal::Journal::open(store, follower, &config, seams, shutdown.clone()).await?;
    // While the log is frozen the rest of the journal is read.
    let writes = serve::Part {
        name: "banggiao.journal.v1.writes",
        serves: journal.ledger().takes_in(),
    };
    let routes = grpc::routes(journal, verifier, trail.clone(), shutdown.clone());
    banggiao_audit::serve(
        entrance,
        serve::with_health_and_reflection(routes, "banggiao.journal.v1", vec![writes]).await?,
        trail,
        shutdown,
    )
    .await
}

/// How many events a copy of the journal's database holds.
///
/// # Errors
/// If it cannot be read.
pub async fn count_events(copy: &Snapshot) -> Result<u64, Error> {
    store::event::count(copy.reader()).await
}

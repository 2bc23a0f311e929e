//! Reporting: what the records of journal and registry add up to, per period, per unit, per programme, and which records
//! stand behind each figure.
//!
//! It owns the facts: every revision of an event with the positions of the log at which it was the newest and at which
//! it counted. It follows the feeds of both other services and asks them nothing else. A figure and its explanation
//! come from one selection of records, so they cannot disagree; today's facts stand in memory ordered by day, so a
//! figure costs its window and not the history.

#[doc(hidden)]
pub mod bench;
mod config;
mod domain;
mod entering;
mod grpc;
mod office;
mod projection;
mod store;
#[cfg(test)]
mod tests;

pub use config::Config;

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_contracts::journal::v1::event_feed_service_client::EventFeedServiceClient;
use banggiao_directory::Follower;
use banggiao_rpc::feed;
use banggiao_runtime::{Seams, serve};
use banggiao_store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    office::Office,
    projection::{Projection, Reader},
    store::migration::Migrator,
};

/// The commented default configuration, compiled in.
pub const DEFAULTS: &str = include_str!("../../../deploy/reporting.toml");

/// Moves the service's records from a copy of its SQLite database into an empty PostgreSQL database.
///
/// # Errors
/// As [`banggiao_store::transfer`].
pub async fn transfer(from: &std::path::Path, to: &str) -> Result<banggiao_store::Moved, banggiao_store::Error> {
    banggiao_store::transfer::<Migrator>(from, to).await
}

/// Opens the database, follows both feeds from where they were read last, and serves until `shutdown`. Neither
/// registry nor journal needs to be there yet: figures are computed on what is known, and say at which positions.
///
/// # Errors
/// If the database, the keys or the token cannot be opened, an address is none, or the server fails.
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
    let journal = config.journal.authorized(&config.token_file)?;
    let store = Store::open::<Migrator>(&config.database.url).await?;
    let trail = Trail::open(store.clone(), seams.clone());
    let follower = Follower::start(store.clone(), registry, shutdown.clone()).await?;
    let office = Arc::new(Office::open(store.clone(), seams.clone()).await?);
    let projection = Projection::open(store, follower).await?;
    entering::keep(Arc::clone(&office), journal.clone(), shutdown.clone());
    let journal = EventFeedServiceClient::new(journal);
    let reader = Reader::new(Arc::clone(&projection), journal.clone());
    tokio::spawn(feed::follow(projection::FEED, reader, shutdown.clone()));
    // While the projection stands still, figures are answered as of the position that it has reached.
    let projected = serve::Part {
        name: "banggiao.reporting.v1.projection",
        serves: projection.goes_on(),
    };
    let routes = grpc::routes(projection, journal, office, verifier, trail.clone());
    banggiao_audit::serve(
        entrance,
        serve::with_health_and_reflection(routes, "banggiao.reporting.v1", vec![projected]).await?,
        trail,
        shutdown,
    )
    .await
}

//! Registry: units and their history, agreements (twinning), programmes, boundary markers, principals and their grants.
//!
//! Its truth is one log of changes in its own database. Everything it answers comes from the directory that is folded
//! from them; everything it accepts is checked against that directory, with the head of the log locked, and appended.
//! Other services learn of it through the feed and in no other way. It asks nobody.

mod config;
mod domain;
mod grpc;
mod registry;
mod search;
mod store;

pub use config::{Bootstrap, Config};

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_runtime::{Seams, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The commented default configuration, compiled in.
pub const DEFAULTS: &str = include_str!("../../../deploy/registry.toml");

/// Moves the service's records from a copy of its SQLite database into an empty PostgreSQL database.
///
/// # Errors
/// As [`banggiao_store::transfer`].
pub async fn transfer(from: &std::path::Path, to: &str) -> Result<banggiao_store::Moved, banggiao_store::Error> {
    banggiao_store::transfer::<store::migration::Migrator>(from, to).await
}

/// Opens the database, puts what an installation ships with into an empty one, and serves until `shutdown`.
///
/// # Errors
/// If the database or the keys cannot be opened, or the server fails.
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
    let registry = registry::Registry::open(&config, seams.clone()).await?;
    registry.bootstrap(&config.bootstrap).await?;
    let trail = Trail::open(registry.store().clone(), seams);
    let routes = grpc::routes(registry, verifier, trail.clone(), shutdown.clone());
    banggiao_audit::serve(
        entrance,
        serve::with_health_and_reflection(routes, "banggiao.registry.v1", Vec::new()).await?,
        trail,
        shutdown,
    )
    .await
}

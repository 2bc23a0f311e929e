//! Gateway: one address for all of banggiao. It looks at the path and the token of a call and streams everything else
//! through undecoded, so a new RPC needs no new gateway. Health and reflection it answers itself, for all services.
//!
//! Browsers speak gRPC-Web with it, which is translated before anything here is asked.
//!
//! It owns no data. Every service verifies the token again: nothing is trusted because it came from inside.

mod config;
mod exchange;
mod forward;
mod health;
mod places;

pub use config::Config;

use std::sync::Arc;

use banggiao_runtime::{Seams, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{codec::CompressionEncoding, service::RoutesBuilder};

/// The commented default configuration, compiled in.
pub const DEFAULTS: &str = include_str!("../../../deploy/gateway.toml");

/// Serves until `shutdown`.
///
/// # Errors
/// If it would listen in plain text where it may not, keys or certificates cannot be used, or an address is none.
pub async fn start(
    config: Config,
    listener: TcpListener,
    seams: Seams,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let limits = serve::Limits::OUTER;
    let entrance = serve::Entrance::new(listener, limits, config.tls.as_ref(), config.allow_plaintext)?
        .with_origins(&config.cors.origins)?;
    let verifier = config
        .identity
        .verifier(Arc::clone(&seams.clock), shutdown.clone())
        .await?;
    let certificates = config.certificates.as_ref();
    let installation = &config.identity.installation;
    let exchange = certificates.map(|known| exchange::Exchange::open(known, installation, Arc::clone(&seams.clock)));
    let exchange = exchange.transpose()?;
    let upstreams = forward::Upstreams::new(&config)?;
    let health = tonic_health::pb::health_server::HealthServer::new(health::Health::new(&config, shutdown.clone())?);
    let mut own = RoutesBuilder::default();
    own.add_service(health.accept_compressed(CompressionEncoding::Gzip));
    serve::add_reflection(&mut own)?;
    let door = forward::Door::new(verifier, exchange, upstreams, own.routes());
    serve::serve_with(entrance, door, shutdown).await
}

//! Serving gRPC on a listener, with every limit set that the library leaves open, and draining at the end.

use std::{future::IntoFuture, time::Duration};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    codec::CompressionEncoding,
    service::{Routes, RoutesBuilder},
    transport::Server,
};

/// Calls in flight get so long to finish once the process is asked to end.
pub const GRACE: Duration = Duration::from_secs(8);

/// Adds health and reflection (v1 and v1alpha) to a service's routes. `package` is what health calls the service.
///
/// # Errors
/// If the descriptor set does not decode.
pub async fn with_health_and_reflection(mut routes: RoutesBuilder, package: &'static str) -> anyhow::Result<Routes> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(package, tonic_health::ServingStatus::Serving)
        .await;
    routes.add_service(
        health
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip),
    );
    add_reflection(&mut routes)?;
    Ok(routes.routes())
}

/// Adds reflection (v1 and v1alpha) of every contract. Each refuses compressed calls unless told to accept them.
///
/// # Errors
/// If the descriptor set does not decode.
pub fn add_reflection(routes: &mut RoutesBuilder) -> anyhow::Result<()> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(banggiao_contracts::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Clients need these to show the details of an error.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
    routes
        .add_service(
            v1.accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip),
        )
        .add_service(
            v1alpha
                .accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip),
        );
    Ok(())
}

/// Serves until `shutdown`, then lets calls in flight finish within [`GRACE`].
///
/// # Errors
/// If the server fails.
pub async fn serve(listener: TcpListener, routes: Routes, shutdown: CancellationToken) -> anyhow::Result<()> {
    listener.local_addr().context("the listener has no address")?;
    let server = Server::builder()
        .tcp_nodelay(true)
        // The library's default of no limit would let one connection open streams without end.
        .max_concurrent_streams(1000)
        // Off by default in the library; on, it is the answer to streams that are provoked into errors.
        .http2_max_local_error_reset_streams(Some(1024))
        // Many clients share one connection behind the gateway, so many may go away at once.
        .http2_max_pending_accept_reset_streams(Some(1024))
        .http2_max_header_list_size(16 * 1024)
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), shutdown.clone().cancelled_owned());
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        outcome = server.into_future() => outcome.context("the server failed"),
        () = deadline => {
            tracing::warn!("calls were still open after the grace time and are cut");
            Ok(())
        }
    }
}

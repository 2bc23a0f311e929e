//! Serving gRPC on a listener, with every limit set that the libraries leave open, and draining at the end.
//!
//! One accept loop serves the gateway and the services behind it; they differ in their [`Limits`]. What it does for every
//! call stands in [`call`].

mod call;

use std::{collections::HashMap, convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use banggiao_rpc::channel::KeepAlive;
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2, service::Service};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    body::Body,
    codec::CompressionEncoding,
    service::{Routes, RoutesBuilder},
};

/// Calls in flight get so long to finish once the process is asked to end.
pub const GRACE: Duration = Duration::from_secs(8);
/// After a failed accept, as when file handles run out, the next is tried so much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a call's headers, its token among them.
pub const HEADERS_MAX: u32 = 16 * 1024;
/// Calls at once on one connection behind the gateway; the gateway lets through fewer.
pub const INNER_STREAMS: u32 = 4096;
/// Bytes in flight of one stream behind the gateway.
pub const INNER_STREAM_WINDOW: u32 = 64 * 1024;

/// What one listener takes at most. Figures are per connection where nothing else is said.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls at once.
    pub streams: u32,
    /// Streams that the peer makes us reset, before the connection is closed.
    pub provoked_resets: usize,
    /// Streams that the peer resets before they were looked at, before the connection is closed.
    pub early_resets: usize,
    /// Bytes in flight of one stream and of the connection.
    pub windows: [u32; 2],
    /// Connections of the listener.
    pub connections: usize,
    /// Connections of one address.
    pub connections_per_address: usize,
    /// A connection must make its first call in this time.
    pub first_call: Duration,
    /// How a caller that vanished without a word is found.
    pub keep_alive: KeepAlive,
    /// A call without a deadline gets this one, and a later one is brought forward to it. It covers the time until the
    /// answer begins.
    pub deadline: Duration,
    /// As the deadline, of methods called `Upload…`, whose answer begins when all was sent: it takes as long as the
    /// caller's line needs.
    pub upload_deadline: Duration,
}

impl Limits {
    /// Towards callers nobody knows.
    pub const OUTER: Self = Self {
        streams: 200,
        provoked_resets: 256,
        early_resets: 20,
        windows: [256 * 1024, 1024 * 1024],
        connections: 4096,
        connections_per_address: 256,
        first_call: Duration::from_secs(10),
        keep_alive: KeepAlive::DEFAULT,
        deadline: Duration::from_secs(60),
        upload_deadline: Duration::from_secs(15 * 60),
    };
    /// Behind the gateway, where many callers share one connection and may go away together.
    ///
    /// The window of the connection holds those of all its streams, so that a stream that nobody reads holds up itself
    /// and no other.
    pub const INNER: Self = Self {
        streams: INNER_STREAMS,
        provoked_resets: 1024,
        early_resets: 1024,
        windows: [INNER_STREAM_WINDOW, INNER_STREAMS * INNER_STREAM_WINDOW],
        connections: 1024,
        connections_per_address: 1024,
        first_call: Duration::from_secs(60),
        keep_alive: KeepAlive::DEFAULT,
        deadline: Duration::from_secs(60),
        upload_deadline: Duration::from_secs(15 * 60),
    };
}

/// Adds health and reflection (v1 and v1alpha) to a service's routes. `package` is what health calls the service.
///
/// # Errors
/// If the descriptor set does not decode.
pub async fn with_health_and_reflection(mut routes: RoutesBuilder, package: &'static str) -> anyhow::Result<Routes> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(package, tonic_health::ServingStatus::Serving)
        .await;
    routes.add_service(health.accept_compressed(CompressionEncoding::Gzip));
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
        .add_service(v1.accept_compressed(CompressionEncoding::Gzip))
        .add_service(v1alpha.accept_compressed(CompressionEncoding::Gzip));
    Ok(())
}

/// Serves a service's routes behind the gateway until `shutdown`, then lets calls in flight finish within [`GRACE`].
///
/// # Errors
/// None at the moment: every failed accept concerns one caller or a passing shortage.
pub async fn serve(listener: TcpListener, routes: Routes, shutdown: CancellationToken) -> anyhow::Result<()> {
    serve_with(listener, TowerToHyperService::new(routes), Limits::INNER, shutdown).await
}

/// As [`serve`], for any service and limits.
///
/// # Errors
/// None at the moment: every failed accept concerns one caller or a passing shortage.
pub async fn serve_with<S>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let permits = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::default();
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = shutdown.cancelled() => break,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (service, shutdown, addresses) = (service.clone(), shutdown.clone(), addresses.clone());
        connections.spawn(async move {
            let address = stream.peer_addr().map(|address| address.ip()).ok();
            if addresses.enter(address, limits.connections_per_address).await {
                connection(stream, service, limits, shutdown).await;
                addresses.leave(address).await;
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        tracing::warn!("calls were still open after the grace time and are cut");
    }
    Ok(())
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> anyhow::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

async fn connection<S>(stream: TcpStream, service: S, limits: Limits, shutdown: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let [stream_window, connection_window] = limits.windows;
    let called = CancellationToken::new();
    let calls = call::Calls::new(service, [limits.deadline, limits.upload_deadline], called.clone());
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_local_error_reset_streams(limits.provoked_resets)
        .max_pending_accept_reset_streams(limits.early_resets)
        .max_header_list_size(HEADERS_MAX)
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .keep_alive_interval(limits.keep_alive.interval)
        .keep_alive_timeout(limits.keep_alive.timeout)
        .serve_connection(TokioIo::new(stream), calls);
    let mut connection = std::pin::pin!(connection);
    let late = async {
        tokio::time::sleep(limits.first_call).await;
        // Whoever has made a call is kept alive by pings from then on.
        if called.is_cancelled() {
            std::future::pending::<()>().await;
        }
    };
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = late => return,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended with an error");
    }
}

/// How many connections each address has.
#[derive(Debug, Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Addresses {
    async fn enter(&self, address: Option<IpAddr>, max: usize) -> bool {
        let Some(address) = address else { return false };
        let mut counts = self.0.lock().await;
        let count = counts.entry(address).or_default();
        if *count >= max {
            return false;
        }
        *count += 1;
        true
    }

    async fn leave(&self, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        let mut counts = self.0.lock().await;
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

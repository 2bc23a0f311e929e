//! Serving gRPC on a listener, with every limit set that the libraries leave open, and draining at the end.
//!
//! One accept loop serves the gateway and the services behind it; they differ in their [`Limits`]. What it does for every
//! call stands in [`call`]; whether connections are encrypted, in [`entrance`]; what browsers need, in [`web`].

mod call;
mod entrance;
mod web;

pub use entrance::{Entrance, is_loopback, may_listen};

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use banggiao_rpc::{certificate::PeerCertificate, channel::KeepAlive};
use http::{Request, Response};
use hyper::{body::Incoming, service::Service};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    body::Body,
    codec::CompressionEncoding,
    service::{Routes, RoutesBuilder},
};

use self::web::Web;
use crate::tls::Encryption;

/// Calls in flight get so long to finish once the process is asked to end.
pub const GRACE: Duration = Duration::from_secs(8);
/// After a failed accept, as when file handles run out, the next is tried so much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The system counts the time between probes in seconds.
const PROBE: Duration = Duration::from_secs(1);

/// Bytes of a call's headers, its token among them.
pub const HEADERS_MAX: u32 = 16 * 1024;
/// Calls at once on one connection behind the gateway; the gateway lets through fewer.
pub const INNER_STREAMS: u32 = 4096;
/// Bytes in flight of one stream behind the gateway.
pub const INNER_STREAM_WINDOW: u32 = 64 * 1024;

/// The headers of a request over HTTP/1 must be there in this time, counted from the end of the one before: a connection
/// that rests is closed by it as well.
const HTTP1_HEADERS: Duration = Duration::from_secs(10);
/// Bytes of a request over HTTP/1 that are read before somebody takes them, its headers among them.
const HTTP1_BUFFER: usize = 64 * 1024;

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
    /// Whether browsers are spoken to as well: HTTP/1.1 beside HTTP/2, and gRPC-Web.
    pub web: bool,
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
        web: true,
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
        web: false,
    };
}

/// Something of a service that may fail while the rest of it serves.
#[derive(Debug)]
pub struct Part {
    /// What health calls it.
    pub name: &'static str,
    /// Whether it serves.
    pub serves: watch::Receiver<bool>,
}

/// Adds health and reflection (v1 and v1alpha) to a service's routes. `package` is what health calls the service; its parts
/// are told of apart.
///
/// # Errors
/// If the descriptor set does not decode.
pub async fn with_health_and_reflection(
    mut routes: RoutesBuilder,
    package: &'static str,
    parts: Vec<Part>,
) -> anyhow::Result<Routes> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(package, tonic_health::ServingStatus::Serving)
        .await;
    for mut part in parts {
        let reporter = reporter.clone();
        tokio::spawn(async move {
            loop {
                let status = match *part.serves.borrow_and_update() {
                    true => tonic_health::ServingStatus::Serving,
                    false => tonic_health::ServingStatus::NotServing,
                };
                reporter.set_service_status(part.name, status).await;
                if part.serves.changed().await.is_err() {
                    return;
                }
            }
        });
    }
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
pub async fn serve(entrance: Entrance, routes: Routes, shutdown: CancellationToken) -> anyhow::Result<()> {
    serve_with(entrance, TowerToHyperService::new(routes), shutdown).await
}

/// As [`serve`], for any service.
///
/// # Errors
/// None at the moment: every failed accept concerns one caller or a passing shortage.
pub async fn serve_with<S>(entrance: Entrance, service: S, shutdown: CancellationToken) -> anyhow::Result<()>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let Entrance {
        listener,
        limits,
        encryption,
        web,
    } = entrance;
    let permits = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::default();
    let connections = TaskTracker::new();
    if let Some(encryption) = &encryption {
        tokio::spawn(Arc::clone(encryption).keep_renewed(shutdown.clone()));
    }
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits, limits.keep_alive) => accepted,
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
        let guest = Guest {
            service: service.clone(),
            limits,
            web: web.clone(),
            certificate: None,
            shutdown: shutdown.clone(),
        };
        let (addresses, encryption) = (addresses.clone(), encryption.clone());
        connections.spawn(async move {
            let address = stream.peer_addr().map(|address| address.ip()).ok();
            if addresses.enter(address, limits.connections_per_address) {
                guest.enter(stream, address, encryption).await;
                addresses.leave(address);
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

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    keep_alive: KeepAlive,
) -> anyhow::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    // HTTP/1 knows no pings, and whoever waits for an answer there may vanish as well.
    let probes = TcpKeepalive::new()
        .with_time(keep_alive.interval.max(PROBE))
        .with_interval(keep_alive.timeout.max(PROBE));
    SockRef::from(&stream).set_tcp_keepalive(&probes)?;
    Ok((stream, permit))
}

/// Whoever is behind one connection, and what is done for it.
struct Guest<S> {
    service: S,
    limits: Limits,
    web: Option<Web>,
    certificate: Option<PeerCertificate>,
    shutdown: CancellationToken,
}

impl<S> Guest<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    async fn enter(mut self, stream: TcpStream, address: Option<IpAddr>, encryption: Option<Arc<Encryption>>) {
        let Some(encryption) = encryption else {
            return self.serve(stream).await;
        };
        let shutdown = self.shutdown.clone();
        match shutdown
            .run_until_cancelled(encryption.handshake(stream, address))
            .await
        {
            None => {}
            Some(Err(error)) => tracing::debug!(?address, %error, "a handshake failed"),
            Some(Ok((stream, certificate))) => {
                self.certificate = certificate;
                self.serve(stream).await;
            }
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
        let (limits, shutdown) = (self.limits, self.shutdown);
        let called = CancellationToken::new();
        let deadlines = [limits.deadline, limits.upload_deadline];
        let door = Door {
            calls: call::Calls::new(self.service, deadlines, called.clone()),
            web: self.web,
            certificate: self.certificate,
        };
        let builder = builder(&limits);
        let connection = builder.serve_connection(TokioIo::new(stream), door);
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
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let [stream_window, connection_window] = limits.windows;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HTTP1_HEADERS)
        .max_buf_size(HTTP1_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_local_error_reset_streams(limits.provoked_resets)
        .max_pending_accept_reset_streams(limits.early_resets)
        .max_header_list_size(HEADERS_MAX)
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .keep_alive_interval(limits.keep_alive.interval)
        .keep_alive_timeout(limits.keep_alive.timeout);
    if limits.web { builder } else { builder.http2_only() }
}

/// What every request of one connection goes through first.
struct Door<S> {
    calls: call::Calls<S>,
    web: Option<Web>,
    certificate: Option<PeerCertificate>,
}

impl<S> Service<Request<Incoming>> for Door<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        if let Some(certificate) = &self.certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        match &self.web {
            None => self.calls.call(request),
            Some(web) => web.answer(&self.calls, request),
        }
    }
}

/// How many each address has: of connections, or of handshakes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Addresses {
    /// Whether there is room for one more, which is taken then.
    pub(crate) fn enter(&self, address: Option<IpAddr>, max: usize) -> bool {
        let Some(address) = address else { return false };
        let mut counts = self.counts();
        let count = counts.entry(address).or_default();
        if *count >= max {
            return false;
        }
        *count += 1;
        true
    }

    /// Gives it back.
    pub(crate) fn leave(&self, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        let mut counts = self.counts();
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The door: which service a call is for, whether its token is valid, and passing it on.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use anyhow::Context;
use banggiao_rpc::{
    Domain,
    channel::KeepAlive,
    identity::{self, Verifier},
};
use banggiao_runtime::serve::{INNER_STREAM_WINDOW, INNER_STREAMS};
use http::{HeaderMap, HeaderName, Request, Response, Uri, uri::Authority, uri::Scheme};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tonic::{Code, Status, body::Body, service::Routes};
use tower_service::Service;

use crate::{
    config::Config,
    places::{Held, Places},
};

/// The domain of the gateway's own error reasons.
const DOMAIN: Domain = Domain("gateway.banggiao");
/// Services that need no token: whoever reaches the address may ask whether it is well and what it offers.
const OPEN: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];
/// Headers with these prefixes are ours to set; a caller's are forged.
const INTERNAL: [&str; 2] = ["x-banggiao-", "x-forwarded-"];

/// The services behind the gateway.
#[derive(Debug, Clone)]
pub struct Upstreams(Arc<[Upstream]>);

/// One service, with the connections to it.
#[derive(Debug)]
struct Upstream {
    package: &'static str,
    authority: Authority,
    client: Client<HttpConnector, Incoming>,
}

impl Upstreams {
    /// From the configuration. Connections are made when the first call needs them, and again whenever one is lost.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let upstreams = config.routes().into_iter().map(|(package, peer)| {
            let uri: Uri = peer
                .address
                .parse()
                .with_context(|| format!("{:?} is no address", peer.address))?;
            let authority = uri
                .authority()
                .cloned()
                .with_context(|| format!("{:?} names no host", peer.address))?;
            Ok(Upstream {
                package,
                authority,
                client: client(peer.keep_alive.into()),
            })
        });
        Ok(Self(upstreams.collect::<anyhow::Result<_>>()?))
    }

    fn of(&self, service: &str) -> Option<&Upstream> {
        let (package, _) = service.rsplit_once('.')?;
        self.0.iter().find(|upstream| upstream.package == package)
    }
}

/// A client of one service.
fn client(keep_alive: KeepAlive) -> Client<HttpConnector, Incoming> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Duration::from_secs(2)));
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .http2_only(true)
        // Many callers share one connection; one that vanishes must not get it closed for all.
        .http2_max_local_error_reset_streams(8192)
        // A caller that does not read its answer holds up its own stream and no other's.
        .http2_initial_stream_window_size(INNER_STREAM_WINDOW)
        .http2_initial_connection_window_size(INNER_STREAMS * INNER_STREAM_WINDOW)
        // Refusals are kept far smaller; one that is not must not cost everybody the connection.
        .http2_max_header_list_size(64 * 1024)
        .http2_keep_alive_interval(keep_alive.interval)
        .http2_keep_alive_timeout(keep_alive.timeout)
        .http2_keep_alive_while_idle(true)
        .build(connector)
}

/// Answers every call that comes in.
#[derive(Debug, Clone)]
pub struct Door {
    verifier: Arc<Verifier>,
    upstreams: Upstreams,
    own: Routes,
    places: Places,
}

impl Door {
    /// With the services behind it and those that it answers itself.
    pub fn new(verifier: Arc<Verifier>, upstreams: Upstreams, own: Routes) -> Self {
        Self {
            verifier,
            upstreams,
            own,
            places: Places::default(),
        }
    }

    async fn answer(mut self, request: Request<Incoming>) -> Response<Body> {
        let service = service_of(request.uri().path()).to_owned();
        if OPEN.contains(&service.as_str()) {
            return match self.own.call(request).await {
                Ok(response) => response,
            };
        }
        let Some(upstream) = self.upstreams.of(&service) else {
            return refuse(Status::new(
                Code::Unimplemented,
                format!("there is no service {service:?}"),
            ));
        };
        let header = request.headers().get(http::header::AUTHORIZATION);
        let token = identity::bearer(header.map(http::HeaderValue::as_bytes));
        let caller = match token.and_then(|token| self.verifier.verify(token)) {
            Ok(caller) => caller,
            Err(error) => return refuse(DOMAIN.unauthenticated(&error.to_string())),
        };
        let Some(place) = self.places.take(&caller.principal) else {
            return refuse(DOMAIN.exhausted("OVERLOADED", "more calls are open than are let through at once"));
        };
        pass_on(upstream, request)
            .await
            .map(|body| Body::new(Held::new(body, place)))
    }
}

async fn pass_on(upstream: &Upstream, mut request: Request<Incoming>) -> Response<Body> {
    strip_internal(request.headers_mut());
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(upstream.authority.clone());
    match Uri::from_parts(parts) {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return refuse(Status::new(Code::InvalidArgument, "the path is not that of a method")),
    }
    match upstream.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::warn!(%error, "a service cannot be reached");
            refuse(DOMAIN.unavailable("the service cannot be reached at the moment"))
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Door {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { Ok(door.answer(request).await) })
    }
}

/// `package.Service` in `/package.Service/Method`.
fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn strip_internal(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| INTERNAL.iter().any(|prefix| name.as_str().starts_with(prefix)))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

// A status is consumed where it is answered.
#[allow(clippy::needless_pass_by_value)]
fn refuse(status: Status) -> Response<Body> {
    status.into_http()
}

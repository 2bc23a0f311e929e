//! The door: which service a call is for, whether its token is valid, and passing it on.

use std::{convert::Infallible, error::Error, future::Future, pin::Pin, sync::Arc, time::Duration};

use anyhow::Context;
use banggiao_rpc::{
    Domain,
    certificate::PeerCertificate,
    channel::KeepAlive,
    connector::Connector,
    identity::{self, Verifier},
};
use banggiao_runtime::serve::{INNER_STREAM_WINDOW, INNER_STREAMS};
use http::{HeaderMap, HeaderName, Request, Response, Uri, uri::Authority, uri::Scheme};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use tonic::{Code, Status, body::Body, service::Routes};
use tower_service::Service;

use crate::{
    config::Config,
    exchange::Exchange,
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
/// A service that takes longer to be connected to is answered for as unavailable.
const CONNECT: Duration = Duration::from_secs(2);
/// Headers with these prefixes are ours to set; a caller's are forged.
const INTERNAL: [&str; 2] = ["x-banggiao-", "x-forwarded-"];

/// The services behind the gateway.
#[derive(Debug, Clone)]
pub struct Upstreams(Arc<[Upstream]>);

/// One service, with the connections to it.
#[derive(Debug)]
struct Upstream {
    package: &'static str,
    scheme: Scheme,
    authority: Authority,
    client: Client<Connector, Body>,
}

impl Upstreams {
    /// From the configuration. Connections are made when the first call needs them, and again whenever one is lost.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let upstreams = config.routes().into_iter().map(|(package, peer)| {
            let parts = peer.uri()?.into_parts();
            Ok(Upstream {
                package,
                scheme: parts.scheme.unwrap_or(Scheme::HTTP),
                authority: parts
                    .authority
                    .with_context(|| format!("{:?} names no host", peer.address))?,
                client: client(peer.connector(CONNECT)?, peer.keep_alive.into()),
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
fn client(connector: Connector, keep_alive: KeepAlive) -> Client<Connector, Body> {
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
    exchange: Option<Exchange>,
    upstreams: Upstreams,
    own: Routes,
    places: Places,
}

impl Door {
    /// With the services behind it and those that it answers itself.
    pub fn new(verifier: Arc<Verifier>, exchange: Option<Exchange>, upstreams: Upstreams, own: Routes) -> Self {
        Self {
            verifier,
            exchange,
            upstreams,
            own,
            places: Places::default(),
        }
    }

    async fn answer(mut self, mut request: Request<Body>) -> Response<Body> {
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
        let principal = match self.recognise(&mut request) {
            Ok(principal) => principal,
            Err(error) => {
                tracing::info!(path = request.uri().path(), %error, "a call was refused at the door");
                return refuse(DOMAIN.unidentified(error));
            }
        };
        let Some(place) = self.places.take(&principal) else {
            return refuse(DOMAIN.exhausted("OVERLOADED", "more calls are open than are let through at once"));
        };
        pass_on(upstream, request)
            .await
            .map(|body| Body::new(Held::new(body, place)))
    }

    /// Who calls: as the token says, or as the certificate does where there is no token. The services are told by a token
    /// in either case.
    fn recognise(&self, request: &mut Request<Body>) -> Result<Arc<str>, identity::Error> {
        let header = request.headers().get(http::header::AUTHORIZATION);
        let missing = match identity::bearer(header.map(http::HeaderValue::as_bytes)) {
            Ok(token) => return self.verifier.verify(token).map(|caller| caller.principal),
            Err(missing) => missing,
        };
        let certificate = request.extensions().get::<PeerCertificate>();
        let exchange = self.exchange.as_ref().filter(|_| header.is_none());
        let vouched = certificate.and_then(|certificate| exchange?.vouch(certificate));
        let vouched = vouched.ok_or(missing)?;
        let headers = request.headers_mut();
        headers.insert(http::header::AUTHORIZATION, vouched.authorization);
        Ok(vouched.principal)
    }
}

async fn pass_on(upstream: &Upstream, mut request: Request<Body>) -> Response<Body> {
    strip_internal(request.headers_mut());
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(upstream.scheme.clone());
    parts.authority = Some(upstream.authority.clone());
    match Uri::from_parts(parts) {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return refuse(Status::new(Code::InvalidArgument, "the path is not that of a method")),
    }
    match upstream.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::warn!(error = in_words(&error), "a service cannot be reached");
            refuse(DOMAIN.unavailable("the service cannot be reached at the moment"))
        }
    }
}

/// An error and its causes: a certificate that was refused is told by the last of them.
fn in_words(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (**error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl hyper::service::Service<Request<Body>> for Door {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Body>) -> Self::Future {
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

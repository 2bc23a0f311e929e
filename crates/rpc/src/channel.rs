//! Client channels between the parts of the house: lazily connected, kept alive, with a bearer token on every call.

use std::time::Duration;

use http::Uri;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::{
    connector::Connector,
    tls::{self, Trust},
};

/// A connection must stand in this time.
const CONNECT: Duration = Duration::from_secs(5);

/// Why there can be no channel to an address.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is none.
    #[error("it is not the address of a server")]
    Address,
    /// The files that it would need cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Error),
}

/// HTTP/2 pings: what finds a peer that has vanished without a word.
///
/// Without them a connection whose packets go nowhere would be used for as long as the system's own patience lasts,
/// which is a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// A silent connection is asked so often whether it is still there.
    pub interval: Duration,
    /// One that does not answer in this time is given up, and the next call makes a new one.
    pub timeout: Duration,
}

impl KeepAlive {
    /// On servers and channels where nothing else is configured.
    pub const DEFAULT: Self = Self {
        interval: Duration::from_secs(20),
        timeout: Duration::from_secs(10),
    };
}

/// A channel that says who it is on every call.
pub type Authorized = InterceptedService<Channel, Bearer>;

/// Connects to an address such as `http://127.0.0.1:7700` when the first call is made, and again whenever the
/// connection is lost.
///
/// # Errors
/// If the address is not a URI, or one that wants TLS.
pub fn lazy(address: &str) -> Result<Channel, Error> {
    trusting(address, &Trust::default(), KeepAlive::DEFAULT)
}

/// As [`lazy`], also to an address such as `https://gateway.example:7700`, with pings of one's own choice.
///
/// # Errors
/// If the address is not a URI, or the files for TLS are missing or cannot be used.
pub fn trusting(address: &str, trust: &Trust, keep_alive: KeepAlive) -> Result<Channel, Error> {
    let uri: Uri = address.parse().map_err(|_malformed| Error::Address)?;
    let connector = Connector::new(&uri, trust, CONNECT)?;
    let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_malformed| Error::Address)?;
    Ok(endpoint
        .http2_keep_alive_interval(keep_alive.interval)
        .keep_alive_timeout(keep_alive.timeout)
        .keep_alive_while_idle(true)
        .http2_max_local_error_reset_streams(8192)
        .connect_with_connector_lazy(connector))
}

/// A channel that carries a token.
///
/// # Errors
/// As [`lazy`].
pub fn authorized(address: &str, bearer: Bearer) -> Result<Authorized, Error> {
    lazy(address).map(|channel| bearer.on(channel))
}

/// Adds `authorization: Bearer …` to every call.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// From a token; `None` if it holds characters that a header cannot carry.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.trim()).parse().ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// Puts it on every call of a channel.
    #[must_use]
    pub fn on(self, channel: Channel) -> Authorized {
        InterceptedService::new(channel, self)
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

//! Client channels between the parts of the house: lazily connected, kept alive, with a bearer token on every call.

use std::time::Duration;

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

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
/// If the address is not a URI.
pub fn lazy(address: &str) -> Result<Channel, tonic::transport::Error> {
    kept_alive(address, KeepAlive::DEFAULT)
}

/// As [`lazy`], with pings of one's own choice.
///
/// # Errors
/// If the address is not a URI.
pub fn kept_alive(address: &str, keep_alive: KeepAlive) -> Result<Channel, tonic::transport::Error> {
    Ok(Endpoint::from_shared(address.to_owned())?
        .connect_timeout(Duration::from_secs(5))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(keep_alive.interval)
        .keep_alive_timeout(keep_alive.timeout)
        .keep_alive_while_idle(true)
        .http2_max_local_error_reset_streams(8192)
        .connect_lazy())
}

/// A channel that carries a token.
///
/// # Errors
/// If the address is not a URI.
pub fn authorized(address: &str, bearer: Bearer) -> Result<Authorized, tonic::transport::Error> {
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

//! Opening connections to a server, in plain text or with TLS: the one way in which every client of the house does it.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, MaybeHttpsStream, ResolveServerName,
};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::tls::{Error, Renewed, Trust};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens connections to one server, of which its address says whether they are encrypted.
#[derive(Clone)]
pub struct Connector {
    http: HttpConnector,
    tls: Option<Arc<Tls>>,
    patience: Duration,
}

struct Tls {
    config: Renewed<ClientConfig>,
    name: Arc<dyn ResolveServerName + Send + Sync>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("encrypts", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// To an address such as `https://gateway.example:7700`. A connection must stand after `patience`, handshake included.
    ///
    /// Files are read again for every connection, so that renewed ones hold from the next connection on.
    ///
    /// # Errors
    /// If the address is to be reached with TLS and the files for it are not named or cannot be used.
    pub fn new(address: &Uri, trust: &Trust, patience: Duration) -> Result<Self, Error> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(patience));
        let encrypted = address.scheme() == Some(&Scheme::HTTPS);
        http.enforce_http(!encrypted);
        let tls = encrypted.then(|| Tls::new(trust)).transpose()?.map(Arc::new);
        Ok(Self { http, tls, patience })
    }

    async fn connect(mut self, uri: Uri) -> Result<MaybeHttpsStream<TokioIo<TcpStream>>, BoxError> {
        let Some(tls) = self.tls else {
            return Ok(MaybeHttpsStream::Http(self.http.call(uri).await?));
        };
        let name = Arc::clone(&tls.name);
        let config = tokio::task::spawn_blocking(move || {
            tls.config.refresh();
            tls.config.current()
        });
        HttpsConnector::new(self.http, config.await?, true, name)
            .call(uri)
            .await
    }
}

impl Tls {
    fn new(trust: &Trust) -> Result<Self, Error> {
        let config = trust.open()?;
        let name: Arc<dyn ResolveServerName + Send + Sync> = match &trust.server_name {
            None => Arc::new(DefaultServerNameResolver::default()),
            Some(name) => {
                let name = ServerName::try_from(name.clone())
                    .map_err(|_malformed| Error::Settings(format!("{name:?} is not the name of a server")))?;
                Arc::new(FixedServerNameResolver::new(name))
            }
        };
        Ok(Self { config, name })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // A connection begins with looking up a name, for which there is always room.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.patience, self.clone().connect(uri));
        let patience = self.patience;
        Box::pin(async move {
            let late = |_elapsed| {
                let words = format!("no connection within {} s", patience.as_secs_f64());
                Err(io::Error::new(io::ErrorKind::TimedOut, words).into())
            };
            connecting.await.unwrap_or_else(late)
        })
    }
}

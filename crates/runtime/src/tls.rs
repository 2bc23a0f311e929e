//! TLS where a process listens: its certificate, whose certificates it wants to see, and handshakes within bounds.

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use banggiao_rpc::{
    certificate::PeerCertificate,
    tls::{self, Error, HTTP2, Renewed},
};
use rustls::{ServerConfig, server::WebPkiClientVerifier};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use crate::serve::Addresses;

/// The name of HTTP/1.1 in a handshake.
const HTTP1: &[u8] = b"http/1.1";
/// A handshake must be done in this time.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes at once; further connections wait for their turn.
const HANDSHAKES: usize = 256;
/// Handshakes at once from one address, which is cut beyond that: nobody fills all places with handshakes that stall.
const HANDSHAKES_PER_ADDRESS: usize = 64;
/// A caller that is refused has so long to read why.
const LINGER: Duration = Duration::from_secs(1);
/// Files are looked at so often.
const LOOK: Duration = Duration::from_secs(1);

/// The section `[tls]` of a configuration. All files are PEM. They are read again when they change, and what cannot be
/// used then is logged while the former certificate stays.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, and after it those that vouch for it.
    pub certificate_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
    /// The authorities whose certificates callers may show; without it none is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ca_file: Option<PathBuf>,
    /// Whether nobody is let in without such a certificate.
    #[serde(default)]
    pub require_client_certificate: bool,
}

impl Tls {
    /// Whether a process could listen with it.
    ///
    /// # Errors
    /// If a file cannot be read or used, or the key is not that of the certificate.
    pub fn check(&self) -> anyhow::Result<()> {
        self.config(false).context("TLS is not possible")?;
        Ok(())
    }

    fn config(&self, web: bool) -> Result<ServerConfig, Error> {
        let unfit = |error: &rustls::Error| tls::unfit(&self.certificate_file, error);
        let builder = ServerConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| unfit(&error))?;
        let builder = match &self.client_ca_file {
            None if self.require_client_certificate => {
                let words = "require_client_certificate needs client_ca_file";
                return Err(Error::Settings(words.to_owned()));
            }
            None => builder.with_no_client_auth(),
            Some(file) => {
                let authorities = Arc::new(tls::authorities(file)?);
                let mut verifier = WebPkiClientVerifier::builder_with_provider(authorities, tls::provider());
                if !self.require_client_certificate {
                    verifier = verifier.allow_unauthenticated();
                }
                let verifier = verifier
                    .build()
                    .map_err(|error| tls::unfit(file, &rustls::Error::General(error.to_string())))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(tls::certificates(&self.certificate_file)?, tls::key(&self.key_file)?)
            .map_err(|error| unfit(&error))?;
        config.alpn_protocols = vec![HTTP2.to_vec()];
        if web {
            config.alpn_protocols.push(HTTP1.to_vec());
        }
        Ok(config)
    }
}

/// Encrypts the connections of one listener.
#[derive(Debug)]
pub(crate) struct Encryption {
    config: Renewed<ServerConfig>,
    places: Semaphore,
    addresses: Addresses,
}

impl Encryption {
    /// `web`: whether HTTP/1.1 may be agreed on beside HTTP/2.
    pub(crate) fn new(tls: &Tls, web: bool) -> Result<Self, Error> {
        let mut files = vec![tls.certificate_file.clone(), tls.key_file.clone()];
        files.extend(tls.client_ca_file.clone());
        let tls = tls.clone();
        Ok(Self {
            config: Renewed::open(files, move || tls.config(web))?,
            places: Semaphore::new(HANDSHAKES),
            addresses: Addresses::default(),
        })
    }

    /// Agrees with a caller on keys, and tells which certificate it has shown.
    pub(crate) async fn handshake(
        &self,
        stream: TcpStream,
        address: Option<IpAddr>,
    ) -> anyhow::Result<(TlsStream<TcpStream>, Option<PeerCertificate>)> {
        anyhow::ensure!(
            self.addresses.enter(address, HANDSHAKES_PER_ADDRESS),
            "too many handshakes of one address"
        );
        let agreed = self.agree(stream).await;
        self.addresses.leave(address);
        let stream = agreed?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(PeerCertificate::of);
        Ok((stream, certificate))
    }

    async fn agree(&self, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        let _place = self.places.acquire().await?;
        let acceptor = TlsAcceptor::from(self.config.current());
        let agreed = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream).into_fallible()).await;
        match agreed.context("the handshake took too long")? {
            Ok(stream) => Ok(stream),
            Err((error, stream)) => {
                linger(stream).await;
                Err(error.into())
            }
        }
    }

    /// Looks at the files until `shutdown`.
    pub(crate) async fn keep_renewed(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let this = Arc::clone(&self);
            // A look that panicked is followed by the next.
            let _looked = tokio::task::spawn_blocking(move || this.config.refresh()).await;
        }
    }
}

/// A connection that is closed while something of the caller is unread is reset, and the caller then never reads why it
/// was refused.
async fn linger(mut stream: TcpStream) {
    let read = async {
        stream.shutdown().await?;
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whether the caller has gone or does not go, it has had its time.
    let _gone = tokio::time::timeout(LINGER, read).await;
}

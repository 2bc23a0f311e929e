//! Where a process is entered: its listener, what it takes at most, and whether connections are encrypted.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, ensure};
use tokio::net::TcpListener;

use super::{Limits, web::Web};
use crate::tls::{Encryption, Tls};

/// A listener and the rules of its door.
#[derive(Debug)]
pub struct Entrance {
    pub(super) listener: TcpListener,
    pub(super) limits: Limits,
    pub(super) encryption: Option<Arc<Encryption>>,
    pub(super) web: Option<Web>,
}

impl Entrance {
    /// Without `tls` connections are in plain text, which is for this machine only unless `allow_plaintext` says
    /// otherwise: tokens would cross the network for everybody to read.
    ///
    /// # Errors
    /// If plain text would leave this machine and may not, or certificate and key cannot be used.
    pub fn new(
        listener: TcpListener,
        limits: Limits,
        tls: Option<&Tls>,
        allow_plaintext: bool,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr().context("the listener has no address")?;
        may_listen(address, tls.is_some(), allow_plaintext)?;
        let encryption = tls.map(|tls| Encryption::new(tls, limits.web)).transpose();
        let web = limits.web.then(Web::default);
        Ok(Self {
            listener,
            limits,
            encryption: encryption.context("TLS is not possible")?.map(Arc::new),
            web,
        })
    }

    /// Lets pages of these origins, as `https://office.example`, call from a browser.
    ///
    /// # Errors
    /// If one is not an origin.
    pub fn with_origins(mut self, origins: &[String]) -> anyhow::Result<Self> {
        self.web = self.web.map(|_none| Web::new(origins)).transpose()?;
        Ok(self)
    }
}

/// Whether a process may listen on an address.
///
/// # Errors
/// If tokens would cross the network in plain text there, and that is not allowed.
pub fn may_listen(address: SocketAddr, encrypted: bool, allow_plaintext: bool) -> anyhow::Result<()> {
    ensure!(
        encrypted || allow_plaintext || address.ip().is_loopback(),
        "{address} can be reached from other machines, and tokens would cross the network in plain text; configure TLS \
         (certificate and key), or allow plain text explicitly (allow_plaintext = true, or --allow-plaintext)"
    );
    Ok(())
}

/// Whether a host, as it stands in an address, is this machine and nothing else.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_for_this_machine_unless_it_is_allowed() {
        let may = |address: &str, encrypted, allowed| may_listen(address.parse().unwrap(), encrypted, allowed).is_ok();
        assert!(may("127.0.0.1:1", false, false) && may("[::1]:1", false, false));
        for open in ["0.0.0.0:1", "[::]:1", "10.1.2.3:1"] {
            assert!(!may(open, false, false), "{open}");
            assert!(may(open, true, false) && may(open, false, true), "{open}");
        }
    }
}

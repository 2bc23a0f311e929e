//! Another service that a process calls: where it is, how it is recognised, and how it is found to be gone.

use std::{fs, path::Path, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use banggiao_rpc::{
    channel::{self, Authorized, Bearer, KeepAlive},
    connector::Connector,
    tls::Trust,
};
use http::{Uri, uri::Scheme};
use serde::{Deserialize, Serialize};
use tonic::transport::Channel;

use crate::serve::is_loopback;

/// Another service that this one calls.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its address, as `https://registry.example:7701`, or `http://127.0.0.1:7701` in plain text.
    pub address: String,
    /// Whether tokens may cross the network in plain text: an address with `http://` that is not this machine's own is
    /// refused without it.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// The authorities, one of which must vouch for it (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The certificate to show to it (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The name that its certificate must hold, if it is another than that in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// How a peer that vanished without a word is found.
    #[serde(default)]
    pub keep_alive: Pings,
}

/// Pings on a connection to a peer.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pings {
    /// A silent connection is asked so often whether it is still there.
    pub interval_ms: u64,
    /// One that does not answer in this time is given up.
    pub timeout_ms: u64,
}

impl Default for Pings {
    fn default() -> Self {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            interval_ms: millis(KeepAlive::DEFAULT.interval),
            timeout_ms: millis(KeepAlive::DEFAULT.timeout),
        }
    }
}

impl From<Pings> for KeepAlive {
    fn from(pings: Pings) -> Self {
        Self {
            interval: Duration::from_millis(pings.interval_ms),
            timeout: Duration::from_millis(pings.timeout_ms),
        }
    }
}

impl Peer {
    /// With the settings that hold where none are configured.
    #[must_use]
    pub fn at(address: String) -> Self {
        Self {
            address,
            ..Self::default()
        }
    }

    /// Its address, if tokens may be sent there.
    ///
    /// # Errors
    /// If it is no address of a server, or tokens would cross the network in plain text and that is not allowed.
    pub fn uri(&self) -> anyhow::Result<Uri> {
        let address = &self.address;
        let uri: Uri = address.parse().with_context(|| format!("{address:?} is no address"))?;
        let host = uri.host().with_context(|| format!("{address:?} names no host"))?;
        let encrypted = uri.scheme() == Some(&Scheme::HTTPS);
        ensure!(
            encrypted || uri.scheme() == Some(&Scheme::HTTP),
            "{address:?} begins with neither http:// nor https://"
        );
        ensure!(
            encrypted || self.allow_plaintext || is_loopback(host),
            "{address} is not this machine, and tokens would cross the network in plain text; use https:// with ca_file, \
             or set allow_plaintext = true for this peer"
        );
        Ok(uri)
    }

    /// What opens connections to it, each within `patience`.
    ///
    /// # Errors
    /// As [`Self::uri`], and if the files for TLS are missing or cannot be used.
    pub fn connector(&self, patience: Duration) -> anyhow::Result<Connector> {
        let uri = self.uri()?;
        Connector::new(&uri, &self.trust(), patience).with_context(|| format!("{} cannot be called", self.address))
    }

    /// A channel to it that carries no token.
    ///
    /// # Errors
    /// As [`Self::connector`].
    pub fn channel(&self) -> anyhow::Result<Channel> {
        self.uri()?;
        channel::trusting(&self.address, &self.trust(), self.keep_alive.into())
            .with_context(|| format!("{} cannot be called", self.address))
    }

    /// A channel to it that says who we are.
    ///
    /// # Errors
    /// As [`Self::connector`], and if the token file cannot be read.
    pub fn authorized(&self, token_file: &Path) -> anyhow::Result<Authorized> {
        let path = token_file.display();
        let token = fs::read_to_string(token_file).with_context(|| format!("cannot read the token {path}"))?;
        let bearer = Bearer::new(&token).with_context(|| format!("{path} holds no token"))?;
        Ok(bearer.on(self.channel()?))
    }

    fn trust(&self) -> Trust {
        Trust {
            ca_file: self.ca_file.clone(),
            certificate_file: self.certificate_file.clone(),
            key_file: self.key_file.clone(),
            server_name: self.server_name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_leaves_this_machine_only_if_that_is_allowed() {
        for address in [
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://localhost:1",
            "https://registry:1",
        ] {
            assert!(Peer::at(address.to_owned()).uri().is_ok(), "{address}");
        }
        for address in [
            "http://registry:1",
            "http://10.0.0.1:1",
            "http://[2001:db8::1]:1",
            "http://localhost.evil:1",
        ] {
            let refused = Peer::at(address.to_owned()).uri().unwrap_err().to_string();
            assert!(refused.contains("plain text"), "{refused}");
            let allowed = Peer {
                allow_plaintext: true,
                ..Peer::at(address.to_owned())
            };
            assert!(allowed.uri().is_ok(), "{address}");
        }
        for address in ["", "registry:1", "ftp://registry:1", "/registry"] {
            assert!(Peer::at(address.to_owned()).uri().is_err(), "{address}");
        }
    }

    #[tokio::test]
    async fn tls_needs_an_authority() {
        let refused = Peer::at("https://registry:1".to_owned()).channel().unwrap_err();
        assert!(format!("{refused:#}").contains("ca_file"), "{refused:#}");
    }
}

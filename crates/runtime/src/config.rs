//! Configuration: defaults that are compiled in, then a file, then the environment (`BANGGIAO__DATABASE__URL`).

use std::{fs, path::Path, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use banggiao_model::clock::Clock;
use banggiao_rpc::{
    channel::{self, Authorized, Bearer, KeepAlive},
    identity::Verifier,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tonic::transport::Channel;

/// Reads a configuration. `defaults` is the commented default file of the service, in TOML.
///
/// # Errors
/// If the file cannot be read, or a value is missing, unknown or of the wrong type.
pub fn load<T: DeserializeOwned>(defaults: &str, file: Option<&Path>) -> anyhow::Result<T> {
    let mut builder = config::Config::builder().add_source(config::File::from_str(defaults, config::FileFormat::Toml));
    if let Some(file) = file {
        builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
    }
    let environment = config::Environment::with_prefix("BANGGIAO")
        .prefix_separator("__")
        .separator("__");
    let config = builder
        .add_source(environment)
        .build()
        .context("the configuration cannot be read")?;
    config.try_deserialize().context("the configuration is not valid")
}

/// How callers are recognised.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Who issues the tokens, as they name it.
    pub issuer: String,
    /// Name of the installation: the audience that tokens must name.
    pub installation: String,
    /// File with the issuer's public keys, a JSON Web Key Set.
    pub jwks_file: PathBuf,
}

impl Identity {
    /// The verifier of callers' tokens.
    ///
    /// # Errors
    /// If the key file cannot be read or holds no usable key.
    pub fn verifier(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Verifier>> {
        let path = self.jwks_file.display();
        let jwks = fs::read_to_string(&self.jwks_file).with_context(|| format!("cannot read the keys {path}"))?;
        let verifier = Verifier::new(&jwks, &self.issuer, &self.installation, clock)
            .map_err(|error| anyhow::anyhow!("keys {path}: {error}"))?;
        Ok(Arc::new(verifier))
    }
}

/// Another service that this one calls.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its address, as `http://127.0.0.1:7701`.
    pub address: String,
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
            keep_alive: Pings::default(),
        }
    }

    /// A channel to it that carries no token.
    ///
    /// # Errors
    /// If the address is no URI.
    pub fn channel(&self) -> anyhow::Result<Channel> {
        channel::kept_alive(&self.address, self.keep_alive.into())
            .with_context(|| format!("{} is no address", self.address))
    }

    /// A channel to it that says who we are.
    ///
    /// # Errors
    /// If the address is no URI or the token file cannot be read.
    pub fn authorized(&self, token_file: &Path) -> anyhow::Result<Authorized> {
        let path = token_file.display();
        let token = fs::read_to_string(token_file).with_context(|| format!("cannot read the token {path}"))?;
        let bearer = Bearer::new(&token).with_context(|| format!("{path} holds no token"))?;
        Ok(bearer.on(self.channel()?))
    }
}

/// A service's database.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is, as `sqlite:registry.db`.
    pub url: String,
}

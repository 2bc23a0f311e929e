//! Configuration: defaults that are compiled in, then a file, then the environment (`BANGGIAO__DATABASE__URL`).

mod peer;

use std::{path::Path, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use banggiao_model::clock::Clock;
use banggiao_rpc::identity::{Algorithm, Trusted, Verifier};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

pub use crate::tls::Tls;
pub use peer::{Peer, Pings};

use crate::keys::{self, Source};

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
    /// Who issues the installation's own tokens, as they name it.
    pub issuer: String,
    /// Name of the installation: the audience that tokens must name.
    pub installation: String,
    /// File with that issuer's public keys, a JSON Web Key Set.
    pub jwks_file: PathBuf,
    /// So many seconds may the clocks of issuers differ from ours.
    #[serde(default = "leeway_seconds")]
    pub leeway_seconds: i64,
    /// Other issuers whose tokens are taken.
    #[serde(default)]
    pub others: Vec<Issuer>,
}

/// An issuer of tokens besides the installation's own.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// How it names itself in its tokens.
    pub issuer: String,
    /// File with its public keys, a JSON Web Key Set. Either this or the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,
    /// Where its public keys are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// The authorities, one of which must vouch for that address (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The signatures that it makes, of EdDSA, ES256 and RS256.
    pub algorithms: Vec<String>,
    /// The type that its tokens name in their header; an empty one if any will do.
    #[serde(default = "token_type")]
    pub token_type: String,
    /// Its keys are fetched anew so often, and whenever a token names one that is not known.
    #[serde(default = "refresh_seconds")]
    pub refresh_seconds: u64,
}

fn leeway_seconds() -> i64 {
    60
}

fn token_type() -> String {
    "at+jwt".to_owned()
}

fn refresh_seconds() -> u64 {
    300
}

impl Identity {
    /// The verifier of callers' tokens, whose keys are kept up to date until `shutdown`.
    ///
    /// # Errors
    /// If a key file cannot be read or holds no usable key, or an issuer is not configured as one. Keys behind an address
    /// may come later.
    pub async fn verifier(&self, clock: Arc<dyn Clock>, shutdown: CancellationToken) -> anyhow::Result<Arc<Verifier>> {
        let own = (Trusted::own(&self.issuer), Source::File(self.jwks_file.clone()));
        let others = self.others.iter().map(Issuer::trusted);
        let issuers = std::iter::once(Ok(own))
            .chain(others)
            .collect::<anyhow::Result<Vec<_>>>()?;
        let (trusted, sources) = issuers.into_iter().unzip();
        let verifier = Verifier::new(trusted, &self.installation, self.leeway_seconds, clock);
        keys::kept(Arc::new(verifier), sources, shutdown).await
    }
}

impl Issuer {
    fn trusted(&self) -> anyhow::Result<(Trusted, Source)> {
        let algorithms = self.algorithms.iter().map(|algorithm| match algorithm.as_str() {
            "EdDSA" => Ok(Algorithm::EdDSA),
            "ES256" => Ok(Algorithm::ES256),
            "RS256" => Ok(Algorithm::RS256),
            other => anyhow::bail!("{other:?} is none of EdDSA, ES256 and RS256"),
        });
        let algorithms = algorithms.collect::<anyhow::Result<Vec<_>>>();
        let algorithms = algorithms.with_context(|| format!("the issuer {:?}", self.issuer))?;
        let source = match (&self.jwks_file, &self.jwks_url) {
            (Some(file), None) => Source::File(file.clone()),
            (None, Some(url)) => Source::Address {
                peer: Peer {
                    ca_file: self.ca_file.clone(),
                    ..Peer::at(url.clone())
                },
                refreshed: Duration::from_secs(self.refresh_seconds.max(1)),
            },
            _ => anyhow::bail!("the issuer {:?} needs either jwks_file or jwks_url", self.issuer),
        };
        let token_type = (!self.token_type.is_empty()).then(|| self.token_type.clone());
        let trusted = Trusted {
            issuer: self.issuer.clone(),
            algorithms,
            token_type,
        };
        Ok((trusted, source))
    }
}

/// A service's database.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is, as `sqlite:registry.db`.
    pub url: String,
}

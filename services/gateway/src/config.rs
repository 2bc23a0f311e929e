//! The gateway's configuration, as `deploy/gateway.toml` explains it.

use banggiao_runtime::{
    config::{Identity, Peer, Tls},
    process::Listen,
};
use serde::{Deserialize, Serialize};

use crate::exchange::Certificates;

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub listen: String,
    /// Whether it may listen in plain text where other machines can reach it.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// How connections to it are encrypted; without this they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Which pages may call from a browser.
    #[serde(default)]
    pub cors: Cors,
    /// How callers are recognised.
    pub identity: Identity,
    /// Callers that show a certificate instead of a token; without this there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Certificates>,
    /// Where the registry is.
    pub registry: Peer,
    /// Where the journal is.
    pub journal: Peer,
    /// Where reporting is.
    pub reporting: Peer,
}

/// Which pages may call from a browser.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Their origins, as `https://office.example`.
    #[serde(default)]
    pub origins: Vec<String>,
}

impl Config {
    /// The packages that it serves, each with the service that answers for it.
    pub(crate) fn routes(&self) -> [(&'static str, &Peer); 3] {
        [
            ("banggiao.registry.v1", &self.registry),
            ("banggiao.journal.v1", &self.journal),
            ("banggiao.reporting.v1", &self.reporting),
        ]
    }
}

impl Listen for Config {
    fn listen(&self) -> &str {
        &self.listen
    }
}

//! The gateway's configuration, as `deploy/gateway.toml` explains it.

use banggiao_runtime::{
    config::{Identity, Peer},
    process::Listen,
};
use serde::{Deserialize, Serialize};

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub listen: String,
    /// How callers are recognised.
    pub identity: Identity,
    /// Where the registry is.
    pub registry: Peer,
    /// Where the journal is.
    pub journal: Peer,
    /// Where reporting is.
    pub reporting: Peer,
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

//! The configuration of reporting, as `deploy/reporting.toml` explains it.

use std::path::PathBuf;

use banggiao_runtime::{
    config::{Database, Identity, Peer, Tls},
    process::Listen,
};
use serde::{Deserialize, Serialize};

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
    /// The file with the token with which it calls the other services.
    pub token_file: PathBuf,
    /// Its database.
    pub database: Database,
    /// How callers are recognised.
    pub identity: Identity,
    /// The registry, which it follows.
    pub registry: Peer,
    /// The journal, which it follows.
    pub journal: Peer,
}

impl Listen for Config {
    fn listen(&self) -> &str {
        &self.listen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_whole() {
        let config: Config = banggiao_runtime::config::load(crate::DEFAULTS, None).unwrap();
        assert_eq!(config.listen(), "127.0.0.1:7703");
        assert_eq!(config.journal.address, "http://127.0.0.1:7702");
    }
}

//! The registry's configuration, as `deploy/registry.toml` explains it.

use std::path::PathBuf;

use banggiao_runtime::{
    config::{Database, Identity, Tls},
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
    /// Its database.
    pub database: Database,
    /// How callers are recognised.
    pub identity: Identity,
    /// Whether it takes two administrators to make another, once there were two.
    #[serde(default = "four_eyes")]
    pub four_eyes: bool,
    /// Where the installation's own issuer notes the tokens that it makes; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_tokens_file: Option<PathBuf>,
    /// Principals and roles that an empty registry begins with.
    #[serde(default)]
    pub bootstrap: Vec<Bootstrap>,
}

fn four_eyes() -> bool {
    true
}

/// A principal that an empty registry begins with.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// Its id.
    pub principal: String,
    /// What people read.
    pub display_name: String,
    /// Its role for everything, by code, as `ADMINISTRATOR`.
    pub role: String,
}

impl Listen for Config {
    fn listen(&self) -> &str {
        &self.listen
    }
}

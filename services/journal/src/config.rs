//! The journal's configuration, as `deploy/journal.toml` explains it.

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
    /// File with its own token.
    pub token_file: PathBuf,
    /// Its database.
    pub database: Database,
    /// How callers are recognised.
    pub identity: Identity,
    /// Where the registry is.
    pub registry: Peer,
    /// How events are reviewed.
    pub review: Review,
    /// How attachments are kept.
    pub attachments: Attachments,
    /// How the log is signed for.
    pub ledger: Ledger,
}

/// How the log is signed for.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// What the log is called.
    pub origin: String,
    /// File with the secret key, made where it is missing. All replicas on one database need the same.
    pub key_file: PathBuf,
    /// File for the newest signed checkpoint, outside the database.
    pub checkpoint_file: PathBuf,
}

/// How events are reviewed.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Whether an approver may approve what he or she wrote.
    pub allow_self_approval: bool,
}

/// How attachments are kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// Folder for their contents, shared by all replicas.
    pub folder: PathBuf,
    /// A larger one is refused.
    pub size_bytes_max: u64,
    /// So many are taken in at once.
    pub uploads_max: usize,
    /// What no event names so many hours after it was last uploaded is removed.
    pub sweep_after_hours: u32,
}

impl Listen for Config {
    fn listen(&self) -> &str {
        &self.listen
    }
}

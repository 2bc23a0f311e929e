//! What the caller trusts: a key, and checkpoints that were kept.

use crate::error::Error;
use anyhow::Context as _;
use banggiao_ledger::{Checkpoint, PublicKey};
use clap::Args;
use std::path::{Path, PathBuf};

/// With which key, and against which checkpoints.
#[derive(Debug, Clone, Default, Args)]
pub struct Trusted {
    /// The log's key, NAME+ID+KEY, or a file that holds it, from elsewhere than the log [default: the one that comes with
    /// it, which is named].
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// A checkpoint that was kept, as `ledger checkpoint --to` wrote it; several may be given.
    #[arg(long, value_name = "FILE")]
    pub since: Vec<PathBuf>,
}

/// A key, and whether the caller gave it.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key, by the name of the log.
    pub key: PublicKey,
    /// Whether the caller gave it.
    pub is_given: bool,
}

impl Trusted {
    /// The key to check a log of this name with.
    pub fn key(&self, origin: &str, sent: &str) -> Result<Key, Error> {
        let is_given = self.key.is_some();
        let text = match &self.key {
            None => sent.to_owned(),
            Some(given) if Path::new(given).is_file() => {
                std::fs::read_to_string(given).with_context(|| format!("cannot read {given}"))?
            }
            Some(given) => given.clone(),
        };
        let key = PublicKey::parse(&text).map_err(|error| {
            let what = if is_given {
                "--key"
            } else {
                "the key that came with the log"
            };
            Error::Usage(format!("{what}: {error}"))
        })?;
        Ok(Key {
            key: of_log(&key, origin)?,
            is_given,
        })
    }

    /// The checkpoints that were kept, once the key is found to have signed them.
    pub fn checkpoints(&self, key: &PublicKey) -> Result<Vec<Checkpoint>, Error> {
        self.since
            .iter()
            .map(|path| {
                let shown = path.display();
                let note = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
                let refused = |error: String| Error::failure(format!("{shown}: {error}"));
                let origin = Checkpoint::from_text(&note)
                    .map_err(|error| refused(error.to_string()))?
                    .origin;
                let key = of_log(key, &origin)?;
                Checkpoint::verified(&note, &key).map_err(|error| refused(error.to_string()))
            })
            .collect()
    }
}

/// What a log is called in its first epoch. In later ones a slash and the epoch come after it.
pub fn base(origin: &str) -> (&str, i64) {
    match origin.rsplit_once('/') {
        Some((base, epoch)) if epoch.parse::<i64>().is_ok_and(|epoch| epoch > 1) => (base, epoch.parse().unwrap_or(1)),
        _ => (origin, 1),
    }
}

/// The same key by the name that the log has in another epoch.
fn of_log(key: &PublicKey, origin: &str) -> Result<PublicKey, Error> {
    if base(key.name()).0 != base(origin).0 {
        return Err(Error::failure(format!(
            "the log is {origin}, and the key is that of {}",
            key.name()
        )));
    }
    key.named(origin).map_err(|error| Error::failure(error.to_string()))
}

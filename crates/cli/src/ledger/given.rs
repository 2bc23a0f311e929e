//! What the caller trusts: a key, and checkpoints that were kept.

use crate::error::Error;
use anyhow::Context as _;
use banggiao_ledger::{
    Checkpoint, PublicKey,
    checkpoint::{self, base},
};
use clap::Args;
use std::path::{Path, PathBuf};

/// With which key, and against which checkpoints.
#[derive(Debug, Clone, Default, Args)]
pub struct Trusted {
    /// The log's key, NAME+ID+KEY, or a file that holds it, from elsewhere than the log; after a restoration the former one
    /// besides [default: the one that comes with the log, which is named].
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
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
    /// The keys that the caller gave.
    fn keys(&self) -> Result<Vec<PublicKey>, Error> {
        let read = |given: &String| {
            let text = match Path::new(given).is_file() {
                true => std::fs::read_to_string(given).with_context(|| format!("cannot read {given}"))?,
                false => given.clone(),
            };
            PublicKey::parse(&text).map_err(|error| Error::Usage(format!("--key: {error}")))
        };
        self.key.iter().map(read).collect()
    }

    /// The signed checkpoint of a log, and the key that it is believed by.
    pub fn believed(&self, note: &str, sent: &str) -> Result<(Checkpoint, Key), Error> {
        let refused = |error: checkpoint::Error| Error::failure(error.to_string());
        let origin = Checkpoint::from_text(note).map_err(refused)?.origin;
        let (keys, is_given) = match self.keys()? {
            given if given.is_empty() => {
                let sent = PublicKey::parse(sent);
                (
                    vec![sent.map_err(|error| Error::failure(format!("the key that came with the log: {error}")))?],
                    false,
                )
            }
            given => (given, true),
        };
        let mut refusal = None;
        for key in &keys {
            let believed = of_log(key, &origin).and_then(|key| {
                let checkpoint = Checkpoint::verified(note, &key).map_err(refused)?;
                Ok((checkpoint, Key { key, is_given }))
            });
            match believed {
                Ok(believed) => return Ok(believed),
                Err(error) => refusal = Some(error),
            }
        }
        Err(refusal.unwrap_or_else(|| Error::failure("there is no key to believe the log by")))
    }

    /// The checkpoints that were kept, once a key is found to have signed each: one that was given, or that of the log.
    pub fn checkpoints(&self, of_log: &PublicKey) -> Result<Vec<Checkpoint>, Error> {
        let sent = of_log.to_string();
        self.since
            .iter()
            .map(|path| {
                let shown = path.display();
                let note = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
                let believed = self.believed(&note, &sent);
                Ok(believed
                    .map_err(|error| Error::failure(format!("{shown}: {}", error.text())))?
                    .0)
            })
            .collect()
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

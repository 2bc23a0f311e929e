//! What the caller trusts: a key, and checkpoints that were kept.

use crate::error::Error;
use anyhow::Context as _;
use banggiao_ledger::{
    Checkpoint, Note, PublicKey,
    checkpoint::{self, base},
};
use clap::Args;
use std::path::{Path, PathBuf};

/// With which key, and against which checkpoints.
#[derive(Debug, Clone, Default, Args)]
pub struct Trusted {
    /// The log's key, NAME+ID+KEY, or a file that holds it, from elsewhere than the log; after a restoration or a change of
    /// keys the former one besides [default: the one that comes with the log, which is named].
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
    /// A checkpoint that was kept, as `ledger checkpoint --to` wrote it; several may be given.
    #[arg(long, value_name = "FILE")]
    pub since: Vec<PathBuf>,
}

/// A checkpoint that the caller kept. Nothing of it is believed yet.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The file, as it is named to people.
    pub file: String,
    /// The signed note.
    pub note: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// The keys that are believed.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Those that the caller gave, in whichever epoch of the log.
    given: Vec<PublicKey>,
    /// Those that others vouched for, each in one epoch.
    learned: Vec<PublicKey>,
    /// Whether the caller gave them, or they came with the log.
    pub is_given: bool,
}

impl Trusted {
    /// The keys that the caller gave; without any, the one that came with the log.
    ///
    /// # Errors
    /// If a key does not read.
    pub fn trust(&self, sent: &str) -> Result<Trust, Error> {
        let read = |given: &String| {
            let text = match Path::new(given).is_file() {
                true => std::fs::read_to_string(given).with_context(|| format!("cannot read {given}"))?,
                false => given.clone(),
            };
            PublicKey::parse(&text).map_err(|error| Error::Usage(format!("--key: {error}")))
        };
        let given: Vec<PublicKey> = self.key.iter().map(read).collect::<Result<_, Error>>()?;
        if !given.is_empty() {
            return Ok(Trust {
                given,
                learned: Vec::new(),
                is_given: true,
            });
        }
        let sent = PublicKey::parse(sent)
            .map_err(|error| Error::failure(format!("the key that came with the log: {error}")))?;
        Ok(Trust {
            given: vec![sent],
            learned: Vec::new(),
            is_given: false,
        })
    }

    /// The checkpoints that the caller kept.
    ///
    /// # Errors
    /// If one cannot be read, or is none.
    pub fn kept(&self) -> Result<Vec<Kept>, Error> {
        let read = |path: &PathBuf| {
            let file = path.display().to_string();
            let note = std::fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
            let checkpoint =
                Checkpoint::from_text(&note).map_err(|error| Error::failure(format!("{file}: {error}")))?;
            Ok(Kept { file, note, checkpoint })
        };
        self.since.iter().map(read).collect()
    }
}

impl Trust {
    /// A signed checkpoint, and the keys that it is believed by.
    ///
    /// # Errors
    /// If it does not read, or none of the keys has signed it.
    pub fn believed(&self, note: &str) -> Result<(Checkpoint, Vec<PublicKey>), Error> {
        let refused = |error: checkpoint::Error| Error::failure(error.to_string());
        let origin = Checkpoint::from_text(note).map_err(refused)?.origin;
        let keys = self.named(&origin)?;
        let checkpoint = Checkpoint::verified_by_any(note, &keys).map_err(refused)?;
        let note = Note::parse(note).map_err(|error| Error::failure(error.to_string()))?;
        let signers = note.signers(&keys).map_err(|error| Error::failure(error.to_string()))?;
        Ok((checkpoint, signers.into_iter().cloned().collect()))
    }

    /// As [`Self::believed`], of a checkpoint that the caller kept.
    ///
    /// # Errors
    /// With the file in it.
    pub fn believed_of(&self, kept: &Kept) -> Result<(Checkpoint, Vec<PublicKey>), Error> {
        let believed = self.believed(&kept.note);
        believed.map_err(|error| Error::failure(format!("{}: {}", kept.file, error.text())))
    }

    /// Believes from here on who of these has signed a note together with a key that is believed. Says whether that is
    /// anybody new.
    pub fn learn(&mut self, origin: &str, note: &Note, parties: &[PublicKey]) -> bool {
        if !self.has_signed(origin, note) {
            return false;
        }
        let signers = note.signers(parties).unwrap_or_default();
        let signers: Vec<PublicKey> = signers.into_iter().cloned().collect();
        let new = signers.into_iter().filter(|key| self.learn_key(key.clone()));
        new.count() > 0
    }

    /// Believes a key from here on, in the epoch whose name it has. Says whether it is new.
    pub fn learn_key(&mut self, key: PublicKey) -> bool {
        let is_new = !self.believes(&key);
        if is_new {
            self.learned.push(key);
        }
        is_new
    }

    /// Whether a key is believed, in the epoch whose name it has.
    #[must_use]
    pub fn believes(&self, key: &PublicKey) -> bool {
        self.named(key.name()).is_ok_and(|own| own.contains(key))
    }

    /// Whether somebody who is believed has signed a note, and nobody falsely in such a name.
    #[must_use]
    pub fn has_signed(&self, origin: &str, note: &Note) -> bool {
        self.named(origin).is_ok_and(|own| note.signers(&own).is_ok())
    }

    /// The keys by the name that the log has in an epoch.
    fn named(&self, origin: &str) -> Result<Vec<PublicKey>, Error> {
        let of_log = self.given.iter().filter(|key| base(key.name()).0 == base(origin).0);
        let given = of_log.filter_map(|key| key.named(origin).ok());
        let learned = self.learned.iter().filter(|key| key.name() == origin).cloned();
        let named: Vec<PublicKey> = given.chain(learned).collect();
        match (named.is_empty(), self.given.first()) {
            (true, Some(other)) => Err(Error::failure(format!(
                "the log is {origin}, and the key is that of {}",
                other.name()
            ))),
            (true, None) => Err(Error::failure("there is no key to believe the log by")),
            (false, _) => Ok(named),
        }
    }
}

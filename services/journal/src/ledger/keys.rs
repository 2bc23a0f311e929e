//! The keys of the log: which of them sign for a size of it is told by the log itself, and their secrets stand in files.
//!
//! The newest is in the file that the configuration names; those that sign besides, and one that is about to become the
//! newest, are in files beside it that end with the key's id. Whichever file a secret stands in, it is found by its key, so a
//! process that dies between two steps of a change leaves nothing that the next one cannot go on with.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::{
    KeyChange, Kind, Note, PublicKey, SecretKey, Terms,
    checkpoint::{base, origin},
};
use banggiao_runtime::private;
use banggiao_store::Session;
use prost::Message;

use super::{recovery::recovery, unsigned};
use crate::{
    config,
    domain::Error,
    store::revision::{self, Model},
};

/// The files with the secrets.
#[derive(Debug)]
pub struct Keys {
    origin: String,
    file: PathBuf,
}

impl Keys {
    /// Reads the newest key, which is made if it is not there.
    pub fn open(config: &config::Ledger) -> anyhow::Result<Self> {
        let keys = Self {
            origin: config.origin.clone(),
            file: config.key_file.clone(),
        };
        let seed = private::seed(&keys.file)?;
        SecretKey::new(&keys.origin, &seed).with_context(|| format!("ledger.origin {:?}", keys.origin))?;
        Ok(keys)
    }

    /// What the log is called in its first epoch.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The key in the file that the configuration names, for an epoch.
    pub fn newest(&self, epoch: i64) -> Result<SecretKey, Error> {
        self.read(&self.file, epoch)
    }

    /// Every key whose secret is here, for an epoch.
    pub fn held(&self, epoch: i64) -> Result<Vec<SecretKey>, Error> {
        let mut held = vec![self.newest(epoch)?];
        for file in self.beside().map_err(refused)? {
            held.push(self.read(&file, epoch)?);
        }
        Ok(held)
    }

    /// The secrets of these keys, in their order.
    ///
    /// # Errors
    /// [`Error::Frozen`] if one is not here.
    pub fn secrets(&self, keys: &[PublicKey], epoch: i64) -> Result<Vec<SecretKey>, Error> {
        let mut held = self.held(epoch)?;
        let secret = |key: &PublicKey| {
            let found = held.iter().position(|secret| secret.public() == key);
            let found = found.map(|index| held.swap_remove(index));
            found.ok_or_else(|| Error::Frozen(format!("the secret of its key {key} is not here").into()))
        };
        keys.iter().map(secret).collect()
    }

    /// Makes a key, which stands beside the newest until it is that itself.
    pub fn make(&self, epoch: i64) -> Result<SecretKey, Error> {
        let seed = private::new_seed().map_err(refused)?;
        let key = self.named(&seed, epoch)?;
        private::write_seed(&self.beside_as(&key)?, &seed).map_err(refused)?;
        Ok(key)
    }

    /// Puts a key that stands beside into the place of the newest, which stands beside from then on.
    pub fn promote(&self, key: &PublicKey) -> Result<(), Error> {
        let newest = self.newest(base(key.name()).1)?;
        if newest.public() == key {
            return Ok(());
        }
        let (from, to) = (self.beside_as_public(key)?, self.beside_as(&newest)?);
        let old = private::stored_seed(&self.file).map_err(refused)?;
        let new = private::stored_seed(&from).map_err(refused)?;
        private::write_seed(&to, &old).map_err(refused)?;
        private::write_seed(&self.file, &new).map_err(refused)?;
        private::remove(&from).map_err(refused)
    }

    /// Destroys the secret of a key that stands beside the newest.
    pub fn forget(&self, key: &PublicKey) -> Result<(), Error> {
        private::remove(&self.beside_as_public(key)?).map_err(refused)
    }

    fn read(&self, file: &Path, epoch: i64) -> Result<SecretKey, Error> {
        self.named(&private::stored_seed(file).map_err(refused)?, epoch)
    }

    fn named(&self, seed: &[u8; 32], epoch: i64) -> Result<SecretKey, Error> {
        SecretKey::new(&origin(&self.origin, epoch), seed).map_err(|error| Error::Broken(error.to_string()))
    }

    fn beside_as(&self, key: &SecretKey) -> Result<PathBuf, Error> {
        self.beside_as_public(key.public())
    }

    /// A key has another id in each epoch; its file has that of the first.
    fn beside_as_public(&self, key: &PublicKey) -> Result<PathBuf, Error> {
        let key = key
            .named(&self.origin)
            .map_err(|error| Error::Broken(error.to_string()))?;
        let mut name = self.file.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(key.id());
        Ok(self.file.with_file_name(name))
    }

    /// The files of keys beside the newest.
    fn beside(&self) -> anyhow::Result<Vec<PathBuf>> {
        let own = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let read = || format!("cannot read {}", folder.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).with_context(read)? {
            let file = entry.with_context(read)?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let id = name.strip_prefix(&own).and_then(|rest| rest.strip_prefix('.'));
            if id.is_some_and(|id| id.len() == 8 && id.bytes().all(|digit| digit.is_ascii_hexdigit())) {
                files.push(file);
            }
        }
        files.sort();
        Ok(files)
    }
}

fn refused(error: anyhow::Error) -> Error {
    Error::Keys(std::sync::Arc::new(error))
}

/// What the log says of its keys.
#[derive(Debug, Clone)]
pub struct Signers {
    /// The keys of the epoch.
    pub terms: Terms,
    /// Where the log spoke of keys last; 0 if it never did.
    pub told_at: i64,
}

impl Keys {
    /// Who signs for the log in an epoch, from what the log says of it. Of the first key of a log that was never recovered
    /// the log says nothing: it is the one that is here.
    ///
    /// # Errors
    /// If the database is away, or what it says does not read.
    pub async fn signers(&self, db: &impl Session, epoch: i64) -> Result<Signers, Error> {
        let entries = revision::of_keys(db).await?;
        let of_epoch: Vec<&Model> = entries.iter().filter(|entry| entry.epoch == epoch).collect();
        let damaged = |entry: &Model, what: &dyn std::fmt::Display| Error::from(entry.damaged(what));
        let mut changes = Vec::new();
        let mut first = None;
        for entry in &of_epoch {
            if entry.kind == i16::from(Kind::Recovery.number()) {
                let key = recovery(entry)?.verifier_key;
                if !key.is_empty() {
                    first = Some(PublicKey::parse(&key).map_err(|error| damaged(entry, &error))?);
                }
                continue;
            }
            let change = change(entry)?;
            if change.size != unsigned(entry.log_index - 1) || change.origin != origin(&self.origin, epoch) {
                return Err(damaged(entry, &"it is a change of keys of another place"));
            }
            changes.push((entry, change));
        }
        // The first change of a log tells which key it was before: the first of those that sign from then on.
        let before = changes.first().and_then(|(_, change)| change.signing.first().cloned());
        let first = match first.or(before) {
            Some(first) => first,
            None => self.newest(epoch)?.public().clone(),
        };
        let mut terms = Terms::of(first);
        for (_, change) in &changes {
            terms.change(change);
        }
        Ok(Signers {
            terms,
            told_at: of_epoch.last().map_or(0, |entry| entry.log_index),
        })
    }
}

/// The change of keys that an entry holds.
pub fn change(entry: &Model) -> Result<KeyChange, Error> {
    let change = key_change(entry)?;
    let note = Note::parse(&change.note).map_err(|error| entry.damaged(&error))?;
    Ok(KeyChange::from_note(&note).map_err(|error| entry.damaged(&error))?)
}

/// A change of keys with its place in the log.
pub fn key_change(entry: &Model) -> Result<pb::LedgerKeyChange, Error> {
    let mut change = pb::LedgerKeyChange::decode(entry.content.as_slice()).map_err(|error| entry.damaged(&error))?;
    change.log_index = entry.log_index;
    Ok(change)
}

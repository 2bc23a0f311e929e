//! The keys of the log: which of them sign for a size of it is told by the log itself, and their secrets stand in files.
//!
//! The newest is in the file that the configuration names; those that sign besides, and one that is about to become the
//! newest, are in files beside it that end with the key's id. Whichever file a secret stands in, it is found by its key, so a
//! process that dies between two steps of a change leaves nothing that the next one cannot go on with.

use std::{fs, path::PathBuf};

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

/// Held by whoever changes the files; nobody else does meanwhile, at whichever replica that shares the folder.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "it is given up when it goes")] fs::File);

/// The secret of a key, whatever the epoch.
struct Held {
    file: PathBuf,
    seed: [u8; 32],
}

impl Keys {
    /// Reads the newest key, which is made if it is not there.
    pub fn open(config: &config::Ledger) -> anyhow::Result<Self> {
        let keys = Self {
            origin: config.origin.clone(),
            file: config.key_file.clone(),
        };
        // What ends so would be taken for the name of a later epoch.
        let is_first = base(&keys.origin).0 == keys.origin;
        anyhow::ensure!(
            is_first,
            "ledger.origin {:?} ends like the name of an epoch",
            keys.origin
        );
        let seed = match private::locked(&keys.file) {
            Ok(_turn) => {
                private::sweep(&keys.file)?;
                private::seed(&keys.file)?
            }
            // A cluster may hand the key out in a folder that nobody can write. Then it cannot be changed here, and signs.
            Err(error) => private::stored_seed(&keys.file).map_err(|missing| missing.context(format!("{error:#}")))?,
        };
        SecretKey::new(&keys.origin, &seed).with_context(|| format!("ledger.origin {:?}", keys.origin))?;
        Ok(keys)
    }

    /// What the log is called in its first epoch.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Waits until nobody else changes the files.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let file = self.file.clone();
        let locked = tokio::task::spawn_blocking(move || private::locked(&file)).await;
        let locked = locked.map_err(|error| Error::Broken(error.to_string()))?;
        Ok(Turn(locked.map_err(refused)?))
    }

    /// The key in the file that the configuration names, for an epoch.
    pub fn newest(&self, epoch: i64) -> Result<SecretKey, Error> {
        self.named(&private::stored_seed(&self.file).map_err(refused)?, epoch)
    }

    /// Every key whose secret is here, for an epoch.
    pub fn held(&self, epoch: i64) -> Result<Vec<SecretKey>, Error> {
        self.files()?.iter().map(|held| self.named(&held.seed, epoch)).collect()
    }

    /// The secrets of these keys, in their order.
    ///
    /// # Errors
    /// [`Error::NoSecret`] if one is not here.
    pub fn secrets(&self, keys: &[PublicKey], epoch: i64) -> Result<Vec<SecretKey>, Error> {
        let mut held = self.held(epoch)?;
        let secret = |key: &PublicKey| {
            let found = held.iter().position(|secret| secret.public() == key);
            let found = found.map(|index| held.swap_remove(index));
            found.ok_or_else(|| Error::NoSecret(format!("the secret of its key {key} is not here").into()))
        };
        keys.iter().map(secret).collect()
    }

    /// Makes a key, which stands beside the newest until it is that itself.
    pub fn make(&self, _: &Turn, epoch: i64) -> Result<SecretKey, Error> {
        let seed = private::new_seed().map_err(refused)?;
        private::write_seed(&self.beside(&seed)?, &seed).map_err(refused)?;
        self.named(&seed, epoch)
    }

    /// Puts a key that is held into the place of the newest, which stands beside from then on.
    pub fn promote(&self, _: &Turn, key: &PublicKey) -> Result<(), Error> {
        let old = private::stored_seed(&self.file).map_err(refused)?;
        if self.is_of(&old, key)? {
            return Ok(());
        }
        for Held { file, seed } in self.files()? {
            if self.is_of(&seed, key)? {
                private::write_seed(&self.beside(&old)?, &old).map_err(refused)?;
                private::write_seed(&self.file, &seed).map_err(refused)?;
                return private::remove(&file).map_err(refused);
            }
        }
        Ok(())
    }

    /// Destroys the secrets that stand beside the newest, but for those of these keys.
    pub fn forget_all_but(&self, _: &Turn, keys: &[PublicKey]) -> Result<(), Error> {
        for Held { file, seed } in self.files()? {
            let mut needed = file == self.file;
            for key in keys {
                needed |= self.is_of(&seed, key)?;
            }
            if !needed {
                private::remove(&file).map_err(refused)?;
            }
        }
        Ok(())
    }

    fn named(&self, seed: &[u8; 32], epoch: i64) -> Result<SecretKey, Error> {
        SecretKey::new(&origin(&self.origin, epoch), seed).map_err(|error| Error::Broken(error.to_string()))
    }

    fn is_of(&self, seed: &[u8; 32], key: &PublicKey) -> Result<bool, Error> {
        Ok(self.named(seed, 1)?.public().is_same(key))
    }

    /// A key has another id in each epoch; its file has that of the first.
    fn beside(&self, seed: &[u8; 32]) -> Result<PathBuf, Error> {
        Ok(private::beside(&self.file, &self.named(seed, 1)?.public().id()))
    }

    /// The files with secrets, that of the newest first. Whatever else stands beside it is nobody's key.
    fn files(&self) -> Result<Vec<Held>, Error> {
        let mut files = vec![Held {
            file: self.file.clone(),
            seed: private::stored_seed(&self.file).map_err(refused)?,
        }];
        for name in private::names_beside(&self.file).map_err(refused)? {
            let file = private::beside(&self.file, &name);
            let is_id = name.len() == 8 && name.bytes().all(|digit| digit.is_ascii_hexdigit());
            let Some(seed) = private::stored_seed(&file).ok().filter(|_| is_id) else {
                continue;
            };
            if self.beside(&seed)? == file {
                files.push(Held { file, seed });
            }
        }
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

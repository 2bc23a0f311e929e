//! Whether the log is what was signed of it.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use banggiao_ledger::{Checkpoint, PublicKey, checkpoint::origin};
use banggiao_store::head;

use super::{Ledger, tree_of, unsigned};
use crate::{
    domain::Error,
    store::{checkpoint, revision, tree},
};

/// So often is a secret looked for that is not here.
const LOOKS: u32 = 3;
/// So long after it was not found.
const LOOK_AGAIN: Duration = Duration::from_millis(30);

/// What can be said of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is what was signed, and takes entries in.
    Sound,
    /// It is not what was signed, as after the restoration of a backup. A recovery can be declared.
    Frozen(Arc<str>),
    /// What is kept of it contradicts itself. No declaration mends that.
    Damaged(Arc<str>),
}

/// How a log is other than what was signed.
enum Other {
    /// It was set back, or the checkpoint cannot be held against it: a recovery may be declared.
    Set(String),
    /// What is there is not what was signed for. Going on would make it true.
    Rewritten(String),
}

impl Ledger {
    /// Holds the log against what is kept of its tree, against the newest checkpoint in the database and against the one
    /// outside it. It reads some hundred hashes, however long the log is; a whole log is checked with what `ListEntries`
    /// gives.
    ///
    /// # Errors
    /// If the database or the file cannot be read.
    pub async fn examine(&self) -> Result<State, Error> {
        let db = self.store.reader();
        // What is signed first: another replica may append and sign meanwhile, and the head only ever moves on.
        let kept = checkpoint::newest(db).await?.map(|kept| ("the database", kept.note));
        let outside = self.high_water.read()?.map(|note| ("the file of checkpoints", note));
        // As a rule both are the same, and are looked at once.
        let outside = outside.filter(|(_, note)| kept.as_ref().is_none_or(|(_, kept)| kept != note));
        let head = head::read(db).await?;
        if let Some(why) = self.contradiction(&head).await? {
            return Ok(State::Damaged(why.into()));
        }
        #[cfg(test)]
        let outside = outside.filter(|_| !self.trial.has(crate::trial::Fault::HighWaterIgnored));
        for (place, note) in kept.into_iter().chain(outside) {
            match self.other_than_signed(&head, &note).await? {
                None => {}
                Some(Other::Set(why)) => return Ok(State::Frozen(format!("the checkpoint in {place} {why}").into())),
                Some(Other::Rewritten(why)) => {
                    return Ok(State::Damaged(format!("the checkpoint in {place} {why}").into()));
                }
            }
        }
        if let Some(why) = self.cannot_sign().await? {
            return Ok(State::Frozen(why));
        }
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match lost {
            Some((epoch, why)) if epoch == head.epoch => Ok(State::Frozen(why)),
            _ => Ok(State::Sound),
        }
    }

    /// How what is kept of the log contradicts itself, if it does.
    async fn contradiction(&self, head: &head::Model) -> Result<Option<String>, Error> {
        let db = self.store.reader();
        let kept = match tree_of(head) {
            Ok(kept) => kept,
            Err(error) => return Ok(Some(error.to_string())),
        };
        match tree::frontier(db, kept.size()).await {
            Ok(tree) if tree == kept => {}
            Ok(_) => return Ok(Some("the hashes kept of the log do not lead to its head".to_owned())),
            Err(banggiao_store::Error::Damaged(what)) => return Ok(Some(what)),
            Err(error) => return Err(error.into()),
        }
        let recoveries = revision::recoveries(db).await?;
        let declared = recoveries.last().map_or(1, |recovery| recovery.epoch);
        if head.epoch != declared {
            return Ok(Some(format!(
                "the head is of epoch {}, and the last declared is {declared}",
                head.epoch
            )));
        }
        Ok(match revision::beyond_head(db).await? {
            0 => None,
            count => Some(format!("{count} entries stand beyond the head of the log")),
        })
    }

    /// How the log differs from what a checkpoint says, if it does.
    async fn other_than_signed(&self, head: &head::Model, note: &str) -> Result<Option<Other>, Error> {
        let set = |why: String| Ok(Some(Other::Set(why)));
        let Ok(checkpoint) = Checkpoint::from_text(note) else {
            return set("does not read".to_owned());
        };
        let Some(epoch) = self.epoch_of(&checkpoint.origin) else {
            return set(format!("is of another log, {}", checkpoint.origin));
        };
        if epoch < head.epoch {
            // That epoch is over: a recovery was declared, and it stands in the log.
            return Ok(None);
        }
        if epoch > head.epoch {
            return set(format!("is of epoch {epoch}, and the log of epoch {}", head.epoch));
        }
        if let Err(error) = Checkpoint::verified_by_any(note, &self.known_keys(epoch).await?) {
            return set(format!("cannot be believed, or is of another key: {error}"));
        }
        let (signed, size) = (checkpoint.size, unsigned(head.position));
        if signed > size {
            return set(format!("speaks of {signed} entries, and there are {size}"));
        }
        let root = tree::frontier(self.store.reader(), signed).await?.root();
        let other = || Other::Rewritten(format!("has another root for the first {signed} entries"));
        Ok((root != checkpoint.root).then(other))
    }

    /// Why nobody here could sign for the log, if so. Another replica may be changing keys this moment, so that is looked at
    /// again before it is believed.
    async fn cannot_sign(&self) -> Result<Option<Arc<str>>, Error> {
        let mut looks = 1;
        loop {
            let head = head::read(self.store.reader()).await?;
            let terms = self.keys.signers(self.store.reader(), head.epoch).await?.terms;
            match self.keys.secrets(&terms.at(unsigned(head.position)), head.epoch) {
                Ok(_) => return Ok(None),
                Err(Error::NoSecret(why)) if looks == LOOKS => return Ok(Some(why)),
                Err(Error::NoSecret(_) | Error::Keys(_)) if looks < LOOKS => {
                    looks += 1;
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The keys that may have signed in an epoch: those that the log tells of, and those whose secrets are here, since a log
    /// that was set back does not tell of all.
    pub(super) async fn known_keys(&self, epoch: i64) -> Result<Vec<PublicKey>, Error> {
        let terms = self.keys.signers(self.store.reader(), epoch).await?.terms;
        let mut known: Vec<PublicKey> = terms.all().iter().map(|term| term.key.clone()).collect();
        for secret in self.keys.held(epoch)? {
            if !known.contains(secret.public()) {
                known.push(secret.public().clone());
            }
        }
        Ok(known)
    }

    /// Of which epoch of this log a name is.
    pub(super) fn epoch_of(&self, name: &str) -> Option<i64> {
        let own = self.keys.origin();
        let epoch = match name.strip_prefix(own)? {
            "" => 1,
            rest => rest.strip_prefix('/')?.parse().ok()?,
        };
        (origin(own, epoch) == name).then_some(epoch)
    }
}

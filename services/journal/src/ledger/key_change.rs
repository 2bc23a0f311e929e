//! Changing the keys that sign for the log: another one comes, both sign for a while, and the former signs no more.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::{KeyChange, Kind, PublicKey, SecretKey, Terms, checkpoint::origin};
use banggiao_rpc::feed;
use banggiao_store::head;
use prost::Message;

use super::{Declared, Growth, Ledger, New, State, keys, keys::Turn, timestamp, unsigned};
#[cfg(test)]
use crate::trial::Moment;
use crate::{
    domain::{Error, rule},
    store::revision,
};

/// What is to become of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another one signs as well.
    Rotate,
    /// Only the newest signs.
    Retire,
}

impl Ledger {
    /// The keys of this epoch.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn terms(&self) -> Result<Terms, Error> {
        let head = head::read(self.store.reader()).await?;
        Ok(self.keys.signers(self.store.reader(), head.epoch).await?.terms)
    }

    /// Changes the keys; gives the epoch besides. What is known of the head is held against the database, as before any
    /// entry.
    ///
    /// # Errors
    /// [`rule::LOG_KEYS`] if there is nothing to change in that way, [`Error::Frozen`] if the log is frozen; or those of the
    /// database and of the files with the keys.
    pub async fn change_keys(
        &self,
        step: Step,
        declared: Declared,
        known: feed::Head,
    ) -> Result<(pb::LedgerKeyChange, i64), Error> {
        // Nobody else changes the files, and nobody signs here, meanwhile.
        let turn = self.keys.turn().await?;
        let mut newest = self.newest.lock().await;
        if let Some(model) = self.repeated(self.store.reader(), &declared).await? {
            self.arrange(Some(&turn)).await?;
            return Ok((keys::key_change(&model)?, model.epoch));
        }
        self.is_sound()?;
        let head = head::read(self.store.reader()).await?;
        let (epoch, size) = (head.epoch, unsigned(head.position));
        let signers = self.keys.signers(self.store.reader(), epoch).await?;
        let standing = signers.terms.at(size);
        let (signing, until_now) = match (step, standing.as_slice()) {
            (Step::Rotate, [only]) => {
                let made = self.keys.make(&turn, epoch)?;
                (vec![only.clone(), made.public().clone()], only)
            }
            (Step::Retire, [.., newest]) if standing.len() > 1 => (vec![newest.clone()], newest),
            (Step::Rotate, _) => {
                let why = "a former key signs still; let it sign no more first";
                return Err(Error::rule(rule::LOG_KEYS, "the log", why));
            }
            (Step::Retire, _) => return Err(Error::rule(rule::LOG_KEYS, "the log", "no former key signs any more")),
        };
        #[cfg(test)]
        self.trial.reach(Moment::KeyMade);
        let mut by = vec![until_now.clone()];
        by.extend(signing.last().filter(|newest| *newest != until_now).cloned());
        let change = Change {
            epoch,
            told_at: signers.told_at,
            by: self.keys.secrets(&by, epoch)?.into(),
            signing,
        };
        let change = self.write(change, declared, known).await?;
        #[cfg(test)]
        self.trial.reach(Moment::KeysWritten);
        self.arrange(Some(&turn)).await?;
        #[cfg(test)]
        self.trial.reach(Moment::KeysArranged);
        let signed = self.sign(&head::read(self.store.reader()).await?).await?;
        *newest = Some((signed, tokio::time::Instant::now()));
        Ok((change, epoch))
    }

    async fn write(&self, change: Change, declared: Declared, known: feed::Head) -> Result<pb::LedgerKeyChange, Error> {
        let (keys, seams) = (Arc::clone(&self.keys), self.seams.clone());
        let work = move |tx| {
            let (keys, seams, change, declared) = (Arc::clone(&keys), seams.clone(), change.clone(), declared.clone());
            async move {
                let mut log = Growth::locked(&tx, known, seams.clock.now().as_microsecond()).await?;
                let epoch = log.head.epoch;
                let signers = keys.signers(&tx, epoch).await?;
                if (epoch, signers.told_at) != (change.epoch, change.told_at) {
                    let why = "somebody else has just changed the keys";
                    return Err(Error::rule(rule::LOG_KEYS, "the log", why));
                }
                let statement = KeyChange {
                    origin: origin(keys.origin(), epoch),
                    size: unsigned(log.head.position),
                    signing: change.signing.clone(),
                };
                let content = pb::LedgerKeyChange {
                    note: statement.signed(&change.by),
                    reason: declared.reason.clone(),
                    principal: format!("principals/{}", declared.principal),
                    create_time: Some(timestamp(log.head.recorded_at)),
                    log_index: 0,
                };
                let before = revision::newest_of(&tx, Kind::KeyChange, revision::KEY).await?;
                let new = New {
                    kind: Kind::KeyChange,
                    id: revision::KEY,
                    number: before.map_or(0, |entry| entry.number).saturating_add(1),
                    content: content.encode_to_vec(),
                    principal: &declared.principal,
                    request: declared.request,
                    part: 0,
                    registry_position: 0,
                };
                let model = log.place(seams.salt(), new);
                let change = keys::key_change(&model)?;
                revision::insert(&tx, vec![model]).await?;
                log.put(&tx).await?;
                Ok(change)
            }
        };
        let written = self.store.tx("log.change_keys", work).await;
        self.seen_set_back(known, written)
    }

    /// Puts the files with the keys into the order that the log tells, if it is sound: the newest in its place, and none that
    /// does not sign; nothing where the files cannot be changed. A change of which it was not known how it ended has ended
    /// once the head is locked.
    ///
    /// # Errors
    /// If the database or a file refuses.
    pub(super) async fn arrange(&self, turn: Option<&Turn>) -> Result<(), Error> {
        let Some(turn) = turn else { return Ok(()) };
        if self.examine().await? != State::Sound {
            return Ok(());
        }
        let keys = Arc::clone(&self.keys);
        let standing = self.store.tx("log.keys", move |tx| {
            let keys = Arc::clone(&keys);
            async move {
                let head = head::lock(&tx).await?;
                let signers = keys.signers(&tx, head.epoch).await?;
                Ok::<_, Error>(signers.terms.at(unsigned(head.position)))
            }
        });
        let standing = standing.await?;
        let held = self.keys.held(1)?;
        let is_held = |key: &PublicKey| held.iter().any(|secret| secret.public().is_same(key));
        if !standing.iter().all(is_held) {
            return Ok(());
        }
        if let Some(newest) = standing.last() {
            self.keys.promote(turn, newest)?;
        }
        self.keys.forget_all_but(turn, &standing)
    }
}

/// A change that is about to be written.
#[derive(Debug, Clone)]
struct Change {
    epoch: i64,
    /// Where the log spoke of keys last when this was decided.
    told_at: i64,
    signing: Vec<PublicKey>,
    /// Who signs the change: the newest key until now, and the newest from then on.
    by: Arc<[SecretKey]>,
}

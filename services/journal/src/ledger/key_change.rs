//! Changing the keys that sign for the log: another one comes, both sign for a while, and the former signs no more.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::{KeyChange, Kind, PublicKey, Terms, checkpoint::origin};
use banggiao_rpc::feed;
use banggiao_store::head;
use prost::Message;

use super::{Declared, Growth, Ledger, New, keys, timestamp, unsigned};
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

    /// Changes the keys. What is known of the head is held against the database, as before any entry.
    ///
    /// # Errors
    /// [`rule::LOG_KEYS`] if there is nothing to change in that way, [`Error::Frozen`] if the log is frozen; or those of the
    /// database and of the files with the keys.
    pub async fn change_keys(
        &self,
        step: Step,
        declared: Declared,
        known: feed::Head,
    ) -> Result<pb::LedgerKeyChange, Error> {
        if let Some(model) = self.repeated(&declared).await? {
            let change = keys::key_change(&model)?;
            self.arrange(model.epoch).await?;
            return Ok(change);
        }
        self.is_sound()?;
        // Nobody signs here meanwhile.
        let mut newest = self.newest.lock().await;
        let head = head::read(self.store.reader()).await?;
        let (epoch, size) = (head.epoch, unsigned(head.position));
        let signers = self.keys.signers(self.store.reader(), epoch).await?;
        let standing = signers.terms.at(size);
        let change = |signing: Vec<PublicKey>, until_now: &PublicKey| Change {
            epoch,
            told_at: signers.told_at,
            signing,
            until_now: until_now.clone(),
        };
        let (change, made) = match (step, standing.as_slice()) {
            (Step::Rotate, [only]) => {
                let made = self.keys.make(epoch)?.public().clone();
                (change(vec![only.clone(), made.clone()], only), Some(made))
            }
            (Step::Retire, [.., newest]) if standing.len() > 1 => (change(vec![newest.clone()], newest), None),
            (Step::Rotate, _) => {
                let why = "a former key signs still; let it sign no more first";
                return Err(Error::rule(rule::LOG_KEYS, "the log", why));
            }
            (Step::Retire, _) => return Err(Error::rule(rule::LOG_KEYS, "the log", "no former key signs any more")),
        };
        #[cfg(test)]
        self.trial.reach(Moment::KeyMade);
        let written = self.write(change, declared, known).await;
        if let (Err(Error::Precondition { .. }), Some(made)) = (&written, &made) {
            // Of any other error it may not be known whether the change stands in the log, and the key is needed if it does.
            self.keys.forget(made)?;
        }
        let change = written?;
        #[cfg(test)]
        self.trial.reach(Moment::KeysWritten);
        self.arrange(epoch).await?;
        #[cfg(test)]
        self.trial.reach(Moment::KeysArranged);
        let signed = self.sign(&head::read(self.store.reader()).await?).await?;
        *newest = Some((signed, tokio::time::Instant::now()));
        Ok(change)
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
                let mut by = vec![change.until_now.clone()];
                by.extend(
                    statement
                        .newest()
                        .filter(|newest| **newest != change.until_now)
                        .cloned(),
                );
                let content = pb::LedgerKeyChange {
                    note: statement.signed(&keys.secrets(&by, epoch)?),
                    reason: declared.reason.clone(),
                    principal: format!("principals/{}", declared.principal),
                    create_time: Some(timestamp(log.head.recorded_at)),
                    log_index: 0,
                };
                let before = revision::newest_of(&tx, revision::KEY)
                    .await?
                    .map_or(0, |entry| entry.number);
                let new = New {
                    kind: Kind::KeyChange,
                    id: revision::KEY,
                    number: before.saturating_add(1),
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

    /// Puts the files with the keys into the order that a sound log tells: the newest in its place, those that sign no more
    /// gone.
    ///
    /// # Errors
    /// If the database or a file refuses.
    pub(super) async fn arrange(&self, epoch: i64) -> Result<(), Error> {
        let signers = self.keys.signers(self.store.reader(), epoch).await?;
        let terms = signers.terms.all();
        let known = |key: &PublicKey| terms.iter().find(|term| term.key == *key);
        let Some(newest) = terms.last().filter(|term| term.last.is_none()) else {
            return Ok(());
        };
        let held = self.keys.held(epoch)?;
        if held.iter().any(|secret| *secret.public() == newest.key) {
            self.keys.promote(&newest.key)?;
        }
        let is_over = |key: &PublicKey| known(key).is_some_and(|term| term.last.is_some());
        for secret in held.iter().filter(|secret| is_over(secret.public())) {
            self.keys.forget(secret.public())?;
        }
        Ok(())
    }
}

/// A change that is about to be written.
#[derive(Debug, Clone)]
struct Change {
    epoch: i64,
    /// Where the log spoke of keys last when this was decided.
    told_at: i64,
    signing: Vec<PublicKey>,
    /// The newest key until now.
    until_now: PublicKey,
}

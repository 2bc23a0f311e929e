//! One transaction from its beginning until it is known how it ended.
//!
//! A connection that is lost while it commits leaves nobody knowing. The head's lock tells: whoever has it after that waits
//! until the lost transaction has ended, and what it reads then is the truth. Until that is known nobody is answered and
//! nothing else is begun.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use banggiao_rpc::feed;
use banggiao_store::{self as store, head};

use super::{Group, Log, Outcomes, batch::Batch, handed_over};
#[cfg(test)]
use crate::trial::{Fault, Lost, Moment, unsettled};
use crate::{domain::Error, store::revision};

/// So long is it tried to find out whether a transaction was committed.
const SETTLE_MAX: Duration = Duration::from_secs(20);
/// So long after a failed try.
const SETTLE_WAIT: Duration = Duration::from_millis(50);
/// So often is a transaction tried that turned out not to have been committed.
const ATTEMPTS: usize = 5;

/// A transaction that was about to be committed.
struct Attempt {
    outcomes: Vec<Outcomes>,
    head: feed::Head,
    /// Position and leaf hash of its first entry; none if it appended nothing. The hash is salted, so it is no other's.
    first: Option<(i64, Vec<u8>)>,
}

impl Log {
    /// Commits groups in one transaction, and knows afterwards whether it did.
    pub(super) async fn commit(&self, groups: &Arc<Vec<Group>>) -> Result<Vec<Outcomes>, Error> {
        let mut attempts = 1;
        loop {
            self.ledger.is_sound()?;
            let attempted = Arc::new(Mutex::new(None));
            let ended = self.attempt(groups, &attempted).await;
            #[cfg(test)]
            let ended = self.tried(ended, &attempted);
            match ended {
                Ok(()) => {}
                Err(error) if is_unsettled(&error) => {
                    let first = lock(&attempted).as_ref().and_then(|attempt| attempt.first.clone());
                    if !self.is_committed(first, error.clone()).await? {
                        attempts += 1;
                        if attempts > ATTEMPTS {
                            return Err(error);
                        }
                        continue;
                    }
                }
                Err(Error::Frozen(why)) => {
                    self.ledger.freeze(self.head.borrow().epoch, Arc::clone(&why));
                    return Err(Error::Frozen(why));
                }
                Err(error) => return Err(error),
            }
            let attempt = lock(&attempted).take();
            let attempt = attempt.ok_or_else(|| Error::Broken("a transaction without outcomes".to_owned()))?;
            // Another replica may have told of a later one meanwhile.
            self.head.send_if_modified(|known| known.advance(attempt.head));
            return Ok(attempt.outcomes);
        }
    }

    async fn attempt(&self, groups: &Arc<Vec<Group>>, attempted: &Arc<Mutex<Option<Attempt>>>) -> Result<(), Error> {
        let (seams, groups, known) = (self.seams.clone(), Arc::clone(groups), *self.head.borrow());
        let (attempted, ledger) = (Arc::clone(attempted), Arc::clone(&self.ledger));
        self.store
            .append("journal.append", move |tx| {
                let (seams, groups, attempted) = (seams.clone(), Arc::clone(&groups), Arc::clone(&attempted));
                let ledger = Arc::clone(&ledger);
                async move {
                    let mut batch = Batch::open(&tx, (&seams, ledger.heard()), &groups, known).await?;
                    #[cfg(test)]
                    batch.on(&ledger.trial);
                    let mut outcomes = Vec::with_capacity(groups.len());
                    for group in groups.iter() {
                        // While the database takes in what is decided, the next group is carried out.
                        let decided = handed_over(&tx, batch.decided()).await;
                        outcomes.push(batch.carry_out_all(group));
                        decided.stored().await?;
                    }
                    #[cfg(test)]
                    ledger.trial.reach(Moment::Decided);
                    let first = batch.first();
                    let head = batch.store(&tx).await?;
                    let head = feed::Head {
                        epoch: head.epoch,
                        position: head.position,
                    };
                    *lock(&attempted) = Some(Attempt { outcomes, head, first });
                    #[cfg(test)]
                    ledger.before_commit(&tx).await?;
                    Ok::<_, Error>(())
                }
            })
            .await
    }

    /// Whether a transaction is committed whose commit was not answered.
    async fn is_committed(&self, first: Option<(i64, Vec<u8>)>, unsettled: Error) -> Result<bool, Error> {
        // Whoever appended nothing has nothing to lose.
        let Some((position, leaf)) = first else { return Ok(true) };
        #[cfg(test)]
        if self.ledger.trial.has(Fault::LostCommitIsTriedAgain) {
            return Ok(false);
        }
        tracing::warn!(position, "the connection was lost while entries were being committed");
        let patience = Instant::now() + SETTLE_MAX;
        loop {
            let leaf = leaf.clone();
            let settled = self
                .store
                .append("journal.settle", move |tx| {
                    let leaf = leaf.clone();
                    async move {
                        head::lock(&tx).await?;
                        let there = revision::at(&tx, &[position]).await?;
                        Ok::<_, Error>(there.get(&position).is_some_and(|model| model.leaf_hash == leaf))
                    }
                })
                .await;
            match settled {
                Ok(committed) => {
                    tracing::info!(position, committed, "it is known now how that commit ended");
                    return Ok(committed);
                }
                Err(_) if Instant::now() < patience => tokio::time::sleep(SETTLE_WAIT).await,
                Err(_) => return Err(unsettled),
            }
        }
    }
}

#[cfg(test)]
impl Log {
    /// What a test makes of how a transaction ended.
    fn tried(&self, ended: Result<(), Error>, attempted: &Mutex<Option<Attempt>>) -> Result<(), Error> {
        let trial = &self.ledger.trial;
        let ended = match ended {
            Ok(()) if trial.is_lost(Lost::Answer) => Err(unsettled()),
            Err(_) if trial.has(Fault::AcknowledgeBeforeCommit) && lock(attempted).is_some() => Ok(()),
            ended => ended,
        };
        if !trial.has(Fault::AcknowledgeBeforeCommit) {
            trial.reach(Moment::Committed);
        }
        match ended {
            Err(error) if is_unsettled(&error) && trial.has(Fault::LostCommitIsSuccess) => Ok(()),
            ended => ended,
        }
    }
}

fn is_unsettled(error: &Error) -> bool {
    matches!(error, Error::Store(error) if matches!(**error, store::Error::Unsettled(_)))
}

fn lock(attempted: &Mutex<Option<Attempt>>) -> std::sync::MutexGuard<'_, Option<Attempt>> {
    attempted.lock().unwrap_or_else(PoisonError::into_inner)
}

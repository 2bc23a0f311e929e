//! The log as a ledger: what is signed of it, and whether it still is what was signed.
//!
//! A log that is shorter than what was signed, or another one, is *frozen*: it is read and takes nothing in, for whatever
//! came next would be a second truth about the same places. An operator declares a recovery; then it goes on in a new epoch,
//! under a new name. A checkpoint is signed after the entries are committed, then kept in the database and, against a
//! database that is set back, in a file outside it, and only then shown.

mod highwater;
mod recovery;
mod soundness;

pub use recovery::{Declared, recovery};
pub use soundness::State;

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::Context;
use banggiao_ledger::{Checkpoint, Frontier, PublicKey, SecretKey, checkpoint::origin};
use banggiao_runtime::{Seams, private};
use banggiao_store::{Store, head};
use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
use crate::trial::Moment;
use crate::{config, domain::Error, store::checkpoint};
use highwater::HighWater;

/// So often is a checkpoint signed while the log grows, and a frozen log looked at again.
const EVERY: Duration = Duration::from_secs(1);
/// On demand a checkpoint is signed so much later than the last at the soonest.
const REST: Duration = Duration::from_millis(50);

/// A checkpoint with its key.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Epoch of the log.
    pub epoch: i64,
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
    /// The key that its signature is checked with.
    pub key: PublicKey,
}

/// An epoch, and what was lost in it.
type OnceSeen = std::sync::Mutex<Option<(i64, Arc<str>)>>;

/// The keeper of the log's good name.
#[derive(Debug)]
pub struct Ledger {
    store: Store,
    seams: Seams,
    origin: String,
    seed: [u8; 32],
    high_water: HighWater,
    state: watch::Sender<State>,
    takes_in: watch::Sender<bool>,
    /// What was seen of the database and is not there any more, and in which epoch. What was acknowledged may be lost before
    /// it is signed; only a recovery ends that.
    lost: OnceSeen,
    /// The newest that was signed here, and when; whoever signs holds it.
    newest: Mutex<Option<(Signed, Instant)>>,
    #[cfg(test)]
    pub trial: Arc<crate::trial::Trial>,
}

impl Ledger {
    /// Reads the key, which is made if it is not there, and finds out whether the log is what was signed.
    ///
    /// # Errors
    /// If the key or the database cannot be read, or the origin is no name.
    pub async fn open(store: Store, config: &config::Ledger, seams: Seams) -> anyhow::Result<Arc<Self>> {
        Self::prepare(store, config, seams)?.examined().await
    }

    fn prepare(store: Store, config: &config::Ledger, seams: Seams) -> anyhow::Result<Self> {
        let seed = private::seed(&config.key_file)?;
        SecretKey::new(&config.origin, &seed).with_context(|| format!("ledger.origin {:?}", config.origin))?;
        Ok(Self {
            store,
            seams,
            origin: config.origin.clone(),
            seed,
            high_water: HighWater::new(config.checkpoint_file.clone()),
            state: watch::Sender::new(State::Sound),
            takes_in: watch::Sender::new(true),
            lost: OnceSeen::default(),
            newest: Mutex::default(),
            #[cfg(test)]
            trial: Arc::default(),
        })
    }

    async fn examined(self) -> anyhow::Result<Arc<Self>> {
        let state = self.examine().await?;
        self.enter(state);
        if self.last_checkpoint().await?.note.is_empty() && head::read(self.store.reader()).await?.position > 0 {
            tracing::warn!(
                "the log has entries, and no checkpoint of it is kept: what was signed before is not known here"
            );
        }
        Ok(Arc::new(self))
    }

    /// As [`Self::open`], with what a test does to it.
    #[cfg(test)]
    pub async fn open_on(
        store: Store,
        config: &config::Ledger,
        seams: Seams,
        trial: Arc<crate::trial::Trial>,
    ) -> anyhow::Result<Arc<Self>> {
        let ledger = Self::prepare(store, config, seams)?;
        Self { trial, ..ledger }.examined().await
    }

    /// Signs a checkpoint every second while the log grows, and once more at the end.
    pub fn keep(self: &Arc<Self>, shutdown: CancellationToken) {
        let ledger = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let ended = shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
                if let Err(error) = ledger.look_after().await {
                    tracing::debug!(%error, "no checkpoint can be signed for the moment");
                }
                if ended {
                    return;
                }
            }
        });
    }

    async fn look_after(&self) -> Result<(), Error> {
        if *self.state.borrow() == State::Sound {
            return self.checkpoint(0).await.map(|_| ());
        }
        // An operator may have declared a recovery at another replica.
        let state = self.examine().await?;
        self.enter(state);
        Ok(())
    }

    /// The state of the log.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Whether the log takes entries in, now and later.
    pub fn takes_in(&self) -> watch::Receiver<bool> {
        self.takes_in.subscribe()
    }

    /// Whether the log takes entries in.
    ///
    /// # Errors
    /// [`Error::Frozen`] with the reason if not.
    pub fn is_sound(&self) -> Result<(), Error> {
        match &*self.state.borrow() {
            State::Sound => Ok(()),
            State::Frozen(why) => Err(Error::Frozen(Arc::clone(why))),
            State::Damaged(why) => Err(Error::DamagedLog(Arc::clone(why))),
        }
    }

    /// Takes nothing in any more in this epoch, since the database is not what it was.
    pub fn freeze(&self, epoch: i64, why: Arc<str>) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some((epoch, Arc::clone(&why)));
        self.enter(State::Frozen(why));
    }

    fn enter(&self, state: State) {
        self.state.send_if_modified(|known| {
            let other = *known != state;
            if other {
                match &state {
                    State::Sound => tracing::info!("the log takes entries in again"),
                    State::Frozen(why) => tracing::error!(%why, "the log is frozen until a recovery is declared"),
                    State::Damaged(why) => tracing::error!(%why, "the log is damaged"),
                }
                self.takes_in.send_replace(state == State::Sound);
                *known = state;
            }
            other
        });
    }

    /// The key of an epoch.
    fn key(&self, epoch: i64) -> Result<SecretKey, Error> {
        SecretKey::new(&origin(&self.origin, epoch), &self.seed).map_err(|error| Error::Broken(error.to_string()))
    }

    /// A signed checkpoint of at least so many entries.
    ///
    /// # Errors
    /// If the log is frozen, has not come so far, or the database is away.
    pub async fn checkpoint(&self, at_least: u64) -> Result<Signed, Error> {
        self.is_sound()?;
        let mut newest = self.newest.lock().await;
        if let Some((signed, at)) = &*newest {
            if at_least != 0 && signed.checkpoint.size >= at_least {
                return Ok(signed.clone());
            }
            if at_least == 0 && at.elapsed() < EVERY {
                return Ok(signed.clone());
            }
            tokio::time::sleep_until(*at + REST).await;
        }
        let head = head::read(self.store.reader()).await?;
        if let Some((signed, _)) = &*newest
            && (head.epoch, unsigned(head.position)) < (signed.epoch, signed.checkpoint.size)
        {
            let (was, is) = (signed.checkpoint.size, head.position);
            let why = format!("{was} entries were signed, and the database has {is}");
            self.freeze(head.epoch, why.into());
            self.is_sound()?;
        }
        let signed = match &*newest {
            Some((signed, _)) if (signed.epoch, signed.checkpoint.size) == (head.epoch, unsigned(head.position)) => {
                signed.clone()
            }
            _ => {
                // What is signed must still be what was signed before.
                let state = self.examine().await?;
                self.enter(state);
                self.is_sound()?;
                self.sign(&head).await?
            }
        };
        *newest = Some((signed.clone(), Instant::now()));
        if signed.checkpoint.size < at_least {
            return Err(Error::Short {
                wanted: at_least,
                reached: signed.checkpoint.size,
            });
        }
        Ok(signed)
    }

    /// The newest checkpoint that is kept, in the database or outside it, for whoever wants to see how the log differs from
    /// it; nothing is signed for it.
    ///
    /// # Errors
    /// That for which the log is not sound if there is none that reads; if the database is away.
    pub async fn kept(&self) -> Result<Signed, Error> {
        let last = self.last_checkpoint().await?;
        let Ok(checkpoint) = Checkpoint::from_text(&last.note) else {
            return Err(self.is_sound().err().unwrap_or(Error::NotFrozen));
        };
        let epoch = last.epoch.max(1);
        Ok(Signed {
            epoch,
            checkpoint,
            key: self.key(epoch)?.public().clone(),
            note: last.note,
        })
    }

    /// Signs what is committed, and keeps the note before anybody sees it.
    async fn sign(&self, head: &head::Model) -> Result<Signed, Error> {
        let key = self.key(head.epoch)?;
        let tree = tree_of(head)?;
        let note = Checkpoint::signed(tree.size(), tree.root(), &key);
        #[cfg(test)]
        self.trial.reach(Moment::Signed);
        let (epoch, size) = (head.epoch, head.position);
        let kept = self
            .store
            .tx("checkpoint.advance", move |tx| {
                let note = note.clone();
                async move { checkpoint::advance(&tx, checkpoint::Model { epoch, size, note }).await }
            })
            .await?;
        // Another replica may have signed a later one: then that is shown.
        let checkpoint = Checkpoint::verified(&kept.note, key.public())
            .map_err(|error| Error::Broken(format!("the kept checkpoint: {error}")))?;
        #[cfg(test)]
        self.trial.reach(Moment::KeptInDatabase);
        self.high_water.raise(&kept.note, checkpoint.size)?;
        #[cfg(test)]
        self.trial.reach(Moment::KeptOutside);
        Ok(Signed {
            epoch,
            checkpoint,
            note: kept.note,
            key: key.public().clone(),
        })
    }
}

/// The right edge of the tree as it is kept with the head.
///
/// # Errors
/// If it is not that of a log of that size.
pub fn tree_of(head: &head::Model) -> Result<Frontier, banggiao_store::Error> {
    let tree = head.tree.as_deref().unwrap_or_default();
    let size = unsigned(head.position);
    Frontier::from_bytes(size, tree).ok_or_else(|| {
        banggiao_store::Error::Damaged(format!("the tree kept with the head is not one of {size} entries"))
    })
}

/// A position of the log as the size of a tree.
pub fn unsigned(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}

#[cfg(test)]
impl Ledger {
    /// What a test does before a transaction is committed.
    ///
    /// # Errors
    /// If the commit is lost on its way.
    pub async fn before_commit(&self, tx: &impl banggiao_store::Session) -> Result<(), Error> {
        use crate::trial::{Fault, Lost, unsettled};
        if self.trial.has(Fault::SignBeforeCommit) {
            let head = head::lock(tx).await?;
            let (tree, key) = (tree_of(&head)?, self.key(head.epoch)?);
            let note = Checkpoint::signed(tree.size(), tree.root(), &key);
            self.high_water.raise(&note, tree.size())?;
        }
        self.trial.reach(Moment::Stored);
        if self.trial.is_lost(Lost::Request) {
            return Err(unsettled());
        }
        Ok(())
    }
}

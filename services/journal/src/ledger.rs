//! The log as a ledger: what is signed of it, and whether it still is what was signed.
//!
//! A log that is shorter than what was signed, or another one, is *frozen*: it is read and takes nothing in, for whatever
//! came next would be a second truth about the same places. An operator declares a recovery; then it goes on in a new epoch,
//! under a new name. A checkpoint is signed after the entries are committed, then kept in the database and, against a
//! database that is set back, in a file outside it, and only then shown.

mod growth;
mod highwater;
mod key_change;
mod keys;
mod recovery;
mod reorganization;
mod report;
mod soundness;

pub use growth::{Growth, New};
pub use key_change::Step;
pub use recovery::{Declared, recovery};
pub use reorganization::{Heard, Unheard};
pub use report::{Issued, entered};
pub use soundness::State;

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use banggiao_ledger::{Checkpoint, Frontier, Note, PublicKey, checkpoint::origin};
use banggiao_rpc::feed;
use banggiao_runtime::Seams;
use banggiao_store::{Store, head};
use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
use crate::trial::Moment;
use crate::{config, domain::Error, sequencer::timestamp, store::checkpoint};
use highwater::HighWater;
use keys::Keys;

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
    /// The keys that signed it, the newest last.
    pub keys: Vec<PublicKey>,
}

/// An epoch, and what was lost in it.
type OnceSeen = std::sync::Mutex<Option<(i64, Arc<str>)>>;

/// The keeper of the log's good name.
#[derive(Debug)]
pub struct Ledger {
    store: Store,
    seams: Seams,
    keys: Arc<Keys>,
    heard: Arc<Heard>,
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
        Ok(Self {
            store,
            seams,
            keys: Arc::new(Keys::open(config)?),
            heard: Arc::default(),
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
        self.enter_state(state);
        if *self.state.borrow() == State::Sound {
            // A process may have died between two steps of a change.
            match self.keys.turn().await {
                Ok(turn) => self.arrange(Some(&turn)).await?,
                Err(error) => tracing::warn!(%error, "the keys of the log cannot be changed here"),
            }
        }
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
        self.enter_state(state);
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
        self.enter_state(State::Frozen(why));
    }

    /// Freezes the log if that is why something could not be written.
    fn seen_set_back<T>(&self, known: feed::Head, written: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Frozen(why)) = &written {
            self.freeze(known.epoch, Arc::clone(why));
        }
        written
    }

    fn enter_state(&self, state: State) {
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

    /// What the log has heard of the registry.
    pub fn heard(&self) -> &Heard {
        &self.heard
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
                self.enter_state(state);
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
        let (epoch, keys) = (last.epoch.max(1), last.keys);
        Ok(Signed {
            epoch,
            checkpoint,
            keys,
            note: last.note,
        })
    }

    /// Signs what is committed, and keeps the note before anybody sees it.
    async fn sign(&self, head: &head::Model) -> Result<Signed, Error> {
        let tree = tree_of(head)?;
        let (note, keys) = self.note(head.epoch, &tree).await?;
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
        let checkpoint = Checkpoint::verified_by_any(&kept.note, &keys)
            .map_err(|error| Error::Broken(format!("the kept checkpoint: {error}")))?;
        #[cfg(test)]
        self.trial.reach(Moment::KeptInDatabase);
        self.high_water.raise(&kept.note, checkpoint.size)?;
        #[cfg(test)]
        self.trial.reach(Moment::KeptOutside);
        Ok(Signed {
            epoch,
            checkpoint,
            keys: signers(&kept.note, &keys),
            note: kept.note,
        })
    }

    /// A tree's checkpoint as a note of the keys that sign for its size, and all that may have signed one of the epoch.
    async fn note(&self, epoch: i64, tree: &Frontier) -> Result<(String, Vec<PublicKey>), Error> {
        let terms = self.keys.signers(self.store.reader(), epoch).await?.terms;
        let keys = self.keys.secrets(&terms.at(tree.size()), epoch)?;
        let checkpoint = Checkpoint {
            origin: origin(self.keys.origin(), epoch),
            size: tree.size(),
            root: tree.root(),
        };
        let all = terms.all().iter().map(|term| term.key.clone());
        Ok((checkpoint.signed(&keys), all.collect()))
    }
}

/// Which of these keys signed a note, in their order.
fn signers(note: &str, keys: &[PublicKey]) -> Vec<PublicKey> {
    let note = Note::parse(note).ok();
    let signers = note.as_ref().and_then(|note| note.signers(keys).ok());
    signers.unwrap_or_default().into_iter().cloned().collect()
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
            let tree = tree_of(&head)?;
            let (note, _) = self.note(head.epoch, &tree).await?;
            self.high_water.raise(&note, tree.size())?;
        }
        self.trial.reach(Moment::Stored);
        if self.trial.is_lost(Lost::Request) {
            return Err(unsettled());
        }
        Ok(())
    }
}

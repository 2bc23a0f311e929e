//! The projection: what the feeds have told so far, stored and in memory, and how far that is.
//!
//! It owns the way from a revision of the feed to a fact. What facts add up to is not known here.

pub(crate) mod load;
mod order;
mod reader;
mod rebuild;
mod shared;
#[cfg(test)]
pub mod tests;

pub use reader::Reader;
pub use rebuild::{Progress, rebuild};

use std::{collections::HashMap, sync::Arc, time::Instant};

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::{Behind, Directory, Follower, GRACE, changes};
use banggiao_model::date::Date;
use banggiao_store::{self as store, Store};
use tokio::sync::{Mutex, watch};

use crate::{
    domain::{Error, facts::Facts, figure::Kept, rule},
    store::fact as stored,
};

/// What the cursor of the journal's feed is called.
pub const FEED: &str = "journal";

/// The facts and the directory, kept up to date in the background.
#[derive(Debug)]
pub struct Projection {
    store: Store,
    follower: Follower,
    current: watch::Sender<Arc<Facts>>,
    /// When the journal's feed was last heard to have nothing that is not here; never at first.
    heard: watch::Sender<Option<Instant>>,
    /// Where the journal's log ended when it was told last.
    head: watch::Sender<i64>,
    /// Whether it goes on: it stands still at an entry that does not read.
    goes_on: watch::Sender<bool>,
    /// What whole months add up to, for questions asked lately.
    kept: Arc<Kept>,
    /// Held by whoever enters what the journal tells, or replaces what is here.
    turn: Mutex<()>,
    /// Held while everything is read again.
    rebuilding: Mutex<()>,
    /// How often everything was read again.
    #[cfg(test)]
    loaded: std::sync::atomic::AtomicUsize,
}

impl Projection {
    /// Rebuilds the memory from the facts.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn open(store: Store, follower: Follower) -> Result<Arc<Self>, store::Error> {
        let facts = load::load(&store, &follower.now()).await?;
        Ok(Arc::new(Self {
            store,
            follower,
            current: watch::Sender::new(Arc::new(facts)),
            heard: watch::Sender::new(None),
            head: watch::Sender::new(0),
            goes_on: watch::Sender::new(true),
            kept: Arc::default(),
            turn: Mutex::default(),
            rebuilding: Mutex::default(),
            #[cfg(test)]
            loaded: std::sync::atomic::AtomicUsize::new(0),
        }))
    }

    /// The registry as it is followed here.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The directory as it is known here now.
    pub fn directory(&self) -> Arc<Directory> {
        self.follower.now()
    }

    /// Where figures keep what whole months add up to.
    pub fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.kept)
    }

    /// When the journal's feed was last heard to have nothing that is not here.
    pub fn journal_heard(&self) -> Option<Instant> {
        *self.heard.borrow()
    }

    /// Where the journal's log ended when it was told last, or where these facts end if it never was.
    pub fn journal_head(&self) -> i64 {
        let position = self.current.borrow().position;
        position.max(*self.head.borrow())
    }

    /// Whether it goes on, and to be told when that changes. While it does not, figures stand still at the position
    /// before the entry that does not read.
    pub fn goes_on(&self) -> watch::Receiver<bool> {
        self.goes_on.subscribe()
    }

    /// Facts and directory of one moment. The directory is taken last, so that it knows every unit that a fact names
    /// and has seen the position at which each was authorised.
    pub fn now(&self) -> (Arc<Facts>, Arc<Directory>) {
        let facts = Arc::clone(&self.current.borrow());
        (facts, self.follower.now())
    }

    /// Facts and directory once both have reached a position, waiting up to [`GRACE`].
    ///
    /// # Errors
    /// [`Error::Behind`] with the position reached.
    pub async fn at_least(
        &self,
        log_index: i64,
        registry_position: i64,
    ) -> Result<(Arc<Facts>, Arc<Directory>), Error> {
        let mut current = self.current.subscribe();
        let facts = async {
            let reached = current.wait_for(|facts| facts.position >= log_index);
            matches!(tokio::time::timeout(GRACE, reached).await, Ok(Ok(_)))
        };
        let (facts, directory) = tokio::join!(facts, self.follower.at_least(registry_position));
        if !facts {
            let reached = self.current.borrow().position;
            return Err(Error::Behind {
                feed: "journal",
                wanted: log_index,
                reached,
            });
        }
        directory.map_err(|Behind { wanted, reached }| Error::Behind {
            feed: "registry",
            wanted,
            reached,
        })?;
        // Both are taken anew, in the order that makes them fit.
        Ok(self.now())
    }

    /// The directory as it was known at a position, which is not waited for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn past_directory(&self, registry_position: i64) -> Result<Arc<Directory>, Error> {
        let directory = changes::fold_until(self.store.reader(), registry_position).await?;
        Ok(Arc::new(directory))
    }

    /// The facts as they were known at a position, read against a past directory: only those of events that begin within
    /// one of these stretches of days, both ends inclusive.
    ///
    /// # Errors
    /// A rule if the directory is older than what the facts name; [`Error::Store`].
    pub async fn past_facts(
        &self,
        log_index: i64,
        directory: &Directory,
        days: &[(Date, Date)],
    ) -> Result<Arc<Facts>, Error> {
        let epoch = self.current.borrow().epoch;
        match load::rebuild(&self.store, directory, epoch, log_index, Some(days)).await {
            Ok(facts) => Ok(Arc::new(facts)),
            Err(store::Error::Damaged(why)) => {
                tracing::debug!(why, "a past state cannot be computed");
                let description = format!(
                    "at log position {log_index} there are records that the registry at position {} does not know",
                    directory.position()
                );
                Err(Error::rule(
                    rule::POSITION_NOT_KNOWN,
                    "known_registry_position",
                    description,
                ))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The events that wait to be approved, as their newest revisions have them.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn waiting(&self) -> Result<Vec<pb::Event>, Error> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let rows = stored::read_waiting(self.store.reader(), after).await?;
            let Some(last) = rows.last() else { return Ok(events) };
            after = last.log_index;
            for row in rows {
                events.extend(row.decode()?.event);
            }
        }
    }

    /// The events that count and begin on one of these days, as their counting revisions have them.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn counted(&self, start: Date, end: Date) -> Result<Vec<pb::Event>, Error> {
        let position = self.current.borrow().position;
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let rows = stored::read_standing(self.store.reader(), after, position, Some(&[(start, end)])).await?;
            let Some(last) = rows.last() else { return Ok(events) };
            after = last.log_index;
            for row in rows.into_iter().filter(|row| row.did_count(position)) {
                let event = row.decode()?.event;
                events.extend(event.filter(|event| event.phase() == pb::Phase::Held));
            }
        }
    }

    /// How other books name events, by the positions of their revisions. Few ask, so it does not stand in memory.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn references(&self, log_indexes: &[i64]) -> Result<HashMap<i64, String>, Error> {
        let rows = stored::read_these(self.store.reader(), log_indexes).await?;
        let mut references = HashMap::new();
        for row in rows {
            let reference = row.decode()?.event.and_then(|event| event.external_reference);
            references.extend(reference.map(|known| (row.log_index, known.reference)));
        }
        Ok(references)
    }

    fn publish(&self, facts: Facts) {
        self.current.send_replace(Arc::new(facts));
    }
}

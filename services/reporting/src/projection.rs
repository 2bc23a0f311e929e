//! The projection: what the feeds have told so far, stored and in memory, and how far that is.
//!
//! It owns the way from a revision of the feed to a fact. What facts add up to is not known here.

mod reader;
#[cfg(test)]
pub mod tests;

pub use reader::Reader;

use std::{sync::Arc, time::Instant};

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::{Behind, Directory, Follower, GRACE, changes};
use banggiao_model::date::Date;
use banggiao_store::{self as store, Store, cursor};
use tokio::sync::watch;

use crate::{
    domain::{
        Error,
        book::Book,
        fact,
        facts::{Facts, Index},
        rule,
    },
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
    heard: watch::Sender<Option<Instant>>,
}

impl Projection {
    /// Rebuilds the memory from the facts. The book is for the one reader of the feed.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn open(store: Store, follower: Follower) -> Result<(Arc<Self>, Book), store::Error> {
        let position = cursor::read(store.reader(), FEED).await?;
        let (facts, book) = rebuild(&store, &follower.now(), position.epoch, position.position, None).await?;
        let current = watch::Sender::new(Arc::new(facts));
        Ok((
            Arc::new(Self {
                store,
                follower,
                current,
                heard: watch::Sender::new(None),
            }),
            book,
        ))
    }

    /// The registry as it is followed here.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The directory as it is known here now.
    pub fn directory(&self) -> Arc<Directory> {
        self.follower.now()
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
        match rebuild(&self.store, directory, epoch, log_index, Some(days)).await {
            Ok((facts, _)) => Ok(Arc::new(facts)),
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

    /// When the journal was heard last, if it was since the start.
    pub fn journal_heard(&self) -> Option<Instant> {
        *self.heard.borrow()
    }

    fn publish(&self, facts: Facts) {
        self.current.send_replace(Arc::new(facts));
    }
}

/// The facts as of a position, from the store: all, or those of some days.
async fn rebuild(
    store: &Store,
    directory: &Directory,
    epoch: i64,
    position: i64,
    days: Option<&[(Date, Date)]>,
) -> Result<(Facts, Book), store::Error> {
    let (mut facts, mut book) = (Facts::at(epoch, position), Book::default());
    let mut after = 0;
    loop {
        let rows = stored::read_standing(store.reader(), after, position, days).await?;
        let Some(last) = rows.last() else {
            return Ok((facts, book));
        };
        after = last.log_index;
        for row in &rows {
            let fact = fact::read(&row.decode()?, directory.hierarchy(), &mut facts.symbols);
            let fact = Arc::new(fact.map_err(store::Error::Damaged)?);
            let standing = [
                (row.was_newest(position), Index::Newest),
                (row.did_count(position), Index::Counted),
            ];
            for (_, index) in standing.into_iter().filter(|(stands, _)| *stands) {
                book.put(&mut facts, &fact, index);
            }
        }
    }
}

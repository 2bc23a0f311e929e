//! The projection: what the feeds have told so far, stored and in memory, and how far that is.
//!
//! It owns the way from a revision of the feed to a fact. What facts add up to is not known here.

mod reader;
#[cfg(test)]
pub mod tests;

pub use reader::Reader;

use std::sync::Arc;

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

    /// Facts and directory as they were known at two positions, the facts only of events that begin within one of these
    /// stretches of days, both ends inclusive. Positions that are not reached yet are waited for.
    ///
    /// # Errors
    /// [`Error::Behind`] with the position reached; [`Error::Store`].
    pub async fn past(
        &self,
        log_index: i64,
        registry_position: i64,
        days: &[(Date, Date)],
    ) -> Result<(Arc<Facts>, Arc<Directory>), Error> {
        let (facts, _) = self.at_least(log_index, registry_position).await?;
        let directory = changes::fold_until(self.store.reader(), registry_position).await?;
        let (facts, _) = rebuild(&self.store, &directory, facts.epoch, log_index, Some(days)).await?;
        Ok((Arc::new(facts), Arc::new(directory)))
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

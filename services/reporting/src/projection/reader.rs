//! The reader of the journal's feed: each message becomes facts, stored together with the new position, and only then
//! visible to figures.

use std::{sync::Arc, time::Instant};

use banggiao_contracts::journal::v1::{self as pb, event_feed_service_client::EventFeedServiceClient};
use banggiao_directory::Behind;
use banggiao_rpc::{channel::Authorized, feed};
use banggiao_store::{self as store, cursor};
use tonic::{Status, Streaming};

use super::{FEED, Projection, rebuild};
use crate::{
    domain::{
        book::{Book, Ended},
        fact::{self, Fact},
    },
    store::fact as stored,
};

/// Why a message could not be applied. The feed is then opened again from what is stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A revision was authorised at a registry position that is not known here yet.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// A revision does not follow on the one before, or does not read.
    #[error("{0}")]
    Damaged(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The one reader of the journal's feed.
pub struct Reader {
    projection: Arc<Projection>,
    book: Book,
    journal: EventFeedServiceClient<Authorized>,
    /// The memory may differ from what is stored: a transaction failed, or nobody knows whether it did.
    doubtful: bool,
}

impl Reader {
    /// The reader of a projection, with the book that was made with it.
    pub fn new(projection: Arc<Projection>, book: Book, journal: EventFeedServiceClient<Authorized>) -> Self {
        Self {
            projection,
            book,
            journal,
            doubtful: false,
        }
    }

    /// Stores the revisions as facts together with the new position, then shows them.
    ///
    /// # Errors
    /// Nothing is shown then, and the next opening begins with what is stored.
    pub async fn enter(&mut self, message: pb::WatchEventsResponse) -> Result<(), Error> {
        if let Some(kept) = message.truncated_to {
            self.forget(kept).await?;
        }
        let (revisions, recoveries) = (message.revisions, message.recoveries);
        let Some(end) = end(&revisions, &recoveries) else {
            return Ok(());
        };
        // A unit that the registry has just recorded may be named before its change has arrived here.
        let registry_position = revisions.iter().filter_map(|revision| revision.event.as_ref());
        let registry_position = registry_position
            .map(|event| event.registry_position)
            .max()
            .unwrap_or_default();
        let directory = self.projection.follower.at_least(registry_position).await?;

        let mut facts = (**self.projection.current.borrow()).clone();
        let expected = facts.position;
        let read = |revision| fact::read(revision, directory.hierarchy(), &mut facts.symbols).map(Arc::new);
        let entries: Vec<Arc<Fact>> = revisions
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(Error::Damaged)?;
        check_order(expected, &entries, &recoveries)?;

        self.doubtful = true;
        let ended: Vec<Ended> = entries.iter().map(|entry| self.book.enter(&mut facts, entry)).collect();
        (facts.epoch, facts.position) = (end.epoch, end.log_index);
        let rows = revisions
            .iter()
            .zip(&entries)
            .map(|(revision, entry)| stored::row(revision, entry));
        self.append(rows.collect(), ended, expected, end).await?;
        self.projection.publish(facts);
        self.doubtful = false;
        Ok(())
    }

    async fn append(
        &self,
        rows: Vec<stored::Model>,
        ended: Vec<Ended>,
        expected: i64,
        end: pb::LogPosition,
    ) -> Result<(), store::Error> {
        let written = Arc::new((rows, ended));
        self.projection
            .store
            .tx("fact.append", move |tx| {
                let written = Arc::clone(&written);
                async move {
                    cursor::advance(&tx, FEED, expected, end.epoch, end.log_index).await?;
                    stored::append(&tx, &written.0, &written.1).await
                }
            })
            .await
    }

    /// Forgets what the journal gave up when it was recovered from an older state: figures count it no more.
    async fn forget(&mut self, kept: pb::LogPosition) -> Result<(), Error> {
        let expected = self.projection.current.borrow().position;
        if kept.log_index >= expected {
            return Ok(());
        }
        let after = kept.log_index;
        tracing::warn!(
            after,
            expected,
            "the journal was recovered from an older state; what came after it is forgotten"
        );
        self.doubtful = true;
        self.projection
            .store
            .tx("fact.forget", move |tx| async move {
                cursor::advance(&tx, FEED, expected, kept.epoch, kept.log_index).await?;
                stored::forget_after(&tx, kept.log_index).await
            })
            .await?;
        Ok(self.restore().await?)
    }

    /// Begins again with what is stored, which another process may have moved on.
    pub(super) async fn restore(&mut self) -> Result<(), store::Error> {
        let stored = cursor::read(self.projection.store.reader(), FEED).await?;
        let directory = self.projection.directory();
        let (facts, book) = rebuild(&self.projection.store, &directory, stored.epoch, stored.position, None).await?;
        self.book = book;
        self.projection.publish(facts);
        self.doubtful = false;
        Ok(())
    }
}

impl feed::Reader for Reader {
    type Message = pb::WatchEventsResponse;
    type Error = Error;

    async fn open(&mut self) -> Result<Streaming<Self::Message>, Status> {
        if self.doubtful {
            self.restore()
                .await
                .map_err(|error| Status::unavailable(error.to_string()))?;
        }
        let after = {
            let facts = self.projection.current.borrow();
            Some(pb::LogPosition {
                epoch: facts.epoch,
                log_index: facts.position,
            })
        };
        Ok(self
            .journal
            .watch_events(pb::WatchEventsRequest { after })
            .await?
            .into_inner())
    }

    async fn apply(&mut self, message: Self::Message) -> Result<(), Error> {
        self.enter(message).await?;
        self.projection.heard.send_replace(Some(Instant::now()));
        Ok(())
    }
}

/// Where a message leaves the log; nothing if it has no entries.
fn end(revisions: &[pb::EventRevision], recoveries: &[pb::LedgerRecovery]) -> Option<pb::LogPosition> {
    let revision = revisions.last().map(|revision| pb::LogPosition {
        epoch: revision.epoch,
        log_index: revision.event.as_ref().map_or(0, |event| event.log_index),
    });
    let recovery = recoveries.last().map(|recovery| pb::LogPosition {
        epoch: recovery.epoch,
        log_index: recovery.log_index,
    });
    revision.into_iter().chain(recovery).max_by_key(|end| end.log_index)
}

/// The journal's positions have no gaps: one would mean that a revision was lost for ever.
fn check_order(after: i64, entries: &[Arc<Fact>], recoveries: &[pb::LedgerRecovery]) -> Result<(), Error> {
    let mut recoveries = recoveries.iter().map(|recovery| recovery.log_index).peekable();
    let mut expected = after;
    for position in entries.iter().map(|entry| entry.log_index) {
        expected += 1;
        while recoveries.next_if_eq(&expected).is_some() {
            expected += 1;
        }
        if position != expected {
            let why = format!("entry {position} came where {expected} was expected");
            return Err(Error::Damaged(why));
        }
    }
    while recoveries.next_if_eq(&(expected + 1)).is_some() {
        expected += 1;
    }
    match recoveries.next() {
        None => Ok(()),
        Some(position) => Err(Error::Damaged(format!(
            "entry {position} came where {} was expected",
            expected + 1
        ))),
    }
}

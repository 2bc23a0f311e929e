//! The reader of the journal's feed: each message becomes facts, stored together with the new position and digest, and
//! only then visible to figures.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use banggiao_contracts::journal::v1::{self as pb, event_feed_service_client::EventFeedServiceClient};
use banggiao_directory::Behind;
use banggiao_rpc::{channel::Authorized, feed};
use banggiao_store::{self as store, cursor};
use tonic::{Status, Streaming};

use super::{FEED, Projection, order, shared};
use crate::{
    domain::{
        book::Ended,
        fact::{self, Fact},
        facts::Facts,
    },
    store::{digest, fact as stored, report::entry, standing},
};

/// An entry that does not read is tried again so often.
const STANDSTILL: Duration = Duration::from_secs(1);

/// Why a message could not be applied. The feed is then opened again from what is shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A revision was authorised at a registry position that is not known here yet.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// A revision does not follow on the one before, or does not read. Nothing after it is taken.
    #[error("{0}")]
    Damaged(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The one reader of the journal's feed.
pub struct Reader {
    projection: Arc<Projection>,
    journal: EventFeedServiceClient<Authorized>,
    /// Up to here another process was faster: what the feed tells of it once more is passed over.
    taken_over: i64,
    /// The fault at which it stands still, as it was told.
    fault: Option<String>,
}

/// What is written about a message.
struct Written {
    rows: Vec<stored::Model>,
    ended: Vec<Ended>,
    recoveries: Vec<pb::LedgerRecovery>,
    /// The position and the digest before.
    expected: (i64, String),
    end: pb::LogPosition,
    digest: String,
}

impl Reader {
    /// The reader of a projection.
    pub fn new(projection: Arc<Projection>, journal: EventFeedServiceClient<Authorized>) -> Self {
        Self {
            projection,
            journal,
            taken_over: 0,
            fault: None,
        }
    }

    /// Stores the revisions as facts together with the new position, then shows them. What another process on the same
    /// database has stored meanwhile is taken over from there.
    ///
    /// # Errors
    /// Nothing is shown then, and the next opening begins with what is shown.
    pub async fn enter(&mut self, mut message: pb::WatchEventsResponse) -> Result<(), Error> {
        let projection = Arc::clone(&self.projection);
        let _turn = projection.turn.lock().await;
        if let Some(kept) = message.truncated_to {
            self.forget(kept).await?;
        }
        loop {
            order::pass_over(&mut message, self.taken_over);
            let before = self.projection.current.borrow().position;
            match self.append(&message).await {
                Err(Error::Store(moved @ store::Error::CursorMoved(_))) => {
                    shared::take_over(&self.projection).await?;
                    let position = self.projection.current.borrow().position;
                    if position <= before {
                        // What comes next in this stream does not follow on what is shown now.
                        return Err(moved.into());
                    }
                    self.taken_over = position;
                }
                outcome => return outcome,
            }
        }
    }

    async fn append(&self, message: &pb::WatchEventsResponse) -> Result<(), Error> {
        let Some(end) = order::end(message) else {
            return Ok(());
        };
        // A unit that the registry has just recorded may be named before its change has arrived here.
        let registry_position = order::registry_position(&message.revisions);
        let directory = self.projection.follower.at_least(registry_position).await?;
        let mut facts = (**self.projection.current.borrow()).clone();
        let expected = (facts.position, facts.digest.to_string());
        let read = |revision| fact::read(revision, directory.hierarchy(), &mut facts.symbols);
        let entries: Result<Vec<Fact>, _> = message.revisions.iter().map(read).collect();
        let entries = entries.map_err(Error::Damaged)?;
        order::check(facts.position, message).map_err(Error::Damaged)?;

        let mut book = shared::book(&self.projection.store, &entries, facts.position).await?;
        let ended = entries.iter().map(|entry| book.enter(&mut facts, entry)).collect();
        (facts.epoch, facts.position) = (end.epoch, end.log_index);
        let revisions = message.revisions.iter().zip(&entries);
        let rows = revisions.map(|(revision, entry)| stored::row(revision, entry));
        let written = Written {
            rows: rows.collect(),
            ended,
            recoveries: message.recoveries.clone(),
            expected,
            end,
            digest: facts.digest.to_string(),
        };
        self.write(written).await?;
        self.projection.publish(facts);
        Ok(())
    }

    async fn write(&self, written: Written) -> Result<(), store::Error> {
        let written = Arc::new(written);
        self.projection
            .store
            .tx("fact.append", move |tx| {
                let written = Arc::clone(&written);
                async move {
                    let (position, digest) = &written.expected;
                    cursor::advance(&tx, FEED, *position, written.end.epoch, written.end.log_index).await?;
                    digest::advance(&tx, FEED, digest, &written.digest).await?;
                    for recovery in &written.recoveries {
                        entry::forget(&tx, recovery).await?;
                    }
                    stored::append(&tx, &written.rows, &written.ended).await
                }
            })
            .await
    }

    /// Forgets what the journal gave up when it was recovered from an older state: figures count it no more.
    async fn forget(&mut self, kept: pb::LogPosition) -> Result<(), Error> {
        let facts = Arc::clone(&self.projection.current.borrow());
        if kept.log_index >= facts.position {
            return Ok(());
        }
        tracing::warn!(
            after = kept.log_index,
            expected = facts.position,
            "the journal was recovered from an older state; what came after it is forgotten"
        );
        let forgotten = self.projection.store.tx("fact.forget", move |tx| {
            let facts = Arc::clone(&facts);
            async move {
                cursor::advance(&tx, FEED, facts.position, kept.epoch, kept.log_index).await?;
                let digest = recounted(&facts, standing::recounted(&tx, kept.log_index).await?)?;
                digest::advance(&tx, FEED, &facts.digest.to_string(), &digest).await?;
                stored::forget_after(&tx, kept.log_index).await
            }
        });
        match forgotten.await {
            // If another process was faster, what it left is what is shown.
            Ok(()) | Err(store::Error::CursorMoved(_)) => shared::take_over(&self.projection).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Takes note of how a message ended: a fault stops the projection until something was applied again.
    fn note(&mut self, outcome: &Result<(), Error>, moved: bool, head: Option<pb::LogPosition>) {
        let position = self.projection.current.borrow().position;
        if let Some(head) = head {
            self.projection.head.send_replace(head.log_index);
        }
        match outcome {
            Err(Error::Damaged(_)) => {
                self.projection
                    .goes_on
                    .send_if_modified(|goes_on| std::mem::replace(goes_on, false));
            }
            Err(Error::Behind(_) | Error::Store(_)) => {}
            Ok(()) => {
                let lag = head.map_or(0, |head| head.log_index - position);
                if moved || lag <= 0 {
                    self.fault = None;
                    self.projection
                        .goes_on
                        .send_if_modified(|goes_on| !std::mem::replace(goes_on, true));
                }
                if lag > 0 {
                    tracing::debug!(position, lag, "the journal is ahead");
                } else if head.is_some() {
                    self.projection.heard.send_replace(Some(Instant::now()));
                }
            }
        }
    }
}

/// The digest once some revisions count no more and others count again.
fn recounted(facts: &Facts, [gone, again]: [Vec<standing::Row>; 2]) -> Result<String, store::Error> {
    let mut digest = facts.digest;
    for row in &gone {
        let placed = row.placed()?;
        digest.remove(&row.event_id, placed.revision, placed.log_index);
    }
    for row in &again {
        let placed = row.placed()?;
        digest.add(&row.event_id, placed.revision, placed.log_index);
    }
    Ok(digest.to_string())
}

impl feed::Reader for Reader {
    type Message = pb::WatchEventsResponse;
    type Error = Error;

    async fn open(&mut self) -> Result<Streaming<Self::Message>, Status> {
        if !*self.projection.goes_on.borrow() {
            tokio::time::sleep(STANDSTILL).await;
        }
        self.taken_over = 0;
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
        let (head, before) = (message.head, self.projection.current.borrow().position);
        let outcome = self.enter(message).await;
        let moved = self.projection.current.borrow().position != before;
        self.note(&outcome, moved, head);
        outcome
    }

    fn told(&mut self, error: &Error) -> bool {
        let Error::Damaged(fault) = error else { return false };
        self.fault.replace(fault.clone()).is_some_and(|told| told == *fault)
    }
}

//! The stream of an explanation: records in batches, each shown only to a caller who may still read it.

use std::{collections::HashMap, sync::Arc, vec};

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::hierarchy::Hierarchy;
use banggiao_rpc::identity::Caller;
use tokio_stream::Stream;
use tonic::Status;

use super::{Calls, DOMAIN, answer, refuse};
use crate::domain::figure::{Contribution, Difference, Reach, Record};

/// So many records are sent at once.
const BATCH: usize = 200;

/// How other books name events, by the positions of their revisions.
type References = HashMap<i64, String>;

/// A record of a stream, and the messages in which it travels.
pub trait Row: Send + Sync + 'static {
    /// The stream's message.
    type Message: Default + Send;

    /// Whether the caller may read it.
    fn readable(&self, reach: &Reach) -> bool;
    /// The position of the revision that is shown, if it is of an event.
    fn position(&self) -> Option<i64>;
    /// Puts rows into a message.
    fn fill(message: &mut Self::Message, rows: &[Self], hierarchy: &Hierarchy, references: &References)
    where
        Self: Sized;
}

impl Row for Contribution {
    type Message = pb::ExplainFigureResponse;

    fn readable(&self, reach: &Reach) -> bool {
        reach.allows(self.record.record())
    }

    fn position(&self) -> Option<i64> {
        match self.record.record() {
            Record::Event(fact) => Some(fact.log_index()),
            Record::Agreement(..) => None,
        }
    }

    fn fill(message: &mut Self::Message, rows: &[Self], hierarchy: &Hierarchy, references: &References) {
        let told = rows.iter().map(|one| pb::Contribution {
            reference: reference(one, references),
            ..answer::contribution(hierarchy, one)
        });
        message.contributions = told.collect();
    }
}

impl Row for Difference {
    type Message = pb::ExplainDifferenceResponse;

    fn readable(&self, reach: &Reach) -> bool {
        let sides = self.before.iter().chain(&self.after);
        sides.into_iter().all(|side| side.readable(reach))
    }

    fn position(&self) -> Option<i64> {
        self.newest().and_then(Row::position)
    }

    fn fill(message: &mut Self::Message, rows: &[Self], hierarchy: &Hierarchy, references: &References) {
        let told = rows.iter().map(|one| pb::Difference {
            reference: one.newest().map(|one| reference(one, references)).unwrap_or_default(),
            ..answer::difference(hierarchy, one)
        });
        message.differences = told.collect();
    }
}

fn reference(one: &Contribution, references: &References) -> String {
    let known = one.position().and_then(|position| references.get(&position));
    known.cloned().unwrap_or_default()
}

/// The messages of an explanation, made as they are sent.
pub struct Batches<R: Row> {
    calls: Calls,
    caller: Caller,
    /// The directory that names the units and was decided on last.
    directory: Arc<Directory>,
    reach: Reach,
    rows: vec::IntoIter<R>,
    /// What the first message carries; taken when it is sent.
    first: Option<R::Message>,
}

impl<R: Row> Batches<R> {
    /// The stream that begins with this message.
    pub fn new(
        calls: Calls,
        caller: Caller,
        (directory, reach): (Arc<Directory>, Reach),
        first: R::Message,
        rows: Vec<R>,
    ) -> Self {
        Self {
            calls,
            caller,
            directory,
            reach,
            rows: rows.into_iter(),
            first: Some(first),
        }
    }

    /// Whether the caller may still read these: a slow reader may have lost a grant, or a unit may have moved, since
    /// the figure was computed.
    fn readable(&mut self, batch: &[R]) -> bool {
        let now = self.calls.projection.directory();
        if now.position() != self.directory.position() {
            self.reach = self.calls.reach(&now, &self.caller);
            self.directory = now;
        }
        batch.iter().all(|row| row.readable(&self.reach))
    }

    /// The stream of the messages.
    pub fn stream(mut self) -> impl Stream<Item = Result<R::Message, Status>> + Send {
        async_stream::stream! {
            while let Some(message) = self.next().await {
                yield message;
            }
        }
    }

    async fn next(&mut self) -> Option<Result<R::Message, Status>> {
        let batch: Vec<R> = self.rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return self.first.take().map(Ok);
        }
        let events: Vec<i64> = batch.iter().filter_map(Row::position).collect();
        let references = self.calls.projection.references(&events).await.map_err(refuse);
        let allowed = match self.calls.auth.still(&self.caller) {
            Ok(()) if self.readable(&batch) => references,
            Ok(()) => Err(DOMAIN.denied()),
            Err(status) => Err(status),
        };
        let references = match allowed {
            Ok(references) => references,
            Err(status) => {
                (self.rows, self.first) = (Vec::new().into_iter(), None);
                return Some(Err(status));
            }
        };
        let mut message = self.first.take().unwrap_or_default();
        R::fill(&mut message, &batch, self.directory.hierarchy(), &references);
        Some(Ok(message))
    }
}

//! The stream of an explanation: records in batches, each shown only to a caller who may still read it.

use std::{sync::Arc, vec};

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::hierarchy::Hierarchy;
use banggiao_rpc::identity::Caller;
use tonic::Status;

use super::{Calls, DOMAIN, answer};
use crate::domain::figure::{Contribution, Difference, Reach};

/// So many records are sent at once.
const BATCH: usize = 200;

/// A record of a stream, and the messages in which it travels.
pub trait Row {
    /// The stream's message.
    type Message: Default;

    /// Whether the caller may read it.
    fn readable(&self, reach: &Reach) -> bool;
    /// Puts rows into a message.
    fn fill(message: &mut Self::Message, rows: &[Self], hierarchy: &Hierarchy)
    where
        Self: Sized;
}

impl Row for Contribution {
    type Message = pb::ExplainFigureResponse;

    fn readable(&self, reach: &Reach) -> bool {
        reach.allows(self.record.record())
    }

    fn fill(message: &mut Self::Message, rows: &[Self], hierarchy: &Hierarchy) {
        message.contributions = rows.iter().map(|one| answer::contribution(hierarchy, one)).collect();
    }
}

impl Row for Difference {
    type Message = pb::ExplainDifferenceResponse;

    fn readable(&self, reach: &Reach) -> bool {
        let sides = self.before.iter().chain(&self.after);
        sides.into_iter().all(|side| side.readable(reach))
    }

    fn fill(message: &mut Self::Message, rows: &[Self], hierarchy: &Hierarchy) {
        message.differences = rows.iter().map(|one| answer::difference(hierarchy, one)).collect();
    }
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
}

impl<R: Row> Iterator for Batches<R> {
    type Item = Result<R::Message, Status>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch: Vec<R> = self.rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return self.first.take().map(Ok);
        }
        let still = self.calls.auth.still(&self.caller);
        let refused = match still {
            Ok(()) if self.readable(&batch) => None,
            Ok(()) => Some(DOMAIN.denied()),
            Err(status) => Some(status),
        };
        if let Some(status) = refused {
            (self.rows, self.first) = (Vec::new().into_iter(), None);
            return Some(Err(status));
        }
        let mut message = self.first.take().unwrap_or_default();
        R::fill(&mut message, &batch, self.directory.hierarchy());
        Some(Ok(message))
    }
}

//! The stream of an explanation: contributions in batches, each shown only to a caller who may still read it.

use std::{sync::Arc, vec};

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_rpc::identity::Caller;
use tonic::Status;

use super::{Calls, DOMAIN, answer};
use crate::domain::figure::{Contribution, Reach};

/// So many contributions are sent at once.
const BATCH: usize = 200;

/// The messages of an explanation, made as they are sent.
pub struct Batches {
    calls: Calls,
    caller: Caller,
    /// The directory that names the units and was decided on last.
    directory: Arc<Directory>,
    reach: Reach,
    contributions: vec::IntoIter<Contribution>,
    /// What the first message carries; taken when it is sent.
    first: Option<pb::ExplainFigureResponse>,
}

impl Batches {
    /// The stream that begins with this message.
    pub fn new(
        calls: Calls,
        caller: Caller,
        directory: Arc<Directory>,
        reach: Reach,
        first: pb::ExplainFigureResponse,
        contributions: Vec<Contribution>,
    ) -> Self {
        Self {
            calls,
            caller,
            directory,
            reach,
            contributions: contributions.into_iter(),
            first: Some(first),
        }
    }

    /// Whether the caller may still read these: a slow reader may have lost a grant, or a unit may have moved, since
    /// the figure was computed.
    fn readable(&mut self, batch: &[Contribution]) -> bool {
        let now = self.calls.projection.directory();
        if now.position() != self.directory.position() {
            self.reach = self.calls.reach(&now, &self.caller);
            self.directory = now;
        }
        batch
            .iter()
            .all(|contribution| self.reach.allows(contribution.record.record()))
    }
}

impl Iterator for Batches {
    type Item = Result<pb::ExplainFigureResponse, Status>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch: Vec<Contribution> = self.contributions.by_ref().take(BATCH).collect();
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
            (self.contributions, self.first) = (Vec::new().into_iter(), None);
            return Some(Err(status));
        }
        let mut message = self.first.take().unwrap_or_default();
        let hierarchy = self.directory.hierarchy();
        message.contributions = batch.iter().map(|one| answer::contribution(hierarchy, one)).collect();
        Some(Ok(message))
    }
}

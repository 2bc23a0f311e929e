//! The stream of an explanation: contributions in batches, each shown only to a caller who may still read it.

use std::{collections::HashMap, sync::Arc, vec};

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_rpc::identity::Caller;
use tokio_stream::Stream;
use tonic::Status;

use super::{Calls, DOMAIN, answer, refuse};
use crate::domain::figure::{Contribution, Reach, Record};

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

    /// The stream of the messages.
    pub fn stream(mut self) -> impl Stream<Item = Result<pb::ExplainFigureResponse, Status>> + Send {
        async_stream::stream! {
            while let Some(message) = self.next().await {
                yield message;
            }
        }
    }

    /// How other books name the events of a batch.
    async fn references(&self, batch: &[Contribution]) -> Result<HashMap<i64, String>, Status> {
        let events = batch.iter().filter_map(|one| match one.record.record() {
            Record::Event(fact) => Some(fact.log_index()),
            Record::Agreement(..) => None,
        });
        let events: Vec<i64> = events.collect();
        self.calls.projection.references(&events).await.map_err(refuse)
    }

    async fn next(&mut self) -> Option<Result<pb::ExplainFigureResponse, Status>> {
        let batch: Vec<Contribution> = self.contributions.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return self.first.take().map(Ok);
        }
        let references = self.references(&batch).await;
        let still = self.calls.auth.still(&self.caller);
        let allowed = match still {
            Ok(()) if self.readable(&batch) => references,
            Ok(()) => Err(DOMAIN.denied()),
            Err(status) => Err(status),
        };
        let mut references = match allowed {
            Ok(references) => references,
            Err(status) => {
                (self.contributions, self.first) = (Vec::new().into_iter(), None);
                return Some(Err(status));
            }
        };
        let mut message = self.first.take().unwrap_or_default();
        let hierarchy = self.directory.hierarchy();
        let told = batch.iter().map(|one| {
            let mut told = answer::contribution(hierarchy, one);
            if let Record::Event(fact) = one.record.record() {
                told.reference = references.remove(&fact.log_index()).unwrap_or_default();
            }
            told
        });
        message.contributions = told.collect();
        Some(Ok(message))
    }
}

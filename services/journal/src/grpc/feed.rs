//! `EventFeedService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::journal::v1::{self as pb, event_feed_service_server::EventFeedService};
use banggiao_directory::Stale;
use banggiao_ledger::Kind;
use banggiao_model::permission::{Action, Classification, Role};
use banggiao_rpc::{
    Violations, feed,
    identity::{Authenticate, Caller},
    wire,
};
use prost::Message as _;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, status::refuse};
use crate::{
    domain::{Error, checked},
    journal::Journal,
    ledger,
    store::revision,
};

#[tonic::async_trait]
impl EventFeedService for Calls {
    type WatchEventsStream = Pin<Box<dyn Stream<Item = Result<pb::WatchEventsResponse, Status>> + Send>>;

    /// The head says only how much there is, so every principal may ask, to pass it on as a minimum position.
    async fn get_head(&self, request: Request<pb::GetHeadRequest>) -> Result<Response<pb::LogPosition>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let head = *self.journal.watch_head().borrow();
        Ok(Response::new(position(head)))
    }

    async fn watch_events(
        &self,
        request: Request<pb::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let authorized = self.authorize(&request, Action::ReadFeed).await?;
        let after = request.into_inner().after.unwrap_or_default();
        let mut violations = Violations::new();
        wire::position(after.log_index, "after.log_index", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let head = self.journal.watch_head();
        let kept = self.kept(after).await.map_err(refuse)?;
        let source = Entries {
            journal: Arc::clone(&self.journal),
            auth: self.auth.clone(),
            caller: authorized.caller,
            truncated_to: kept,
        };
        // What is after an epoch that the log does not know is still to come.
        let after = match after.epoch > head.borrow().epoch {
            true => i64::MAX,
            false => kept.unwrap_or(after).log_index,
        };
        Ok(Response::new(Box::pin(feed::serve(
            source,
            after,
            head,
            self.shutdown.clone(),
        ))))
    }
}

fn position(head: feed::Head) -> pb::LogPosition {
    pb::LogPosition {
        epoch: head.epoch,
        log_index: head.position,
    }
}

impl Calls {
    /// Up to where the log still holds what a reader has who stands in an epoch that is over, if it has more than that. A
    /// reader that names no epoch is taken to stand in this one.
    async fn kept(&self, after: pb::LogPosition) -> Result<Option<pb::LogPosition>, Error> {
        if after.epoch == 0 || after.epoch >= self.journal.watch_head().borrow().epoch {
            return Ok(None);
        }
        let recoveries = revision::recoveries(self.journal.store().reader()).await?;
        let later = recoveries.iter().filter(|recovery| recovery.epoch > after.epoch);
        let kept = later.map(|recovery| recovery.log_index - 1).min();
        Ok(kept
            .filter(|kept| *kept < after.log_index)
            .map(|log_index| pb::LogPosition {
                epoch: after.epoch,
                log_index,
            }))
    }
}

/// One entry of the log on its way.
enum Entry {
    Revision(Box<pb::EventRevision>),
    Recovery(pb::LedgerRecovery),
    /// It tells of no event.
    Other(pb::LogPosition),
}

impl Entry {
    fn of(model: &revision::Model) -> Result<Self, Error> {
        match Kind::from_number(u8::try_from(model.kind).unwrap_or_default()) {
            Some(Kind::EventRevision) => Ok(Self::Revision(Box::new(model.decode()?))),
            Some(Kind::Recovery) => Ok(Self::Recovery(ledger::recovery(model)?)),
            Some(Kind::KeyChange | Kind::Reorganization | Kind::Report) => Ok(Self::Other(pb::LogPosition {
                epoch: model.epoch,
                log_index: model.log_index,
            })),
            None => Err(Error::Broken(format!(
                "entry {} is of kind {}",
                model.log_index, model.kind
            ))),
        }
    }
}

struct Entries {
    journal: Arc<Journal>,
    auth: Authenticate,
    caller: Caller,
    truncated_to: Option<pb::LogPosition>,
}

impl feed::Source for Entries {
    type Entry = Entry;
    type Message = pb::WatchEventsResponse;

    async fn read(&self, after: i64, limit: u64) -> Result<Vec<Entry>, Status> {
        let read = async {
            let models = revision::after(self.journal.store().reader(), after, limit).await?;
            models.iter().map(Entry::of).collect::<Result<_, Error>>()
        };
        read.await.map_err(refuse)
    }

    /// The feed carries everything, so it takes a grant for everything, at every moment.
    fn may_read(&self) -> Result<(), Status> {
        self.auth.still(&self.caller)?;
        let directory = self.journal.follower().now();
        // Our own services read on: what they show of it they decide themselves, and by the same rule.
        let mut grants = directory.grants_of(&self.caller.principal).iter();
        if !grants.any(|grant| grant.role == Role::Service) && !self.journal.follower().is_fresh() {
            return Err(refuse(Stale.into()));
        }
        let scope = self.journal.scope(&self.caller, Action::ReadFeed, &directory);
        if scope.allows(&[], Classification::TopSecret) {
            Ok(())
        } else {
            Err(DOMAIN.denied())
        }
    }

    fn bytes(entry: &Entry) -> usize {
        match entry {
            Entry::Revision(revision) => revision.encoded_len(),
            Entry::Recovery(recovery) => recovery.encoded_len(),
            Entry::Other(position) => position.encoded_len(),
        }
    }

    fn message(&self, entries: Vec<Entry>, head: feed::Head) -> pb::WatchEventsResponse {
        let mut message = pb::WatchEventsResponse {
            head: Some(position(head)),
            ..pb::WatchEventsResponse::default()
        };
        for entry in entries {
            match entry {
                Entry::Revision(revision) => message.revisions.push(*revision),
                Entry::Recovery(recovery) => message.recoveries.push(recovery),
                Entry::Other(position) => message.other_entries.push(position),
            }
        }
        message
    }

    fn first(&self, head: feed::Head) -> pb::WatchEventsResponse {
        pb::WatchEventsResponse {
            truncated_to: self.truncated_to,
            ..self.message(Vec::new(), head)
        }
    }
}

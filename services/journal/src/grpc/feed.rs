//! `EventFeedService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::journal::v1::{self as pb, event_feed_service_server::EventFeedService};
use banggiao_directory::Stale;
use banggiao_model::permission::{Action, Classification, Role};
use banggiao_rpc::{
    Violations, feed,
    identity::{Authenticate, Caller},
    wire,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, status::refuse};
use crate::{
    domain::{Error, checked},
    journal::Journal,
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
        let source = Revisions {
            journal: Arc::clone(&self.journal),
            auth: self.auth.clone(),
            caller: authorized.caller,
        };
        let head = self.journal.watch_head();
        Ok(Response::new(Box::pin(feed::serve(
            source,
            after.log_index,
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

struct Revisions {
    journal: Arc<Journal>,
    auth: Authenticate,
    caller: Caller,
}

impl feed::Source for Revisions {
    type Entry = pb::EventRevision;
    type Message = pb::WatchEventsResponse;

    async fn read(&self, after: i64, limit: u64) -> Result<Vec<pb::EventRevision>, Status> {
        let read = async {
            let models = revision::after(self.journal.store().reader(), after, limit).await?;
            Ok::<_, Error>(models.iter().map(revision::Model::decode).collect::<Result<_, _>>()?)
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

    fn message(&self, revisions: Vec<pb::EventRevision>, head: feed::Head) -> pb::WatchEventsResponse {
        pb::WatchEventsResponse {
            revisions,
            head: Some(position(head)),
        }
    }
}

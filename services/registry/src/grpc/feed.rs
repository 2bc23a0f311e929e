//! `RegistryFeedService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::registry::v1::{self as pb, registry_feed_service_server::RegistryFeedService};
use banggiao_model::permission::Action;
use banggiao_rpc::{
    Violations, feed,
    identity::{Authenticate, Caller},
    wire,
};
use prost::Message as _;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, refuse};
use crate::{domain::checked, registry::Registry};

#[tonic::async_trait]
impl RegistryFeedService for Calls {
    type WatchChangesStream = Pin<Box<dyn Stream<Item = Result<pb::WatchChangesResponse, Status>> + Send>>;

    /// The head says only how much there is, so every principal may ask, to pass it on as a minimum position.
    async fn get_head(&self, request: Request<pb::GetHeadRequest>) -> Result<Response<pb::RegistryPosition>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let head = *self.registry.watch_head().borrow();
        Ok(Response::new(position(head)))
    }

    async fn watch_changes(
        &self,
        request: Request<pb::WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ReadFeed)?;
        let after = request.into_inner().after.unwrap_or_default();
        let mut violations = Violations::new();
        wire::position(after.position, "after.position", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let source = Changes {
            registry: Arc::clone(&self.registry),
            auth: self.auth.clone(),
            caller,
        };
        let head = self.registry.watch_head();
        Ok(Response::new(Box::pin(feed::serve(
            source,
            after.position,
            head,
            self.shutdown.clone(),
        ))))
    }
}

fn position(head: feed::Head) -> pb::RegistryPosition {
    pb::RegistryPosition {
        epoch: head.epoch,
        position: head.position,
    }
}

struct Changes {
    registry: Arc<Registry>,
    auth: Authenticate,
    caller: Caller,
}

impl feed::Source for Changes {
    type Entry = pb::Change;
    type Message = pb::WatchChangesResponse;

    async fn read(&self, after: i64, limit: u64) -> Result<Vec<pb::Change>, Status> {
        self.registry.changes_after(after, limit).await.map_err(refuse)
    }

    fn may_read(&self) -> Result<(), Status> {
        self.auth.still(&self.caller)?;
        self.registry.authorize(&self.caller, Action::ReadFeed).map_err(refuse)
    }

    fn bytes(change: &pb::Change) -> usize {
        change.encoded_len()
    }

    fn message(&self, changes: Vec<pb::Change>, head: feed::Head) -> pb::WatchChangesResponse {
        pb::WatchChangesResponse {
            changes,
            head: Some(position(head)),
        }
    }
}

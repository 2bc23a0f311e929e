//! `ImportService`.

use std::pin::Pin;

use banggiao_contracts::registry::v1::{self as pb, import_service_server::ImportService};
use banggiao_model::permission::Action;
use banggiao_rpc::{
    Violations,
    wire::{self, MAX_NAME},
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::{Calls, refuse};
use crate::{domain::checked, registry::DryRun};

/// A request holds at most so many rows.
const ROWS_MAX: usize = 1000;

#[tonic::async_trait]
impl ImportService for Calls {
    type ImportRowsStream = Pin<Box<dyn Stream<Item = Result<pb::ImportRowsResponse, Status>> + Send>>;

    async fn import_rows(
        &self,
        request: Request<Streaming<pb::ImportRowsRequest>>,
    ) -> Result<Response<Self::ImportRowsStream>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ManageRegistry)?;
        let (registry, mut requests) = (std::sync::Arc::clone(&self.registry), request.into_inner());
        let auth = self.auth.clone();
        let (sender, receiver) = tokio::sync::mpsc::channel(2);
        tokio::spawn(async move {
            let mut dry = DryRun::default();
            while let Some(request) = requests.message().await.transpose() {
                let answer = match request {
                    Ok(request) => match auth.still(&caller) {
                        Ok(()) => answer(&registry, &caller, request, &mut dry).await,
                        Err(status) => Err(status),
                    },
                    Err(status) => Err(status),
                };
                let failed = answer.is_err();
                // A caller that went away gets no answer; what was stored it will find repeated.
                if sender.send(answer).await.is_err() || failed {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(
            receiver,
        ))))
    }
}

async fn answer(
    registry: &std::sync::Arc<crate::registry::Registry>,
    caller: &banggiao_rpc::identity::Caller,
    request: pb::ImportRowsRequest,
    dry: &mut DryRun,
) -> Result<pb::ImportRowsResponse, Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    if request.source.is_empty() {
        scope.required("source");
    }
    wire::line(&request.source, MAX_NAME.min(100), "source", &mut scope);
    wire::at_most(ROWS_MAX, request.rows.len(), "rows", &mut scope);
    checked(Some(()), violations).map_err(refuse)?;
    if request.validate_only {
        let results = registry
            .check_rows(caller, &request.source, &request.rows, dry)
            .await
            .map_err(refuse)?;
        return Ok(pb::ImportRowsResponse {
            results,
            registry_position: registry.now().position(),
        });
    }
    let (results, registry_position) = registry
        .import(caller, request.source, request.rows)
        .await
        .map_err(refuse)?;
    Ok(pb::ImportRowsResponse {
        results,
        registry_position,
    })
}

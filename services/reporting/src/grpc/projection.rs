//! `ProjectionService`.

use std::{pin::Pin, sync::Arc, time::Duration};

use banggiao_contracts::reporting::v1::{self as pb, projection_service_server::ProjectionService};
use banggiao_model::permission::Action;
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, refuse};
use crate::projection::{Progress, rebuild};

/// It is told how far a rebuilding is at most so often.
const TOLD: Duration = Duration::from_millis(200);

#[tonic::async_trait]
impl ProjectionService for Calls {
    type RebuildProjectionStream = Pin<Box<dyn Stream<Item = Result<pb::RebuildProjectionResponse, Status>> + Send>>;

    async fn rebuild_projection(
        &self,
        request: Request<pb::RebuildProjectionRequest>,
    ) -> Result<Response<Self::RebuildProjectionStream>, Status> {
        self.authorize_everywhere(&request, Action::ManageAccess)?;
        let (projection, journal) = (Arc::clone(&self.projection), self.journal.clone());
        let (tell, mut told) = watch::channel(Progress::default());
        // A caller who goes away does not stop it.
        let work = tokio::spawn(async move { rebuild(&projection, journal, &tell).await });
        let stream = async_stream::stream! {
            while told.changed().await.is_ok() {
                let Progress { position, target } = *told.borrow_and_update();
                yield Ok(pb::RebuildProjectionResponse {
                    log_index: position,
                    target_log_index: target,
                    rebuilt: None,
                });
                tokio::time::sleep(TOLD).await;
            }
            yield match work.await {
                Ok(Ok(rebuilt)) => Ok(pb::RebuildProjectionResponse {
                    log_index: rebuilt.position,
                    target_log_index: rebuilt.position,
                    rebuilt: Some(pb::RebuiltProjection {
                        digest: rebuilt.digest,
                        digest_before: rebuilt.digest_before,
                        revisions: rebuilt.revisions,
                        mended: rebuilt.mended,
                    }),
                }),
                Ok(Err(error)) => Err(refuse(error.into())),
                Err(error) => {
                    tracing::error!(%error, "a rebuilding did not come to its end");
                    Err(DOMAIN.internal())
                }
            };
        };
        Ok(Response::new(Box::pin(stream)))
    }
}

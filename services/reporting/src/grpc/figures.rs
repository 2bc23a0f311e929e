//! `FigureService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::reporting::v1::{self as pb, figure_service_server::FigureService};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, answer, query, refuse, stream::Batches};
use crate::domain::{
    Error,
    facts::Facts,
    figure::{self, Ground},
};

#[tonic::async_trait]
impl FigureService for Calls {
    type ExplainFigureStream = Pin<Box<dyn Stream<Item = Result<pb::ExplainFigureResponse, Status>> + Send>>;

    async fn query_figures(
        &self,
        request: Request<pb::QueryFiguresRequest>,
    ) -> Result<Response<pb::QueryFiguresResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let request = request.into_inner();
        let (facts, directory) = self
            .ground(request.min_log_index, request.min_registry_position)
            .await?;
        let reach = self.reach(&directory, &caller);
        computed(move || {
            let query = query::figures(&directory, &request)?;
            let figures = figure::compute(ground(&facts, &directory), &query, &reach)?;
            Ok(Response::new(answer::figures(&facts, &directory, &query, figures)))
        })
        .await
    }

    async fn explain_figure(
        &self,
        request: Request<pb::ExplainFigureRequest>,
    ) -> Result<Response<Self::ExplainFigureStream>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let request = request.into_inner();
        let (facts, directory) = self
            .ground(request.min_log_index, request.min_registry_position)
            .await?;
        let reach = self.reach(&directory, &caller);
        let calls = self.clone();
        let batches = computed(move || {
            let (query, group) = query::explanation(&directory, &request)?;
            let explained = figure::explain(ground(&facts, &directory), &query, &reach, group)?;
            let first = pb::ExplainFigureResponse {
                contributions: Vec::new(),
                cell: Some(answer::cell(&query, &explained.cell)),
                log_index: facts.position,
                registry_position: directory.position(),
                withheld: explained.withheld,
            };
            Ok(Batches::new(
                calls,
                caller,
                directory,
                reach,
                first,
                explained.contributions,
            ))
        });
        Ok(Response::new(Box::pin(batches.await?.stream())))
    }

    /// How far reporting has read tells nothing of what it read, so every principal may ask.
    async fn get_position(
        &self,
        request: Request<pb::GetPositionRequest>,
    ) -> Result<Response<pb::ReportingPosition>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let (facts, directory) = self.projection.now();
        Ok(Response::new(pb::ReportingPosition {
            journal_epoch: facts.epoch,
            log_index: facts.position,
            registry_epoch: directory.epoch(),
            registry_position: directory.position(),
        }))
    }
}

impl Calls {
    /// Facts and directory, once they have reached the positions asked for. What is wrong with these positions is told
    /// with everything else.
    async fn ground(&self, log_index: i64, registry_position: i64) -> Result<(Arc<Facts>, Arc<Directory>), Status> {
        self.projection
            .at_least(log_index, registry_position)
            .await
            .map_err(refuse)
    }
}

fn ground<'a>(facts: &'a Facts, directory: &'a Directory) -> Ground<'a> {
    Ground { facts, directory }
}

/// Computes aside: a figure over a long history must not hold up the feeds and the other calls.
async fn computed<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Status> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.map_err(refuse),
        Err(error) => {
            tracing::error!(%error, "a figure was not computed to its end");
            Err(DOMAIN.internal())
        }
    }
}

//! `FigureService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::reporting::v1::{self as pb, figure_service_server::FigureService};
use banggiao_directory::Directory;
use banggiao_model::{date::Date, permission::Action};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, answer, query, refuse, stream::Batches};
use crate::domain::{
    Error,
    definition::{Definitions, Edition},
    facts::Facts,
    figure::{self, Ground, Keeping, Kept},
    measure::wire::Known,
};

#[tonic::async_trait]
impl FigureService for Calls {
    type ExplainFigureStream = Pin<Box<dyn Stream<Item = Result<pb::ExplainFigureResponse, Status>> + Send>>;
    type ExplainDifferenceStream = Pin<Box<dyn Stream<Item = Result<pb::ExplainDifferenceResponse, Status>> + Send>>;

    async fn query_figures(
        &self,
        request: Request<pb::QueryFiguresRequest>,
    ) -> Result<Response<pb::QueryFiguresResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let request = request.into_inner();
        let basis = self
            .basis(
                (request.min_log_index, request.min_registry_position),
                known_at(&request),
            )
            .await?;
        let reach = self.reach(&basis.now, &caller);
        let query = query::figures(basis.known(), &request).map_err(refuse)?;
        let facts = self.facts(&basis, &query.stretches()).await?;
        let ages = basis.past.is_none().then(|| self.ages());
        let looks = request.find_duplicates && basis.past.is_none() && !query.include_unapproved;
        let duplicates = if looks {
            self.duplicates(&basis, &query, &reach).await?
        } else {
            Vec::new()
        };
        computed(move || {
            let figures = figure::compute(basis.ground(&facts), &query, &reach)?;
            let mut answer = answer::figures(&facts, &basis.directory, &query, figures);
            answer.duplicates = duplicates;
            answer.overlaps = answer::overlaps(Edition::newest(&basis.definitions), &query);
            if let Some(ages) = ages {
                (answer.journal_age, answer.registry_age, answer.unreachable) = ages;
            }
            Ok(Response::new(answer))
        })
        .await
    }

    async fn explain_figure(
        &self,
        request: Request<pb::ExplainFigureRequest>,
    ) -> Result<Response<Self::ExplainFigureStream>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let request = request.into_inner();
        let basis = self
            .basis(
                (request.min_log_index, request.min_registry_position),
                known_of(&request),
            )
            .await?;
        let reach = self.reach(&basis.now, &caller);
        let (query, group) = query::explanation(basis.known(), &request).map_err(refuse)?;
        let facts = self.facts(&basis, &query.stretches()).await?;
        let calls = self.clone();
        let batches = computed(move || {
            let explained = figure::explain(basis.ground(&facts), &query, &reach, group)?;
            let first = pb::ExplainFigureResponse {
                contributions: Vec::new(),
                cell: Some(answer::cell(&query, &explained.cell)),
                log_index: facts.position,
                registry_position: basis.directory.position(),
                withheld: explained.withheld,
            };
            let rows = explained.contributions;
            Ok(Batches::new(calls, caller, (basis.now, reach), first, rows))
        });
        Ok(Response::new(Box::pin(batches.await?.stream())))
    }

    async fn explain_difference(
        &self,
        request: Request<pb::ExplainDifferenceRequest>,
    ) -> Result<Response<Self::ExplainDifferenceStream>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let request = request.into_inner();
        let mut bases = Vec::with_capacity(2);
        for side in [&request.before, &request.after] {
            let side = side.clone().unwrap_or_default();
            let least = (side.min_log_index, side.min_registry_position);
            bases.push(self.basis(least, known_of(&side)).await?);
        }
        let reach = self.reach(&bases[1].now, &caller);
        let [before, after] = query::difference([bases[0].known(), bases[1].known()], &request).map_err(refuse)?;
        let facts = [
            self.facts(&bases[0], &before.0.stretches()).await?,
            self.facts(&bases[1], &after.0.stretches()).await?,
        ];
        let calls = self.clone();
        let batches = computed(move || {
            let once = matches!(before.0.measures[0].source.counts(), Some((_, false)));
            let first = figure::explain(bases[0].ground(&facts[0]), &before.0, &reach, before.1)?;
            let second = figure::explain(bases[1].ground(&facts[1]), &after.0, &reach, after.1)?;
            let between = figure::difference(first, second, once)?;
            let hierarchy = bases[1].now.hierarchy();
            let message = answer::differences((&before.0, &after.0), hierarchy, &between);
            let now = Arc::clone(&bases[1].now);
            Ok(Batches::new(calls, caller, (now, reach), message, between.records))
        });
        Ok(Response::new(Box::pin(batches.await?.stream())))
    }

    /// How far reporting has read tells nothing of what it read, so every principal may ask.
    async fn get_position(
        &self,
        request: Request<pb::GetPositionRequest>,
    ) -> Result<Response<pb::ReportingPosition>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let (journal_age, registry_age, _) = self.ages();
        let (facts, directory) = self.projection.now();
        Ok(Response::new(pb::ReportingPosition {
            journal_epoch: facts.epoch,
            log_index: facts.position,
            registry_epoch: directory.epoch(),
            registry_position: directory.position(),
            digest: facts.digest.to_string(),
            journal_log_index: self.projection.journal_head(),
            journal_age,
            registry_age,
        }))
    }
}

/// Positions as of which a figure is asked for; nothing for those of now.
pub type Past = Option<(i64, i64)>;

/// What a question is read against and computed on.
pub struct Basis {
    /// The directory of now, by which it is decided what may be read.
    pub now: Arc<Directory>,
    /// The directory that is computed on.
    pub directory: Arc<Directory>,
    /// The facts of now.
    pub facts: Arc<Facts>,
    /// Everything that is defined.
    pub definitions: Arc<Definitions>,
    /// The positions of the past that are computed on.
    pub past: Past,
    /// Where sums are kept, of figures of now: a past state is read anew for each question.
    kept: Option<Arc<Kept>>,
}

impl Basis {
    /// What a question is read against.
    pub fn known(&self) -> Known<'_> {
        Known {
            directory: &self.directory,
            edition: Edition::newest(&self.definitions),
        }
    }

    /// What it is computed on.
    pub fn ground<'a>(&'a self, facts: &'a Facts) -> Ground<'a> {
        Ground {
            facts,
            directory: &self.directory,
            keeping: self.kept.as_deref().map(|kept| Keeping {
                kept,
                directory: &self.directory,
            }),
        }
    }
}

impl Calls {
    /// Facts, directory and definitions, once the feeds have reached the positions asked for. What is wrong with these
    /// positions is told with everything else.
    pub(super) async fn basis(&self, least: (i64, i64), past: Past) -> Result<Basis, Status> {
        let (log_index, registry_position) = past.unwrap_or_default();
        let reached = self
            .projection
            .at_least(least.0.max(log_index), least.1.max(registry_position));
        let (facts, now) = reached.await.map_err(refuse)?;
        let directory = match past {
            None | Some((_, 0)) => Arc::clone(&now),
            Some((_, registry_position)) => {
                let past = self.projection.past_directory(registry_position);
                past.await.map_err(refuse)?
            }
        };
        Ok(Basis {
            now,
            directory,
            facts,
            definitions: self.office.definitions().await.map_err(refuse)?,
            past,
            kept: past.is_none().then(|| self.projection.kept()),
        })
    }

    /// The facts that figures over these stretches of days are computed on.
    pub(super) async fn facts(&self, basis: &Basis, days: &[(Date, Date)]) -> Result<Arc<Facts>, Status> {
        let Some((log_index, _)) = basis.past else {
            return Ok(Arc::clone(&basis.facts));
        };
        let past = self.projection.past_facts(log_index, &basis.directory, days);
        past.await.map_err(refuse)
    }

    /// How long ago journal and registry were heard, and which of them have fallen silent.
    fn ages(
        &self,
    ) -> (
        Option<prost_types::Duration>,
        Option<prost_types::Duration>,
        Vec<String>,
    ) {
        let heard = [
            ("journal", self.projection.journal_heard()),
            ("registry", self.projection.follower().heard()),
        ];
        let silent = heard.iter().filter(|(_, heard)| {
            let age = heard.map(|heard| heard.elapsed());
            age.is_none_or(|age| age >= banggiao_directory::STALE)
        });
        let silent = silent.map(|(service, _)| (*service).to_owned()).collect();
        let age = |heard: Option<std::time::Instant>| {
            let age = heard?.elapsed();
            prost_types::Duration::try_from(age).ok()
        };
        (age(heard[0].1), age(heard[1].1), silent)
    }
}

fn known_at(request: &pb::QueryFiguresRequest) -> Past {
    past(request.known_log_index, request.known_registry_position)
}

fn known_of(request: &pb::ExplainFigureRequest) -> Past {
    past(request.known_log_index, request.known_registry_position)
}

/// The past, if one is asked for; a registry position of 0 is that of now.
fn past(log_index: i64, registry_position: i64) -> Past {
    (log_index > 0 && registry_position >= 0).then_some((log_index, registry_position))
}

/// Computes aside: a figure over a long history must not hold up the feeds and the other calls.
pub async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.map_err(refuse),
        Err(error) => {
            tracing::error!(%error, "a figure was not computed to its end");
            Err(DOMAIN.internal())
        }
    }
}

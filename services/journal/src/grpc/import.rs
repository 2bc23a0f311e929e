//! The stream of `ImportEvents`: rows in, a result per row out.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::{
    journal::v1 as pb,
    r#type::v1::{RowOutcome, RowResult},
};
use banggiao_model::permission::{Action, Classification};
use banggiao_rpc::{Violations, identity::Caller, rows, wire};
use futures_util::future::join_all;
use tokio_stream::Stream;
use tonic::{Response, Status, Streaming};

use super::{DOMAIN, status::refuse};
use crate::{
    domain::{Error, checked, command::Step, event::REFERENCE_MAX, import},
    journal::Journal,
};

/// A request holds at most so many rows.
const ROWS_MAX: usize = 1000;

/// The stream of answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::ImportEventsResponse, Status>> + Send>>;

/// Answers each request once all its rows are stored or refused. The next is read meanwhile.
pub fn answers(
    journal: Arc<Journal>,
    caller: Caller,
    mut requests: Streaming<pb::ImportEventsRequest>,
) -> Response<Answers> {
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        while let Some(request) = requests.message().await.transpose() {
            let answer = match request {
                Ok(request) => answer(&journal, &caller, request).await,
                Err(status) => Err(status),
            };
            let failed = answer.is_err();
            // A caller that went away gets no answer; what was stored it will find repeated.
            if sender.send(answer).await.is_err() || failed {
                return;
            }
        }
    });
    Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver)))
}

async fn answer(
    journal: &Arc<Journal>,
    caller: &Caller,
    request: pb::ImportEventsRequest,
) -> Result<pb::ImportEventsResponse, Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    if request.source.is_empty() {
        scope.required("source");
    }
    wire::line(&request.source, REFERENCE_MAX, "source", &mut scope);
    wire::position(request.min_registry_position, "min_registry_position", &mut scope);
    wire::at_most(ROWS_MAX, request.rows.len(), "rows", &mut scope);
    checked(Some(()), violations).map_err(refuse)?;
    let directory = journal
        .follower()
        .at_least(request.min_registry_position)
        .await
        .map_err(|e| refuse(e.into()))?;
    let authority = journal.authority(caller, Action::MigrateEvents, directory);
    // Asked again for every request of the stream: a grant may be revoked while it runs.
    if !authority.scope.allows(&[], Classification::Unclassified) {
        return Err(DOMAIN.denied());
    }
    let (source, validate_only) = (request.source.as_str(), request.validate_only);
    let answers = request.rows.into_iter().map(|row| {
        let authority = authority.clone();
        async move {
            let line = row.line;
            let result = async {
                let row = row.row.ok_or_else(empty_row)?;
                let (repetition, sent) = (import::repetition(source, &row), import::sent(&row));
                // A row that is wrong today may have been right when it came first: recognition decides.
                let step =
                    import::step(row, source, journal.new_id(), &authority).unwrap_or_else(|error| Step::Refused {
                        error: Box::new(error),
                        sent: Box::new(sent),
                    });
                let answer = journal
                    .carry_out(caller, authority, Some(repetition), step, validate_only)
                    .await?;
                let outcome = if answer.repeated {
                    RowOutcome::Repeated
                } else {
                    RowOutcome::Accepted
                };
                let event = answer.events.first().filter(|_| answer.repeated || !validate_only);
                Ok(rows::stands(
                    line,
                    outcome,
                    event.map(|event| event.name.as_str()).unwrap_or_default(),
                ))
            };
            result.await.or_else(|error| import::rejected(line, error))
        }
    });
    let results: Result<Vec<RowResult>, Error> = join_all(answers).await.into_iter().collect();
    let log_index = journal.watch_head().borrow().position;
    Ok(pb::ImportEventsResponse {
        results: results.map_err(refuse)?,
        log_index,
    })
}

fn empty_row() -> Error {
    let mut violations = Violations::new();
    violations.root().required("row");
    Error::Invalid(violations)
}

//! The stream of `ImportEvents`: rows in, a result per row out.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::{
    journal::v1::{self as pb, import_events_row::Row},
    r#type::v1::{RowOutcome, RowResult},
};
use banggiao_model::permission::{Action, Classification};
use banggiao_rpc::{Violations, identity::Caller, rows, wire};
use tokio_stream::Stream;
use tonic::{Response, Status, Streaming};

use super::{DOMAIN, status::refuse};
use crate::{
    domain::{
        Error, checked,
        command::{Authority, Step},
        event::REFERENCE_MAX,
        event_type::Catalogue,
        import,
    },
    journal::Journal,
    sequencer::{Answer, Group},
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
    let known = knowing_types(journal, &request).await.map_err(refuse)?;
    let authority = Authority {
        types: known,
        ..authority
    };
    let (source, validate_only) = (request.source.as_str(), request.validate_only);
    let lines: Vec<i64> = request.rows.iter().map(|row| row.line).collect();
    let commands = request.rows.into_iter().map(|row| {
        let (repetition, step) = match row.row {
            None => (None, refused(empty_row(), pb::Event::default())),
            Some(row) => {
                let (repetition, sent) = (import::repetition(source, &row), import::sent(&row));
                // A row that is wrong today may have been right when it came first: recognition decides.
                let step = import::step(row, source, journal.new_id(), &authority);
                (Some(repetition), step.unwrap_or_else(|error| refused(error, sent)))
            }
        };
        journal.command(caller, authority.clone(), repetition, step, validate_only)
    });
    let group = Group {
        commands: commands.collect(),
        together: request.all_or_nothing,
    };
    let outcomes = journal.sequencer().submit_all(group).await.map_err(refuse)?;
    let results = lines.into_iter().zip(outcomes).map(|(line, outcome)| match outcome {
        Ok(answer) => Ok(accepted(line, &answer, validate_only)),
        Err(error) => import::rejected(line, error),
    });
    let results: Result<Vec<RowResult>, Error> = results.collect();
    Ok(pb::ImportEventsResponse {
        results: results.map_err(refuse)?,
        log_index: journal.watch_head().borrow().position,
    })
}

/// The event types, read anew if a row names one that is not known here: another replica may have written it.
async fn knowing_types(journal: &Journal, request: &pb::ImportEventsRequest) -> Result<Arc<Catalogue>, Error> {
    let types = journal.types();
    let events = request.rows.iter().filter_map(|row| match &row.row {
        Some(Row::Event(row)) => row.event.as_ref(),
        Some(Row::Correction(_)) | None => None,
    });
    if events.into_iter().all(|event| types.knows(event)) {
        Ok(types)
    } else {
        journal.refresh_types().await
    }
}

fn refused(error: Error, sent: pb::Event) -> Step {
    Step::Refused {
        error: Box::new(error),
        sent: Box::new(sent),
    }
}

fn accepted(line: i64, answer: &Answer, validate_only: bool) -> RowResult {
    let outcome = if answer.repeated {
        RowOutcome::Repeated
    } else {
        RowOutcome::Accepted
    };
    let event = answer.events.first().filter(|_| answer.repeated || !validate_only);
    rows::stands(
        line,
        outcome,
        event.map(|event| event.name.as_str()).unwrap_or_default(),
    )
}

fn empty_row() -> Error {
    let mut violations = Violations::new();
    violations.root().required("row");
    Error::Invalid(violations)
}

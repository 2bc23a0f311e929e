//! The stream of `ImportEvents`: rows in, a result per row out.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::{
    journal::v1::{self as pb, import_events_row::Row},
    r#type::v1::{RowOutcome, RowResult},
};
use banggiao_model::permission::{Action, Classification};
use banggiao_rpc::{
    Violations,
    identity::{Authenticate, Caller},
    rows, wire,
};
use tokio::sync::mpsc;
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
    sequencer::{Answer, Group, Pending},
};

/// A request holds at most so many rows.
const ROWS_MAX: usize = 1000;

/// The stream of answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::ImportEventsResponse, Status>> + Send>>;

/// So many requests are on their way to the database at once. While one is being stored the next is checked, and those
/// that wait are stored in one transaction.
const UNDER_WAY: usize = 8;

/// Answers each request once all its rows are stored or refused, in their order. Those that follow are read and checked
/// meanwhile.
pub fn answers(
    journal: Arc<Journal>,
    (auth, caller): (Authenticate, Caller),
    mut requests: Streaming<pb::ImportEventsRequest>,
) -> Response<Answers> {
    let (sender, receiver) = mpsc::channel(2);
    let (under_way, mut outcomes) = mpsc::channel(UNDER_WAY);
    tokio::spawn(async move {
        while let Some(request) = requests.message().await.transpose() {
            let handed_in = match request {
                Ok(request) => match auth.still(&caller) {
                    Ok(()) => hand_in(&journal, &caller, request).await,
                    Err(status) => Err(status),
                },
                Err(status) => Err(status),
            };
            let failed = handed_in.is_err();
            // A caller that went away gets no answer; what was stored it will find repeated.
            if under_way.send(handed_in).await.is_err() || failed {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(handed_in) = outcomes.recv().await {
            let answer = match handed_in {
                Ok(handed_in) => handed_in.answer().await,
                Err(status) => Err(status),
            };
            let failed = answer.is_err();
            if sender.send(answer).await.is_err() || failed {
                return;
            }
        }
    });
    Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver)))
}

/// A request whose rows are with the sequencer.
struct HandedIn {
    journal: Arc<Journal>,
    lines: Vec<i64>,
    outcomes: Pending,
    validate_only: bool,
}

impl HandedIn {
    async fn answer(self) -> Result<pb::ImportEventsResponse, Status> {
        let outcomes = self.outcomes.outcomes().await.map_err(refuse)?;
        let results = self
            .lines
            .into_iter()
            .zip(outcomes)
            .map(|(line, outcome)| match outcome {
                Ok(answer) => Ok(accepted(line, &answer, self.validate_only)),
                Err(error) => import::rejected(line, error),
            });
        let results: Result<Vec<RowResult>, Error> = results.collect();
        Ok(pb::ImportEventsResponse {
            results: results.map_err(refuse)?,
            log_index: self.journal.watch_head().borrow().position,
        })
    }
}

/// Checks a request and hands its rows to the sequencer.
async fn hand_in(
    journal: &Arc<Journal>,
    caller: &Caller,
    request: pb::ImportEventsRequest,
) -> Result<HandedIn, Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    if request.source.is_empty() {
        scope.required("source");
    }
    wire::line(&request.source, REFERENCE_MAX, "source", &mut scope);
    wire::position(request.min_registry_position, "min_registry_position", &mut scope);
    wire::at_most(ROWS_MAX, request.rows.len(), "rows", &mut scope);
    checked(Some(()), violations).map_err(refuse)?;
    journal.follower().fresh().await.map_err(|stale| refuse(stale.into()))?;
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
    let sent = request.rows.iter().filter_map(|row| import::content(row.row.as_ref()?));
    let named = journal.nameable(caller, &authority, sent).await.map_err(refuse)?;
    let authority = Authority {
        types: known,
        attachments: Arc::new(named),
        ..authority
    };
    let (source, validate_only) = (request.source.as_str(), request.validate_only);
    let lines: Vec<i64> = request.rows.iter().map(|row| row.line).collect();
    let commands = request.rows.into_iter().map(|row| {
        let (repetition, step) = match row.row {
            None => (None, refused(empty_row(), pb::Event::default())),
            Some(row) => {
                let repetition = import::repetition(source, &row);
                // A row that is wrong today may have been right when it came first: recognition decides.
                let step = import::step(&row, source, journal.new_id(), &authority);
                (
                    Some(repetition),
                    step.unwrap_or_else(|error| refused(error, import::sent(&row))),
                )
            }
        };
        journal.command(caller, authority.clone(), repetition, step, validate_only)
    });
    let group = Group {
        commands: commands.collect(),
        together: request.all_or_nothing,
    };
    let outcomes = journal.sequencer().hand_in(group).map_err(refuse)?;
    Ok(HandedIn {
        journal: Arc::clone(journal),
        lines,
        outcomes,
        validate_only,
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

//! `EventService`.

mod steps;

use std::sync::Arc;

use banggiao_contracts::journal::v1::{self as pb, event_service_server::EventService};
use banggiao_model::permission::{Action, Classification};
use banggiao_rpc::{
    Violations,
    page::Page,
    request::RequestId,
    violation::Scope,
    wire::{self, MAX_NAME},
};
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use super::{
    Calls, DOMAIN, filter,
    import::{self, Answers},
    status::refuse,
};
use crate::domain::{
    checked,
    command::{Repetition, Step, Target},
    correction,
};

/// A batch holds at most so many events.
const BATCH_MAX: usize = 1000;

#[tonic::async_trait]
impl EventService for Calls {
    async fn log_event(&self, request: Request<pb::LogEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        if request.event.is_none() {
            return Err(required("event"));
        }
        // How far to wait and whether to store are no part of what is asked for.
        let min = std::mem::take(&mut request.min_registry_position);
        let validate_only = std::mem::take(&mut request.validate_only);
        let repetition = repetition("LogEvent", &mut request, |r| &mut r.request_id)?;
        let events = request.event.into_iter().collect();
        let (authorized, step) = self.logging(authorized, events, min, |_| "event".to_owned()).await?;
        one(self.carry_out(authorized, repetition, step, validate_only).await?)
    }

    async fn batch_log_events(
        &self,
        request: Request<pb::BatchLogEventsRequest>,
    ) -> Result<Response<pb::BatchLogEventsResponse>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let min = std::mem::take(&mut request.min_registry_position);
        let repetition = repetition("BatchLogEvents", &mut request, |r| &mut r.request_id)?;
        if request.events.len() > BATCH_MAX {
            let mut violations = Violations::new();
            wire::at_most(BATCH_MAX, request.events.len(), "events", &mut violations.root());
            return Err(DOMAIN.invalid(violations));
        }
        let path = |index: usize| format!("events[{index}]");
        if request.events.is_empty() {
            return Err(required("events"));
        }
        let (authorized, step) = self.logging(authorized, request.events, min, path).await?;
        let events = self.carry_out(authorized, repetition, step, false).await?;
        Ok(Response::new(pb::BatchLogEventsResponse { events }))
    }

    type ImportEventsStream = Answers;

    async fn import_events(
        &self,
        request: Request<Streaming<pb::ImportEventsRequest>>,
    ) -> Result<Response<Self::ImportEventsStream>, Status> {
        let authorized = self.authorize(&request, Action::MigrateEvents).await?;
        if !authorized.authority.scope.allows(&[], Classification::Unclassified) {
            return Err(DOMAIN.denied());
        }
        Ok(import::answers(
            Arc::clone(&self.journal),
            authorized.caller,
            request.into_inner(),
        ))
    }

    async fn get_event(&self, request: Request<pb::GetEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "events", "name", &mut violations.root());
        if request.revision < 0 {
            violations
                .root()
                .invalid("revision", format!("{} is negative", request.revision));
        }
        let id = checked(id, violations).map_err(refuse)?;
        let found = self
            .journal
            .read(&authorized.caller, &id, request.revision)
            .await
            .map_err(refuse)?;
        found.event.map(Response::new).ok_or_else(|| DOMAIN.internal())
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let mut request = request.into_inner();
        // Later pages may ask for less, or for more, than the first.
        let min = std::mem::take(&mut request.min_registry_position);
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        wire::position(min, "min_registry_position", &mut violations.root());
        let authorized = self.knowing(authorized, min, &[]).await?;
        let given = request.filter.unwrap_or_default();
        let filter = filter::parse(&given, &authorized.authority.directory, &mut violations.scope("filter"));
        checked(Some(()), violations).map_err(refuse)?;
        let mut events = self.page(&authorized, &filter, &page).await.map_err(refuse)?;
        let next_page_token = page.cut(&mut events, |event| key(&event.start_date, &event.name));
        Ok(Response::new(pb::ListEventsResponse {
            events,
            next_page_token,
        }))
    }

    async fn correct_event(&self, request: Request<pb::CorrectEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let min = std::mem::take(&mut request.min_registry_position);
        let repetition = repetition("CorrectEvent", &mut request, |r| &mut r.request_id)?;
        let mut violations = Violations::new();
        let mut scope = violations.root();
        wire::position(min, "min_registry_position", &mut scope);
        let mask = correction::FIELDS.check(request.update_mask.as_ref(), "update_mask", &mut scope);
        let reason = reason(&request.reason, &mut scope);
        let sent = request.event.unwrap_or_default();
        let id = wire::required_id(&sent.name, "events", "event.name", &mut scope);
        let id = checked(id, violations).map_err(refuse)?;
        let authorized = self.knowing(authorized, min, std::slice::from_ref(&sent)).await?;
        let target = Target::Id {
            id,
            etag: sent.etag.clone(),
        };
        let step = Step::Correct {
            target,
            event: Box::new(sent),
            mask,
            reason,
            imported: false,
        };
        one(self.change(authorized, repetition, step).await?)
    }

    async fn submit_event(&self, request: Request<pb::SubmitEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("SubmitEvent", &mut request, |r| &mut r.request_id)?;
        let step = Step::Submit(target(&request.name, request.etag)?);
        one(self.change(authorized, repetition, step).await?)
    }

    async fn approve_event(&self, request: Request<pb::ApproveEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("ApproveEvent", &mut request, |r| &mut r.request_id)?;
        let step = Step::Approve(target(&request.name, request.etag)?);
        one(self.change(authorized, repetition, step).await?)
    }

    async fn return_event(&self, request: Request<pb::ReturnEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("ReturnEvent", &mut request, |r| &mut r.request_id)?;
        let (target, reason) = target_and_reason(&request.name, request.etag, &request.reason)?;
        one(self
            .change(authorized, repetition, Step::Return(target, reason))
            .await?)
    }

    async fn cancel_event(&self, request: Request<pb::CancelEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("CancelEvent", &mut request, |r| &mut r.request_id)?;
        let (target, reason) = target_and_reason(&request.name, request.etag, &request.reason)?;
        one(self
            .change(authorized, repetition, Step::Cancel(target, reason))
            .await?)
    }

    async fn list_event_revisions(
        &self,
        request: Request<pb::ListEventRevisionsRequest>,
    ) -> Result<Response<pb::ListEventRevisionsResponse>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let id = wire::required_id(&request.event, "events", "event", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        // Who may read the event as it is may read what it was; what it was may have been more secret.
        self.journal.read(&authorized.caller, &id, 0).await.map_err(refuse)?;
        let after = page.after.as_deref().and_then(|key| key.parse().ok()).unwrap_or(0);
        let mut revisions = self
            .revisions(&authorized, &id, after, page.size)
            .await
            .map_err(refuse)?;
        let number =
            |revision: &pb::EventRevision| revision.event.as_ref().map_or(0, |event| event.revision).to_string();
        let next_page_token = page.cut(&mut revisions, number);
        Ok(Response::new(pb::ListEventRevisionsResponse {
            revisions,
            next_page_token,
        }))
    }
}

fn key(day: &str, name: &str) -> String {
    format!("{day} {}", name.trim_start_matches("events/"))
}

fn one(events: Vec<pb::Event>) -> Result<Response<pb::Event>, Status> {
    events
        .into_iter()
        .next()
        .map(Response::new)
        .ok_or_else(|| DOMAIN.internal())
}

fn required(field: &str) -> Status {
    let mut violations = Violations::new();
    violations.root().required(field);
    DOMAIN.invalid(violations)
}

fn repetition<R: Message>(
    method: &str,
    request: &mut R,
    id: impl Fn(&mut R) -> &mut String,
) -> Result<Option<Repetition>, Status> {
    let mut violations = Violations::new();
    let parsed = RequestId::take(method, request, id, &mut violations.root());
    checked(Some(()), violations).map_err(refuse)?;
    Ok(parsed.map(|request| Repetition::Request {
        id: request.id,
        digest: request.digest,
    }))
}

fn target(name: &str, etag: String) -> Result<Target, Status> {
    let mut violations = Violations::new();
    let id = wire::required_id(name, "events", "name", &mut violations.root());
    let id = checked(id, violations).map_err(refuse)?;
    Ok(Target::Id { id, etag })
}

fn target_and_reason(name: &str, etag: String, given: &str) -> Result<(Target, String), Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let id = wire::required_id(name, "events", "name", &mut scope);
    let reason = reason(given, &mut scope);
    let id = checked(id, violations).map_err(refuse)?;
    Ok((Target::Id { id, etag }, reason))
}

fn reason(given: &str, scope: &mut Scope<'_>) -> String {
    if given.is_empty() {
        scope.required("reason");
    }
    wire::line(given, MAX_NAME, "reason", scope)
}

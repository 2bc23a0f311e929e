//! `EventService`.

mod parse;
mod steps;

pub use parse::required;

use std::sync::Arc;

use banggiao_contracts::journal::v1::{self as pb, event_service_server::EventService};
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page, wire};
use tonic::{Request, Response, Status, Streaming};

use super::{
    Calls, DOMAIN,
    import::{self, Answers},
    status::refuse,
};
use crate::domain::{
    checked,
    command::{Step, Target},
    correction,
    filter::Order,
};
use parse::{BATCH_MAX, because, reason, repetition, target};

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
        let authorized = self.authorize_everywhere(&request, Action::MigrateEvents).await?;
        Ok(import::answers(
            Arc::clone(&self.journal),
            (self.auth.clone(), authorized.caller),
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
        let event = found.event.ok_or_else(|| DOMAIN.internal())?;
        let event = self.journal.reader(&authorized.caller).shown(event).await;
        if request.revision == 0 {
            self.with_duplicates(&authorized.caller, event).await.map_err(refuse)
        } else {
            Ok(Response::new(event))
        }
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
        let order = wire::enumeration::<pb::EventOrder>(request.order, "order", &mut violations.root());
        let filter = self
            .filter(request.filter.unwrap_or_default(), &authorized, &mut violations)
            .await?;
        checked(Some(()), violations).map_err(refuse)?;
        let order = match order {
            pb::EventOrder::Unspecified => Order::Newest,
            pb::EventOrder::LongestWaiting => Order::Waiting,
        };
        let mut events = self.page(&authorized, &filter, order, &page).await.map_err(refuse)?;
        let next_page_token = page.cut(&mut events, |event| order.key(event));
        let events = self.for_reader(&authorized.caller, events).await;
        Ok(Response::new(pb::ListEventsResponse {
            events,
            next_page_token,
            unreachable: self.journal.unreachable(),
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

    async fn hold_event(&self, request: Request<pb::HoldEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let min = std::mem::take(&mut request.min_registry_position);
        let repetition = repetition("HoldEvent", &mut request, |r| &mut r.request_id)?;
        let mut violations = Violations::new();
        let mut scope = violations.root();
        wire::position(min, "min_registry_position", &mut scope);
        let mask = request.update_mask.filter(|mask| !mask.paths.is_empty());
        let mask = mask.map(|mask| correction::FIELDS.check(Some(&mask), "update_mask", &mut scope));
        let sent = request.event.unwrap_or_default();
        let id = wire::required_id(&sent.name, "events", "event.name", &mut scope);
        let id = checked(id, violations).map_err(refuse)?;
        let authorized = self.knowing(authorized, min, std::slice::from_ref(&sent)).await?;
        let step = Step::Hold {
            target: Target::Id {
                id,
                etag: sent.etag.clone(),
            },
            event: Box::new(sent),
            mask: mask.unwrap_or_default(),
        };
        one(self.change(authorized, repetition, step).await?)
    }

    async fn submit_event(&self, request: Request<pb::SubmitEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("SubmitEvent", &mut request, |r| &mut r.request_id)?;
        let step = Step::Submit(target(&request.name, request.etag)?);
        self.one_with_duplicates(authorized, repetition, step).await
    }

    async fn approve_event(&self, request: Request<pb::ApproveEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("ApproveEvent", &mut request, |r| &mut r.request_id)?;
        let step = Step::Approve(vec![target(&request.name, request.etag)?]);
        self.one_with_duplicates(authorized, repetition, step).await
    }

    async fn batch_approve_events(
        &self,
        request: Request<pb::BatchApproveEventsRequest>,
    ) -> Result<Response<pb::BatchApproveEventsResponse>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("BatchApproveEvents", &mut request, |r| &mut r.request_id)?;
        let step = Step::Approve(parse::batch(&request.requests)?);
        let events = self.change(authorized, repetition, step).await?;
        Ok(Response::new(pb::BatchApproveEventsResponse { events }))
    }

    async fn return_event(&self, request: Request<pb::ReturnEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("ReturnEvent", &mut request, |r| &mut r.request_id)?;
        let (target, because) = because(&request.name, request.etag, request.reason, request.reason_code)?;
        one(self
            .change(authorized, repetition, Step::Return(target, because))
            .await?)
    }

    async fn cancel_event(&self, request: Request<pb::CancelEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("CancelEvent", &mut request, |r| &mut r.request_id)?;
        let (target, because) = because(&request.name, request.etag, request.reason, request.reason_code)?;
        one(self
            .change(authorized, repetition, Step::Cancel(target, because))
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

    async fn compare_event_revisions(
        &self,
        request: Request<pb::CompareEventRevisionsRequest>,
    ) -> Result<Response<pb::CompareEventRevisionsResponse>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "events", "name", &mut violations.root());
        for (field, number) in [("base_revision", request.base_revision), ("revision", request.revision)] {
            if number < 0 {
                violations.root().invalid(field, format!("{number} is negative"));
            }
        }
        let id = checked(id, violations).map_err(refuse)?;
        self.compare(&authorized, &id, request.base_revision, request.revision)
            .await
    }

    async fn list_possible_duplicates(
        &self,
        request: Request<pb::ListPossibleDuplicatesRequest>,
    ) -> Result<Response<pb::ListPossibleDuplicatesResponse>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        self.duplicates(authorized, request.into_inner()).await
    }

    async fn resolve_duplicate(
        &self,
        request: Request<pb::ResolveDuplicateRequest>,
    ) -> Result<Response<pb::ResolveDuplicateResponse>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let repetition = repetition("ResolveDuplicate", &mut request, |r| &mut r.request_id)?;
        let step = parse::resolution(&request)?;
        let caller = authorized.caller.clone();
        let written = self.change(authorized, repetition, step).await?;
        Ok(Response::new(pb::ResolveDuplicateResponse {
            event: self.one_of_pair(&caller, &written, &request.name).await?,
            other: self.one_of_pair(&caller, &written, &request.other).await?,
        }))
    }
}

fn one(mut events: Vec<pb::Event>) -> Result<Response<pb::Event>, Status> {
    events.pop().map(Response::new).ok_or_else(|| DOMAIN.internal())
}

//! `EventService`.

use std::sync::Arc;

use banggiao_contracts::journal::v1::{self as pb, event_service_server::EventService};
use banggiao_directory::Directory;
use banggiao_model::{
    name,
    permission::{Action, Classification, Part},
};
use banggiao_rpc::{
    Violations,
    page::Page,
    request::RequestId,
    violation::Scope,
    wire::{self, MAX_NAME},
};
use prost::Message;
use sea_orm::Condition;
use tonic::{Request, Response, Status, Streaming};

use super::{
    Authorized, Calls, DOMAIN,
    filter::{self, Filter},
    import::{self, Answers},
    status::refuse,
};
use crate::{
    domain::{
        Error, checked,
        command::{Repetition, Step, Target},
        correction, event,
    },
    journal,
    store::{self, revision},
};

/// A batch holds at most so many events.
const BATCH_MAX: usize = 1000;

#[tonic::async_trait]
impl EventService for Calls {
    async fn log_event(&self, request: Request<pb::LogEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let request_id = std::mem::take(&mut request.request_id);
        let events = vec![request.event.take().ok_or_else(|| required("event"))?];
        let digest = pb::LogEventRequest {
            event: events.first().cloned(),
            ..Default::default()
        };
        let repetition = repetition("LogEvent", &request_id, &digest)?;
        let path = |_: usize| "event".to_owned();
        let min = request.min_registry_position;
        let (authorized, step) = self.logging(authorized, events, min, path).await?;
        one(self
            .carry_out(authorized, repetition, step, request.validate_only)
            .await?)
    }

    async fn batch_log_events(
        &self,
        request: Request<pb::BatchLogEventsRequest>,
    ) -> Result<Response<pb::BatchLogEventsResponse>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let request_id = std::mem::take(&mut request.request_id);
        let min = std::mem::take(&mut request.min_registry_position);
        let repetition = repetition("BatchLogEvents", &request_id, &request)?;
        if request.events.len() > BATCH_MAX {
            let mut violations = Violations::new();
            let count = request.events.len();
            violations.root().invalid(
                "events",
                format!("has {count} entries; at most {BATCH_MAX} are allowed"),
            );
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
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let given = request.filter.unwrap_or_default();
        let filter = Filter::parse(&given, &authorized.authority.directory, &mut violations.scope("filter"));
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
        let request_id = std::mem::take(&mut request.request_id);
        let min = std::mem::take(&mut request.min_registry_position);
        let repetition = repetition("CorrectEvent", &request_id, &request)?;
        let mut violations = Violations::new();
        let mut scope = violations.root();
        wire::position(min, "min_registry_position", &mut scope);
        let mask = correction::mask(request.update_mask.as_ref(), "update_mask", &mut scope);
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
        let request_id = std::mem::take(&mut request.request_id);
        let repetition = repetition("SubmitEvent", &request_id, &request)?;
        let step = Step::Submit(target(&request.name, request.etag)?);
        one(self.change(authorized, repetition, step).await?)
    }

    async fn approve_event(&self, request: Request<pb::ApproveEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let request_id = std::mem::take(&mut request.request_id);
        let repetition = repetition("ApproveEvent", &request_id, &request)?;
        let step = Step::Approve(target(&request.name, request.etag)?);
        one(self.change(authorized, repetition, step).await?)
    }

    async fn return_event(&self, request: Request<pb::ReturnEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::ApproveEvent).await?;
        let mut request = request.into_inner();
        let request_id = std::mem::take(&mut request.request_id);
        let repetition = repetition("ReturnEvent", &request_id, &request)?;
        let (target, reason) = target_and_reason(&request.name, request.etag, &request.reason)?;
        one(self
            .change(authorized, repetition, Step::Return(target, reason))
            .await?)
    }

    async fn cancel_event(&self, request: Request<pb::CancelEventRequest>) -> Result<Response<pb::Event>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let mut request = request.into_inner();
        let request_id = std::mem::take(&mut request.request_id);
        let repetition = repetition("CancelEvent", &request_id, &request)?;
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

impl Calls {
    /// The registry at least at a position, and as new as the units that the events name: if one is unknown here,
    /// registry is asked for its head and the copy is waited for, before anybody decides anything.
    async fn knowing(&self, authorized: Authorized, min: i64, events: &[pb::Event]) -> Result<Authorized, Status> {
        let follower = self.journal.follower();
        let behind = |behind: banggiao_directory::Behind| refuse(behind.into());
        let mut directory = follower
            .at_least(min.max(authorized.authority.directory.position()))
            .await
            .map_err(behind)?;
        if !events.iter().all(|event| knows(&directory, event)) {
            directory = follower.caught_up().await.map_err(behind)?;
        }
        let authority = self
            .journal
            .authority(&authorized.caller, Action::RecordEvent, directory);
        Ok(Authorized {
            authority,
            ..authorized
        })
    }

    /// The step that logs new events; the faults of all of them are found at once.
    async fn logging(
        &self,
        authorized: Authorized,
        events: Vec<pb::Event>,
        min_registry_position: i64,
        path: impl Fn(usize) -> String + Send,
    ) -> Result<(Authorized, Step), Status> {
        let mut violations = Violations::new();
        wire::position(min_registry_position, "min_registry_position", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let authorized = self.knowing(authorized, min_registry_position, &events).await?;
        let authority = &authorized.authority;
        let (mut contents, mut faults, mut broken) = (Vec::with_capacity(events.len()), Vec::new(), None);
        for (index, sent) in events.into_iter().enumerate() {
            // A caller who may not log for the home unit learns nothing about what else would be wrong.
            let home = authority
                .directory
                .hierarchy()
                .key_of(sent.home_unit.trim_start_matches("units/"));
            let covered = |part: &Part| part.units.cover(home.as_slice());
            if !authority.scope.parts().iter().any(covered) {
                return Err(DOMAIN.denied());
            }
            match event::check(sent, authority, &path(index)) {
                Ok(content) => contents.push((self.journal.new_id(), content)),
                Err(Error::Invalid(violations)) => faults.extend(violations.into_vec()),
                Err(other) => broken = broken.or(Some(other)),
            }
        }
        let invalid = (!faults.is_empty()).then(|| Error::Invalid(faults.into_iter().collect()));
        Ok(match invalid.or(broken) {
            None => (authorized, Step::Log(contents)),
            Some(error) => (
                authorized,
                Step::Refused {
                    error: Box::new(error),
                    sent: Box::default(),
                },
            ),
        })
    }

    async fn carry_out(
        &self,
        authorized: Authorized,
        repetition: Option<Repetition>,
        step: Step,
        validate_only: bool,
    ) -> Result<Vec<pb::Event>, Status> {
        let Authorized { caller, authority } = authorized;
        let answer = self
            .journal
            .carry_out(&caller, authority, repetition, step, validate_only)
            .await;
        Ok(answer.map_err(refuse)?.events)
    }

    /// Carries out a step on an event that exists, for a caller who may read it; hidden and absent look the same.
    async fn change(
        &self,
        authorized: Authorized,
        repetition: Option<Repetition>,
        step: Step,
    ) -> Result<Vec<pb::Event>, Status> {
        if let Some(Target::Id { id, .. }) = step.target() {
            let read = self.journal.read(&authorized.caller, id, 0).await.map_err(refuse)?;
            let seen = read.event.map_or(0, |event| event.registry_position);
            let authorized = if seen > authorized.authority.directory.position() {
                self.authorized_at(authorized, seen, &step).await?
            } else {
                authorized
            };
            return self.carry_out(authorized, repetition, step, false).await;
        }
        self.carry_out(authorized, repetition, step, false).await
    }

    async fn authorized_at(&self, authorized: Authorized, position: i64, step: &Step) -> Result<Authorized, Status> {
        let action = match step {
            Step::Approve(_) | Step::Return(..) => Action::ApproveEvent,
            Step::Log(_) | Step::Correct { .. } | Step::Submit(_) | Step::Cancel(..) | Step::Refused { .. } => {
                Action::RecordEvent
            }
            Step::Import { .. } => Action::MigrateEvents,
        };
        let directory = self
            .journal
            .follower()
            .at_least(position)
            .await
            .map_err(|behind| refuse(behind.into()))?;
        let authority = self.journal.authority(&authorized.caller, action, directory);
        Ok(Authorized {
            authority,
            ..authorized
        })
    }

    /// One event more than the page, if there are so many, that pass the filter and may be read.
    async fn page(&self, authorized: &Authorized, filter: &Filter, page: &Page) -> Result<Vec<pb::Event>, Error> {
        let mut directory = Arc::clone(&authorized.authority.directory);
        let mut after = page.after.as_deref().and_then(split_key);
        let mut events: Vec<pb::Event> = Vec::new();
        let chunk = u64::try_from(page.size + 1).unwrap_or(u64::MAX).max(100);
        loop {
            let scope = self.journal.scope(&authorized.caller, Action::ReadEvent, &directory);
            let hierarchy = directory.hierarchy();
            let condition = Condition::all()
                .add(filter::readable(&scope, hierarchy))
                .add(filter.condition(hierarchy));
            let db = self.journal.store().reader();
            let rows = store::event::list(db, condition, after.as_ref(), chunk).await?;
            let positions: Vec<i64> = rows.iter().map(|row| row.log_index).collect();
            let models = revision::at(db, &positions).await?;
            let seen = self.journal.seen(&models.values().collect::<Vec<_>>()).await?;
            if models
                .values()
                .any(|model| model.registry_position > directory.position())
            {
                // Written after a change that was not known here when the condition was made: make it anew.
                directory = seen;
                continue;
            }
            for row in &rows {
                let model = models
                    .get(&row.log_index)
                    .ok_or(banggiao_store::Error::Missing("a newest revision"))?;
                let Some(event) = model.decode()?.event else { continue };
                if filter.passes(&event, &directory) && journal::may_read(&scope, &event, &directory) {
                    events.push(event);
                }
            }
            let last = rows.last().map(|row| (row.start_date.clone(), row.id.clone()));
            if events.len() > page.size || rows.len() < usize::try_from(chunk).unwrap_or(usize::MAX) {
                return Ok(events);
            }
            after = last;
        }
    }

    /// One revision more than the page, if there are so many that may be read.
    async fn revisions(
        &self,
        authorized: &Authorized,
        id: &str,
        mut after: i32,
        size: usize,
    ) -> Result<Vec<pb::EventRevision>, Error> {
        let chunk = u64::try_from(size + 1).unwrap_or(u64::MAX);
        let mut revisions = Vec::new();
        loop {
            let models = revision::of_event(self.journal.store().reader(), id, after, chunk).await?;
            let directory = self.journal.seen(&models.iter().collect::<Vec<_>>()).await?;
            let scope = self.journal.scope(&authorized.caller, Action::ReadEvent, &directory);
            for model in &models {
                let revision = model.decode()?;
                let event = revision.event.as_ref();
                if event.is_some_and(|event| journal::may_read(&scope, event, &directory)) {
                    revisions.push(revision);
                }
            }
            match models.last() {
                Some(last) if revisions.len() <= size => after = last.number,
                _ => return Ok(revisions),
            }
        }
    }
}

fn key(day: &str, name: &str) -> String {
    format!("{day} {}", name.trim_start_matches("events/"))
}

fn split_key(key: &str) -> Option<(String, String)> {
    key.split_once(' ').map(|(day, id)| (day.to_owned(), id.to_owned()))
}

fn knows(directory: &Directory, event: &pb::Event) -> bool {
    let known =
        |unit: &String| name::collection_id(unit, "units").is_none_or(|id| directory.hierarchy().key_of(id).is_some());
    let in_table = |names: &[&String], collection: &str, has: &dyn Fn(&str) -> bool| {
        names
            .iter()
            .filter_map(|name| name::collection_id(name, collection))
            .all(has)
    };
    let programmes: Vec<&String> = event.programmes.iter().collect();
    std::iter::once(&event.home_unit)
        .chain(&event.co_home_units)
        .chain(&event.partner_units)
        .all(known)
        && in_table(&programmes, "programmes", &|id| directory.programmes().contains_key(id))
        && in_table(&[&event.agreement], "agreements", &|id| {
            directory.agreements().contains_key(id)
        })
        && in_table(&[&event.marker_from, &event.marker_to], "markers", &|id| {
            directory.markers().contains_key(id)
        })
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

fn repetition(method: &str, id: &str, body: &impl Message) -> Result<Option<Repetition>, Status> {
    let mut violations = Violations::new();
    let parsed = RequestId::parse(method, id, body, &mut violations.root());
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

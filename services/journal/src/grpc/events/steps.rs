//! What several of the calls do: knowing the registry well enough, handing a step to the sequencer, reading pages.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{
    name,
    permission::{Action, Part},
};
use banggiao_rpc::{Violations, audit, identity::Caller, page::Page, wire};
use tonic::{Response, Status};

use crate::{
    domain::{
        Error, checked,
        command::{Authority, Repetition, Step, Target},
        comparison, event,
        filter::{Filter, Order},
    },
    grpc::{Authorized, Calls, DOMAIN, filter, status::refuse},
    journal,
    store::{self, revision},
};

impl Calls {
    /// The registry at least at a position, and as new as the units that the events name: if one is unknown here,
    /// registry is asked for its head and the copy is waited for, before anybody decides anything.
    pub(super) async fn knowing(
        &self,
        authorized: Authorized,
        min: i64,
        events: &[pb::Event],
    ) -> Result<Authorized, Status> {
        let follower = self.journal.follower();
        let behind = |behind: banggiao_directory::Behind| refuse(behind.into());
        let mut directory = follower
            .at_least(min.max(authorized.authority.directory.position()))
            .await
            .map_err(behind)?;
        if !events.iter().all(|event| knows(&directory, event)) {
            directory = follower.caught_up().await.map_err(behind)?;
        }
        let types = self.journal.types();
        if !events.iter().all(|event| types.knows(event)) {
            self.journal.refresh_types().await.map_err(refuse)?;
        }
        let authority = self
            .journal
            .authority(&authorized.caller, Action::RecordEvent, directory);
        let named = self.journal.nameable(&authorized.caller, &authority, events).await;
        let authority = Authority {
            attachments: Arc::new(named.map_err(refuse)?),
            ..authority
        };
        Ok(Authorized {
            authority,
            ..authorized
        })
    }

    /// The step that logs new events; the faults of all of them are found at once.
    pub(super) async fn logging(
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
            let standing = event::Standing {
                planned: sent.phase() == pb::Phase::Planned,
                ..event::Standing::default()
            };
            match event::check(sent, authority, standing, &path(index)) {
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

    pub(super) async fn carry_out(
        &self,
        authorized: Authorized,
        repetition: Option<Repetition>,
        step: Step,
        validate_only: bool,
    ) -> Result<Vec<pb::Event>, Status> {
        let Authorized { caller, authority } = authorized;
        if validate_only {
            audit::tries();
        }
        let command = self
            .journal
            .command(&caller, authority, repetition, step, validate_only);
        let answer = self.journal.sequencer().submit(command).await;
        let events = answer.map_err(refuse)?.events;
        if let Some(first) = events.first() {
            audit::about(&first.name);
        }
        let events = events.into_iter();
        Ok(self
            .for_reader(&caller, events.map(Arc::unwrap_or_clone).collect())
            .await)
    }

    /// Events as the caller sees them.
    pub(in crate::grpc) async fn for_reader(&self, caller: &Caller, events: Vec<pb::Event>) -> Vec<pb::Event> {
        let reader = self.journal.reader(caller);
        let mut shown = Vec::with_capacity(events.len());
        for event in events {
            shown.push(reader.shown(event).await);
        }
        shown
    }

    /// Carries out a step on an event that exists, for a caller who may read it; hidden and absent look the same.
    pub(super) async fn change(
        &self,
        authorized: Authorized,
        repetition: Option<Repetition>,
        step: Step,
    ) -> Result<Vec<pb::Event>, Status> {
        let mut seen = 0;
        for target in step.targets() {
            if let Target::Id { id, .. } = target {
                let read = self.journal.read(&authorized.caller, id, 0).await.map_err(refuse)?;
                seen = seen.max(read.event.map_or(0, |event| event.registry_position));
            }
        }
        let authorized = if seen > authorized.authority.directory.position() {
            self.authorized_at(authorized, seen, &step).await?
        } else {
            authorized
        };
        self.carry_out(authorized, repetition, step, false).await
    }

    /// As [`Self::change`] of one event, which is answered with the events that may be the same.
    pub(super) async fn one_with_duplicates(
        &self,
        authorized: Authorized,
        repetition: Option<Repetition>,
        step: Step,
    ) -> Result<Response<pb::Event>, Status> {
        let caller = authorized.caller.clone();
        let event = self.change(authorized, repetition, step).await?.pop();
        let event = event.ok_or_else(|| DOMAIN.internal())?;
        self.with_duplicates(&caller, event).await.map_err(refuse)
    }

    async fn authorized_at(&self, authorized: Authorized, position: i64, step: &Step) -> Result<Authorized, Status> {
        let action = match step {
            Step::Approve(_) | Step::Return(..) => Action::ApproveEvent,
            Step::Log(_)
            | Step::Correct { .. }
            | Step::Hold { .. }
            | Step::Submit(_)
            | Step::Cancel(..)
            | Step::Resolve { .. }
            | Step::Refused { .. } => Action::RecordEvent,
            Step::Import { .. } => Action::MigrateEvents,
        };
        let directory = self
            .journal
            .follower()
            .at_least(position)
            .await
            .map_err(|behind| refuse(behind.into()))?;
        let authority = Authority {
            attachments: authorized.authority.attachments,
            ..self.journal.authority(&authorized.caller, action, directory)
        };
        Ok(Authorized {
            authority,
            ..authorized
        })
    }

    /// One event more than the page, if there are so many, that pass the filter and may be read.
    pub(in crate::grpc) async fn page(
        &self,
        authorized: &Authorized,
        filter: &Filter,
        order: Order,
        page: &Page,
    ) -> Result<Vec<pb::Event>, Error> {
        let mut directory = Arc::clone(&authorized.authority.directory);
        let mut after = page.after.as_deref().and_then(|key| order.read_key(key));
        let mut events: Vec<pb::Event> = Vec::new();
        let chunk = u64::try_from(page.size + 1).unwrap_or(u64::MAX).max(100);
        loop {
            let scope = self.journal.scope(&authorized.caller, Action::ReadEvent, &directory);
            let hierarchy = directory.hierarchy();
            let condition = store::filter::listed(filter, &scope, hierarchy);
            let db = self.journal.store().reader();
            let rows = store::event::list(db, condition, order, after.as_ref(), chunk).await?;
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
            let last = rows.last().map(|row| row.key(order));
            if events.len() > page.size || rows.len() < usize::try_from(chunk).unwrap_or(usize::MAX) {
                return Ok(events);
            }
            after = last;
        }
    }

    /// A list's filter, against what is known here; an event type that is not is looked for once more.
    pub(in crate::grpc) async fn filter(
        &self,
        given: pb::EventFilter,
        authorized: &Authorized,
        violations: &mut Violations,
    ) -> Result<Filter, Status> {
        let mut types = self.journal.types();
        let unknown = |name: &String| {
            let id = name::collection_id(name, "eventTypes");
            id.is_some_and(|id| types.newest(id).is_none())
        };
        if given.event_types.iter().any(unknown) {
            types = self.journal.refresh_types().await.map_err(refuse)?;
        }
        let known = filter::Known {
            directory: &authorized.authority.directory,
            types: &types,
            agreements: &authorized.authority.agreements,
            today: self.journal.today(),
        };
        Ok(filter::parse(&given, &known, &mut violations.scope("filter")))
    }

    /// How two revisions differ. Whoever may read both may know.
    pub(super) async fn compare(
        &self,
        authorized: &Authorized,
        id: &str,
        base: i32,
        number: i32,
    ) -> Result<Response<pb::CompareEventRevisionsResponse>, Status> {
        let read = async |number: i32| {
            let read = self.journal.read(&authorized.caller, id, number).await;
            let event = read.map_err(refuse)?.event.ok_or_else(|| DOMAIN.internal())?;
            Ok::<_, Status>(self.journal.reader(&authorized.caller).shown(event).await)
        };
        let later = read(number).await?;
        let base = match base {
            0 => later.revision - 1,
            base => base,
        };
        if base >= later.revision {
            let mut violations = Violations::new();
            let why = format!("{base} is not before revision {}", later.revision);
            violations.root().invalid("base_revision", why);
            return Err(DOMAIN.invalid(violations));
        }
        // The first revision is compared with nothing.
        let earlier = match base {
            0 => pb::Event::default(),
            base => read(base).await?,
        };
        Ok(Response::new(pb::CompareEventRevisionsResponse {
            base_revision: base,
            revision: later.revision,
            differences: comparison::differences(&earlier, &later),
        }))
    }

    /// One revision more than the page, if there are so many that may be read.
    pub(super) async fn revisions(
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
            let reader = self.journal.reader(&authorized.caller);
            for model in &models {
                let mut revision = model.decode()?;
                let readable = |event: &pb::Event| journal::may_read(&scope, event, &directory);
                if let Some(event) = revision.event.take().filter(readable) {
                    revision.event = Some(reader.shown(event).await);
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

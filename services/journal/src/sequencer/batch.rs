//! One transaction of the sequencer: what was read behind the locked head, and what is to be appended.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use banggiao_contracts::journal::v1::{self as pb, ReviewState};
use banggiao_ledger::Kind;
use banggiao_model::name;
use banggiao_rpc::feed;
use banggiao_runtime::Seams;
use banggiao_store::{Appending, Session, Together, head, import_row};
use prost::Message;
use uuid::Uuid;

use super::{Answer, Group, handed_over};
#[cfg(test)]
use crate::trial::{Fault, Moment, Trial};
use crate::{
    domain::{
        Error, attachment,
        command::{Command, Current, Draft, Repetition, Step, Target},
        event::without_output,
        import,
    },
    ledger::{Growth, Heard, New, Unheard},
    store::{self, event, revision},
};

/// So many revisions are handed to the database before all groups are carried out.
const DECIDED: usize = 512;

/// So few revisions go to the database together with all that belongs to them: then the way there and back counts. Of more
/// it takes in the first while the rest is made.
const TOGETHER: usize = 8;

/// The digest of a request, and the events with which it was answered.
type Answered = ([u8; 32], Vec<Arc<pb::Event>>);

/// A transaction under way: what was read behind the lock, and what is to be appended.
#[derive(Clone)]
pub(super) struct Batch<'a> {
    seams: &'a Seams,
    log: Growth,
    /// Reorganisations that the commands know of and the log does not.
    unheard: Unheard,
    #[cfg(test)]
    trial: Arc<Trial>,
    events: HashMap<String, Current>,
    by_reference: HashMap<(String, String), String>,
    requests: HashMap<(String, Uuid), Answered>,
    rows: HashMap<import_row::Key, ImportedRow>,
    appended: Vec<revision::Model>,
    /// The events that were written, as they were found before; nothing of new ones.
    written: BTreeMap<String, Option<Arc<pb::Event>>>,
    new_rows: Vec<import_row::Model>,
    /// Digests of the attachments that the commands name and that are stored. The sweep waits for the lock, too.
    stored: Arc<BTreeSet<String>>,
    /// What the new revisions lead to for ever.
    lasting: BTreeSet<event::link::Model>,
}

#[derive(Clone)]
struct ImportedRow {
    digest: Vec<u8>,
    event: Arc<pb::Event>,
}

impl<'a> Batch<'a> {
    /// Locks the head, which must not be before the one that is known, and reads what the commands are about.
    pub(super) async fn open(
        tx: &Appending,
        (seams, heard): (&'a Seams, &Heard),
        groups: &[Group],
        known: feed::Head,
    ) -> Result<Self, Error> {
        let log = Growth::locked(tx, known, seams.clock.now().as_microsecond()).await?;
        let mut batch = Batch {
            seams,
            log,
            unheard: Unheard::default(),
            #[cfg(test)]
            trial: Arc::default(),
            events: HashMap::new(),
            by_reference: HashMap::new(),
            requests: HashMap::new(),
            rows: HashMap::new(),
            appended: Vec::new(),
            written: BTreeMap::new(),
            new_rows: Vec::new(),
            stored: Arc::default(),
            lasting: BTreeSet::new(),
        };
        let commands: Vec<&Command> = groups.iter().flat_map(|group| &group.commands).collect();
        let directories = commands.iter().map(|command| &command.authority.directory);
        if let Some(newest) = directories.max_by_key(|directory| directory.position()) {
            batch.unheard = heard.unheard(tx, batch.log.head.epoch, newest).await?;
        }
        batch.read_repetitions(tx, &commands).await?;
        batch.read_events(tx, &commands).await?;
        let contents = commands.iter().flat_map(|command| command.step.contents());
        let named = attachment::named(contents);
        batch.stored = Arc::new(store::attachment::stored(tx, &named).await?);
        Ok(batch)
    }

    /// What a test does to it.
    #[cfg(test)]
    pub(super) fn on(&mut self, trial: &Arc<Trial>) {
        trial.reach(Moment::Locked);
        self.trial = Arc::clone(trial);
        self.log.head.position = trial.position(self.log.head.position);
        if trial.has(Fault::RepetitionsForgotten) {
            self.requests.clear();
        }
    }

    async fn read_repetitions(&mut self, tx: &Appending, commands: &[&Command]) -> Result<(), Error> {
        let (mut ids, mut keys) = (Vec::new(), Vec::new());
        for command in commands {
            match &command.repetition {
                Some(Repetition::Request { id, .. }) => ids.push(*id),
                Some(Repetition::Row { source, kind, key, .. }) => {
                    keys.push((source.clone(), (*kind).to_owned(), key.clone()));
                }
                None => {}
            }
        }
        for (key, models) in revision::of_requests(tx, &ids).await? {
            let digest = models
                .first()
                .and_then(|model| model.request_digest.as_deref()?.try_into().ok());
            // What else a request did to the log, as changing its keys, is no answer to a command; its digest is another.
            let of_events = models.iter().filter(|model| model.is(Kind::EventRevision));
            let events = of_events
                .map(|model| event_of(model).map(Arc::new))
                .collect::<Result<_, _>>()?;
            self.requests.insert(key, (digest.unwrap_or_default(), events));
        }
        let rows = import_row::find(tx, &keys).await?;
        let positions: Vec<i64> = rows.values().map(|row| row.position).collect();
        let models = revision::at(tx, &positions).await?;
        for (key, row) in rows {
            let model = models
                .get(&row.position)
                .ok_or(banggiao_store::Error::Missing("an imported revision"))?;
            self.rows.insert(
                key,
                ImportedRow {
                    digest: row.digest,
                    event: Arc::new(event_of(model)?),
                },
            );
        }
        Ok(())
    }

    async fn read_events(&mut self, tx: &Appending, commands: &[&Command]) -> Result<(), Error> {
        let (mut ids, mut references): (Vec<String>, HashMap<String, Vec<String>>) = (Vec::new(), HashMap::new());
        for command in commands {
            let contents = command.step.contents();
            for reference in contents
                .into_iter()
                .filter_map(|event| event.external_reference.as_ref())
            {
                let names = references.entry(reference.source.clone()).or_default();
                names.push(reference.reference.clone());
            }
            for target in command.step.targets() {
                match target {
                    Target::Id { id, .. } => ids.push(id.clone()),
                    Target::Reference { source, reference } => {
                        references.entry(source.clone()).or_default().push(reference.clone());
                    }
                }
            }
        }
        let mut rows = event::with_ids(tx, &ids).await?;
        for (source, names) in references {
            rows.extend(event::with_references(tx, &source, &names).await?);
        }
        let positions: Vec<i64> = rows.iter().map(|row| row.log_index).collect();
        let models = revision::at(tx, &positions).await?;
        for row in rows {
            let model = models
                .get(&row.log_index)
                .ok_or(banggiao_store::Error::Missing("a newest revision"))?;
            let revision = model.decode()?;
            let approved_revision = revision.approved_revision;
            let phase_before_cancellation = revision.phase_before_cancellation();
            let Some(event) = revision.event else { continue };
            if let (Some(source), Some(reference)) = (row.source.clone(), row.reference.clone()) {
                self.by_reference.insert((source, reference), row.id.clone());
            }
            let pending_authors = row.authors();
            self.events.insert(
                row.id,
                Current {
                    event: Arc::new(event),
                    approved_revision,
                    phase_before_cancellation,
                    pending_authors,
                },
            );
        }
        Ok(())
    }

    /// The revisions that were appended so far, if they are many; nothing undoes them but the end of the transaction.
    pub(super) fn decided(&mut self) -> Vec<revision::Model> {
        if self.appended.len() < DECIDED {
            return Vec::new();
        }
        std::mem::take(&mut self.appended)
    }

    /// Carries the commands of a group out, each for itself, or all or none.
    pub(super) fn carry_out_all(&mut self, group: &Group) -> Vec<Result<Answer, Error>> {
        let together = group.together;
        #[cfg(test)]
        let together = together && !self.trial.has(Fault::GroupHalfStored);
        let before = together.then(|| self.clone());
        let outcomes: Vec<_> = group.commands.iter().map(|command| self.carry_out(command)).collect();
        match before {
            Some(before) if outcomes.iter().any(Result::is_err) => {
                *self = before;
                // What repeats a row of the same request was never there.
                let stored = self.log.head.position;
                let held_back = |answer: Answer| {
                    if answer.repeated && answer.events.iter().all(|event| event.log_index <= stored) {
                        Ok(answer)
                    } else {
                        Err(Error::HeldBack)
                    }
                };
                outcomes
                    .into_iter()
                    .map(|outcome| outcome.and_then(held_back))
                    .collect()
            }
            _ => outcomes,
        }
    }

    /// Carries one command out on what was read and appended so far. A refusal leaves nothing behind.
    fn carry_out(&mut self, command: &Command) -> Result<Answer, Error> {
        for target in command.step.targets() {
            if let Ok(current) = self.target(target) {
                command.permitted(current)?;
                // Other steps name an event that was read before; a correction from a file names any.
                if matches!(target, Target::Reference { .. }) && !command.may_read([&*current.event]) {
                    return Err(absent(target));
                }
            }
        }
        if let Some(answer) = self.repeated(command)? {
            // It was this principal who asked first, and the right to read may have been lost since.
            let by_request = matches!(command.repetition, Some(Repetition::Request { .. }));
            if by_request && !command.may_read(answer.events.iter().map(|event| &**event)) {
                return Err(Error::Denied);
            }
            return Ok(answer);
        }
        let drafts = self.drafts(command)?;
        self.attachments_are_stored(command, &drafts)?;
        if command.validate_only {
            let events = drafts
                .into_iter()
                .filter_map(|draft| draft.revision.event)
                .map(|event| Arc::new(tried(event)))
                .collect();
            return Ok(Answer {
                events,
                repeated: false,
            });
        }
        let mut events = Vec::with_capacity(drafts.len());
        for (part, draft) in drafts.into_iter().enumerate() {
            events.push(self.append(command, draft, part)?);
        }
        self.remember(command, &events);
        Ok(Answer {
            events,
            repeated: false,
        })
    }

    fn repeated(&self, command: &Command) -> Result<Option<Answer>, Error> {
        let answer = |events: Vec<Arc<pb::Event>>| Ok(Some(Answer { events, repeated: true }));
        match &command.repetition {
            None => Ok(None),
            Some(Repetition::Request { id, digest }) => {
                match self.requests.get(&(command.principal.to_string(), *id)) {
                    None => Ok(None),
                    Some((before, events)) if before == digest => answer(events.clone()),
                    Some(_) => Err(Error::RequestIdReused),
                }
            }
            Some(Repetition::Row {
                source,
                kind,
                key,
                digest,
            }) => match self.rows.get(&(source.clone(), (*kind).to_owned(), key.clone())) {
                None => Ok(None),
                Some(before) if before.digest == digest => answer(vec![before.event.clone()]),
                Some(before) => Err(Error::ImportedWithOtherContent(import::differences(
                    &before.event,
                    &command.step,
                ))),
            },
        }
    }

    fn drafts(&self, command: &Command) -> Result<Vec<Draft>, Error> {
        match &command.step {
            Step::Log(events) => {
                let mut references = BTreeSet::new();
                let mut drafts = Vec::with_capacity(events.len());
                for (id, content) in events {
                    self.reference_is_free(&content.event, &mut references)?;
                    drafts.push(command.first(id, content)?);
                }
                Ok(drafts)
            }
            Step::Refused { error, .. } => Err((**error).clone()),
            Step::Import {
                id,
                content,
                phase,
                review,
                source,
            } => {
                self.reference_is_free(&content.event, &mut BTreeSet::new())?;
                Ok(vec![command.imported(id, content, *phase, *review, source)])
            }
            other => {
                let targets = other.targets().iter().map(|target| self.target(target));
                let currents = targets.collect::<Result<Vec<_>, _>>()?;
                let drafts = command.next(&currents)?;
                for event in drafts.iter().filter_map(|draft| draft.revision.event.as_ref()) {
                    self.reference_stays_free(event)?;
                }
                Ok(drafts)
            }
        }
    }

    /// What the drafts name was there when it was asked, and may have been swept since.
    fn attachments_are_stored(&self, command: &Command, drafts: &[Draft]) -> Result<(), Error> {
        for (number, draft) in drafts.iter().enumerate() {
            let before = self.events.get(&draft.id).map(|current| &*current.event);
            if let Some(event) = &draft.revision.event {
                attachment::stored(event, before, &self.stored, command.step.path(number))?;
            }
        }
        Ok(())
    }

    /// A corrected reference must not be another event's.
    fn reference_stays_free(&self, event: &pb::Event) -> Result<(), Error> {
        let Some(reference) = &event.external_reference else {
            return Ok(());
        };
        let key = (reference.source.clone(), reference.reference.clone());
        match self.by_reference.get(&key) {
            Some(id) if Some(id.as_str()) != name::collection_id(&event.name, "events") => Err(taken(reference)),
            _ => Ok(()),
        }
    }

    fn reference_is_free(&self, event: &pb::Event, batch: &mut BTreeSet<(String, String)>) -> Result<(), Error> {
        let Some(reference) = &event.external_reference else {
            return Ok(());
        };
        let key = (reference.source.clone(), reference.reference.clone());
        if self.by_reference.contains_key(&key) || !batch.insert(key) {
            return Err(taken(reference));
        }
        Ok(())
    }

    fn target(&self, target: &Target) -> Result<&Current, Error> {
        match target {
            Target::Id { id, .. } => self.events.get(id).ok_or(Error::Denied),
            Target::Reference { source, reference } => self
                .by_reference
                .get(&(source.clone(), reference.clone()))
                .and_then(|id| self.events.get(id))
                .ok_or_else(|| absent(target)),
        }
    }

    /// Gives a draft its place in the log.
    fn append(&mut self, command: &Command, mut draft: Draft, part: usize) -> Result<Arc<pb::Event>, Error> {
        self.note_what_is_unheard();
        let micros = self.log.head.recorded_at;
        let event = draft
            .revision
            .event
            .as_mut()
            .ok_or_else(|| Error::Broken("a revision without event".to_owned()))?;
        event.create_time = Some(timestamp(micros));
        if event.review_state() == ReviewState::Submitted && event.submit_time.is_none() {
            event.submit_time = event.create_time;
        }
        self.lasting.extend(event::link::lasting(&draft.id, event));
        let number = event.revision;
        let registry_position = event.registry_position;
        let model = self.log.place(
            self.seams.salt(),
            New {
                kind: Kind::EventRevision,
                id: &draft.id,
                number,
                content: draft.revision.encode_to_vec(),
                principal: &command.principal,
                request: match &command.repetition {
                    Some(Repetition::Request { id, digest }) => Some((*id, *digest)),
                    _ => None,
                },
                part: i32::try_from(part).unwrap_or(i32::MAX),
                registry_position,
            },
        );
        // What is answered is what was encoded, with what the log knows of it.
        let event = draft.revision.event.take().map(|event| {
            Arc::new(pb::Event {
                log_index: model.log_index,
                etag: model.etag(),
                ..event
            })
        });
        let event = event.ok_or_else(|| Error::Broken("a revision without event".to_owned()))?;
        self.appended.push(model);
        self.stands(draft, Arc::clone(&event));
        Ok(event)
    }

    /// What the registry did before an event was written stands before it.
    fn note_what_is_unheard(&mut self) {
        let salt = || self.seams.salt();
        self.appended
            .extend(self.unheard.take().map(|new| self.log.place(salt(), new)));
    }

    /// From here on the event is what the draft made of it.
    fn stands(&mut self, draft: Draft, event: Arc<pb::Event>) {
        let key = |reference: &pb::ExternalReference| (reference.source.clone(), reference.reference.clone());
        let current = Current {
            event,
            approved_revision: draft.revision.approved_revision,
            phase_before_cancellation: draft.revision.phase_before_cancellation(),
            pending_authors: draft.pending_authors,
        };
        let reference = current.event.external_reference.as_ref().map(key);
        let before = self.events.insert(draft.id.clone(), current);
        if let Some(given_up) = before
            .as_ref()
            .and_then(|before| before.event.external_reference.as_ref())
        {
            self.by_reference.remove(&key(given_up));
        }
        self.by_reference
            .extend(reference.map(|reference| (reference, draft.id.clone())));
        self.written
            .entry(draft.id)
            .or_insert_with(|| before.map(|before| before.event));
    }

    fn remember(&mut self, command: &Command, events: &[Arc<pb::Event>]) {
        match &command.repetition {
            None => {}
            Some(Repetition::Request { id, digest }) => {
                self.requests
                    .insert((command.principal.to_string(), *id), (*digest, events.to_vec()));
            }
            Some(Repetition::Row {
                source,
                kind,
                key,
                digest,
            }) => {
                let Some(event) = events.first() else { return };
                let row = ImportedRow {
                    digest: digest.to_vec(),
                    event: event.clone(),
                };
                self.rows.insert((source.clone(), (*kind).to_owned(), key.clone()), row);
                self.new_rows.push(import_row::Model {
                    source: source.clone(),
                    kind: (*kind).to_owned(),
                    key: key.clone(),
                    digest: digest.to_vec(),
                    position: event.log_index,
                });
            }
        }
    }

    /// Position and leaf hash of the first new entry.
    pub(super) fn first(&self) -> Option<(i64, Vec<u8>)> {
        self.log.first()
    }

    #[cfg(test)]
    fn spoil(&mut self) {
        self.trial.counted(self.log.head.position);
        if self.trial.has(Fault::NodesNotStored) {
            self.log.forget_nodes();
        }
        self.log.tree_stays = self.trial.has(Fault::TreeNotAdvanced);
    }

    pub(super) async fn store(mut self, tx: &Appending) -> Result<head::Model, Error> {
        if self.log.is_unchanged() {
            return Ok(self.log.head);
        }
        #[cfg(test)]
        self.spoil();
        let appended = std::mem::take(&mut self.appended);
        if appended.len() <= TOGETHER {
            let together = Together::on(tx);
            revision::insert(&together, appended).await?;
            let rows = self.rows();
            let head = self.put(&together, rows).await?;
            together.sent().await?;
            return Ok(head);
        }
        // While the database takes in the revisions, the rows by which events are found are made.
        let revisions = handed_over(tx, appended).await;
        let rows = self.rows();
        revisions.stored().await?;
        self.put(tx, rows).await
    }

    fn rows(&self) -> event::Rows {
        let written = self.written.iter().filter_map(|(id, before)| {
            let current = self.events.get(id)?;
            Some(event::Written {
                id,
                before: before.as_deref(),
                event: &current.event,
                pending_authors: &current.pending_authors,
            })
        });
        event::Rows::of(&written.collect::<Vec<_>>())
    }

    /// Everything but the revisions. Nothing of it depends on anything else of it.
    async fn put(self, db: &impl Session, rows: event::Rows) -> Result<head::Model, Error> {
        event::put(db, rows).await?;
        event::link::put_lasting(db, self.lasting).await?;
        import_row::insert(db, self.new_rows).await?;
        self.log.put(db).await
    }
}

/// The refusal of an event that is not there, or must look so.
fn absent(target: &Target) -> Error {
    match target {
        Target::Id { .. } => Error::Denied,
        Target::Reference { source, reference } => {
            Error::NotFound(format!("the event with reference {reference:?} of {source:?}"))
        }
    }
}

fn taken(reference: &pb::ExternalReference) -> Error {
    Error::ReferenceTaken(format!("{:?} of source {:?}", reference.reference, reference.source))
}

/// What was not appended has no name, no number and no author; what looks implausible is told all the same, for that is why
/// somebody tries.
fn tried(mut event: pb::Event) -> pb::Event {
    let warnings = std::mem::take(&mut event.warnings);
    pb::Event {
        warnings,
        ..without_output(event)
    }
}

fn event_of(model: &revision::Model) -> Result<pb::Event, Error> {
    let event = model.decode()?.event;
    event.ok_or_else(|| Error::Broken(format!("revision {} holds no event", model.log_index)))
}

/// Microseconds since 1970 as a timestamp.
pub fn timestamp(micros: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or(0);
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos,
    }
}

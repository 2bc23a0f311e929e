//! Commands: how each makes the next revision out of the newest one.

use std::{collections::BTreeSet, sync::Arc};

use banggiao_contracts::journal::v1::{self as pb, Action as Done, Phase, ReviewState};
use banggiao_directory::Directory;
use banggiao_model::{name, permission::Scope};
use uuid::Uuid;

use super::{Error, correction, event, rule};

/// A command on its way to the sequencer.
#[derive(Debug, Clone)]
pub struct Command {
    /// Id of the principal.
    pub principal: Arc<str>,
    /// On what it is decided.
    pub authority: Authority,
    /// How a repetition is recognised, if it can be.
    pub repetition: Option<Repetition>,
    /// What is to be done.
    pub step: Step,
    /// Whether approvers may approve what they wrote.
    pub allow_self_approval: bool,
    /// Only find out how it would end; nothing is appended.
    pub validate_only: bool,
}

/// On what a command is decided: one state of the registry, for permission and rules alike.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The registry.
    pub directory: Arc<Directory>,
    /// What the principal may reach by this kind of command.
    pub scope: Scope,
    /// Which agreements the principal may read, and so may name.
    pub agreements: Scope,
}

/// How a repetition of a command is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repetition {
    /// By the request's id, scoped by principal.
    Request {
        /// The id.
        id: Uuid,
        /// Digest of the request.
        digest: [u8; 32],
    },
    /// As a row of an import, for ever.
    Row {
        /// Where the row came from.
        source: String,
        /// `event` or `correction`.
        kind: &'static str,
        /// The reference, or the digest of a correction.
        key: String,
        /// Digest of the parsed fields.
        digest: [u8; 32],
    },
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Step {
    /// New events under the ids given, all or none.
    Log(Vec<(String, event::Content)>),
    /// New values for some fields.
    Correct {
        /// Which event.
        target: Target,
        /// The new values.
        event: Box<pb::Event>,
        /// Which fields.
        mask: Vec<String>,
        /// Why.
        reason: String,
        /// The correction was approved elsewhere.
        imported: bool,
    },
    /// On to the approver.
    Submit(Target),
    /// Approved.
    Approve(Target),
    /// Back to the recorder.
    Return(Target, String),
    /// It does not take place, or did not.
    Cancel(Target, String),
    /// Nothing: it was found wrong before. It is only asked whether it was carried out when it came first, since a
    /// repetition gets the same answer, whatever happened in between.
    Refused {
        /// What is wrong with it.
        error: Box<Error>,
        /// The event that was sent, of a row of an import.
        sent: Box<pb::Event>,
    },
    /// A new event with the review state and phase that it has in a file, under the id given.
    Import {
        /// Id for the new event.
        id: String,
        /// Its content.
        content: Box<event::Content>,
        /// Its phase.
        phase: Phase,
        /// Its review state.
        review: ReviewState,
        /// Where it came from.
        source: String,
    },
}

impl Step {
    /// The event that the step is about; none for new ones.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Correct { target, .. }
            | Self::Submit(target)
            | Self::Approve(target)
            | Self::Return(target, _)
            | Self::Cancel(target, _) => Some(target),
            Self::Log(_) | Self::Import { .. } | Self::Refused { .. } => None,
        }
    }
}

/// Which event a command is about.
#[derive(Debug, Clone)]
pub enum Target {
    /// By id, in the revision that an etag names if it is not empty.
    Id {
        /// The id.
        id: String,
        /// The etag, or nothing for the newest.
        etag: String,
    },
    /// By external reference.
    Reference {
        /// Source.
        source: String,
        /// Reference in it.
        reference: String,
    },
}

/// An event as its newest revision left it.
#[derive(Debug, Clone)]
pub struct Current {
    /// The event, with log index, time and etag of its newest revision.
    pub event: pb::Event,
    /// Number of the last approved revision; 0 if there is none.
    pub approved_revision: i32,
    /// What the phase was before the cancellation, of a cancelled event.
    pub phase_before_cancellation: Phase,
    /// Who wrote the revisions since the last approval.
    pub pending_authors: BTreeSet<String>,
}

/// A revision that is to be appended: everything but its place in the log and its time.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Id of the event.
    pub id: String,
    /// The revision.
    pub revision: pb::EventRevision,
    /// Who wrote the revisions since the last approval, this one included.
    pub pending_authors: BTreeSet<String>,
    /// Whether units, days or other fields by which events are found may have changed.
    pub content_changed: bool,
}

impl Command {
    /// The first revision of a new event.
    pub fn first(&self, id: &str, content: &event::Content) -> Result<Draft, Error> {
        self.covered(content.home)?;
        let phase = match content.event.phase() {
            Phase::Unspecified | Phase::Held => Phase::Held,
            other => other,
        };
        Ok(self.new_event(id, content, phase, ReviewState::Draft, Done::Log, ""))
    }

    /// The first revision of an event from a file.
    pub fn imported(&self, id: &str, content: &event::Content, phase: Phase, review: ReviewState, from: &str) -> Draft {
        self.new_event(id, content, phase, review, Done::Import, from)
    }

    fn new_event(
        &self,
        id: &str,
        content: &event::Content,
        phase: Phase,
        review: ReviewState,
        action: Done,
        source: &str,
    ) -> Draft {
        let approved = review == ReviewState::Approved;
        let event = pb::Event {
            name: name::name("events", id),
            phase: phase.into(),
            review_state: review.into(),
            revision: 1,
            registry_position: self.authority.directory.position(),
            author: name::name("principals", &self.principal),
            ..content.event.clone()
        };
        Draft {
            id: id.to_owned(),
            revision: pb::EventRevision {
                event: Some(event),
                action: action.into(),
                approved_revision: i32::from(approved),
                import_source: source.to_owned(),
                ..pb::EventRevision::default()
            },
            pending_authors: if approved {
                BTreeSet::new()
            } else {
                BTreeSet::from([self.principal.to_string()])
            },
            content_changed: true,
        }
    }

    /// Whether the principal may do this to the event at all. It is asked before a repetition is answered, too: the
    /// right may have been lost since.
    ///
    /// # Errors
    /// [`Error::Denied`] if not.
    pub fn permitted(&self, current: &Current) -> Result<(), Error> {
        let homes = event::homes(&current.event, &self.authority.directory);
        self.covered(homes.first().copied().ok_or(Error::Denied)?)
    }

    /// The next revision of an event.
    ///
    /// # Errors
    /// [`Error::StaleEtag`], or a rule of the step.
    pub fn next(&self, current: &Current) -> Result<Draft, Error> {
        self.fresh(current)?;
        match &self.step {
            Step::Correct {
                event,
                mask,
                reason,
                imported,
                ..
            } => self.corrected(current, event, mask, reason, *imported),
            Step::Submit(_) => self.submitted(current),
            Step::Approve(_) => self.approved(current),
            Step::Return(_, reason) => self.returned(current, reason),
            Step::Cancel(_, reason) => self.cancelled(current, reason),
            Step::Log(_) | Step::Import { .. } | Step::Refused { .. } => {
                Err(Error::Broken("a new event has no newest revision".to_owned()))
            }
        }
    }

    fn covered(&self, home: banggiao_model::hierarchy::Key) -> Result<(), Error> {
        // What may be done to an event is decided by its home unit. Its classification limits only who may read it.
        let reach = self
            .authority
            .scope
            .parts()
            .iter()
            .any(|part| part.units.cover(&[home]));
        if reach { Ok(()) } else { Err(Error::Denied) }
    }

    fn fresh(&self, current: &Current) -> Result<(), Error> {
        match self.step.target() {
            Some(Target::Id { etag, .. }) if !etag.is_empty() && *etag != current.event.etag => Err(Error::StaleEtag {
                given: etag.clone(),
                newest: current.event.etag.clone(),
            }),
            Some(Target::Id { .. } | Target::Reference { .. }) | None => Ok(()),
        }
    }

    fn corrected(
        &self,
        current: &Current,
        values: &pb::Event,
        mask: &[String],
        reason: &str,
        imported: bool,
    ) -> Result<Draft, Error> {
        let before = &current.event;
        if before.phase() == Phase::Cancelled && !imported {
            return Err(Error::wrong_state(&before.name, "is cancelled and cannot be corrected"));
        }
        // A cancelled event keeps its phase; by itself it would not pass as the content of a new one.
        let phase = before.phase;
        let laid = pb::Event {
            phase: 0,
            ..correction::FIELDS.lay_over(before.clone(), values, mask)
        };
        let content = event::parse(laid, &self.authority, "event")?;
        // What a correction does not touch was right when it was written; an act that came later, dated back, must not
        // stand in the way of mending something else.
        let touches = |fields: &[&str]| mask.iter().any(|path| fields.contains(&path.as_str()));
        if touches(&["start_date", "home_unit", "co_home_units", "partner_units"]) {
            content.alive(&self.authority.directory)?;
        }
        if touches(&["start_date", "agreement"]) {
            content.in_force(&self.authority.directory)?;
        }
        self.covered(content.home)?;
        let approved = before.review_state() == ReviewState::Approved;
        let review = match before.review_state() {
            ReviewState::Approved if !imported => ReviewState::Submitted,
            unchanged => unchanged,
        };
        let action = if imported {
            Done::ImportCorrection
        } else {
            Done::Correct
        };
        let event = pb::Event { phase, ..content.event };
        let mut draft = self.follow(current, event, review, action, reason);
        draft.content_changed = true;
        if approved && imported {
            draft.revision.approved_revision = draft.revision.event.as_ref().map_or(0, |event| event.revision);
            draft.pending_authors.clear();
        }
        Ok(draft)
    }

    fn submitted(&self, current: &Current) -> Result<Draft, Error> {
        let event = &current.event;
        match event.review_state() {
            ReviewState::Draft | ReviewState::Returned => {
                Ok(self.follow(current, event.clone(), ReviewState::Submitted, Done::Submit, ""))
            }
            state @ (ReviewState::Unspecified | ReviewState::Submitted | ReviewState::Approved) => {
                let why = format!("is {} and cannot be submitted", state_word(state));
                Err(Error::wrong_state(&event.name, why))
            }
        }
    }

    fn approved(&self, current: &Current) -> Result<Draft, Error> {
        let event = waiting(current, "approved")?;
        if !self.allow_self_approval && current.pending_authors.contains(&*self.principal) {
            let why = "has revisions since the last approval that the approver wrote".to_owned();
            return Err(Error::Precondition {
                reason: rule::SELF_APPROVAL,
                violations: vec![(event.name.clone(), why)],
            });
        }
        let mut draft = self.follow(current, event.clone(), ReviewState::Approved, Done::Approve, "");
        draft.revision.approved_revision = draft.revision.event.as_ref().map_or(0, |event| event.revision);
        draft.pending_authors.clear();
        Ok(draft)
    }

    fn returned(&self, current: &Current, reason: &str) -> Result<Draft, Error> {
        let mut event = waiting(current, "returned")?.clone();
        if event.phase() == Phase::Cancelled {
            // The cancellation is refused, so the event is what it was, and can be mended again.
            event.phase = match current.phase_before_cancellation {
                Phase::Planned => Phase::Planned,
                Phase::Unspecified | Phase::Held | Phase::Cancelled => Phase::Held,
            }
            .into();
        }
        let mut draft = self.follow(current, event, ReviewState::Returned, Done::Return, reason);
        // Whoever sends an event back has written nothing of it and may approve it when it comes again.
        draft.pending_authors.clone_from(&current.pending_authors);
        Ok(draft)
    }

    fn cancelled(&self, current: &Current, reason: &str) -> Result<Draft, Error> {
        let event = &current.event;
        if event.phase() == Phase::Cancelled {
            return Err(Error::wrong_state(&event.name, "is cancelled already"));
        }
        let review = match event.review_state() {
            ReviewState::Approved => ReviewState::Submitted,
            unchanged => unchanged,
        };
        let before = event.phase;
        let event = pb::Event {
            phase: Phase::Cancelled.into(),
            ..event.clone()
        };
        let mut draft = self.follow(current, event, review, Done::Cancel, reason);
        draft.revision.phase_before_cancellation = before;
        Ok(draft)
    }

    fn follow(&self, current: &Current, event: pb::Event, review: ReviewState, action: Done, reason: &str) -> Draft {
        let before = &current.event;
        let event = pb::Event {
            name: before.name.clone(),
            external_reference: before.external_reference.clone(),
            review_state: review.into(),
            revision: before.revision + 1,
            registry_position: self.authority.directory.position(),
            author: name::name("principals", &self.principal),
            log_index: 0,
            create_time: None,
            etag: String::new(),
            ..event
        };
        let cancelled = event.phase() == Phase::Cancelled;
        let mut pending_authors = current.pending_authors.clone();
        pending_authors.insert(self.principal.to_string());
        Draft {
            id: name::collection_id(&before.name, "events")
                .unwrap_or_default()
                .to_owned(),
            revision: pb::EventRevision {
                event: Some(event),
                action: action.into(),
                reason: reason.to_owned(),
                approved_revision: current.approved_revision,
                phase_before_cancellation: if cancelled {
                    current.phase_before_cancellation.into()
                } else {
                    0
                },
                ..pb::EventRevision::default()
            },
            pending_authors,
            content_changed: false,
        }
    }
}

fn waiting<'a>(current: &'a Current, what: &str) -> Result<&'a pb::Event, Error> {
    let event = &current.event;
    match event.review_state() {
        ReviewState::Submitted => Ok(event),
        state @ (ReviewState::Unspecified | ReviewState::Draft | ReviewState::Returned | ReviewState::Approved) => {
            let why = format!("is {} and cannot be {what}", state_word(state));
            Err(Error::wrong_state(&event.name, why))
        }
    }
}

fn state_word(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Unspecified => "unknown",
        ReviewState::Draft => "a draft",
        ReviewState::Submitted => "submitted",
        ReviewState::Returned => "returned",
        ReviewState::Approved => "approved",
    }
}

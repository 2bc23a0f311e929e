//! Commands: what is asked for, by whom, and on what it is decided. How each makes the next revision out of the newest
//! one stands beside it.

mod next;
mod state;

pub use state::pending_authors_after;

use std::{collections::BTreeSet, sync::Arc};

use banggiao_contracts::journal::v1::{
    self as pb, Action as Done, CancellationReason, Phase, ReturnReason, ReviewState,
};
use banggiao_directory::{ApproverScopes, Directory};
use banggiao_model::{
    date::Date,
    hierarchy::Key,
    name,
    permission::{Action, Scope},
};
use uuid::Uuid;

use super::{
    Error, attachment,
    event::{self, Neighbours},
    event_type::Catalogue,
};

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
    /// Which provinces border on each other there.
    pub neighbours: Arc<Neighbours>,
    /// The event types.
    pub types: Arc<Catalogue>,
    /// The day it is.
    pub today: Date,
    /// What the principal may reach by this kind of command.
    pub scope: Scope,
    /// What the principal approves for itself and what for others; absent where it stands in for nobody.
    pub approver: Option<Arc<ApproverScopes>>,
    /// Which agreements the principal may read, and so may name.
    pub agreements: Scope,
    /// Digests of the attachments that the principal may name, of those that the request names.
    pub attachments: Arc<BTreeSet<String>>,
}

impl Authority {
    /// The same, by which what an event names may be named again.
    pub fn naming_again(&self, event: &pb::Event) -> Self {
        let mut authority = self.clone();
        let named = attachment::named([event]);
        if !named.is_subset(&authority.attachments) {
            Arc::make_mut(&mut authority.attachments).extend(named);
        }
        authority
    }
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
    /// A planned event was held, with new values for some fields.
    Hold {
        /// Which event.
        target: Target,
        /// The new values.
        event: Box<pb::Event>,
        /// Which fields.
        mask: Vec<String>,
    },
    /// On to the approver.
    Submit(Target),
    /// Approved, all or none.
    Approve(Vec<Target>),
    /// Back to the recorder.
    Return(Target, Because<ReturnReason>),
    /// It does not take place, or did not.
    Cancel(Target, Because<CancellationReason>),
    /// Two events that look alike.
    Resolve {
        /// The one that stays, and the other one.
        targets: [Target; 2],
        /// They are the same.
        same: bool,
        /// Why.
        reason: String,
    },
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

/// Why, in words and as something that can be counted.
#[derive(Debug, Clone)]
pub struct Because<Code> {
    /// In words; may be empty if the code says it.
    pub reason: String,
    /// As a code.
    pub code: Code,
}

impl Step {
    /// Where the step's content stands in the request: `number` counts new events.
    pub fn path(&self, number: usize) -> &str {
        match self {
            Self::Log(events) => events.get(number).map_or("event", |(_, content)| &content.path),
            _ => "event",
        }
    }

    /// The events that the step is about; none for new ones.
    pub fn targets(&self) -> &[Target] {
        match self {
            Self::Correct { target, .. }
            | Self::Hold { target, .. }
            | Self::Submit(target)
            | Self::Return(target, _)
            | Self::Cancel(target, _) => std::slice::from_ref(target),
            Self::Approve(targets) => targets,
            Self::Resolve { targets, .. } => targets,
            Self::Log(_) | Self::Import { .. } | Self::Refused { .. } => &[],
        }
    }

    /// The contents that the step brings.
    pub fn contents(&self) -> Vec<&pb::Event> {
        match self {
            Self::Log(events) => events.iter().map(|(_, content)| &content.event).collect(),
            Self::Import { content, .. } => vec![&content.event],
            Self::Correct { event, .. } | Self::Hold { event, .. } => vec![event],
            Self::Submit(_)
            | Self::Approve(_)
            | Self::Return(..)
            | Self::Cancel(..)
            | Self::Resolve { .. }
            | Self::Refused { .. } => Vec::new(),
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
    pub event: Arc<pb::Event>,
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
            review_chain: if review == ReviewState::Submitted {
                state::review_chain(&content.event, &self.authority)
            } else {
                Vec::new()
            },
            ..content.event.clone()
        };
        let revision = pb::EventRevision {
            event: Some(event),
            action: action.into(),
            approved_revision: i32::from(approved),
            import_source: source.to_owned(),
            ..pb::EventRevision::default()
        };
        Draft {
            id: id.to_owned(),
            pending_authors: pending_authors_after(&BTreeSet::new(), &revision),
            revision,
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

    /// Whether the principal may read all of these today. It is found out only where it matters, for it costs a look at
    /// every unit.
    pub fn may_read<'a>(&self, events: impl IntoIterator<Item = &'a pb::Event>) -> bool {
        let authority = &self.authority;
        let scope = authority
            .directory
            .scope(&self.principal, Action::ReadEvent, authority.today);
        let may_read = |event: &pb::Event| {
            let homes = event::homes(event, &authority.directory);
            scope.allows(&homes, event::classification(event))
        };
        events.into_iter().all(may_read)
    }

    pub(super) fn covered(&self, home: Key) -> Result<(), Error> {
        if covers(&self.authority.scope, home) {
            Ok(())
        } else {
            Err(Error::Denied)
        }
    }
}

/// Whether a scope reaches an event of this home unit. What may be done to an event is decided by that; its
/// classification limits only who may read it.
fn covers(scope: &Scope, home: Key) -> bool {
    scope.parts().iter().any(|part| part.units.cover(&[home]))
}

//! What happened in a run, as those who took part saw it, and the checks that it must pass. The log is the total order,
//! so every check is linear.
//!
//! Each check is one function from a history to its first fault; [`checks::ALL`] is the list of them, and whatever else
//! is to be known of every run joins it there.

mod checks;
#[cfg(test)]
mod tests;

use std::time::Instant;

use banggiao_contracts::journal::v1::{Action, Event, EventRevision, LogPosition};

use super::figures::Figure;

/// The source of the references of all that is written here.
pub const SOURCE: &str = "faults";

/// What a command says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub unit: String,
    pub day: String,
    pub persons: i64,
}

/// A command, as its sender saw it.
#[derive(Debug, Clone)]
pub struct Command {
    /// The reference of its event. One sender writes an event, one command after the other.
    pub reference: String,
    pub action: Action,
    /// The event as the command leaves it.
    pub content: Content,
    /// When it was sent for the first time.
    pub sent: Instant,
    /// The answer and when it came, if one did.
    pub told: Option<(Instant, Event)>,
}

/// One entry of the log, as the feed tells of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A revision of an event.
    Revision(Box<EventRevision>),
    /// Something that concerns no event: a reorganisation that somebody knew of.
    Other(LogPosition),
}

impl Entry {
    /// Its place.
    pub fn position(&self) -> LogPosition {
        match self {
            Self::Revision(revision) => LogPosition {
                epoch: revision.epoch,
                log_index: revision.event.as_ref().map_or(0, |event| event.log_index),
            },
            Self::Other(position) => *position,
        }
    }

    /// The revision, if it is one.
    pub fn revision(&self) -> Option<&EventRevision> {
        match self {
            Self::Revision(revision) => Some(revision),
            Self::Other(_) => None,
        }
    }

    /// The event as the revision has it.
    pub fn event(&self) -> Option<&Event> {
        self.revision().and_then(|revision| revision.event.as_ref())
    }
}

/// All that was seen in a run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The whole log, read at the end.
    pub log: Vec<Entry>,
    /// The commands of each sender in the order in which it sent them.
    pub commands: Vec<Command>,
    /// What each reader of the feed received, over all its connections.
    pub received: Vec<Vec<Entry>>,
    /// What was answered to questions for figures.
    pub figures: Vec<Figure>,
}

impl History {
    /// The first fault, if there is one.
    pub fn check(&self) -> Result<(), String> {
        checks::ALL.iter().try_for_each(|check| check(self))
    }

    /// How many commands were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.commands.iter().filter(|command| command.told.is_some()).count()
    }
}

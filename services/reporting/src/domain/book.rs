//! The book: which revision of each event is the newest, and which one counts.
//!
//! It owns that rule: an approved revision counts until a later one is approved, whatever was written in between, and
//! contributes if the event was held. An approved cancellation counts too; it contributes nothing and ends the counting
//! of the one before.

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::{
    fact::Fact,
    facts::{Facts, Index},
};

/// Where every event stands. Only the one reader of the feed has it.
#[derive(Debug, Default)]
pub struct Book {
    newest: HashSet<OfEvent>,
    counted: HashSet<OfEvent>,
}

/// A fact as the one of its event, found by the event's id.
#[derive(Debug)]
struct OfEvent(Arc<Fact>);

/// Which revisions a new one has ended, by their positions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The one that was the newest.
    pub newest: Option<i64>,
    /// The one that counted.
    pub counted: Option<i64>,
}

impl Book {
    /// Enters the next revision, and brings the facts up to it.
    pub fn enter(&mut self, facts: &mut Facts, fact: &Arc<Fact>) -> Ended {
        let newest = self.put(facts, fact, Index::Newest);
        let counted = if fact.approved {
            self.put(facts, fact, Index::Counted)
        } else {
            None
        };
        facts.position = fact.log_index;
        Ended { newest, counted }
    }

    /// Puts a revision where it stands in the place of the one before it, whose position is given.
    pub fn put(&mut self, facts: &mut Facts, fact: &Arc<Fact>, index: Index) -> Option<i64> {
        let standing = match index {
            Index::Newest => &mut self.newest,
            Index::Counted => &mut self.counted,
        };
        if fact.held {
            facts.insert(index, fact);
        }
        let OfEvent(before) = standing.replace(OfEvent(Arc::clone(fact)))?;
        if before.held {
            facts.remove(index, &before);
        }
        Some(before.log_index)
    }
}

impl Hash for OfEvent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.event().hash(state);
    }
}

impl PartialEq for OfEvent {
    fn eq(&self, other: &Self) -> bool {
        self.0.event() == other.0.event()
    }
}

impl Eq for OfEvent {}

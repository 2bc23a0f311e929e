//! The book: which revision of each event is the newest, and which one counts.
//!
//! It owns that rule: an approved revision counts until a later one is approved, whatever was written in between, and
//! contributes if the event was held. An approved cancellation counts too; it contributes nothing and ends the counting
//! of the one before.

use std::collections::HashMap;

use banggiao_model::date::Date;

use super::{
    fact::Fact,
    facts::{Facts, Index},
};

/// Where events stand: those of some revisions that are about to be entered, since where millions of others stand is in
/// the database.
#[derive(Debug, Default)]
pub struct Book(HashMap<Box<str>, Standing>);

/// Where an event stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its newest revision.
    pub newest: Option<Placed>,
    /// The one that counts.
    pub counted: Option<Placed>,
}

/// A revision, and where to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its position in the journal's log.
    pub log_index: i64,
    /// Its number.
    pub revision: i32,
    /// The first day of the event as it says.
    pub day: Date,
}

/// Which revisions a new one has ended, by their positions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The one that was the newest.
    pub newest: Option<i64>,
    /// The one that counted.
    pub counted: Option<i64>,
}

impl Book {
    /// Where an event stands, for it to be told; one that was never told of has no revision yet.
    pub fn standing(&mut self, event: &str) -> &mut Standing {
        // Most events are told of once.
        self.0.entry(event.into()).or_default()
    }

    /// Enters the next revision, and brings the facts up to it.
    pub fn enter(&mut self, facts: &mut Facts, fact: &Fact) -> Ended {
        let placed = Placed {
            log_index: fact.log_index,
            revision: fact.revision,
            day: fact.day,
        };
        let standing = self.standing(&fact.event);
        let newest = standing.newest.replace(placed);
        let counted = fact.approved.then(|| standing.counted.replace(placed)).flatten();
        for (before, index) in [(newest, Index::Newest), (counted, Index::Counted)] {
            if let Some(before) = before {
                facts.end(&fact.event, before, index);
            }
        }
        facts.put(fact, true, fact.approved);
        facts.position = fact.log_index;
        let log_index = |placed: Option<Placed>| placed.map(|placed| placed.log_index);
        Ended {
            newest: log_index(newest),
            counted: log_index(counted),
        }
    }
}

//! Figures as anybody would count them from the log, revision by revision, to be compared with those that reporting
//! gives.

use std::collections::HashMap;

use banggiao_contracts::journal::v1::{Event, Phase, ReviewState};

/// An answer to a question for figures: events and persons of a unit in a month.
#[derive(Debug, Clone)]
pub struct Figure {
    pub unit: String,
    /// As `2016-05`.
    pub month: String,
    /// The newest revisions were to count instead of the last approved ones.
    pub unapproved: bool,
    /// Position of the log at which it was computed.
    pub log_index: i64,
    pub events: i64,
    pub persons: i64,
}

/// Unit and month.
type Place = (String, String);

/// What counts of each event, and the sums of it.
#[derive(Debug, Default)]
struct Sums {
    counted: HashMap<String, (Place, i64)>,
    sums: HashMap<Place, (i64, i64)>,
}

impl Sums {
    /// From here on this revision counts for its event, if the event was held.
    fn count(&mut self, event: &Event) {
        if let Some((place, persons)) = self.counted.remove(&event.name) {
            let sum = self.sums.entry(place).or_default();
            *sum = (sum.0 - 1, sum.1 - persons);
        }
        if event.phase() != Phase::Held {
            return;
        }
        let month = event.start_date.chars().take(7).collect();
        let place = (event.home_unit.clone(), month);
        let persons = event.persons.unwrap_or_default();
        let sum = self.sums.entry(place.clone()).or_default();
        *sum = (sum.0 + 1, sum.1 + persons);
        self.counted.insert(event.name.clone(), (place, persons));
    }
}

/// The log up to a position.
#[derive(Debug, Default)]
pub struct Fold {
    log_index: i64,
    approved: Sums,
    newest: Sums,
}

impl Fold {
    pub fn log_index(&self) -> i64 {
        self.log_index
    }

    /// Takes in the next revision.
    pub fn apply(&mut self, event: &Event) {
        self.log_index = event.log_index;
        self.newest.count(event);
        if event.review_state() == ReviewState::Approved {
            self.approved.count(event);
        }
    }

    /// Takes in the next entry, which concerns no event.
    pub fn pass(&mut self, log_index: i64) {
        self.log_index = log_index;
    }

    /// Events and persons.
    pub fn figure(&self, unit: &str, month: &str, unapproved: bool) -> (i64, i64) {
        let sums = if unapproved { &self.newest } else { &self.approved };
        let place = (unit.to_owned(), month.to_owned());
        sums.sums.get(&place).copied().unwrap_or_default()
    }
}

//! Today's facts, ordered by day: one index of what counts, one of the newest revisions.
//!
//! It owns the order only. Which revision stands in which index is the [book](super::book)'s to say.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_model::date::Date;

use super::{fact::Fact, symbol::Symbols};

/// The facts of each day of a month.
type Days = Arc<BTreeMap<Date, Arc<Vec<Arc<Fact>>>>>;

/// The days of each month, by its first day. Both steps are there for the writer: it copies what it changes while
/// figures are being computed, which is then a month and not the history.
type Months = Arc<BTreeMap<Date, Days>>;

/// Which of an event's revisions is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// The last approved one.
    Counted,
    /// The newest one.
    Newest,
}

/// The facts as of a position of the journal's log. A clone shares everything until one of the two changes, so that
/// figures are computed on a state that stands still while the feed goes on.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Epoch of the journal's log.
    pub epoch: i64,
    /// Position of the last revision that is in.
    pub position: i64,
    /// The texts behind the symbols.
    pub symbols: Symbols,
    counted: Months,
    newest: Months,
}

impl Facts {
    /// No facts yet, of a log that is known up to a position.
    #[must_use]
    pub fn at(epoch: i64, position: i64) -> Self {
        Self {
            epoch,
            position,
            ..Self::default()
        }
    }

    /// The facts from one day to another, both inclusive, by day.
    pub fn within(&self, index: Index, start: Date, end: Date) -> impl Iterator<Item = &Arc<Fact>> {
        // A range that ends before it starts would panic; no window does.
        let months = (start <= end).then(|| self.months(index).range(start.first_of_month()..=end));
        let days = months
            .into_iter()
            .flatten()
            .flat_map(move |(_, days)| days.range(start..=end));
        days.flat_map(|(_, facts)| facts.iter())
    }

    /// Puts a fact in.
    pub(super) fn insert(&mut self, index: Index, fact: &Arc<Fact>) {
        let month = Arc::make_mut(self.months_mut(index))
            .entry(fact.day.first_of_month())
            .or_default();
        let day = Arc::make_mut(month).entry(fact.day).or_default();
        Arc::make_mut(day).push(Arc::clone(fact));
    }

    /// Takes a fact out.
    pub(super) fn remove(&mut self, index: Index, fact: &Fact) {
        let months = Arc::make_mut(self.months_mut(index));
        let Some(month) = months.get_mut(&fact.day.first_of_month()) else {
            return;
        };
        let Some(day) = Arc::make_mut(month).get_mut(&fact.day) else {
            return;
        };
        if let Some(place) = day.iter().position(|other| other.log_index == fact.log_index) {
            Arc::make_mut(day).swap_remove(place);
        }
    }

    fn months(&self, index: Index) -> &Months {
        match index {
            Index::Counted => &self.counted,
            Index::Newest => &self.newest,
        }
    }

    fn months_mut(&mut self, index: Index) -> &mut Months {
        match index {
            Index::Counted => &mut self.counted,
            Index::Newest => &mut self.newest,
        }
    }
}

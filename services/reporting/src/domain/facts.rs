//! Today's facts, ordered by day: of each event the newest revision, and the one that counts.
//!
//! It owns the order only. Which revision stands is the [book](super::book)'s to say.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_model::date::Date;

use super::{
    book::Placed,
    day::{Day, Packed},
    digest::Digest,
    fact::Fact,
    symbol::Symbols,
};

pub use super::day::Index;

/// The facts of each day of a month.
pub type Days = Arc<BTreeMap<Date, Arc<Day>>>;

/// The days of each month, by its first day. Both steps are there for the writer: it copies what it changes while
/// figures are being computed, which is then a day, and never the history.
type Months = Arc<BTreeMap<Date, Days>>;

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
    /// Over every revision that counts, held or cancelled.
    pub digest: Digest,
    months: Months,
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

    /// The days with facts from one day to another, both inclusive, in their order.
    pub fn days(&self, start: Date, end: Date) -> impl Iterator<Item = &Arc<Day>> {
        let months = self.months(start, end);
        let days = months.flat_map(move |(_, days)| days.range(start..=end));
        days.map(|(_, day)| day)
    }

    /// The months with facts that have days from one day to another, by their first days.
    pub fn months(&self, start: Date, end: Date) -> impl Iterator<Item = (Date, &Days)> {
        // A range that ends before it starts would panic; no window does.
        let months = (start <= end).then(|| self.months.range(start.first_of_month()..=end));
        months.into_iter().flatten().map(|(first, days)| (*first, days))
    }

    /// The facts from one day to another, both inclusive, by day.
    pub fn within(&self, index: Index, start: Date, end: Date) -> impl Iterator<Item = Packed<'_>> {
        self.days(start, end).flat_map(move |day| {
            let fronts = day.fronts().iter().enumerate();
            fronts
                .filter(move |(_, front)| front.stands_in(index))
                .map(move |(place, _)| Packed::new(day, place))
        })
    }

    /// Puts a fact in, which is later in the log than all others. Only what was held is shown; what was cancelled counts
    /// all the same.
    pub fn put(&mut self, fact: &Fact, newest: bool, counted: bool) {
        if counted {
            self.digest.add(&fact.event, fact.revision, fact.log_index);
        }
        if fact.held && (newest || counted) {
            let month = Arc::make_mut(&mut self.months)
                .entry(fact.day.first_of_month())
                .or_default();
            let day = Arc::make_mut(month)
                .entry(fact.day)
                .or_insert_with(|| Arc::new(Day::new(fact.day)));
            Arc::make_mut(day).push(fact, newest, counted);
        }
    }

    /// A fact stands in an index no more.
    pub(super) fn end(&mut self, event: &str, placed: Placed, index: Index) {
        if index == Index::Counted {
            self.digest.remove(event, placed.revision, placed.log_index);
        }
        let months = Arc::make_mut(&mut self.months);
        let Some(month) = months.get_mut(&placed.day.first_of_month()) else {
            return;
        };
        if let Some(day) = Arc::make_mut(month).get_mut(&placed.day) {
            Arc::make_mut(day).end(placed.log_index, index);
        }
    }

    /// Gives back the room that was taken in advance while the facts were put in one by one.
    pub fn shrink_to_fit(&mut self) {
        for month in Arc::make_mut(&mut self.months).values_mut() {
            for day in Arc::make_mut(month).values_mut() {
                Arc::make_mut(day).shrink_to_fit();
            }
        }
    }
}

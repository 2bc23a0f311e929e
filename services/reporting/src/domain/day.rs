//! The facts of one day, packed: some 50 bytes for an event instead of 300, and what figures look at side by side.
//!
//! It owns the packing only. Which revision stands, and how long, is the [book](super::book)'s to say. What does not fit
//! the packing is kept as it was read, so nothing is refused and nothing is cut off.

mod layout;
mod packed;
mod side;
#[cfg(test)]
mod tests;

pub use layout::{Front, Index};
pub use packed::Packed;

use banggiao_model::{date::Date, hierarchy::Key};

use self::{
    layout::{Quantity, Rest},
    side::Side,
};
use super::{
    fact::{Extra, Fact},
    symbol::Symbol,
};

/// The facts of one day, in the order of the log: two columns with an entry for each, and beside them what only some have.
#[derive(Debug, Clone)]
pub struct Day {
    date: Date,
    fronts: Vec<Front>,
    rests: Vec<Rest>,
    /// Of the facts that have several.
    homes: Side<Key>,
    /// Of the facts that have several.
    partners: Side<Key>,
    /// Of the facts that have several.
    programmes: Side<Symbol>,
    quantities: Side<Quantity>,
    /// Of the facts that have any.
    extras: Side<Extra>,
    /// Facts that do not fit.
    whole: Side<Fact>,
}

impl Day {
    /// A day without facts.
    pub fn new(date: Date) -> Self {
        Self {
            date,
            fronts: Vec::new(),
            rests: Vec::new(),
            homes: Side::default(),
            partners: Side::default(),
            programmes: Side::default(),
            quantities: Side::default(),
            extras: Side::default(),
            whole: Side::default(),
        }
    }

    /// Which day it is.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// What figures look at first, fact by fact.
    #[must_use]
    pub fn fronts(&self) -> &[Front] {
        &self.fronts
    }

    /// The facts that have several home units and fit: their places and these units.
    pub fn several_homes(&self) -> impl Iterator<Item = (usize, &[Key])> {
        self.homes.iter()
    }

    /// The places of the facts that do not fit.
    pub fn not_fitting(&self) -> impl Iterator<Item = usize> + '_ {
        self.whole.iter().map(|(place, _)| place)
    }

    /// Whether a fact that fits has any quantity.
    #[must_use]
    pub fn has_quantities(&self, place: usize) -> bool {
        !self.quantities.of(place).is_empty()
    }

    /// What a fact that fits has of what only some have.
    #[must_use]
    pub fn extra(&self, place: usize) -> Option<&Extra> {
        self.extras.of(place).first()
    }

    /// Puts a fact in, which is later in the log than all that are here.
    pub(super) fn push(&mut self, fact: &Fact, newest: bool, counted: bool) {
        debug_assert!(self.rests.last().is_none_or(|last| last.log_index() < fact.log_index));
        let Some((mut front, rest)) = layout::pack(fact) else {
            return;
        };
        front.set(Index::Newest, newest);
        front.set(Index::Counted, counted);
        let place = self.fronts.len();
        if front.is_whole() {
            self.whole.push(place, [fact.clone()]);
        } else {
            self.homes.push(place, several(&fact.homes));
            self.partners.push(place, several(&fact.partners));
            self.programmes.push(place, several(&fact.programmes));
            self.quantities
                .push(place, fact.quantities.iter().filter_map(Quantity::pack));
            let extra = Some(&fact.extra).filter(|extra| **extra != Extra::default());
            self.extras.push(place, extra.cloned());
        }
        side::push(&mut self.fronts, front);
        side::push(&mut self.rests, rest);
    }

    /// A fact stands in an index no more; it goes if it stands in none.
    pub(super) fn end(&mut self, log_index: i64, index: Index) {
        let Ok(place) = self.rests.binary_search_by_key(&log_index, Rest::log_index) else {
            return;
        };
        self.fronts[place].set(index, false);
        if self.fronts[place].stands() {
            return;
        }
        self.fronts.remove(place);
        self.rests.remove(place);
        self.homes.remove(place);
        self.partners.remove(place);
        self.programmes.remove(place);
        self.quantities.remove(place);
        self.extras.remove(place);
        self.whole.remove(place);
    }

    /// Gives back room that was taken in advance.
    pub(super) fn shrink_to_fit(&mut self) {
        self.fronts.shrink_to_fit();
        self.rests.shrink_to_fit();
        self.homes.shrink_to_fit();
        self.partners.shrink_to_fit();
        self.programmes.shrink_to_fit();
        self.quantities.shrink_to_fit();
        self.extras.shrink_to_fit();
        self.whole.shrink_to_fit();
    }
}

/// The values if there are several: one stands in the front.
fn several<T: Copy>(values: &[T]) -> impl Iterator<Item = T> + '_ {
    let several = if values.len() > 1 { values } else { &[] };
    several.iter().copied()
}

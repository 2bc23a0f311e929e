//! A fact in its day, read where it stands.

use std::sync::Arc;

use banggiao_contracts::r#type::v1::Direction;
use banggiao_model::{date::Date, decimal::Decimal, hierarchy::Key, permission::Classification};

use super::{Day, Front, layout::Rest};
use crate::domain::{
    fact::{Extra, Fact},
    symbol::Symbol,
};

/// A fact as it is packed.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    day: &'a Arc<Day>,
    place: usize,
}

impl<'a> Packed<'a> {
    /// The fact at a place of a day.
    #[must_use]
    pub fn new(day: &'a Arc<Day>, place: usize) -> Self {
        Self { day, place }
    }

    /// Its day and its place there, for keeping.
    #[must_use]
    pub fn place(self) -> (&'a Arc<Day>, usize) {
        (self.day, self.place)
    }

    fn front(self) -> &'a Front {
        &self.day.fronts[self.place]
    }

    fn rest(self) -> &'a Rest {
        &self.day.rests[self.place]
    }

    fn whole(self) -> Option<&'a Fact> {
        if self.front().is_whole() {
            self.day.whole.of(self.place).first()
        } else {
            None
        }
    }

    /// Id of the event.
    #[must_use]
    pub fn event(self) -> String {
        self.whole().map_or_else(
            || format!("e{:032x}", u128::from_be_bytes(self.rest().id)),
            |fact| fact.event.clone().into(),
        )
    }

    /// Position of the revision in the journal's log.
    #[must_use]
    pub fn log_index(self) -> i64 {
        self.rest().log_index()
    }

    /// Number of the revision.
    #[must_use]
    pub fn revision(self) -> i32 {
        self.whole().map_or(self.rest().revision.into(), |fact| fact.revision)
    }

    /// First day of the event.
    #[must_use]
    pub fn day(self) -> Date {
        self.day.date
    }

    /// Whether it is approved; if it is the newest revision of its event, it is then the one that counts.
    #[must_use]
    pub fn is_approved(self) -> bool {
        self.day.fronts()[self.place].stands_in(super::Index::Counted)
    }

    /// Id of its type.
    #[must_use]
    pub fn event_type(self) -> Symbol {
        self.whole()
            .map_or_else(|| self.front().event_type(), |fact| fact.event_type)
    }

    /// Which way the delegation travelled.
    #[must_use]
    pub fn direction(self) -> Direction {
        self.whole()
            .map_or_else(|| self.front().direction(), |fact| fact.direction)
    }

    /// How secret it is.
    #[must_use]
    pub fn classification(self) -> Classification {
        self.whole()
            .map_or_else(|| self.front().classification(), |fact| fact.classification)
    }

    /// Number of delegations, if known.
    #[must_use]
    pub fn delegations(self) -> Option<u32> {
        self.whole()
            .map_or_else(|| self.front().delegations(), |fact| fact.delegations)
    }

    /// Number of persons, if known.
    #[must_use]
    pub fn persons(self) -> Option<u32> {
        self.whole().map_or_else(|| self.front().persons(), |fact| fact.persons)
    }

    /// The home and co-home units, each once.
    #[must_use]
    pub fn homes(self) -> &'a [Key] {
        let front = self.front();
        if front.has_one_home() {
            return std::slice::from_ref(&front.home);
        }
        self.whole()
            .map_or_else(|| self.day.homes.of(self.place), |fact| &fact.homes)
    }

    /// The partner units, each once.
    #[must_use]
    pub fn partners(self) -> &'a [Key] {
        match (self.whole(), self.front().partners()) {
            (Some(fact), _) => &fact.partners,
            (None, Some(partners)) => partners,
            (None, None) => self.day.partners.of(self.place),
        }
    }

    /// Ids of its programmes.
    pub fn programmes(self) -> impl Iterator<Item = Symbol> + 'a {
        let (one, several): (Option<Symbol>, &[Symbol]) = match (self.whole(), self.front().programme()) {
            (Some(fact), _) => (None, &fact.programmes),
            (None, Some(one)) => (one, &[]),
            (None, None) => (None, self.day.programmes.of(self.place)),
        };
        one.into_iter().chain(several.iter().copied())
    }

    /// A quantity, if it is known.
    #[must_use]
    pub fn quantity(self, key: Symbol) -> Option<Decimal> {
        if let Some(fact) = self.whole() {
            return fact.quantity(key);
        }
        let mut quantities = self.day.quantities.of(self.place).iter();
        quantities
            .find(|quantity| quantity.key() == key)
            .map(super::layout::Quantity::amount)
    }

    /// What only some types of events have, if it has any of it.
    #[must_use]
    pub fn extra(self) -> Option<&'a Extra> {
        self.whole()
            .map_or_else(|| self.day.extra(self.place), |fact| Some(&fact.extra))
    }
}

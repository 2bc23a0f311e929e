//! Bundles: events that are alike for a question, taken together before anybody looks at them closely.
//!
//! A report over millions of events asks of each only where it counts, of which kind it is and what it adds. Events whose
//! units stand under the same group, of the same type and direction, that the caller may all read or not, are found,
//! divided and noted alike; so one of them is looked at for all, and what they add is summed beforehand. What is not
//! alike enough stays single.

mod bundler;
mod class;
mod needs;
#[cfg(test)]
mod tests;

pub use bundler::Bundler;
pub use class::Classes;
pub use needs::Needs;

use crate::domain::day::{Front, Packed};

/// The events of a window, in bundles or single.
#[derive(Debug, Default)]
pub struct Bundled<'a> {
    /// One of each bundle, with what they are together.
    pub bundles: Vec<(Packed<'a>, Counts)>,
    /// All others.
    pub single: Vec<Packed<'a>>,
}

/// What some events are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    persons: u64,
    persons_told: u32,
    delegations: u32,
    delegations_told: u32,
    events: u32,
    /// One of them, by its number in the window.
    one: u32,
}

impl Counts {
    /// How many events there are.
    pub fn events(&self) -> i64 {
        self.events.into()
    }

    /// The delegations of those that tell, and how many tell.
    pub fn delegations(&self) -> (i64, i64) {
        (self.delegations.into(), self.delegations_told.into())
    }

    /// The persons of those that tell, and how many tell.
    pub fn persons(&self) -> (i64, i64) {
        // So many events have fewer persons than 2^40.
        let persons = i64::try_from(self.persons).unwrap_or(i64::MAX);
        (persons, self.persons_told.into())
    }

    #[inline(always)]
    fn add(&mut self, front: &Front, number: u32) {
        let (delegations, persons) = (front.delegations(), front.persons());
        self.events += 1;
        self.delegations += delegations.unwrap_or(0);
        self.delegations_told += u32::from(delegations.is_some());
        self.persons += u64::from(persons.unwrap_or(0));
        self.persons_told += u32::from(persons.is_some());
        // Any of them will do, and the last costs no question.
        self.one = number;
    }
}

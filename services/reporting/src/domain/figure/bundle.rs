//! Bundles: events that are alike for a question, taken together before anybody looks at them closely.
//!
//! A report over millions of events asks of each only where it counts, of which kind it is and what it adds. Events whose
//! units stand under the same group, of the same type and direction, that the caller may all read or not, are found,
//! divided and noted alike; so one of them is looked at for all, and what they add is summed beforehand. What is not
//! alike enough stays single.

mod bundler;
mod class;
mod kept;
mod needs;
#[cfg(test)]
mod tests;

pub use bundler::Bundler;
pub use class::Classes;
pub use kept::{Keeping, Kept, Shape, Sums};
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

/// What some events are together, fewer than 2^24 of them: in as few words as can be, since each event adds to all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The events from bit 40 on, below them the persons of those that tell: fewer than 2^16 each.
    events_and_persons: u64,
    /// The events that tell of delegations from bit 32 on, below them their delegations: fewer than 2^8 each.
    delegations: u64,
    persons_told: u32,
    /// One of the events, by its number in the window.
    one: u32,
}

const EVENT: u64 = 1 << 40;
const DELEGATIONS_TOLD: u64 = 1 << 32;

impl Counts {
    /// How many events there are.
    pub fn events(&self) -> i64 {
        low(self.events_and_persons / EVENT)
    }

    /// The same, as it is kept here.
    fn how_many(&self) -> u32 {
        u32::try_from(self.events()).unwrap_or(u32::MAX)
    }

    /// The delegations of those that tell, and how many tell.
    pub fn delegations(&self) -> (i64, i64) {
        let told = self.delegations / DELEGATIONS_TOLD;
        (low(self.delegations % DELEGATIONS_TOLD), low(told))
    }

    /// The persons of those that tell, and how many tell.
    pub fn persons(&self) -> (i64, i64) {
        (low(self.events_and_persons % EVENT), self.persons_told.into())
    }

    /// Adds those of others, of which one is that number.
    fn add_all(&mut self, others: &Self, number: u32) {
        self.events_and_persons += others.events_and_persons;
        self.delegations += others.delegations;
        self.persons_told += others.persons_told;
        self.one = number;
    }

    #[inline(always)]
    fn add(&mut self, front: &Front, number: u32) {
        let ((delegations_told, delegations), (persons_told, persons)) =
            (front.delegations_told(), front.persons_told());
        self.events_and_persons += EVENT + u64::from(persons);
        self.delegations += u64::from(delegations) + u64::from(delegations_told) * DELEGATIONS_TOLD;
        self.persons_told += persons_told;
        // Any of them will do, and the last costs no question.
        self.one = number;
    }
}

/// A number of a few bits.
fn low(bits: u64) -> i64 {
    i64::try_from(bits).unwrap_or(i64::MAX)
}

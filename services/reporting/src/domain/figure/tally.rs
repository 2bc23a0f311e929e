//! Tallies: what records add, and what they have added up to.
//!
//! A cell's value and the contributions behind it are made by the same tally, one record at a time.

use std::collections::HashSet;

use banggiao_model::hierarchy::Key;

use super::marker::Marker;
use crate::domain::{Error, amount::Amount};

/// A thing that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A unit.
    Unit(Key),
    /// A boundary marker.
    Marker(Marker),
}

/// What a record adds to a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adds {
    /// An amount, if the record tells it.
    Amount(Option<Amount>),
    /// What several records tell together, and how many of them tell nothing.
    Sum(Amount, i64),
    /// Its units or markers, each in every record.
    Repeated,
    /// Its units or markers, unless an earlier record named them.
    Once,
}

/// What some records have added up to.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many records there were.
    pub records: i64,
    /// How many of them say nothing of what is summed.
    pub unknown: i64,
    sum: Amount,
    overflown: bool,
    things: HashSet<Thing>,
}

impl Tally {
    /// Adds so many records alike, with the things that each counts for, each once. Gives what they added, if they tell.
    pub fn add(&mut self, records: i64, adds: Adds, things: &[Thing]) -> Option<Amount> {
        self.records += records;
        let added = match adds {
            Adds::Amount(amount) => amount,
            Adds::Sum(amount, unknown) => {
                self.unknown += unknown;
                Some(amount)
            }
            Adds::Repeated => Some(Amount::whole(Amount::length(things.len()).saturating_mul(records))),
            Adds::Once => {
                let new = things.iter().filter(|thing| self.things.insert(**thing)).count();
                Some(Amount::count(new))
            }
        };
        let Some(amount) = added else {
            self.unknown += 1;
            return None;
        };
        match self.sum.checked_add(amount) {
            Some(sum) => self.sum = sum,
            None => self.overflown = true,
        }
        added
    }

    /// What it has added up to.
    ///
    /// # Errors
    /// [`Error::Broken`] if the sum is too large to be written down: better no figure than a wrong one.
    pub fn value(&self) -> Result<Amount, Error> {
        if self.overflown {
            return Err(Error::Broken("a figure is too large to be written down".to_owned()));
        }
        Ok(self.sum)
    }
}

//! Tallies: what records add, and what they have added up to.
//!
//! A cell's value and the contributions behind it are made by the same tally, one record at a time.

use std::collections::HashSet;

use banggiao_model::hierarchy::Key;

use crate::domain::{Error, amount::Amount};

/// What a record adds to a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adds {
    /// An amount, if the record tells it.
    Amount(Option<Amount>),
    /// What several records tell together, and how many of them tell nothing.
    Sum(Amount, i64),
    /// Its units, each in every record.
    UnitsRepeated,
    /// Its units, unless an earlier record named them.
    UnitsOnce,
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
    units: HashSet<Key>,
}

impl Tally {
    /// Adds so many records alike, with the units that each counts for, each once. Gives what they added, if they tell.
    pub fn add(&mut self, records: i64, adds: Adds, units: &[Key]) -> Option<Amount> {
        self.records += records;
        let added = match adds {
            Adds::Amount(amount) => amount,
            Adds::Sum(amount, unknown) => {
                self.unknown += unknown;
                Some(amount)
            }
            Adds::UnitsRepeated => Some(Amount::whole(Amount::length(units.len()).saturating_mul(records))),
            Adds::UnitsOnce => {
                let new = units.iter().filter(|unit| self.units.insert(**unit)).count();
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

//! Notes on placing: which units' records were placed by a rule that had to choose, and which could not be placed.

use std::collections::BTreeMap;

use banggiao_model::hierarchy::{Key, Rule};

use super::lens::Seen;

/// A unit whose records were placed by convention, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The unit as named in the records.
    pub unit: Key,
    /// Where its records count; absent if they could not be placed.
    pub placed: Option<Key>,
    /// By which rule.
    pub rule: Rule,
    /// How many records of the window name it.
    pub records: i64,
}

/// The notes that a selection made.
#[derive(Debug, Clone, Default)]
pub struct Notes(BTreeMap<(Key, Option<Key>, Rule), i64>);

impl Notes {
    /// Notes the home units of so many records alike that passed a filter and that the caller may read. Where one of them lies
    /// inside the subtree, those that were placed there by convention are told; what could not be placed always is,
    /// since nobody can say whether it belongs there.
    pub fn take(&mut self, homes: &[Seen], counts: bool, records: i64) {
        let told = |seen: &&Seen| seen.placed.is_none() || (counts && seen.child.is_some());
        homes.iter().filter(told).for_each(|seen| self.note(seen, records));
    }

    /// Notes the partner units of so many records alike that count.
    pub fn take_partners(&mut self, partners: &[Seen], records: i64) {
        partners.iter().for_each(|seen| self.note(seen, records));
    }

    /// The units placed by a rule that had to choose.
    #[must_use]
    pub fn placements(&self) -> Vec<Note> {
        self.list(|placed| placed.is_some())
    }

    /// The units that could not be placed.
    #[must_use]
    pub fn unplaced(&self) -> Vec<Note> {
        self.list(|placed| placed.is_none())
    }

    fn note(&mut self, seen: &Seen, records: i64) {
        if seen.placed.is_none() || seen.rule.is_approximate() {
            *self.0.entry((seen.named, seen.placed, seen.rule)).or_default() += records;
        }
    }

    fn list(&self, of: impl Fn(Option<Key>) -> bool) -> Vec<Note> {
        let notes = self.0.iter().filter(|((_, placed, _), _)| of(*placed));
        notes
            .map(|((unit, placed, rule), records)| Note {
                unit: *unit,
                placed: *placed,
                rule: *rule,
                records: *records,
            })
            .collect()
    }
}

//! Explanations: the records behind one cell, each with what it adds.

use std::collections::HashMap;

use super::{
    Cell, Ground, Reach, lens,
    part::Groups,
    record::Kept,
    select::{self, Events, Found},
    tally::{Adds, Tally, Thing},
    texts,
};
use crate::domain::{Error, amount::Amount, query::Query};

/// One record behind a figure.
#[derive(Debug)]
pub struct Contribution {
    /// The record.
    pub record: Kept,
    /// What it adds; absent if it says nothing of it.
    pub amount: Option<Amount>,
    /// The units or markers that it counts for, if such are counted.
    pub things: Vec<Thing>,
}

/// A figure with the records behind it.
#[derive(Debug)]
pub struct Explanation {
    /// The figure.
    pub cell: Cell,
    /// The records by day, then by name: as many as the cell has, and their amounts add up to its value.
    pub contributions: Vec<Contribution>,
    /// Something was left out because the caller may not read it.
    pub withheld: bool,
}

/// A record that stands in the cell, before it is known in which order.
type Waiting = (Kept, Adds, Vec<Thing>);

/// Explains the cell of a query with one measure. `group` has a value for each key of the query, in their order.
///
/// # Errors
/// [`Error::Broken`] if the sum is too large to be written down.
pub fn explain(ground: Ground<'_>, query: &Query, reach: &Reach, group: Vec<String>) -> Result<Explanation, Error> {
    let (mut waiting, mut withheld) = (Vec::<Waiting>::new(), false);
    let mut known: HashMap<usize, bool> = HashMap::new();
    let mut groups = Groups::new(query);
    let days_of_change = lens::days_of_change(ground.directory.hierarchy());
    let mut emit = |found: Found<'_, '_>| {
        for part in found.parts {
            let asked = *known
                .entry(part.number)
                .or_insert_with(|| texts(ground, query, &part.group) == group);
            if asked && found.readable {
                let adds = part.adds.unwrap_or(found.adds);
                waiting.push((found.record.keep(), adds, part.things.clone()));
            }
            withheld |= asked && !found.readable;
        }
    };
    let one_by_one = (Events::Single, days_of_change.as_slice());
    select::select(ground, query, reach, query.window, one_by_one, &mut groups, &mut emit);
    waiting.sort_by_cached_key(|(kept, ..)| (kept.record().day(), kept.record().resource()));
    let mut tally = Tally::default();
    let contributions = waiting
        .into_iter()
        .map(|(record, adds, things)| Contribution {
            amount: tally.add(1, adds, &things),
            record,
            things,
        })
        .collect();
    let cell = Cell {
        measure: 0,
        group: group.into(),
        value: tally.value()?,
        comparison: None,
        records: tally.records,
        unknown: tally.unknown,
        target: None,
    };
    Ok(Explanation {
        cell,
        contributions,
        withheld,
    })
}

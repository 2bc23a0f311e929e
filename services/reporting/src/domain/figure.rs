//! Figures: what the records of a window add up to, by measure and group, beside the year before.
//!
//! Everything here is a function of one state of facts and directory, of a question, and of what the caller may read.

mod bundle;
mod cells;
mod count;
mod difference;
mod explain;
mod group;
mod lens;
mod marker;
mod notes;
mod part;
mod quick;
mod record;
mod select;
mod sieve;
mod tally;
mod target;
#[cfg(test)]
pub mod tests;

pub use bundle::{Keeping, Kept};
pub use difference::{Bridge, Difference, Differences, difference};
pub use explain::{Contribution, Explanation, explain};
pub use group::NONE;
pub use marker::Marker;
pub use notes::Note;
pub use record::Record;
pub use tally::Thing;

use std::sync::Arc;

use banggiao_directory::Directory;
use banggiao_model::permission::Scope;

use self::group::Group;
use super::{Error, amount::Amount, facts::Facts, query::Query};

/// What figures are computed on: one state of both.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// The registry, at least as new as the facts.
    pub directory: &'a Directory,
    /// Where sums of whole months are kept, if they are. Figures are the same without them.
    pub keeping: Option<Keeping<'a>>,
}

/// What the caller may read.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Events.
    pub events: Scope,
    /// Agreements.
    pub agreements: Scope,
}

impl Reach {
    /// Says whether a record may be read. It is decided by the units named in the record and the hierarchy of now,
    /// never by the hierarchy of the question.
    #[must_use]
    pub fn allows(&self, record: Record<'_>) -> bool {
        let scope = match record {
            Record::Event(_) => &self.events,
            Record::Agreement(..) => &self.agreements,
        };
        scope.allows(&record.readers(), record.classification())
    }
}

/// One figure, of one measure in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Which measure of the query.
    pub measure: usize,
    /// A value for each key asked for, in their order; the same for all measures.
    pub group: Arc<[String]>,
    /// The figure.
    pub value: Amount,
    /// The figure of the window compared with.
    pub comparison: Option<Amount>,
    /// How many records stand behind the figure.
    pub records: i64,
    /// How many of them say nothing of what is summed.
    pub unknown: i64,
    /// What programmes want the figure to be, if any does.
    pub target: Option<Amount>,
}

/// The answer to a question.
#[derive(Debug)]
pub struct Figures {
    /// By measure as asked, then by group.
    pub cells: Vec<Cell>,
    /// Over all groups, one for each measure; with whether the cells add up to more.
    pub totals: Vec<(Cell, bool)>,
    /// Something was left out because the caller may not read it.
    pub withheld: bool,
    /// Units whose records were placed by a rule that had to choose.
    pub placements: Vec<Note>,
    /// Units whose records could not be placed.
    pub unplaced: Vec<Note>,
}

/// Computes figures.
///
/// # Errors
/// [`Error::Broken`] if a sum is too large to be written down.
pub fn compute(ground: Ground<'_>, query: &Query, reach: &Reach) -> Result<Figures, Error> {
    let (now, before) = count::windows(ground, query, reach);
    let groups = count::together(&now, before.as_ref());
    let named = cells::names(ground, query, &groups);
    let (mut cells, mut totals) = (Vec::new(), Vec::new());
    for measure in 0..query.measures.len() {
        let sums = [Some(&now), before.as_ref()].map(|counted| counted.map(|counted| &counted.sums[measure]));
        let of_measure = cells::of_measure(query, measure, &groups, &named, sums)?;
        let [total, compared] = sums.map(|sums| sums.map(|sums| &sums.total));
        let total = cells::cell(measure, Arc::default(), total, compared.map(Some))?;
        let overlapping = cells::overlaps(&of_measure, &total);
        totals.push((total, overlapping));
        cells.extend(of_measure);
    }
    target::aim(
        ground.directory,
        query,
        cells.iter_mut().chain(totals.iter_mut().map(|(total, _)| total)),
    );

    Ok(Figures {
        cells,
        totals,
        withheld: now.withheld || before.is_some_and(|before| before.withheld),
        placements: now.notes.placements(),
        unplaced: now.notes.unplaced(),
    })
}

/// A group's values as a cell has them.
fn texts(ground: Ground<'_>, query: &Query, group: &Group) -> Vec<String> {
    let values = group.iter().take(query.group_by.len());
    values
        .map(|value| group::text(*value, query, ground.directory.hierarchy(), &ground.facts.symbols))
        .collect()
}

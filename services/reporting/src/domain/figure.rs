//! Figures: what the records of a window add up to, by measure and group, beside the year before.
//!
//! Everything here is a function of one state of facts and directory, of a question, and of what the caller may read.

mod difference;
mod explain;
mod group;
mod lens;
mod notes;
mod part;
mod record;
mod select;
mod sieve;
mod tally;
mod target;
#[cfg(test)]
pub mod tests;

pub use difference::{Bridge, Difference, Differences, difference};
pub use explain::{Contribution, Explanation, explain};
pub use group::NONE;
pub use notes::Note;
pub use record::Record;

use banggiao_directory::Directory;
use banggiao_model::permission::Scope;

use self::{group::Group, part::Groups, select::Found, tally::Tally};
use super::{Error, amount::Amount, facts::Facts, query::Query};

/// What figures are computed on: one state of both.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// The registry, at least as new as the facts.
    pub directory: &'a Directory,
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
    /// A value for each key asked for, in their order.
    pub group: Vec<String>,
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

/// What the records of one window have added up to for one measure: by number of the group, and in all.
#[derive(Debug, Default)]
struct Sums {
    groups: Vec<Tally>,
    total: Tally,
}

impl Sums {
    fn add(&mut self, found: &Found<'_, '_>) {
        self.total.add(found.adds, found.units);
        for part in found.parts {
            if self.groups.len() <= part.number {
                self.groups.resize_with(part.number + 1, Tally::default);
            }
            self.groups[part.number].add(found.adds, &part.units);
        }
    }

    /// The tally of a group that has records.
    fn of(&self, group: usize) -> Option<&Tally> {
        self.groups.get(group).filter(|tally| tally.records > 0)
    }
}

/// Computes figures.
///
/// # Errors
/// [`Error::Broken`] if a sum is too large to be written down.
pub fn compute(ground: Ground<'_>, query: &Query, reach: &Reach) -> Result<Figures, Error> {
    let (mut groups, mut withheld) = (Groups::new(query), false);
    let mut sum = |window| {
        let mut sums: Vec<Sums> = query.measures.iter().map(|_| Sums::default()).collect();
        let notes = select::select(ground, query, reach, window, &mut groups, &mut |found| {
            withheld |= !found.readable;
            if found.readable {
                sums[found.measure].add(&found);
            }
        });
        (sums, notes)
    };
    let (sums, notes) = sum(query.window);
    let compared = query.comparison.map(|window| sum(window).0);
    let names: Vec<Vec<String>> = groups.list().iter().map(|group| texts(ground, query, group)).collect();
    let (mut cells, mut totals) = (Vec::new(), Vec::new());
    for (measure, sums) in sums.iter().enumerate() {
        let compared = compared.as_ref().map(|all| &all[measure]);
        let of_measure = cells_of(query, measure, &names, sums, compared)?;
        let total = cell(
            measure,
            Vec::new(),
            Some(&sums.total),
            compared.map(|sums| Some(&sums.total)),
        )?;
        let overlapping = overlaps(&of_measure, &total);
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
        withheld,
        placements: notes.placements(),
        unplaced: notes.unplaced(),
    })
}

/// The cells of a measure by group. A group with records in only one of the two windows has a cell all the same, and an
/// ungrouped measure always has one.
fn cells_of(
    query: &Query,
    measure: usize,
    names: &[Vec<String>],
    sums: &Sums,
    compared: Option<&Sums>,
) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let (tally, before) = (sums.of(number), compared.map(|sums| sums.of(number)));
        if tally.is_some() || before.flatten().is_some() || query.group_by.is_empty() {
            cells.push(cell(measure, name.clone(), tally, before)?);
        }
    }
    cells.sort_by(|left: &Cell, right| left.group.cmp(&right.group));
    Ok(cells)
}

fn cell(
    measure: usize,
    group: Vec<String>,
    tally: Option<&Tally>,
    compared: Option<Option<&Tally>>,
) -> Result<Cell, Error> {
    let value = |tally: Option<&Tally>| tally.map_or(Ok(Amount::ZERO), Tally::value);
    Ok(Cell {
        measure,
        group,
        value: value(tally)?,
        comparison: compared.map(value).transpose()?,
        records: tally.map_or(0, |tally| tally.records),
        unknown: tally.map_or(0, |tally| tally.unknown),
        target: None,
    })
}

/// Whether a record or a unit stands in several of the cells.
fn overlaps(cells: &[Cell], total: &Cell) -> bool {
    let more = |of: fn(&Cell) -> Option<Amount>| {
        let sum = cells.iter().filter_map(of).try_fold(Amount::ZERO, Amount::checked_add);
        of(total).is_some_and(|total| sum.is_none_or(|sum| sum > total))
    };
    let records: i64 = cells.iter().map(|cell| cell.records).sum();
    records > total.records || more(|cell| Some(cell.value)) || more(|cell| cell.comparison)
}

/// A group's values as a cell has them.
fn texts(ground: Ground<'_>, query: &Query, group: &Group) -> Vec<String> {
    let values = group.iter().take(query.group_by.len());
    values
        .map(|value| group::text(*value, query, ground.directory.hierarchy(), &ground.facts.symbols))
        .collect()
}

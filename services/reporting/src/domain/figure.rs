//! Figures: what the records of a window add up to, by measure and group, beside the year before.
//!
//! Everything here is a function of one state of facts and directory, of a question, and of what the caller may read.

mod bundle;
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

use std::{
    collections::{HashMap, HashSet},
    panic::resume_unwind,
    thread,
};

use banggiao_directory::Directory;
use banggiao_model::{date::Date, permission::Scope};

use self::{
    group::{Group, Value},
    notes::Notes,
    part::Groups,
    select::{Events, Found},
    tally::Tally,
};
use super::{
    Error,
    amount::Amount,
    facts::Facts,
    query::{Query, Window},
};

/// So many events to compare with are worth a thread of their own.
const THREAD_EVENTS: usize = 20_000;

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
        self.total.add(found.records, found.adds, found.units);
        for part in found.parts {
            if self.groups.len() <= part.number {
                self.groups.resize_with(part.number + 1, Tally::default);
            }
            self.groups[part.number].add(found.records, found.adds, &part.units);
        }
    }

    /// The tally of a group that has records.
    fn of(&self, group: usize) -> Option<&Tally> {
        self.groups.get(group).filter(|tally| tally.records > 0)
    }
}

/// What was found in one window.
struct Counted {
    groups: Groups,
    sums: Vec<Sums>,
    notes: Notes,
    withheld: bool,
}

/// Computes figures.
///
/// # Errors
/// [`Error::Broken`] if a sum is too large to be written down.
pub fn compute(ground: Ground<'_>, query: &Query, reach: &Reach) -> Result<Figures, Error> {
    let days_of_change = lens::days_of_change(ground.directory.hierarchy());
    let count = |window| count(ground, query, reach, window, &days_of_change);
    let (now, before) = match query.comparison {
        None => (count(query.window), None),
        // The two have nothing to do with each other, and over millions of events are worth two threads.
        Some(compared) if events(ground, compared) >= THREAD_EVENTS => thread::scope(|scope| {
            let before = scope.spawn(|| count(compared));
            let now = count(query.window);
            (now, Some(before.join().unwrap_or_else(|panic| resume_unwind(panic))))
        }),
        Some(compared) => (count(query.window), Some(count(compared))),
    };
    let groups = together(&now, before.as_ref());
    let named = names(ground, query, &groups);
    let (mut cells, mut totals) = (Vec::new(), Vec::new());
    for measure in 0..query.measures.len() {
        let sums = [Some(&now), before.as_ref()].map(|counted| counted.map(|counted| &counted.sums[measure]));
        let of_measure = cells_of(query, measure, &groups, &named, sums)?;
        let [total, compared] = sums.map(|sums| sums.map(|sums| &sums.total));
        let total = cell(measure, Vec::new(), total, compared.map(Some))?;
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
        withheld: now.withheld || before.is_some_and(|before| before.withheld),
        placements: now.notes.placements(),
        unplaced: now.notes.unplaced(),
    })
}

/// How many events stand in a window, whether they count or not.
fn events(ground: Ground<'_>, window: Window) -> usize {
    let days = ground.facts.days(window.start, window.end);
    days.map(|day| day.fronts().len()).sum()
}

fn count(ground: Ground<'_>, query: &Query, reach: &Reach, window: Window, days_of_change: &[Date]) -> Counted {
    let (mut groups, mut withheld) = (Groups::new(query), false);
    let mut sums: Vec<Sums> = query.measures.iter().map(|_| Sums::default()).collect();
    let mut emit = |found: Found<'_, '_>| {
        withheld |= !found.readable;
        if found.readable {
            sums[found.measure].add(&found);
        }
    };
    let bundled = (Events::Bundled, days_of_change);
    let notes = select::select(ground, query, reach, window, bundled, &mut groups, &mut emit);
    Counted {
        groups,
        sums,
        notes,
        withheld,
    }
}

/// A group, with its number in the window asked for and in that compared with, if it was met there.
type Numbered = (Group, [Option<usize>; 2]);

/// The groups of both windows.
fn together(now: &Counted, before: Option<&Counted>) -> Vec<Numbered> {
    let numbered = now.groups.list().iter().enumerate();
    let mut groups: Vec<Numbered> = numbered.map(|(number, group)| (*group, [Some(number), None])).collect();
    for (number, group) in before.iter().flat_map(|before| before.groups.list().iter().enumerate()) {
        match now.groups.find(group) {
            Some(known) => groups[known].1[1] = Some(number),
            None => groups.push((*group, [None, Some(number)])),
        }
    }
    groups
}

/// The groups by place with their values as cells have them, in the order of cells. There are far fewer values than groups,
/// so each is written, and compared as a text, once.
fn names(ground: Ground<'_>, query: &Query, groups: &[Numbered]) -> Vec<(usize, Vec<String>)> {
    let values: HashSet<Value> = groups.iter().flat_map(|(group, _)| group).copied().collect();
    let text = |value| group::text(value, query, ground.directory.hierarchy(), &ground.facts.symbols);
    let mut texts: Vec<(String, Value)> = values.into_iter().map(|value| (text(value), value)).collect();
    texts.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut ranks: HashMap<Value, usize> = HashMap::new();
    for (place, (text, value)) in texts.iter().enumerate() {
        let same = place.checked_sub(1).filter(|before| texts[*before].0 == *text);
        let rank = same.map_or(place, |before| ranks[&texts[before].1]);
        ranks.insert(*value, rank);
    }
    let keys = query.group_by.len();
    let rank = |group: &Group| group.iter().take(keys).map(|value| ranks[value]).collect();
    let mut ordered: Vec<(Vec<usize>, usize)> = (0..)
        .zip(groups)
        .map(|(place, (group, _))| (rank(group), place))
        .collect();
    ordered.sort_unstable();
    let named = |ranks: Vec<usize>| ranks.into_iter().map(|rank| texts[rank].0.clone()).collect();
    ordered
        .into_iter()
        .map(|(ranks, place)| (place, named(ranks)))
        .collect()
}

/// The cells of a measure by group. A group with records in only one of the two windows has a cell all the same, and an
/// ungrouped measure always has one.
fn cells_of(
    query: &Query,
    measure: usize,
    groups: &[Numbered],
    named: &[(usize, Vec<String>)],
    [now, before]: [Option<&Sums>; 2],
) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::new();
    for (place, name) in named {
        let [number, number_before] = groups[*place].1;
        let tally = now.zip(number).and_then(|(sums, number)| sums.of(number));
        let compared = before.map(|sums| number_before.and_then(|number| sums.of(number)));
        if tally.is_some() || compared.flatten().is_some() || query.group_by.is_empty() {
            cells.push(cell(measure, name.clone(), tally, compared)?);
        }
    }
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

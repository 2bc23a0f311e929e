//! Cells: the figures of a measure in the order of their groups.

use std::sync::Arc;

use super::{
    Cell, Ground,
    count::{Numbered, Sums},
    group::{self, Group, Value},
    quick::Map,
    tally::Tally,
};
use crate::domain::{
    Error,
    amount::Amount,
    query::{GROUP_KEYS_MAX, Query},
};

/// The groups by place with their values as cells have them, in the order of cells. There are far fewer values than groups,
/// so each is written, and compared as a text, once.
pub fn names(ground: Ground<'_>, query: &Query, groups: &[Numbered]) -> Vec<(usize, Arc<[String]>)> {
    let values: Map<Value, ()> = groups
        .iter()
        .flat_map(|(group, _)| group)
        .map(|value| (*value, ()))
        .collect();
    let text = |value| group::text(value, query, ground.directory.hierarchy(), &ground.facts.symbols);
    let mut texts: Vec<(String, Value)> = values.into_keys().map(|value| (text(value), value)).collect();
    texts.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut ranks: Map<Value, usize> = Map::default();
    for (place, (text, value)) in texts.iter().enumerate() {
        let same = place.checked_sub(1).filter(|before| texts[*before].0 == *text);
        let rank = same.map_or(place, |before| ranks[&texts[before].1]);
        ranks.insert(*value, rank);
    }
    let keys = query.group_by.len();
    // What is no key has the same rank in all groups.
    let rank = |group: &Group| group.map(|value| ranks[&value]);
    let mut ordered: Vec<([usize; GROUP_KEYS_MAX], usize)> = (0..)
        .zip(groups)
        .map(|(place, (group, _))| (rank(group), place))
        .collect();
    ordered.sort_unstable();
    let named = |ranks: [usize; GROUP_KEYS_MAX]| ranks[..keys].iter().map(|rank| texts[*rank].0.clone()).collect();
    ordered
        .into_iter()
        .map(|(ranks, place)| (place, named(ranks)))
        .collect()
}

/// The cells of a measure by group. A group with records in only one of the two windows has a cell all the same, and an
/// ungrouped measure always has one.
pub fn of_measure(
    query: &Query,
    measure: usize,
    groups: &[Numbered],
    named: &[(usize, Arc<[String]>)],
    [now, before]: [Option<&Sums>; 2],
) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::new();
    for (place, name) in named {
        let [number, number_before] = groups[*place].1;
        let tally = now.zip(number).and_then(|(sums, number)| sums.of(number));
        let compared = before.map(|sums| number_before.and_then(|number| sums.of(number)));
        if tally.is_some() || compared.flatten().is_some() || query.group_by.is_empty() {
            cells.push(cell(measure, Arc::clone(name), tally, compared)?);
        }
    }
    Ok(cells)
}

/// One cell.
pub fn cell(
    measure: usize,
    group: Arc<[String]>,
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
pub fn overlaps(cells: &[Cell], total: &Cell) -> bool {
    let more = |of: fn(&Cell) -> Option<Amount>| {
        let sum = cells.iter().filter_map(of).try_fold(Amount::ZERO, Amount::checked_add);
        of(total).is_some_and(|total| sum.is_none_or(|sum| sum > total))
    };
    let records: i64 = cells.iter().map(|cell| cell.records).sum();
    records > total.records || more(|cell| Some(cell.value)) || more(|cell| cell.comparison)
}

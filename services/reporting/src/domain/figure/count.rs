//! Counting: what the records of each window add up to, by group. The two windows have nothing to do with each other until
//! their groups are put beside each other.

use banggiao_model::date::Date;

use super::{
    Ground, Reach,
    group::Group,
    lens,
    notes::Notes,
    part::Groups,
    select::{self, Events, Found},
    tally::Tally,
};
use crate::domain::query::{Query, Window};

/// So many events to compare with are worth a thread of their own.
const THREAD_EVENTS: usize = 20_000;

/// What the records of one window have added up to for one measure: by number of the group, and in all.
#[derive(Debug, Default)]
pub struct Sums {
    groups: Vec<Tally>,
    /// Over all groups.
    pub total: Tally,
}

impl Sums {
    fn add(&mut self, found: &Found<'_, '_>) {
        self.total.add(found.records, found.adds, found.things);
        for part in found.parts {
            if self.groups.len() <= part.number {
                self.groups.resize_with(part.number + 1, Tally::default);
            }
            self.groups[part.number].add(found.records, part.adds.unwrap_or(found.adds), &part.things);
        }
    }

    /// The tally of a group that has records.
    pub fn of(&self, group: usize) -> Option<&Tally> {
        self.groups.get(group).filter(|tally| tally.records > 0)
    }
}

/// What was found in one window.
pub struct Counted {
    groups: Groups,
    /// By measure.
    pub sums: Vec<Sums>,
    /// On placing.
    pub notes: Notes,
    /// Something was left out.
    pub withheld: bool,
}

/// What is found in the window asked for, and in that compared with.
pub fn windows(ground: Ground<'_>, query: &Query, reach: &Reach) -> (Counted, Option<Counted>) {
    let days_of_change = lens::days_of_change(ground.directory.hierarchy());
    let count = |window| count(ground, query, reach, window, &days_of_change);
    match query.comparison {
        None => (count(query.window), None),
        Some(compared) if events(ground, compared) >= THREAD_EVENTS => {
            let (now, before) = rayon::join(|| count(query.window), || count(compared));
            (now, Some(before))
        }
        Some(compared) => (count(query.window), Some(count(compared))),
    }
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
pub type Numbered = (Group, [Option<usize>; 2]);

/// The groups of both windows.
pub fn together(now: &Counted, before: Option<&Counted>) -> Vec<Numbered> {
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

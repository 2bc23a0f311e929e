//! Classes: what makes the units of events alike, so that millions of events ask for a number and not for a place in the
//! hierarchy.

use banggiao_model::{
    date::Date,
    hierarchy::Key,
    permission::{Classification, Scope},
};

use super::{
    super::{
        group::{self, Group},
        lens::{Lens, Seen},
        quick::Map,
    },
    Needs,
};
use crate::domain::query::{Query, Window};

/// Of a unit that nobody has looked at since the last change.
pub const UNSEEN: u32 = u32::MAX;
/// The number of the class of all units that lie outside and of which nothing is noted.
pub const OUTSIDE: u32 = 0;
/// So many classifications has each unit a row for.
const CLASSIFICATIONS: usize = Classification::ALL.len();
/// Pairs of classes are remembered in so many places.
const PAIRS: usize = 1 << 10;

/// What makes the units of events alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    /// One unit that counts or is noted.
    One {
        child: Option<Key>,
        shown: Option<Key>,
        noted: Option<Seen>,
        /// Between which days of change, if partners or levels are looked at, too.
        stretch: usize,
        /// Months, quarters or years, if the question is divided by them.
        periods: Group,
    },
    /// Two units of different classes.
    Two(u32, u32),
}

/// The classes met so far.
pub struct Classes<'q, 'l, 'd> {
    query: &'q Query,
    window: Window,
    scope: &'q Scope,
    needs: Needs,
    homes: &'l mut Lens<'d>,
    /// Where the days have come: between which changes, and in which periods.
    now: Option<(usize, Group)>,
    /// By unit and classification, for the loop over millions: the row of its class.
    rows: Vec<u32>,
    /// By child of the root: the number of the class of which nothing else matters.
    of_children: Vec<u32>,
    numbers: Map<Class, u32>,
    /// Pairs met lately, since a map takes longer than all the rest.
    pairs: Vec<[u32; 3]>,
}

/// The number of the class whose row this is: each class has one for what may not be read, and one for what may.
pub fn number(row: u32) -> u32 {
    row >> 1
}

/// The row of a class.
fn row(number: u32, readable: bool) -> u32 {
    number << 1 | u32::from(readable)
}

/// Where a pair is remembered.
fn place(low: u32, high: u32) -> usize {
    (low as usize * 31 + high as usize) % PAIRS
}

impl<'q, 'l, 'd> Classes<'q, 'l, 'd> {
    /// None yet, of so many units.
    pub fn new(query: &'q Query, window: Window, scope: &'q Scope, homes: &'l mut Lens<'d>, units: usize) -> Self {
        Self {
            query,
            window,
            scope,
            needs: Needs::of(query),
            homes,
            now: None,
            rows: vec![UNSEEN; units * CLASSIFICATIONS],
            of_children: vec![UNSEEN; units],
            numbers: Map::default(),
            pairs: vec![[UNSEEN; 3]; PAIRS],
        }
    }

    /// The next day has come.
    pub fn enter(&mut self, day: Date) {
        let (query, window) = (self.query, self.window);
        let periods = group::fill(&query.group_by, |key| group::period_value(key, query, window, day));
        let now = Some((self.homes.stretch(day), periods));
        if self.now != now {
            self.rows.fill(UNSEEN);
            self.of_children.fill(UNSEEN);
            self.now = now;
        }
    }

    /// The row of a unit's records of a classification, which is told by its place; [`UNSEEN`] if the unit has to be looked at.
    #[inline(always)]
    pub fn known(&self, unit: Key, classified: usize) -> u32 {
        let row = self.rows.get(unit.index() * CLASSIFICATIONS + classified);
        row.copied().unwrap_or(UNSEEN)
    }

    /// The row of two units' records, which may be read if either's may; [`UNSEEN`] if they have to be looked at.
    #[inline(always)]
    pub fn known_two(&self, [first, second]: [Key; 2], classified: usize) -> u32 {
        let (first, second) = (self.known(first, classified), self.known(second, classified));
        if first == UNSEEN || second == UNSEEN {
            return UNSEEN;
        }
        let [low, high] = ordered(first, second);
        let number = if low == high || low == OUTSIDE {
            high
        } else {
            match self.pairs[place(low, high)] {
                [left, right, number] if left == low && right == high => number,
                _ => return UNSEEN,
            }
        };
        row(number, (first | second) & 1 == 1)
    }

    /// The row of a unit's records.
    pub fn of(&mut self, unit: Key, classified: usize, day: Date) -> u32 {
        match self.known(unit, classified) {
            UNSEEN => self.look(unit, classified, day),
            row => row,
        }
    }

    /// The row of two units' records.
    pub fn of_two(&mut self, [first, second]: [Key; 2], classified: usize, day: Date) -> u32 {
        let known = self.known_two([first, second], classified);
        if known != UNSEEN {
            return known;
        }
        let [low, high] = ordered(self.of(first, classified, day), self.of(second, classified, day));
        if low != high && low != OUTSIDE && self.pairs[place(low, high)][..2] != [low, high] {
            self.pairs[place(low, high)] = [low, high, self.number(Class::Two(low, high))];
        }
        self.known_two([first, second], classified)
    }

    #[cold]
    fn look(&mut self, unit: Key, classified: usize, day: Date) -> u32 {
        let seen = self.homes.see(unit, day);
        let noted = seen.placed.is_none() || seen.child.is_some() && seen.rule.is_approximate();
        let number = match seen.child {
            None if !noted => OUTSIDE,
            Some(child) if !noted && !self.needs.homes => self.of_child(child),
            child => {
                let shown = seen.shown.filter(|_| self.needs.homes);
                self.number(self.class(child, shown, noted.then_some(seen)))
            }
        };
        let clearance = self.scope.clearance(&[unit]);
        let rows = Classification::ALL.map(|class| row(number, Some(class) <= clearance));
        let known = self.rows.get_mut(unit.index() * CLASSIFICATIONS..);
        if let Some(known) = known.and_then(<[u32]>::first_chunk_mut) {
            *known = rows;
        }
        rows[classified]
    }

    /// The number of the class of a child's units of which nothing is noted.
    fn of_child(&mut self, child: Key) -> u32 {
        match self.of_children.get(child.index()) {
            Some(number) if *number != UNSEEN => *number,
            _ => {
                let number = self.number(self.class(Some(child), None, None));
                if let Some(known) = self.of_children.get_mut(child.index()) {
                    *known = number;
                }
                number
            }
        }
    }

    fn class(&self, child: Option<Key>, shown: Option<Key>, noted: Option<Seen>) -> Class {
        let (stretch, periods) = self.now.unwrap_or_default();
        let (needs, root) = (self.needs, self.query.root);
        Class::One {
            child: child.map(|child| if needs.children { child } else { root }),
            shown,
            noted,
            stretch: if needs.partners || needs.levels { stretch } else { 0 },
            periods,
        }
    }

    fn number(&mut self, class: Class) -> u32 {
        // There are far fewer classes than units times units, and units are few. What lies outside has the first number.
        let next = u32::try_from(self.numbers.len() + 1).unwrap_or(number(UNSEEN) - 1);
        *self.numbers.entry(class).or_insert(next)
    }
}

/// The numbers of two classes by their rows, the lower one first.
fn ordered(first: u32, second: u32) -> [u32; 2] {
    let (first, second) = (number(first), number(second));
    [first.min(second), first.max(second)]
}

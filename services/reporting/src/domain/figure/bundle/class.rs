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

/// Beside the number of a class stands whether its records may be read: a bit for each classification.
const BITS: u32 = 4;
/// Of a unit that nobody has looked at since the last change.
pub const UNSEEN: u32 = u32::MAX;
/// The number of the class of all units that lie outside and of which nothing is noted.
pub const OUTSIDE: u32 = (UNSEEN >> BITS) - 1;
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
    /// By unit, for the loop over millions: number and bits of its class.
    of_units: Vec<u32>,
    numbers: Map<Class, u32>,
    /// Pairs met lately, since a map takes longer than all the rest.
    pairs: Vec<[u32; 3]>,
}

/// The number of a class.
pub fn number(class: u32) -> u32 {
    class >> BITS
}

/// Whether a record of the class may be read, by its classification.
pub fn is_readable(class: u32, classified: u32) -> bool {
    class >> classified & 1 == 1
}

/// The numbers of two classes in their order.
fn pair(first: u32, second: u32) -> [u32; 2] {
    let (first, second) = (number(first), number(second));
    [first.min(second), first.max(second)]
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
            of_units: vec![UNSEEN; units],
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
            self.of_units.fill(UNSEEN);
            self.now = now;
        }
    }

    /// The class of a unit; [`UNSEEN`] if it has to be looked at.
    #[inline(always)]
    pub fn known(&self, unit: Key) -> u32 {
        self.of_units.get(unit.index()).copied().unwrap_or(UNSEEN)
    }

    /// The class of two units; [`UNSEEN`] if they have to be looked at.
    #[inline(always)]
    pub fn known_two(&self, [first, second]: [Key; 2]) -> u32 {
        let (first, second) = (self.known(first), self.known(second));
        if first == UNSEEN || second == UNSEEN {
            return UNSEEN;
        }
        let number = match pair(first, second) {
            [low, high] if low == high || high == OUTSIDE => low,
            [low, high] => match self.pairs[place(low, high)] {
                [left, right, number] if left == low && right == high => number,
                _ => return UNSEEN,
            },
        };
        number << BITS | (first | second) & ((1 << BITS) - 1)
    }

    /// The class of a unit.
    pub fn of(&mut self, unit: Key, day: Date) -> u32 {
        match self.of_units.get(unit.index()) {
            Some(class) if *class != UNSEEN => *class,
            _ => self.look(unit, day),
        }
    }

    /// The class of two units: a record may be read if either's may.
    pub fn of_two(&mut self, [first, second]: [Key; 2], day: Date) -> u32 {
        let [low, high] = pair(self.of(first, day), self.of(second, day));
        if low != high && high != OUTSIDE && self.pairs[place(low, high)][..2] != [low, high] {
            self.pairs[place(low, high)] = [low, high, self.number(Class::Two(low, high))];
        }
        self.known_two([first, second])
    }

    #[cold]
    fn look(&mut self, unit: Key, day: Date) -> u32 {
        let seen = self.homes.see(unit, day);
        let noted = seen.placed.is_none() || seen.child.is_some() && seen.rule.is_approximate();
        let number = if seen.child.is_none() && !noted {
            OUTSIDE
        } else {
            let (stretch, periods) = self.now.unwrap_or_default();
            let (needs, root) = (self.needs, self.query.root);
            self.number(Class::One {
                child: seen.child.map(|child| if needs.children { child } else { root }),
                shown: seen.shown.filter(|_| needs.homes),
                noted: noted.then_some(seen),
                stretch: if needs.partners || needs.levels { stretch } else { 0 },
                periods,
            })
        };
        let readable = |class: &Classification| u32::from(self.scope.allows(&[unit], *class));
        let bits = Classification::ALL.iter().rev();
        let class = number << BITS | bits.fold(0, |bits, class| bits << 1 | readable(class));
        if let Some(known) = self.of_units.get_mut(unit.index()) {
            *known = class;
        }
        class
    }

    fn number(&mut self, class: Class) -> u32 {
        // There are far fewer classes than units times units, and units are few.
        let next = u32::try_from(self.numbers.len()).unwrap_or(OUTSIDE - 1);
        *self.numbers.entry(class).or_insert(next)
    }
}

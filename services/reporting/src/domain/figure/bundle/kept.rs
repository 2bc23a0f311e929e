//! Kept sums: what the events of a whole month are together for questions of one shape, for as long as nobody has written
//! to that month.
//!
//! Offices ask the same of overlapping days: the month, the quarter with it, the half-year, the year before beside each.
//! Everything that decides how events are taken together is held against what is asked, what a caller may read among it.
//! Days and registry are known by the very state that they are in: neither is ever changed in place, each change makes
//! another one, so what is kept cannot grow stale. For each shape one state of a month is held, and of the registry the one
//! that was asked of last.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use banggiao_directory::Directory;
use banggiao_model::{date::Date, hierarchy::Key, period::Calendar, permission::Scope};

use super::{Bundled, Counts, Needs};
use crate::domain::{
    calendar::Season,
    day::Packed,
    facts::{Days, Index},
    query::{GroupKey, Query, Window},
};

/// At most so many sums are kept, of some 50 bytes each. The older half goes when there is no room.
const SUMS_MAX: usize = 200_000;
/// What a month takes besides, in sums.
const MONTH: usize = 20;

/// The sums of whole months.
#[derive(Default)]
pub struct Kept(Mutex<Generations>);

/// What was asked for lately, and what was before that.
#[derive(Default)]
struct Generations {
    /// The registry of which they are.
    directory: Option<Arc<Directory>>,
    young: HashMap<Month, State>,
    old: HashMap<Month, State>,
    /// How many sums the younger ones are.
    size: usize,
}

/// A month, and how it was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Month {
    first: Date,
    shape: Arc<Shape>,
}

/// A month in one state, and its sums. It holds that state, so that no other can come to stand in its place.
#[derive(Debug, Clone)]
struct State {
    days: Days,
    sums: Arc<Sums>,
}

/// Where sums are kept, and the registry of which they are.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<'a> {
    /// The sums.
    pub kept: &'a Kept,
    /// The registry as it is computed on.
    pub directory: &'a Arc<Directory>,
}

/// What some events of a month are together, by the day and the place of one of them.
pub type Sum = (Date, usize, Counts);

/// What the events of a month are together.
#[derive(Debug, Default)]
pub struct Sums {
    /// By day.
    pub alike: Vec<Sum>,
    /// Those that are like no other.
    pub single: Vec<(Date, usize)>,
}

impl Sums {
    /// What was bundled of a month.
    pub fn of(bundled: Bundled<'_>) -> Self {
        let place = |one: Packed<'_>| {
            let (day, place) = one.place();
            (day.date(), place)
        };
        let alike = bundled.bundles.into_iter().map(|(one, counts)| {
            let (day, place) = place(one);
            (day, place, counts)
        });
        let mut alike: Vec<Sum> = alike.collect();
        // So each day is entered once.
        alike.sort_unstable_by_key(|(day, place, _)| (*day, *place));
        Self {
            alike,
            single: bundled.single.into_iter().map(place).collect(),
        }
    }
}

/// How a question takes events together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    root: Key,
    as_of: Option<Date>,
    index: Index,
    group_by: Vec<GroupKey>,
    calendar: Calendar,
    seasons: Vec<Season>,
    months_back: u16,
    needs: Needs,
    scope: Scope,
}

impl Shape {
    /// Of a question in a window.
    pub fn new(query: &Query, window: Window, scope: &Scope) -> Self {
        // Where periods are told apart, a month has one name in the year asked for, and another in the year after.
        let by_period = query.group_by.iter().any(|key| key.is_period());
        Self {
            root: query.root,
            as_of: query.as_of,
            index: query.index(),
            group_by: query.group_by.clone(),
            calendar: query.calendar,
            seasons: query.seasons.clone(),
            months_back: if by_period { window.months_back } else { 0 },
            needs: Needs::of(query),
            scope: scope.clone(),
        }
    }
}

impl Hash for Month {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.first, self.shape.root).hash(state);
    }
}

impl State {
    fn size(&self) -> usize {
        self.sums.alike.len() + self.sums.single.len() + MONTH
    }
}

impl Keeping<'_> {
    /// The sums of a month, by its first day and in this state, if they are kept.
    pub fn get(&self, first: Date, days: &Days, shape: &Arc<Shape>) -> Option<Arc<Sums>> {
        let shape = Arc::clone(shape);
        self.generations().get(&Month { first, shape }, days)
    }

    /// Keeps the sums of a month in this state.
    pub fn put(&self, first: Date, days: &Days, shape: &Arc<Shape>, sums: &Arc<Sums>) {
        let (shape, days, sums) = (Arc::clone(shape), Arc::clone(days), Arc::clone(sums));
        self.generations().put(Month { first, shape }, State { days, sums });
    }

    /// What is kept of this registry.
    fn generations(&self) -> MutexGuard<'_, Generations> {
        let mut generations = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = generations.directory.as_ref();
        if !known.is_some_and(|known| Arc::ptr_eq(known, self.directory)) {
            *generations = Generations {
                directory: Some(Arc::clone(self.directory)),
                ..Generations::default()
            };
        }
        generations
    }
}

impl Kept {
    /// Keeps nothing more of what there was, which nobody is going to ask for.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Generations::default();
    }
}

impl Generations {
    fn get(&mut self, month: &Month, days: &Days) -> Option<Arc<Sums>> {
        if let Some(state) = self.young.get(month) {
            return Arc::ptr_eq(&state.days, days).then(|| Arc::clone(&state.sums));
        }
        let state = self.old.remove(month)?;
        let known = Arc::ptr_eq(&state.days, days).then(|| Arc::clone(&state.sums));
        if known.is_some() {
            self.put(month.clone(), state);
        }
        known
    }

    fn put(&mut self, month: Month, state: State) {
        let size = state.size();
        if self.size + size > SUMS_MAX / 2 {
            self.old = mem::take(&mut self.young);
            self.size = 0;
        }
        self.size += size;
        if let Some(before) = self.young.insert(month, state) {
            self.size -= before.size();
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::world::{World, day};

    #[test]
    fn what_was_not_asked_for_lately_makes_room() {
        let world = World::new();
        let query = world.query("region", "2024-01-01", "2024-12-31");
        let shape = Arc::new(Shape::new(&query, query.window, &world.reach("administrator").events));
        let (kept, directory, days) = (Kept::default(), Arc::new(Directory::default()), Days::default());
        let keeping = Keeping {
            kept: &kept,
            directory: &directory,
        };
        let months = ["01", "02", "03", "04", "05", "06", "07"].map(|month| day(&format!("2024-{month}-01")));
        let sums = Arc::new(Sums {
            alike: Vec::new(),
            single: vec![(months[0], 0); SUMS_MAX / 6],
        });
        let there = |month: Date| keeping.get(month, &days, &shape).is_some();
        for month in months {
            assert!(!there(month));
            keeping.put(month, &days, &shape, &sums);
            // The first one is asked for again and again.
            assert!(there(months[0]));
        }
        assert_eq!(months.map(there), [true, false, false, false, false, true, true]);
        // Another state of the month, another registry.
        assert!(keeping.get(months[0], &Days::default(), &shape).is_none());
        let directory = Arc::new(Directory::default());
        let other = Keeping {
            directory: &directory,
            ..keeping
        };
        assert!(other.get(months[0], &days, &shape).is_none());
    }
}

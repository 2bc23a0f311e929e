//! Kept sums: what the events of a whole month are together for questions of one shape, for as long as nobody has written
//! to that month.
//!
//! Offices ask the same of overlapping days: the month, the quarter with it, the half-year, the year before beside each.
//! Everything that decides how events are taken together stands in the key. Days and registry are known by the very state
//! that they are in: neither is ever changed in place, each change makes another one, so what is kept cannot grow stale.
//! What a caller may read is part of the key, too.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    mem,
    sync::{Arc, Mutex, PoisonError},
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

/// The sums of whole months.
#[derive(Default)]
pub struct Kept(Mutex<Generations>);

/// What was asked for lately, and what was before that.
#[derive(Default)]
struct Generations {
    young: HashMap<Month, Arc<Sums>>,
    old: HashMap<Month, Arc<Sums>>,
    /// How many sums the younger ones are.
    size: usize,
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

/// A month in a state, and what was asked of it. It holds that state, so that no other can come to stand in its place.
#[derive(Debug, Clone)]
pub struct Month {
    days: Days,
    directory: Arc<Directory>,
    shape: Arc<Shape>,
}

impl PartialEq for Month {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.days, &other.days)
            && Arc::ptr_eq(&self.directory, &other.directory)
            && (Arc::ptr_eq(&self.shape, &other.shape) || self.shape == other.shape)
    }
}

impl Eq for Month {}

impl Hash for Month {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.days).hash(state);
        Arc::as_ptr(&self.directory).hash(state);
        self.shape.root.hash(state);
    }
}

impl Keeping<'_> {
    /// The key of a month.
    pub fn month(&self, days: &Days, shape: &Arc<Shape>) -> Month {
        Month {
            days: Arc::clone(days),
            directory: Arc::clone(self.directory),
            shape: Arc::clone(shape),
        }
    }
}

impl Kept {
    /// The sums of a month, if they are kept.
    pub fn get(&self, month: &Month) -> Option<Arc<Sums>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sums) = generations.young.get(month) {
            return Some(Arc::clone(sums));
        }
        let sums = generations.old.remove(month)?;
        generations.put(month.clone(), &sums);
        Some(sums)
    }

    /// Keeps the sums of a month.
    pub fn put(&self, month: Month, sums: &Arc<Sums>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(month, sums);
    }
}

impl Generations {
    fn put(&mut self, month: Month, sums: &Arc<Sums>) {
        // A month without events takes room, too.
        let size = sums.alike.len() + sums.single.len() + 1;
        if self.size + size > SUMS_MAX / 2 {
            self.old = mem::take(&mut self.young);
            self.size = 0;
        }
        if self.young.insert(month, Arc::clone(sums)).is_none() {
            self.size += size;
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
    use crate::domain::world::World;

    #[test]
    fn what_was_not_asked_for_lately_makes_room() {
        let world = World::new();
        let query = world.query("region", "2024-01-01", "2024-12-31");
        let shape = Arc::new(Shape::new(&query, query.window, &world.reach("administrator").events));
        let (kept, directory) = (Kept::default(), Arc::new(Directory::default()));
        let keeping = Keeping {
            kept: &kept,
            directory: &directory,
        };
        let months: Vec<Month> = (0..7).map(|_| keeping.month(&Days::default(), &shape)).collect();
        let day = crate::domain::world::day("2024-01-01");
        let sums = Arc::new(Sums {
            alike: Vec::new(),
            single: vec![(day, 0); SUMS_MAX / 6],
        });
        for month in &months {
            assert!(kept.get(month).is_none());
            kept.put(month.clone(), &sums);
            // The first one is asked for again and again.
            assert!(kept.get(&months[0]).is_some());
        }
        let there: Vec<bool> = months.iter().map(|month| kept.get(month).is_some()).collect();
        assert!(there[0] && there[6] && !there[1], "{there:?}");
    }
}

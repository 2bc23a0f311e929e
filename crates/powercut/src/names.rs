//! The names of the files of a disk, as they are seen and as they would be found after a cut.

use std::collections::{BTreeMap, BTreeSet};

use crate::chance::{Chance, Fate, Odds};

/// Which file a name is of. A name that is made again after it was taken away is of another file.
pub(crate) type Number = u64;

/// The one folder of a disk.
#[derive(Debug, Default)]
pub(crate) struct Names {
    seen: BTreeMap<String, Number>,
    durable: BTreeMap<String, Number>,
    unsynced: Vec<(String, Option<Number>)>,
}

impl Names {
    /// Names that are all durable.
    pub(crate) fn of(names: BTreeMap<String, Number>) -> Self {
        Self {
            seen: names.clone(),
            durable: names,
            unsynced: Vec::new(),
        }
    }

    pub(crate) fn seen(&self) -> &BTreeMap<String, Number> {
        &self.seen
    }

    /// Gives a name to a file, or takes it away.
    pub(crate) fn set(&mut self, name: &str, number: Option<Number>) {
        put(&mut self.seen, name, number);
        self.unsynced.push((name.to_owned(), number));
    }

    pub(crate) fn sync(&mut self) {
        for (name, number) in self.unsynced.drain(..) {
            put(&mut self.durable, &name, number);
        }
    }

    /// Each name stands where it stood at some moment since the last sync, whatever became of the others.
    pub(crate) fn lose_power(&mut self, odds: Odds, chance: &mut Chance) {
        let mut behind = BTreeSet::new();
        for (name, number) in std::mem::take(&mut self.unsynced) {
            if !behind.contains(&name) && chance.fate(odds) == Fate::Kept {
                put(&mut self.durable, &name, number);
            } else {
                behind.insert(name);
            }
        }
        self.seen.clone_from(&self.durable);
    }
}

fn put(names: &mut BTreeMap<String, Number>, name: &str, number: Option<Number>) {
    match number {
        Some(number) => names.insert(name.to_owned(), number),
        None => names.remove(name),
    };
}

//! The state of one disk: its files, its names, its power, and what is going to fail. What can be done to it stands beside
//! it.

mod operations;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use libsqlite3_sys::{SQLITE_CANTOPEN, SQLITE_IOERR};

use crate::{
    Fault, Image,
    chance::Chance,
    file::File,
    index::Index,
    locks::{FileLock, IndexLocks},
    names::{Names, Number},
};

/// A result code of SQLite that says what went wrong.
pub(crate) type Code = i32;

/// A disk as its handles share it.
#[derive(Default)]
pub(crate) struct Shared(Mutex<State>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file with all who have it open.
#[derive(Default)]
pub(crate) struct Node {
    pub(crate) file: File,
    pub(crate) lock: FileLock,
    pub(crate) index: Option<Arc<Index>>,
    pub(crate) index_locks: IndexLocks,
}

/// The state of one disk.
pub(crate) struct State {
    chance: Chance,
    nodes: BTreeMap<Number, Node>,
    names: Names,
    next: Number,
    /// Handles are of the generation in which they were opened, and are dead in every later one.
    generation: u64,
    powered: bool,
    operations: u64,
    cut_at: Option<u64>,
    /// So many operations of each kind still succeed before one fails.
    failing_write: Option<u64>,
    failing_sync: Option<u64>,
    filling: Option<u64>,
    pub(crate) keeps_neighbours: bool,
}

impl Default for State {
    fn default() -> Self {
        Self::of(&Image::default(), 0)
    }
}

impl State {
    pub(crate) fn of(image: &Image, seed: u64) -> Self {
        let numbered = || (1..).zip(&image.0);
        let node = |bytes: &Arc<Vec<u8>>| Node {
            file: File::holding(bytes),
            ..Node::default()
        };
        Self {
            chance: Chance::new(seed),
            nodes: numbered().map(|(number, (_, bytes))| (number, node(bytes))).collect(),
            names: Names::of(numbered().map(|(number, (name, _))| (name.clone(), number)).collect()),
            next: image.0.len() as Number + 1,
            generation: 0,
            powered: true,
            operations: 0,
            cut_at: None,
            failing_write: None,
            failing_sync: None,
            filling: None,
            keeps_neighbours: false,
        }
    }

    pub(crate) fn image(&self) -> Image {
        let contents = |number| Arc::new(self.nodes[number].file.seen().to_vec());
        let names = self.names.seen().iter();
        Image(names.map(|(name, number)| (name.clone(), contents(number))).collect())
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    pub(crate) fn cut_after(&mut self, n: u64) {
        self.cut_at = Some(self.operations + n);
    }

    pub(crate) fn fail_next(&mut self, fault: Fault, n: u64) {
        let succeeding = Some(n.saturating_sub(1));
        match fault {
            Fault::Write => self.failing_write = succeeding,
            Fault::Sync => self.failing_sync = succeeding,
            Fault::Full => self.filling = succeeding,
        }
    }

    pub(crate) fn make_room(&mut self) {
        self.filling = None;
    }

    pub(crate) fn is_powered(&self) -> bool {
        self.powered
    }

    /// The generation of handles that are opened now.
    pub(crate) fn generation(&self) -> Result<u64, Code> {
        if self.powered {
            Ok(self.generation)
        } else {
            Err(SQLITE_CANTOPEN)
        }
    }

    /// The file of a handle of some generation.
    pub(crate) fn node(&mut self, generation: u64, number: Number) -> Result<&mut Node, Code> {
        if !self.powered || generation != self.generation {
            return Err(SQLITE_IOERR);
        }
        self.nodes.get_mut(&number).ok_or(SQLITE_IOERR)
    }

    pub(crate) fn cut(&mut self) {
        let odds = self.chance.odds();
        self.names.lose_power(odds, &mut self.chance);
        let named: Vec<Number> = self.names.seen().values().copied().collect();
        self.nodes.retain(|number, _| named.contains(number));
        for node in self.nodes.values_mut() {
            node.file.lose_power(odds, &mut self.chance);
        }
        self.powered = false;
        self.end_process();
    }

    /// All who have something open are gone, with their locks and what they shared in memory.
    pub(crate) fn end_process(&mut self) {
        self.generation += 1;
        for node in self.nodes.values_mut() {
            node.lock = FileLock::default();
            node.index = None;
            node.index_locks = IndexLocks::default();
        }
    }

    pub(crate) fn restore(&mut self) {
        self.powered = true;
        self.cut_at = None;
        self.failing_write = None;
        self.failing_sync = None;
        self.filling = None;
    }
}

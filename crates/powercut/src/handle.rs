//! An open file: what one connection of SQLite does with it. A handle that was opened before a cut, or before the end of
//! its process, fails in everything but being closed.

use std::{ffi::c_void, sync::Arc};

use libsqlite3_sys::{
    SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_IOERR_READ, SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP,
    SQLITE_IOERR_SHORT_READ, SQLITE_LOCK_NONE, SQLITE_OPEN_CREATE, SQLITE_OPEN_DELETEONCLOSE, SQLITE_OPEN_EXCLUSIVE,
    SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_SUPER_JOURNAL, SQLITE_OPEN_WAL,
};

use crate::{
    disk::{Code, Shared},
    index::Index,
    locks::{Busy, Held, Level},
    names::Number,
};

/// How SQLite asks for a lock of an index.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Claim {
    Share,
    Take,
    Release,
}

pub(crate) struct Handle {
    shared: Arc<Shared>,
    generation: u64,
    number: Number,
    level: Level,
    /// A log or a journal may be new, so its first sync syncs the names too, as SQLite does on Unix. For other files it
    /// does not.
    names_too: bool,
    /// A file without a name, or one that is to lose it.
    deleted_on_close: Option<Option<String>>,
    index: Option<Arc<Index>>,
    index_locks: Held,
}

impl Handle {
    /// Opens a file; one without a name is for its handle alone.
    pub(crate) fn open(shared: Arc<Shared>, name: Option<&str>, flags: i32) -> Result<Self, Code> {
        let mut state = shared.state();
        let generation = state.generation()?;
        let creates = flags & SQLITE_OPEN_CREATE != 0;
        let number = match name.and_then(|name| state.find(name)) {
            Some(_) if creates && flags & SQLITE_OPEN_EXCLUSIVE != 0 => return Err(SQLITE_CANTOPEN),
            Some(number) => number,
            None if creates || name.is_none() => state.create(name)?,
            None => return Err(SQLITE_CANTOPEN),
        };
        drop(state);
        let journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
        let deletes = name.is_none() || flags & SQLITE_OPEN_DELETEONCLOSE != 0;
        Ok(Self {
            shared,
            generation,
            number,
            level: SQLITE_LOCK_NONE,
            names_too: creates && flags & journals != 0,
            deleted_on_close: deletes.then(|| name.map(str::to_owned)),
            index: None,
            index_locks: Held::default(),
        })
    }

    /// Reads, with zeros for what is not there.
    pub(crate) fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Code> {
        let mut state = self.shared.state();
        let node = state
            .node(self.generation, self.number)
            .map_err(|_| SQLITE_IOERR_READ)?;
        let length = node.file.read(at, into);
        if length < into.len() {
            into[length..].fill(0);
            return Err(SQLITE_IOERR_SHORT_READ);
        }
        Ok(())
    }

    pub(crate) fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Code> {
        self.shared.state().write(self.generation, self.number, at, bytes)
    }

    pub(crate) fn truncate(&self, size: usize) -> Result<(), Code> {
        self.shared.state().truncate(self.generation, self.number, size)
    }

    pub(crate) fn sync(&mut self) -> Result<(), Code> {
        self.shared.state().sync(self.generation, self.number, self.names_too)?;
        self.names_too = false;
        Ok(())
    }

    pub(crate) fn size(&self) -> Result<usize, Code> {
        let mut state = self.shared.state();
        Ok(state.node(self.generation, self.number)?.file.seen().len())
    }

    pub(crate) fn lock(&mut self, wanted: Level) -> Result<(), Code> {
        let mut state = self.shared.state();
        let node = state.node(self.generation, self.number)?;
        node.lock.raise(&mut self.level, wanted).map_err(|Busy| SQLITE_BUSY)
    }

    /// Without power there is nothing left to unlock, so this always succeeds.
    pub(crate) fn unlock(&mut self, wanted: Level) {
        if let Ok(node) = self.shared.state().node(self.generation, self.number) {
            node.lock.lower(&mut self.level, wanted);
        }
    }

    pub(crate) fn is_reserved(&self) -> Result<bool, Code> {
        let mut state = self.shared.state();
        Ok(state.node(self.generation, self.number)?.lock.is_reserved())
    }

    /// What a region of the index begins with; nothing if it is not there yet and is not to be made.
    pub(crate) fn map(&mut self, region: usize, bytes: usize, make: bool) -> Result<Option<*mut c_void>, Code> {
        let mut state = self.shared.state();
        let node = state
            .node(self.generation, self.number)
            .map_err(|_| SQLITE_IOERR_SHMMAP)?;
        let index = self
            .index
            .get_or_insert_with(|| Arc::clone(node.index.get_or_insert_default()));
        Ok(index.region(region, bytes, make))
    }

    pub(crate) fn lock_index(&mut self, first: usize, count: usize, claim: Claim) -> Result<(), Code> {
        let mut state = self.shared.state();
        let Ok(node) = state.node(self.generation, self.number) else {
            return match claim {
                Claim::Release => Ok(()),
                Claim::Share | Claim::Take => Err(SQLITE_IOERR_SHMLOCK),
            };
        };
        let (locks, held) = (&mut node.index_locks, &mut self.index_locks);
        match claim {
            Claim::Share => locks.share(held, first),
            Claim::Take => locks.take(held, first, count),
            Claim::Release => {
                locks.release(held, first, count);
                Ok(())
            }
        }
        .map_err(|Busy| SQLITE_BUSY)
    }

    /// What was written to the index before is seen by whoever asks after.
    pub(crate) fn barrier(&self) {
        drop(self.shared.state());
    }

    /// The index is forgotten with the last one who looked at it; it is made anew from the log.
    pub(crate) fn unmap(&mut self) {
        let mut state = self.shared.state();
        if let Ok(node) = state.node(self.generation, self.number) {
            node.index_locks.release_all(&mut self.index_locks);
            // The file and this handle.
            if node.index.as_ref().is_some_and(|index| Arc::strong_count(index) <= 2) && self.index.is_some() {
                node.index = None;
            }
        }
        self.index = None;
    }

    pub(crate) fn keeps_neighbours(&self) -> bool {
        self.shared.state().keeps_neighbours
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.unmap();
        self.unlock(SQLITE_LOCK_NONE);
        let mut state = self.shared.state();
        if state.node(self.generation, self.number).is_err() {
            return;
        }
        match self.deleted_on_close.take() {
            Some(Some(name)) => drop(state.delete(&name, false)),
            Some(None) => state.forget(self.number),
            None => {}
        }
    }
}

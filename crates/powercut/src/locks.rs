//! Who may read and write: the locks of a file, and those of the index of its write-ahead log. All holders are of one
//! process, so counting them is enough. How long somebody waits is the business of SQLite.

use libsqlite3_sys::{
    SQLITE_LOCK_EXCLUSIVE, SQLITE_LOCK_NONE, SQLITE_LOCK_PENDING, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED,
    SQLITE_SHM_NLOCK,
};

/// A lock of SQLite's: none, shared, reserved, pending, exclusive.
pub(crate) type Level = i32;

/// Somebody else holds what would be in the way.
#[derive(Debug)]
pub(crate) struct Busy;

/// The lock of a file, among all who have it open.
#[derive(Debug, Default)]
pub(crate) struct FileLock {
    readers: u32,
    /// What the one who holds more than a shared lock holds.
    top: Level,
}

impl FileLock {
    /// Raises what somebody holds.
    pub(crate) fn raise(&mut self, held: &mut Level, wanted: Level) -> Result<(), Busy> {
        if wanted <= *held {
            return Ok(());
        }
        let another = *held <= SQLITE_LOCK_SHARED && self.top > SQLITE_LOCK_NONE;
        match wanted {
            SQLITE_LOCK_SHARED if self.top >= SQLITE_LOCK_PENDING => return Err(Busy),
            SQLITE_LOCK_SHARED => self.readers += 1,
            _ if another => return Err(Busy),
            SQLITE_LOCK_RESERVED => self.top = wanted,
            _ => {
                // No new reader comes in while those that are there are waited for.
                self.top = SQLITE_LOCK_PENDING;
                *held = SQLITE_LOCK_PENDING;
                if self.readers > 1 {
                    return Err(Busy);
                }
                self.top = SQLITE_LOCK_EXCLUSIVE;
            }
        }
        *held = wanted;
        Ok(())
    }

    /// Lowers what somebody holds, to shared or none.
    pub(crate) fn lower(&mut self, held: &mut Level, wanted: Level) {
        if wanted >= *held {
            return;
        }
        if *held > SQLITE_LOCK_SHARED {
            self.top = SQLITE_LOCK_NONE;
        }
        if wanted == SQLITE_LOCK_NONE {
            self.readers -= 1;
        }
        *held = wanted;
    }

    /// Whether anybody is about to write.
    pub(crate) fn is_reserved(&self) -> bool {
        self.top >= SQLITE_LOCK_RESERVED
    }
}

const SLOTS: usize = SQLITE_SHM_NLOCK as usize;

/// The locks of an index, among all who have it open: how many share each, or -1 if one has it alone.
#[derive(Debug, Default)]
pub(crate) struct IndexLocks([i32; SLOTS]);

/// What one of them holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    shared: [bool; SLOTS],
    alone: [bool; SLOTS],
}

impl IndexLocks {
    pub(crate) fn share(&mut self, held: &mut Held, slot: usize) -> Result<(), Busy> {
        if held.shared[slot] {
            return Ok(());
        }
        if self.0[slot] < 0 {
            return Err(Busy);
        }
        self.0[slot] += 1;
        held.shared[slot] = true;
        Ok(())
    }

    /// Takes some slots for one alone, all or none.
    pub(crate) fn take(&mut self, held: &mut Held, first: usize, count: usize) -> Result<(), Busy> {
        let slots = first..first + count;
        if slots.clone().any(|slot| self.0[slot] != 0 && !held.alone[slot]) {
            return Err(Busy);
        }
        self.0[slots.clone()].fill(-1);
        held.alone[slots].fill(true);
        Ok(())
    }

    pub(crate) fn release(&mut self, held: &mut Held, first: usize, count: usize) {
        for slot in first..first + count {
            if std::mem::take(&mut held.shared[slot]) {
                self.0[slot] -= 1;
            }
            if std::mem::take(&mut held.alone[slot]) {
                self.0[slot] = 0;
            }
        }
    }

    pub(crate) fn release_all(&mut self, held: &mut Held) {
        self.release(held, 0, SLOTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_to_write_alone_lets_no_new_reader_in() {
        let mut lock = FileLock::default();
        let (mut one, mut two, mut three) = (0, 0, 0);
        lock.raise(&mut one, SQLITE_LOCK_SHARED).unwrap();
        lock.raise(&mut two, SQLITE_LOCK_SHARED).unwrap();
        lock.raise(&mut one, SQLITE_LOCK_RESERVED).unwrap();
        assert!(lock.is_reserved());
        lock.raise(&mut two, SQLITE_LOCK_RESERVED).unwrap_err();
        lock.raise(&mut one, SQLITE_LOCK_EXCLUSIVE).unwrap_err();
        assert_eq!(one, SQLITE_LOCK_PENDING);
        lock.raise(&mut three, SQLITE_LOCK_SHARED).unwrap_err();
        lock.lower(&mut two, SQLITE_LOCK_NONE);
        lock.raise(&mut one, SQLITE_LOCK_EXCLUSIVE).unwrap();
        lock.lower(&mut one, SQLITE_LOCK_NONE);
        lock.raise(&mut three, SQLITE_LOCK_SHARED).unwrap();
        assert!(!lock.is_reserved());
    }

    #[test]
    fn a_slot_is_shared_or_of_one_alone() {
        let mut locks = IndexLocks::default();
        let (mut one, mut two) = (Held::default(), Held::default());
        locks.share(&mut one, 3).unwrap();
        locks.share(&mut two, 3).unwrap();
        locks.take(&mut one, 1, 3).unwrap_err();
        locks.release(&mut two, 3, 1);
        locks.take(&mut two, 3, 1).unwrap_err();
        locks.release(&mut one, 3, 1);
        locks.take(&mut two, 1, 3).unwrap();
        locks.share(&mut one, 2).unwrap_err();
        locks.release_all(&mut two);
        locks.share(&mut one, 2).unwrap();
    }
}

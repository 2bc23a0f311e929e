//! The memory of a write-ahead log's index, which all connections of the process share. SQLite reads and writes it through
//! pointers, under its own locks; here it is only given out, and kept as long as anybody may look at it.

use std::{
    cell::UnsafeCell,
    ffi::c_void,
    sync::{Mutex, PoisonError},
};

/// One region, aligned as SQLite's numbers need it.
struct Region(Box<[UnsafeCell<u64>]>);

// SAFETY: Nothing in this process dereferences a region but SQLite, which orders its accesses by the locks of the index
// and by barriers, as it does for memory that whole processes share.
unsafe impl Send for Region {}

/// The regions in their order. They never move and never go before the index itself does.
#[derive(Default)]
pub(crate) struct Index(Mutex<Vec<Region>>);

impl Index {
    /// Where a region begins; nothing if it is not there yet and is not to be made.
    pub(crate) fn region(&self, number: usize, bytes: usize, make: bool) -> Option<*mut c_void> {
        let mut regions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while make && regions.len() <= number {
            let zeros = (0..bytes.div_ceil(size_of::<u64>())).map(|_| UnsafeCell::new(0));
            regions.push(Region(zeros.collect()));
        }
        // The pointer is derived from the whole region, of which each word may be changed.
        regions.get(number).map(|region| region.0.as_ptr().cast_mut().cast())
    }
}

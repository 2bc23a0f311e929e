//! For tests only: a disk in memory on which SQLite stores its files, and whose power can be cut at any operation. It
//! owns what a disk promises and what it does not, and knows nothing of any store or service.
//!
//! A file that was synced is durable. Of everything else each write is, by the seed, lost, kept or torn at a cut, whatever
//! became of the writes before it; truncations, and names that were given or taken away, are lost or kept. Nothing that was
//! synced is ever lost, so what a test misses afterwards was never made durable by whoever acknowledged it.
//!
//! What it showed of SQLite itself: after a sync that failed, a process that ends and another that begins while the power
//! stays on, SQLite takes the log that it can read for one that was synced; what is told after that may be lost by a later
//! cut. No setting helps. A machine whose disk refused a sync is to be started anew, and not the program alone.
//!
//! SQLite takes a file system by pointers to functions, so this crate has unsafe code, in three modules and nowhere else.

mod chance;
mod disk;
mod file;
mod handle;
#[expect(unsafe_code, reason = "memory that SQLite shares between threads by its own rules")]
mod index;
#[expect(unsafe_code, reason = "SQLite calls it with pointers of C")]
mod io;
mod locks;
mod names;
#[expect(unsafe_code, reason = "SQLite calls it with pointers of C")]
mod vfs;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use disk::{Shared, State};

/// A disk with any number of files. When it is dropped, nothing is found on it any more.
pub struct Disk {
    number: u64,
    shared: Arc<Shared>,
}

/// What was on a disk: begun once, and copied to as many others as are wanted.
#[derive(Debug, Clone, Default)]
pub struct Image(BTreeMap<String, Arc<Vec<u8>>>);

/// What can go wrong with the power on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A write fails, and may have written some of its sectors.
    Write,
    /// A sync fails. What was to be synced is seen as before and is never made durable, unless it is written again.
    Sync,
    /// There is no room for a file to grow, until there is again.
    Full,
}

impl Disk {
    /// An empty disk. What befalls it follows from the seed and from what is done to it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(&Image::default(), seed)
    }

    /// A disk on which everything is durable that is on the image.
    #[must_use]
    pub fn of(image: &Image, seed: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared::new(State::of(image, seed)));
        vfs::attach(number, &shared);
        Self { number, shared }
    }

    /// The address of a database on it.
    #[must_use]
    pub fn url(&self, file: &str) -> String {
        format!("sqlite:/{}/{file}?vfs={}", self.number, vfs::NAME.to_string_lossy())
    }

    /// What is on it, as whoever reads it sees it.
    #[must_use]
    pub fn image(&self) -> Image {
        self.shared.state().image()
    }

    /// It promises that a write leaves the bytes beside it alone even if the power goes, and it keeps that promise with or
    /// without. SQLite's own file system for Unix promises so, and SQLite then writes less into its log; without, it
    /// fills up the last sector.
    pub fn promise_neighbours(&self) {
        self.shared.state().keeps_neighbours = true;
    }

    /// How many operations there were that change something: writes, syncs and truncations, and names given and taken
    /// away.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.shared.state().operations()
    }

    /// Cuts the power before, during or after the n-th operation from now, counted from 1.
    pub fn cut_after(&self, n: u64) {
        self.shared.state().cut_after(n);
    }

    /// Cuts the power, if it is not cut.
    pub fn cut_now(&self) {
        let mut state = self.shared.state();
        if state.is_powered() {
            state.cut();
        }
    }

    /// Whether the power is away.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !self.shared.state().is_powered()
    }

    /// Brings the power back, and lifts all faults. Whatever was open before the cut stays dead.
    pub fn restore(&self) {
        self.shared.state().restore();
    }

    /// Ends the process with the power on: whatever is open is dead, and what was written is seen by the next one.
    pub fn end_process(&self) {
        self.shared.state().end_process();
    }

    /// The n-th operation of a kind from now fails, counted from 1. Writes that make a file grow are what
    /// [`Fault::Full`] counts, and it lasts until [`Disk::make_room`].
    pub fn fail_next(&self, fault: Fault, n: u64) {
        self.shared.state().fail_next(fault, n);
    }

    /// Files can grow again.
    pub fn make_room(&self) {
        self.shared.state().make_room();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::detach(self.number);
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

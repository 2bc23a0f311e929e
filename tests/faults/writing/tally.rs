//! What the writers of a run have done so far, to be looked at while they write and told at the end.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tonic::Status;

/// What the writers of a run have done so far.
#[derive(Debug, Default)]
pub struct Tally {
    pub stop: AtomicBool,
    pub acknowledged: AtomicU64,
    /// Acknowledged requests that were sent once more and got the same bytes.
    pub same: AtomicU64,
    /// The longest that a command took, in milliseconds.
    pub slowest: AtomicU64,
    /// The longest that one call took, in milliseconds.
    pub longest_call: AtomicU64,
    /// How often a command was sent at most.
    pub attempts: AtomicU64,
    refusals: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    pub fn refused(&self, status: &Status) {
        let refusal = format!("{:?} {}", status.code(), status.message());
        *self.refusals.lock().expect("no panic").entry(refusal).or_default() += 1;
    }

    pub fn was_refused(&self) -> bool {
        !self.refusals.lock().expect("no panic").is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} acknowledged, {} repeated with the same bytes, at most {} attempts and {} ms for one, {} ms \
             for a call",
            self.acknowledged.load(Ordering::Relaxed),
            self.same.load(Ordering::Relaxed),
            self.attempts.load(Ordering::Relaxed),
            self.slowest.load(Ordering::Relaxed),
            self.longest_call.load(Ordering::Relaxed),
        )?;
        for (refusal, times) in &*self.refusals.lock().expect("no panic") {
            write!(f, "\n  {times} x {refusal}")?;
        }
        Ok(())
    }
}

//! For tests only: a clock that is set by hand and randomness that repeats, so that results are exact, throwaway
//! database servers, and a network that fails. It knows no service; starting them all is the business of the tests themselves.

pub mod network;
pub mod postgres;

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use banggiao_model::clock::Clock;
use banggiao_runtime::{Seams, seams::Entropy};
use jiff::Timestamp;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// A clock that shows an instant, as `2026-03-15T01:00:00Z`.
    ///
    /// # Panics
    /// If the text is no instant.
    #[must_use]
    pub fn at(instant: &str) -> Arc<Self> {
        let instant: Timestamp = instant.parse().expect("an instant in RFC 3339");
        Arc::new(Self(AtomicI64::new(instant.as_microsecond())))
    }

    /// Moves the clock on, or back.
    pub fn move_by(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// A number that looks random and is the same in every run (SplitMix64).
#[must_use]
pub fn scattered(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Bytes that look random and are the same in every run (SplitMix64).
#[derive(Debug, Default)]
pub struct CountedEntropy(AtomicU64);

impl Entropy for CountedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = scattered(self.0.fetch_add(1, Ordering::Relaxed));
            chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Seams with a clock that is set by hand and randomness that repeats.
#[must_use]
pub fn seams(clock: Arc<HandClock>) -> Seams {
    seams_of(clock, 0)
}

/// The same for one of several processes: what is random to one must not be what is random to another.
#[must_use]
pub fn seams_of(clock: Arc<HandClock>, process: u32) -> Seams {
    Seams {
        clock,
        entropy: Arc::new(CountedEntropy(AtomicU64::new(u64::from(process) << 32))),
    }
}

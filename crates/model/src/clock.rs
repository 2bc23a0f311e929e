//! The clock: the only door to the time.
//!
//! Time is passed in everywhere, so that results are exact in tests. This module owns the one place that reads the
//! system's clock; nothing here makes random numbers or ids.

use crate::date::{self, Date};
use jiff::Timestamp;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// The present day in Việt Nam, which is the day that permission and reports go by.
    fn today(&self) -> Date {
        date::today_in_vietnam(self.now())
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the system's time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stopped(Timestamp);

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    #[test]
    fn today_is_the_day_in_vietnam() {
        let clock = Stopped("2024-06-14T18:00:00Z".parse().unwrap());
        assert_eq!(clock.today(), jiff::civil::date(2024, 6, 15));
    }

    #[test]
    fn the_system_clock_moves_on() {
        let first = SystemClock.now();
        assert!(SystemClock.now() >= first);
    }
}

//! Chance that repeats: what befalls a disk follows from its seed and from what was done to it before.

/// Numbers that look random and are the same in every run (SplitMix64).
#[derive(Debug)]
pub(crate) struct Chance(u64);

/// So many of sixteen writes are lost and torn at a cut. Each cut draws one line: were all writes treated alike every
/// time, a cut that keeps all of many writes but one would never be seen, and that is where recovery is hardest.
const ODDS: [(u64, u64); 7] = [(16, 0), (0, 0), (1, 1), (13, 2), (5, 6), (0, 16), (8, 0)];

/// What becomes of a write that was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Lost,
    Torn,
    Kept,
}

/// How a cut treats what was not synced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Odds {
    lost: u64,
    torn: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below another.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// One or the other.
    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// The odds of one cut.
    pub(crate) fn odds(&mut self) -> Odds {
        let line = usize::try_from(self.below(ODDS.len() as u64)).unwrap_or(0);
        let (lost, torn) = ODDS[line];
        Odds { lost, torn }
    }

    /// The fate of one write at a cut with such odds.
    pub(crate) fn fate(&mut self, odds: Odds) -> Fate {
        match self.below(16) {
            n if n < odds.lost => Fate::Lost,
            n if n < odds.lost + odds.torn => Fate::Torn,
            _ => Fate::Kept,
        }
    }
}

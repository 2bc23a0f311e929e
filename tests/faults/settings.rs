//! What the environment says of a run: its seed and how long it is.

use std::env;

use banggiao_model::clock::{Clock as _, SystemClock};
use banggiao_testkit::scattered;

/// The seed of a run for which none is given.
const SEED: u64 = 20_240_615;

/// The seed of this run, printed so that it can be run again.
pub fn seed(run: &str) -> u64 {
    let seed = match env::var("BANGGIAO_SEED").ok().as_deref() {
        None => SEED,
        Some("random") => {
            let now = SystemClock.now().as_microsecond().unsigned_abs();
            scattered(now) % 1_000_000_000
        }
        Some(given) => given.parse().expect("BANGGIAO_SEED is a number or `random`"),
    };
    println!("{run}: BANGGIAO_SEED={seed}");
    seed
}

/// A number that the environment may give.
pub fn number(name: &str, short_form: u64) -> u64 {
    env::var(name).map_or(short_form, |given| {
        given.parse().unwrap_or_else(|_| panic!("{name} is no number: {given}"))
    })
}

/// A number of a seed's sequence, below a bound.
pub fn drawn(seed: u64, n: u64, below: u64) -> u64 {
    scattered(scattered(seed) ^ n) % below
}

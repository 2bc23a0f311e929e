//! The sequencer and the ledger against a model that is nothing but a list: random commands, repeated, together, at two
//! replicas; processes that die between any two steps; commits whose answer is lost; a database that is set back. After each
//! history the log is exactly what was acknowledged, once each and without a gap, and what every checkpoint said that was ever
//! shown.
//!
//! A history is made from its seed. `BANGGIAO_HISTORIES=10000` runs more of them, `BANGGIAO_SEED=n` begins at another.

mod world;

use std::env;

use banggiao_testkit::scattered;

use super::*;
use crate::trial::Fault;
use world::{Checked, World};

const HISTORIES: u64 = 40;
/// A planted fault is found in so many histories at most.
const HISTORIES_OF_A_FAULT: u64 = 400;
const ROUNDS: u64 = 8;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn of(seed: u64) -> Self {
        // Those of neighbouring seeds lie far apart.
        Self(scattered(seed))
    }

    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        usize::try_from(scattered(self.0) % sides as u64).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }
}

async fn history(seed: u64, planted: Option<Fault>) -> Checked {
    let mut dice = Dice::of(seed);
    let mut world = World::new(planted).await;
    if dice.one_in(4) {
        // Hashes above the leaves are kept from 256 entries on.
        world.fill(250).await?;
    }
    for _ in 0..ROUNDS {
        world.round(&mut dice).await?;
    }
    if dice.one_in(3) {
        world.set_back(&mut dice).await?;
    }
    world.check().await
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_history_loses_doubles_or_reorders_anything() {
    let (first, count) = (number("BANGGIAO_SEED", 1), number("BANGGIAO_HISTORIES", HISTORIES));
    println!("{count} histories from BANGGIAO_SEED={first}");
    for seed in first..first + count {
        if let Err(why) = history(seed, None).await {
            panic!("BANGGIAO_SEED={seed} BANGGIAO_HISTORIES=1: {why}");
        }
    }
}

/// A test counts only when it is shown to catch something.
#[tokio::test(flavor = "multi_thread")]
async fn every_planted_fault_is_found() {
    let mut missed = Vec::new();
    for fault in Fault::ALL {
        let mut found = None;
        for seed in 1..=HISTORIES_OF_A_FAULT {
            if let Err(why) = history(seed, Some(fault)).await {
                found = Some((seed, why));
                break;
            }
        }
        match found {
            Some((seed, why)) => println!("{fault:?}: found by history {seed}: {why}"),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

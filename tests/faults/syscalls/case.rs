//! The cases: each call at each of its occurrences, with each effect that it can have.

use std::{collections::BTreeMap, env, fmt};

use crate::faults::settings::drawn;

/// So many cases are tried in the short form.
const CASES: usize = 12;

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Error(&'static str),
    Killed,
}

impl Effect {
    /// What can befall a call: space runs out only where something grows.
    fn of(call: &str) -> &'static [Self] {
        match call {
            "pwrite64" | "write" | "fallocate" | "openat" => &[Self::Error("EIO"), Self::Error("ENOSPC"), Self::Killed],
            _ => &[Self::Error("EIO"), Self::Killed],
        }
    }
}

/// One call that fails: which, how, and at which occurrence in its thread.
#[derive(Debug, Clone)]
pub struct Case {
    pub call: String,
    effect: Effect,
    occurrence: u64,
}

impl Case {
    /// As strace takes it.
    pub fn injection(&self) -> String {
        let effect = match self.effect {
            Effect::Error(error) => format!("error={error}"),
            Effect::Killed => "signal=KILL".to_owned(),
        };
        format!("inject={}:{effect}:when={}", self.call, self.occurrence)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.injection())
    }
}

/// The cases of a run: all, or a sample by the seed.
pub fn chosen(counts: &BTreeMap<String, u64>, seed: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (call, count) in counts {
        for effect in Effect::of(call) {
            cases.extend((1..=*count).map(|occurrence| Case {
                call: call.clone(),
                effect: *effect,
                occurrence,
            }));
        }
    }
    let wanted = match env::var("BANGGIAO_SYSCALLS").as_deref() {
        Ok("all") => return cases,
        Ok(given) => given.parse().expect("BANGGIAO_SYSCALLS is a number or `all`"),
        Err(_) => CASES,
    };
    // A call that is rare is tried as often as one that is not.
    let mut sample = Vec::new();
    for n in 0..u64::try_from(wanted).expect("a count") {
        let call = counts.keys().nth(usize::try_from(n).expect("a place") % counts.len());
        let of_call: Vec<&Case> = cases.iter().filter(|case| Some(&case.call) == call).collect();
        let place = drawn(seed, n, u64::try_from(of_call.len()).expect("a count"));
        sample.push(of_call[usize::try_from(place).expect("a place")].clone());
    }
    sample
}

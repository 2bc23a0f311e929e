//! Kills at seeded moments: of the standalone on SQLite, and of single services and of the database on PostgreSQL. Eight
//! writers repeat what was not acknowledged, two readers go on from where they were, and a reporter asks for figures.

mod postgres;
mod sqlite;

use super::{
    office::{Office, Passing},
    run::{Party, Run},
};

/// Those who write at once.
const WRITERS: u64 = 8;
/// Those who follow the feed.
const READERS: usize = 2;

fn start(office: &Office, seed: u64) -> Run {
    Run::start(Party {
        seed,
        offices: vec![office.clone()],
        writers: WRITERS,
        readers: READERS,
        reporter: Some(office.clone()),
        passing: Passing::BrokenCalls,
    })
}

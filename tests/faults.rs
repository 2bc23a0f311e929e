//! Faults by a seed: real processes are killed, frozen, cut off from their database and refused by the system, while
//! offices write, follow the feed and ask for figures. Afterwards the whole history is checked.
//!
//! `cargo test` runs the short form. A run prints its seed, and `BANGGIAO_SEED=n` repeats it (`random` draws another one).
//! The long form is the same tests with more of everything, one after the other, in a release build:
//!
//! ```text
//! BANGGIAO_SEED=random BANGGIAO_KILLS=1000 BANGGIAO_KILLS_POSTGRES=200 BANGGIAO_COMMITS=10000 BANGGIAO_SYSCALLS=all \
//! BANGGIAO_FREEZES=20 BANGGIAO_RATE=200 cargo test --release --workspace faults -- --nocapture --test-threads=1
//! ```
//!
//! | Variable | What it says | Short form |
//! |---|---|---|
//! | `BANGGIAO_KILLS` | kills of the standalone on SQLite | 30 |
//! | `BANGGIAO_KILLS_POSTGRES` | kills among four services on PostgreSQL | 10 |
//! | `BANGGIAO_COMMITS` | commits around which the network fails | 200 |
//! | `BANGGIAO_SWALLOWED_MS` | silence of a connection that swallowed a commit, in milliseconds | 100 |
//! | `BANGGIAO_FREEZES` | freezes of a journal that holds the head's lock | 1 |
//! | `BANGGIAO_SYSCALLS` | system calls that fail, or `all` | 12 |
//! | `BANGGIAO_RATE` | changes per second of uptime below which a run with kills proves nothing | 20 |
//!
//! Without PostgreSQL, or without a strace that may attach, what needs it is skipped aloud; `BANGGIAO_REQUIRE_POSTGRES=1`
//! and `BANGGIAO_REQUIRE_STRACE=1` make that a failure.

mod asking;
mod commits;
mod figures;
mod frozen;
mod history;
mod kills;
mod ledger;
mod office;
mod run;
mod settings;
mod syscalls;
mod writing;

//! System calls that fail: while the standalone appends, one call on the journal's files is refused, or the process dies
//! in it. No acknowledgement is false, nobody waits for ever, and the journal serves from the same folder afterwards.
//!
//! First the calls are counted that some changes take, with a checkpoint among them; then each of them is a case. A case
//! starts from a copy of one prepared folder, so that it can be repeated by itself.

mod case;
mod prepared;
mod strace;
mod uploads;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_testkit::network::free_port;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{
    asking, history,
    history::History,
    office::{Office, Passing},
    settings::seed,
    writing::{Tally, Writer},
};
use crate::processes::{self, Process, program};
use case::Case;
use prepared::Prepared;
use strace::Strace;

/// The calls that may fail. Those with a question mark are not there on every machine.
const CALLS: [&str; 14] = [
    "pwrite64",
    "write",
    "fdatasync",
    "fsync",
    "ftruncate",
    "fallocate",
    "openat",
    "?rename",
    "renameat",
    "renameat2",
    "?link",
    "linkat",
    "?unlink",
    "unlinkat",
];
/// So many events are written in a case, which takes some twenty changes.
const EVENTS: u64 = 8;
/// A call that is not answered for so long hangs.
const HANGS: Duration = Duration::from_secs(5);

/// The standalone on a copy of the prepared folder.
struct Copy {
    up: Process,
    office: Office,
    folder: TempDir,
}

impl Copy {
    async fn start(prepared: &Prepared) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let copied = Command::new("cp").arg("-a").arg(prepared.folder()).arg(&data).status();
        assert!(copied.is_ok_and(|status| status.success()), "the folder is not copied");
        let (up, address) = up(&data);
        processes::serving(&address).await;
        let office = prepared.office.moved(&address, &data);
        Self { up, office, folder }
    }

    /// The files whose calls are meant.
    fn files(&self) -> [PathBuf; 3] {
        let data = self.folder.path().canonicalize().expect("a folder").join("data");
        ["journal.db", "journal.db-wal", "journal.db-shm"].map(|name| data.join(name))
    }

    fn writes(&self, seed: u64, tally: &Arc<Tally>) -> JoinHandle<Vec<history::Command>> {
        let (office, tally) = (self.office.clone(), Arc::clone(tally));
        tokio::spawn(async move {
            let writer = Writer::new(&office, seed, 0, Passing::BrokenCalls, &tally);
            writer.write(EVENTS).await
        })
    }
}

/// Starts the standalone on a folder.
fn up(data: &Path) -> (Process, String) {
    let port = free_port();
    let mut command = Command::new(program("banggiao"));
    command
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(data);
    (Process::start(command), format!("http://127.0.0.1:{port}"))
}

/// How often each call occurs in one thread.
async fn counted(prepared: &Prepared, seed: u64) -> Result<BTreeMap<String, u64>, String> {
    let copy = Copy::start(prepared).await;
    let output = copy.folder.path().join("calls");
    let strace = Strace::attach(
        copy.up.id(),
        &copy.files(),
        &[format!("trace={}", CALLS.join(","))],
        &output,
    )?;
    copy.writes(seed, &Arc::default()).await.expect("they are written");
    strace.detach();
    Ok(strace::counts(&output))
}

/// How a case ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    /// The call was made, and failed. It may be made later in another run, when changes share a commit.
    struck: bool,
    /// The process ended by itself or was killed.
    ended: bool,
    /// It served on and refused everything until it was started again.
    stuck: bool,
    /// Something was refused.
    refused: bool,
}

/// Starts the process again if it ends, or if nothing is acknowledged for too long, until the work is done.
async fn supervised<T>(up: &mut Process, acknowledged: &AtomicU64, work: &JoinHandle<T>) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut before, mut since) = (0, Instant::now());
    while !work.is_finished() {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let now = acknowledged.load(Ordering::Relaxed);
        if now != before {
            (before, since) = (now, Instant::now());
        }
        let ended = up.ended();
        let stuck = since.elapsed() > HANGS;
        if ended || stuck {
            outcome.ended |= ended;
            outcome.stuck |= stuck;
            up.restart();
            since = Instant::now();
        }
    }
    outcome
}

async fn tried(prepared: &Prepared, case: &Case, seed: u64) -> Result<Outcome, String> {
    let mut copy = Copy::start(prepared).await;
    let output = copy.folder.path().join("calls");
    let expressions = [format!("trace={}", case.call), case.injection()];
    let strace = Strace::attach(copy.up.id(), &copy.files(), &expressions, &output)?;
    let tally = Arc::new(Tally::default());
    let writing = copy.writes(seed, &tally);
    let mut outcome = supervised(&mut copy.up, &tally.acknowledged, &writing).await;
    strace.detach();
    outcome.struck = outcome.ended || strace::struck(&output);
    let commands = writing.await.map_err(|error| format!("a writer: {error}"))?;
    outcome.refused = tally.was_refused();
    let longest = Duration::from_millis(tally.longest_call.load(Ordering::Relaxed));
    if longest > HANGS {
        return Err(format!("a call was not answered for {longest:?}"));
    }
    copy.up.restart();
    processes::serving(&copy.office.address).await;
    let log = asking::log(&copy.office).await;
    let (figures, _) = asking::converged(&copy.office, i64::try_from(log.len()).expect("a position")).await;
    let history = History {
        log,
        commands,
        figures,
        ..History::default()
    };
    history.check().map(|()| outcome)
}

/// Tells how cases ended, and fails with all that went wrong.
fn told(outcomes: &[(Case, Result<Outcome, String>)], took: Duration) {
    let (mut by_outcome, mut faults) = (BTreeMap::<Outcome, u64>::new(), Vec::new());
    for (case, outcome) in outcomes {
        match outcome {
            Ok(outcome) => *by_outcome.entry(*outcome).or_default() += 1,
            Err(fault) => faults.push(format!("{case}: {fault}")),
        }
        if outcome.as_ref().is_ok_and(|outcome| outcome.stuck) {
            println!("  {case}: it had to be started again");
        }
    }
    println!("{} cases in {took:?}", outcomes.len());
    for (outcome, cases) in &by_outcome {
        println!("  {cases} x {outcome:?}");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(by_outcome.keys().any(|outcome| outcome.struck), "no call has failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn system_calls_that_fail_make_no_acknowledgement_false() {
    if let Err(reason) = strace::is_there() {
        return strace::skipped(&reason);
    }
    let seed = seed("system calls");
    let prepared = Prepared::make().await;
    let counts = match counted(&prepared, seed).await {
        Ok(counts) => counts,
        Err(reason) => return strace::skipped(&reason),
    };
    println!("calls on the journal's files: {counts:?}");
    assert!(counts.values().sum::<u64>() > 20, "the calls are not seen");
    let since = Instant::now();
    let mut outcomes = Vec::new();
    for case in case::chosen(&counts, seed) {
        let outcome = tried(&prepared, &case, seed).await;
        outcomes.push((case, outcome));
    }
    told(&outcomes, since.elapsed());
}

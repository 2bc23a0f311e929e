//! The sequencer on a disk whose power is cut while several writers are at work: what it acknowledged stands where it was
//! told after the database is opened again, what it did not acknowledge stands there once or not at all, and whoever
//! repeats a request gets the answer that was given before.
//!
//! `BANGGIAO_CUTS` says how many cuts there are, and `BANGGIAO_SEED` which is the first; it alone is made if no number
//! is given.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use banggiao_powercut::{Disk, Image};
use banggiao_testkit::scattered;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::*;

/// So many cuts are made unless the environment says otherwise.
const CUTS: u64 = 150;
const WRITERS: u64 = 4;
/// Groups of commands that each writer hands in one after the other.
const GROUPS: u64 = 3;
const FILE: &str = "journal.db";

/// Says how a cut that went wrong is made again.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("BANGGIAO_SEED={} makes this cut again", self.0);
        }
    }
}

/// What makes commands, and a database that has its tables and nothing in them.
struct Template {
    bench: Bench,
    image: Image,
}

impl Template {
    async fn new() -> Self {
        let disk = Disk::new(0);
        let bench = Bench::on(tempfile::tempdir().unwrap(), disk.url(FILE)).await;
        bench.store.clone().close().await.unwrap();
        let image = disk.image();
        Self { bench, image }
    }

    fn disk(&self, seed: u64) -> Disk {
        let disk = Disk::of(&self.image, seed);
        // What SQLite is promised changes what it writes; on Unix it takes the promise for granted.
        if !seed.is_multiple_of(4) {
            disk.promise_neighbours();
        }
        disk
    }

    /// The command of a request, with an id that was drafted for this try.
    fn log(&self, request: u64, again: &str) -> Command {
        let id = format!("e{request}{again}");
        self.bench.command(request, self.bench.log(id, request))
    }

    fn group(&self, requests: &[u64], again: &str) -> Group {
        Group {
            commands: requests.iter().map(|request| self.log(*request, again)).collect(),
            together: requests.len() == 2,
        }
    }
}

/// The requests that a writer hands in together.
fn requests(writer: u64, group: u64) -> Vec<u64> {
    let first = 1 + writer * 100 + group * 10;
    (first..=first + (writer + group) % 3).collect()
}

fn id(request: u64) -> Uuid {
    Uuid::from_u64_pair(7, request)
}

/// A journal on a disk, with nothing but what the test needs of it.
struct Opened {
    store: Store,
    ledger: Arc<Ledger>,
    sequencer: Sequencer,
}

impl Opened {
    /// The checkpoints of the ledger are kept in a folder outside of the disk.
    async fn on(disk: &Disk, outside: &TempDir) -> anyhow::Result<Self> {
        let store = Store::open::<Migrator>(&disk.url(FILE)).await?;
        let seams = banggiao_testkit::seams(HandClock::at("2026-03-15T01:00:00Z"));
        let ledger = Ledger::open(store.clone(), &ledger_in(outside.path()), seams.clone()).await?;
        let head = watch::Sender::new(feed::Head::default());
        let sequencer = Sequencer::start(store.clone(), seams, head, Arc::clone(&ledger))?;
        Ok(Self {
            store,
            ledger,
            sequencer,
        })
    }

    async fn carry_out(&self, group: Group) -> Outcomes {
        self.sequencer.hand_in(group).unwrap().outcomes().await.unwrap()
    }

    /// One writer, up to its first failure: what it was told for which request.
    async fn write(&self, template: &Template, writer: u64) -> Vec<(u64, Event)> {
        let mut told = Vec::new();
        for group in 0..GROUPS {
            let requests = requests(writer, group);
            let outcomes = self.carry_out(template.group(&requests, "")).await;
            for (request, outcome) in requests.iter().zip(&outcomes) {
                match outcome {
                    Ok(answer) => told.push((*request, (*answer.events[0]).clone())),
                    // Nobody is told that a command is at fault when the disk is.
                    Err(Error::Store(error)) => assert_eq!(error.kind(), banggiao_store::Kind::Away, "{error}"),
                    Err(other) => panic!("{other}"),
                }
            }
            if outcomes.iter().any(Result::is_err) {
                break;
            }
            // The answers got lost on the way.
            for (before, after) in outcomes
                .iter()
                .zip(self.carry_out(template.group(&requests, "x")).await)
            {
                if let Ok(after) = after {
                    assert!(after.repeated);
                    assert_eq!(after.events, before.as_ref().unwrap().events);
                }
            }
            if writer == group {
                self.bring_the_log_home().await;
                // What is signed was committed before: it must be there after any cut.
                drop(self.ledger.checkpoint(1).await);
            }
        }
        told
    }

    /// With the little that is written here it would not come to it by itself.
    async fn bring_the_log_home(&self) {
        let pragma = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(RESTART)");
        drop(self.store.reader().query_one_raw(pragma).await);
    }

    /// The log, of which everything is right that can be told from itself.
    async fn rows(&self) -> Vec<revision::Model> {
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let checked = self.store.reader().query_one_raw(check).await.unwrap().unwrap();
        assert_eq!(checked.try_get_by_index::<String>(0).unwrap(), "ok");
        let rows = revision::after(self.store.reader(), 0, 100_000).await.unwrap();
        let count = i64::try_from(rows.len()).unwrap();
        assert!(rows.iter().map(|row| row.log_index).eq(1..=count), "no gaps");
        assert_eq!(head::read(self.store.reader()).await.unwrap().position, count);
        let requests: BTreeSet<_> = rows.iter().map(|row| (row.request_id, row.request_part)).collect();
        assert_eq!(requests.len(), rows.len(), "each request stands there once");
        for row in &rows {
            let salt: [u8; 32] = row.salt.as_slice().try_into().unwrap();
            let number = u32::try_from(row.number).unwrap();
            let entry = Entry::new(Kind::EventRevision, &row.event_id, number, &salt, &row.content);
            assert_eq!(row.leaf_hash, entry.leaf_hash());
        }
        rows
    }

    async fn close(self) {
        // Without power nothing closes in peace.
        drop(self.store.close().await);
    }
}

/// Several writers on a disk, until they are done or the power goes.
async fn write(template: &Template, disk: &Disk, outside: &TempDir) -> Vec<(u64, Event)> {
    let Ok(opened) = Opened::on(disk, outside).await else {
        return Vec::new();
    };
    let writers = (0..WRITERS).map(|writer| opened.write(template, writer));
    let told = join_all(writers).await.concat();
    opened.close().await;
    told
}

/// One cut, somewhere in a run of so many operations; answers what was told before it and what was left by it.
async fn cut(template: &Template, seed: u64, operations: u64) -> (usize, usize) {
    let _replay = Replay(seed);
    let disk = template.disk(seed);
    disk.cut_after(1 + scattered(seed) % operations);
    let outside = folder_in_memory();
    let told = write(template, &disk, &outside).await;
    disk.cut_now();
    disk.restore();

    let opened = Opened::on(&disk, &outside).await.unwrap();
    assert_eq!(opened.ledger.state(), State::Sound);
    let rows = opened.rows().await;
    let by_index: BTreeMap<i64, &revision::Model> = rows.iter().map(|row| (row.log_index, row)).collect();
    for (request, event) in &told {
        let row = by_index.get(&event.log_index).expect("what was told is there");
        assert_eq!(row.request_id, Some(id(*request)));
        assert_eq!(row.decode().unwrap().event.as_ref(), Some(event));
    }
    let counts = (told.len(), rows.len());
    repeat(template, &opened, &rows, &told.into_iter().collect()).await;
    opened.close().await;
    counts
}

/// Repeats every request there is: it gets the answer that it got or would have got, or is carried out now.
async fn repeat(template: &Template, opened: &Opened, rows: &[revision::Model], told: &BTreeMap<u64, Event>) {
    let stored: BTreeMap<_, _> = rows.iter().map(|row| (row.request_id, row)).collect();
    let all: Vec<u64> = (0..WRITERS)
        .flat_map(|writer| (0..GROUPS).flat_map(move |group| requests(writer, group)))
        .collect();
    let group = Group {
        together: false,
        ..template.group(&all, "y")
    };
    for (request, outcome) in all.iter().zip(opened.carry_out(group).await) {
        let answer = outcome.unwrap();
        let before = stored.get(&Some(id(*request)));
        assert_eq!(answer.repeated, before.is_some(), "{request}");
        if let Some(row) = before {
            assert_eq!(row.decode().unwrap().event.as_ref(), Some(&*answer.events[0]));
        }
        if let Some(event) = told.get(request) {
            assert_eq!(event, &*answer.events[0]);
        }
    }
    let after = opened.rows().await;
    assert_eq!(after.len(), all.len());
    assert_eq!(&after[..rows.len()], rows, "what was there is as it was");
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn what_was_acknowledged_survives_a_cut_of_the_power() {
    let runtime = || {
        let mut builder = runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let template = runtime().block_on(Template::new());
    let seed = number("BANGGIAO_SEED");
    let cuts = number("BANGGIAO_CUTS").unwrap_or(if seed.is_some() { 1 } else { CUTS });
    let first = seed.unwrap_or(1);
    println!("{cuts} cuts from BANGGIAO_SEED={first}");
    let operations = runtime().block_on(async {
        let disk = template.disk(1);
        write(&template, &disk, &folder_in_memory()).await;
        disk.operations()
    });
    // Each thread has a runtime of its own, so that the commands of one cut come in an order that hardly changes.
    let (next, all_told, all_left) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        runtime().block_on(async {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + cuts {
                    break;
                }
                let (told, left) = cut(&template, seed, operations).await;
                all_told.fetch_add(told as u64, Ordering::Relaxed);
                all_left.fetch_add(left as u64, Ordering::Relaxed);
            }
        });
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (told, left) = (all_told.into_inner(), all_left.into_inner());
    println!("{operations} operations in a run; {told} events were told, and {left} were there after the cuts");
}

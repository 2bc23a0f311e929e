//! How fast events are appended: `LogEvent` with everything that belongs to it, beside a server that opens one
//! transaction per call and beside pgbench with that server's inserts; and how fast they are imported.
//!
//! By hand: `cargo bench -p banggiao-tests --bench append`. It is bounded: seconds per figure, some minutes in all. Parts
//! on PostgreSQL are skipped aloud where it is missing. `ROWS=1000000` imports so many rows instead of 200,000.

#[path = "append/ours.rs"]
mod ours;
#[path = "append/peer.rs"]
mod peer;
#[path = "append/pgbench.rs"]
mod pgbench;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_testkit::postgres::Cluster;
use ours::Journal;

/// Callers at once.
const CONCURRENCY: [usize; 4] = [1, 16, 64, 256];
/// So long is each figure measured.
const MEASURED: Duration = Duration::from_secs(4);
/// So many connections carry the calls.
const CHANNELS: usize = 8;

/// Calls per second of so many callers, each of whom waits for its answer.
async fn rate<F: Future<Output = ()> + Send>(
    callers: usize,
    call: impl Fn(usize) -> F + Send + Sync + Clone + 'static,
) -> f64 {
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (call, stop, done) = (call.clone(), Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    call(caller).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    // What is slow only at first is not measured.
    tokio::time::sleep(MEASURED / 4).await;
    let (before, since) = (done.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(MEASURED).await;
    let calls = done.load(Ordering::Relaxed) - before;
    let seconds = since.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("a caller");
    }
    #[allow(clippy::cast_precision_loss)]
    let rate = calls as f64 / seconds;
    rate
}

fn print(name: &str, rates: &[f64]) {
    let cells: Vec<String> = rates.iter().map(|rate| format!("{rate:>9.0}")).collect();
    println!("{name:<44} {}", cells.join(" "));
}

async fn measured(journal: &Journal) -> Vec<f64> {
    let mut rates = Vec::new();
    for callers in CONCURRENCY {
        rates.push(journal.append_rate(callers).await);
    }
    rates
}

async fn import(name: &str, journal: &Journal, rows: usize) {
    let before = ours::resident_megabytes();
    let (seconds, peak) = journal.import(rows).await;
    #[allow(clippy::cast_precision_loss)]
    let rate = rows as f64 / seconds;
    println!("{name:<44} {rows} rows in {seconds:.1} s: {rate:.0} rows/s; memory {before:.0} MB, at most {peak:.0} MB");
}

#[tokio::main]
async fn main() {
    // cargo passes flags of its own.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |part: &str| only.as_ref().is_none_or(|only| only == part);
    let rows = std::env::var("ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(200_000);
    println!("events per second, durable, at {CONCURRENCY:?} callers");
    if wanted("sqlite") {
        let folder = tempfile::tempdir().expect("a folder");
        let peer = peer::on_sqlite(folder.path()).await;
        print("SQLite, one transaction per call", &peer::measured(&peer).await);
        print("SQLite, LogEvent", &measured(&Journal::on_sqlite().await).await);
    }
    if wanted("import") {
        import("SQLite, ImportEvents", &Journal::on_sqlite().await, rows).await;
    }
    let Some(cluster) = Cluster::shared() else { return };
    if wanted("postgres") {
        let url = cluster.database("peer");
        let peer = peer::on_postgres(&url).await;
        print("PostgreSQL, one transaction per call", &peer::measured(&peer).await);
        print("PostgreSQL, pgbench", &pgbench::measured(cluster, &url));
        let journal = Journal::on_postgres(cluster, "ours").await;
        print("PostgreSQL, LogEvent", &measured(&journal).await);
    }
    if wanted("import-postgres") {
        let journal = Journal::on_postgres(cluster, "imported").await;
        import("PostgreSQL, ImportEvents", &journal, rows).await;
    }
}

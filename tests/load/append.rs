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
) -> Rate {
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
    let (before, since, cpu) = (done.load(Ordering::Relaxed), Instant::now(), cpu_seconds());
    tokio::time::sleep(MEASURED).await;
    let calls = done.load(Ordering::Relaxed) - before;
    let (seconds, cpu) = (since.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("a caller");
    }
    #[allow(clippy::cast_precision_loss)]
    let calls = calls as f64;
    Rate {
        per_second: calls / seconds,
        cpu_micros: cpu * 1e6 / calls,
    }
}

/// How fast something went.
struct Rate {
    per_second: f64,
    /// What this process, client and server in one, computed for each call. Whoever shares the machine slows calls down,
    /// and does not change this.
    cpu_micros: f64,
}

/// User and system time of this process, in hundredths of a second as the kernel gives it.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn print(name: &str, rates: &[Rate]) {
    let cell = |rate: &Rate| format!("{:>9.0} ({:>4.0} µs)", rate.per_second, rate.cpu_micros);
    let cells: Vec<String> = rates.iter().map(cell).collect();
    println!("{name:<34} {}", cells.join(" "));
}

async fn measured(journal: &Journal) -> Vec<Rate> {
    let mut rates = Vec::new();
    for callers in CONCURRENCY {
        rates.push(journal.append_rate(callers).await);
    }
    rates
}

async fn import(name: &str, journal: &Journal, rows: usize) {
    let (before, cpu) = (ours::resident_megabytes(), cpu_seconds());
    let (seconds, peak) = journal.import(rows).await;
    #[allow(clippy::cast_precision_loss)]
    let rate = rows as f64 / seconds;
    #[allow(clippy::cast_precision_loss)]
    let cpu = (cpu_seconds() - cpu) * 1e6 / rows as f64;
    println!(
        "{name:<34} {rows} rows in {seconds:.1} s: {rate:.0} rows/s, {cpu:.0} µs of CPU each; memory {before:.0} MB, at most {peak:.0} MB"
    );
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
    println!("events per second (CPU of client and server in this process), durable, at {CONCURRENCY:?} callers");
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
        print("PostgreSQL, pgbench (CPU unknown)", &pgbench::measured(cluster, &url));
        let journal = Journal::on_postgres(cluster, "ours").await;
        print("PostgreSQL, LogEvent", &measured(&journal).await);
    }
    if wanted("import-postgres") {
        let journal = Journal::on_postgres(cluster, "imported").await;
        import("PostgreSQL, ImportEvents", &journal, rows).await;
    }
}

//! Four services as processes of their own on a PostgreSQL server. By the seed one of them is killed, or a session of the
//! journal is ended or killed, or the server stops without a word and comes back.

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, Instant},
};

use banggiao_testkit::postgres;

use super::start;
use crate::{
    cluster::Cluster,
    faults::{
        office::Office,
        run::was_busy,
        settings::{drawn, number, seed},
    },
    processes::{self, send_signal},
};

/// All serve so long between two faults, in milliseconds.
const LIFE: std::ops::Range<u64> = 50..600;
/// What takes longer is told by itself.
const LONG: Duration = Duration::from_secs(3);
/// Who is killed: places in [`crate::cluster::SERVICES`].
const JOURNAL: usize = 1;
const REPORTING: usize = 2;
const GATEWAY: usize = 3;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Journal,
    Reporting,
    Gateway,
    /// A process of the server that serves the journal is killed; the server then ends all others and recovers.
    Backend,
    /// A session of the journal is ended by an operator.
    Session,
    /// The server stops as in a loss of power.
    Server,
}

const FAULTS: [Fault; 6] = [
    Fault::Journal,
    Fault::Reporting,
    Fault::Gateway,
    Fault::Backend,
    Fault::Session,
    Fault::Server,
];

/// The server and the journal's database on it.
struct Database<'a> {
    server: &'a postgres::Cluster,
    url: String,
}

impl Database<'_> {
    fn query(&self, sql: &str) -> String {
        let mut psql = Command::new(self.server.program("psql"));
        psql.args([
            self.url.as_str(),
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--command",
            sql,
        ]);
        let output = psql.output().expect("psql runs");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// A session of the journal's, by the number of its process, if the server answers and there is one.
    fn session(&self, n: u64) -> Option<u32> {
        let sessions = self.query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'banggiao' \
             ORDER BY pid",
        );
        let sessions: Vec<u32> = sessions.lines().filter_map(|pid| pid.parse().ok()).collect();
        let place = usize::try_from(n).ok()?.checked_rem(sessions.len())?;
        sessions.get(place).copied()
    }
}

fn strike(fault: Fault, n: u64, cluster: &mut Cluster, database: &Database<'_>) {
    match fault {
        Fault::Journal => cluster.processes[JOURNAL].restart(),
        Fault::Reporting => cluster.processes[REPORTING].restart(),
        Fault::Gateway => cluster.processes[GATEWAY].restart(),
        Fault::Backend => {
            if let Some(pid) = database.session(n) {
                send_signal("KILL", pid);
            }
        }
        Fault::Session => {
            if let Some(pid) = database.session(n) {
                database.query(&format!("SELECT pg_terminate_backend({pid})"));
            }
        }
        Fault::Server => {
            database.server.crash();
            database.server.restart();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_among_services_and_their_database_lose_nothing_and_double_nothing() {
    // It is a server of its own: it is crashed.
    let Some(server) = postgres::Cluster::start() else {
        return;
    };
    let seed = seed("kills on PostgreSQL");
    let kills = number("BANGGIAO_KILLS_POSTGRES", 10);
    let urls = ["registry", "journal", "reporting"].map(|name| server.database(name));
    let mut cluster = Cluster::with_databases([&urls[0], &urls[1], &urls[2]]);
    let database = Database {
        server: &server,
        url: urls[1].clone(),
    };
    let address = cluster.address();
    processes::serving(&address).await;
    let office = Office::open(&address, &address, cluster.folder.path()).await;

    let mut run = start(&office, seed);
    let (begun, mut uptime) = (Instant::now(), Duration::ZERO);
    let mut struck: BTreeMap<Fault, (u64, Duration)> = BTreeMap::new();
    for kill in 0..kills {
        let since = Instant::now();
        let life = LIFE.start + drawn(seed, 3 * kill, LIFE.end - LIFE.start);
        tokio::time::sleep(Duration::from_millis(life)).await;
        uptime += since.elapsed();
        run.goes_on();
        let faults = u64::try_from(FAULTS.len()).expect("a count");
        let fault = FAULTS[usize::try_from(drawn(seed, 3 * kill + 1, faults)).expect("an index")];
        let since = Instant::now();
        strike(fault, drawn(seed, 3 * kill + 2, 1000), &mut cluster, &database);
        let before = run.acknowledged();
        processes::serving(&address).await;
        goes_on_writing(&run, before).await;
        let took = since.elapsed();
        if took > LONG {
            println!("  kill {kill}: after {fault:?} it took {took:?}");
        }
        let (times, away) = struck.entry(fault).or_default();
        (*times, *away) = (*times + 1, *away + took);
    }
    println!(
        "{kills} faults in {:?}, each with the time until all went on: {struck:?}",
        begun.elapsed()
    );
    let history = run.finish(&office).await;
    was_busy(&history, uptime);
}

/// Waits until something is acknowledged again.
async fn goes_on_writing(run: &super::Run, before: u64) {
    let since = Instant::now();
    while run.acknowledged() <= before {
        assert!(since.elapsed() < Duration::from_secs(30), "nothing is written any more");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

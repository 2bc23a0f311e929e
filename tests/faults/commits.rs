//! Commits whose outcome the journal cannot know: the network between it and PostgreSQL fails before, in and after the
//! message that commits. Whoever repeats the request gets the answer that stands in the log, and it stands there once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use banggiao_testkit::{
    network::commits::{CommitProxy, Point},
    postgres,
};

use super::{
    office::{Office, Passing},
    run::{Party, Run},
    settings::{drawn, number, seed},
};
use crate::{cluster::Cluster, processes};

/// How a transaction of the journal is known that appends to its log.
pub const APPENDS: &str = "INSERT INTO \"revision\"";
/// So long does a connection last into whose black hole something fell, in milliseconds.
const SWALLOWED: u64 = 100;
/// Of so many commits one is struck.
const EVERY: u64 = 3;
/// Nobody needs to send a request more often.
const ATTEMPTS: u64 = 10;
/// So long may it take from one struck commit to the next.
const PATIENCE: Duration = Duration::from_secs(30);
const WRITERS: u64 = 8;

/// The address of a database, reached through another port.
pub fn through(url: &str, port: u16) -> String {
    let place = url.rfind(':').expect("a port") + 1;
    let rest = url[place..].find('/').expect("a database") + place;
    format!("{}{port}{}", &url[..place], &url[rest..])
}

/// The port in the address of a database.
pub fn port_of(url: &str) -> u16 {
    let port = url.rsplit([':', '/']).nth(1).expect("a port");
    port.parse().expect("a number")
}

/// How often each point was struck, and how long it then took until something was committed again.
#[derive(Debug, Default)]
struct Book {
    points: BTreeMap<Point, (u64, Duration)>,
    struck: u64,
    last: Option<(Point, Instant)>,
}

impl Book {
    /// What befalls a commit.
    fn plan(&mut self, seed: u64, commit: u64, wanted: u64) -> Option<Point> {
        if let Some((point, since)) = self.last.take() {
            let (times, until) = self.points.entry(point).or_default();
            (*times, *until) = (*times + 1, *until + since.elapsed());
        }
        if !commit.is_multiple_of(EVERY) || self.struck == wanted {
            return None;
        }
        let all = u64::try_from(Point::ALL.len()).expect("a count");
        let point = Point::ALL[usize::try_from(drawn(seed, commit, all)).expect("an index")];
        self.struck += 1;
        self.last = Some((point, Instant::now()));
        Some(point)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_with_an_unknown_outcome_lose_nothing_and_double_nothing() {
    let Some(server) = postgres::Cluster::shared() else {
        return;
    };
    let seed = seed("commits");
    let wanted = number("BANGGIAO_COMMITS", 200);
    let url = server.database("commits");
    let book: Arc<Mutex<Book>> = Arc::default();
    let noted = Arc::clone(&book);
    let swallowed = Duration::from_millis(number("BANGGIAO_SWALLOWED_MS", SWALLOWED));
    let proxy = CommitProxy::start(port_of(&url), APPENDS, swallowed, move |commit| {
        noted.lock().expect("no panic").plan(seed, commit, wanted)
    })
    .await;
    let cluster = Cluster::with_journal_on(&through(&url, proxy.port()));
    processes::serving(&cluster.address()).await;
    let journal = cluster.address_of(1);
    let office = Office::open(&cluster.address(), &journal, cluster.folder.path()).await;
    let mut run = Run::start(Party {
        seed,
        offices: vec![office.clone()],
        writers: WRITERS,
        readers: 1,
        reporter: Some(office.at(&cluster.address())),
        passing: Passing::Unavailable,
    });
    let since = Instant::now();
    let (mut struck, mut last) = (0, Instant::now());
    while struck < wanted {
        tokio::time::sleep(Duration::from_millis(5)).await;
        run.goes_on();
        if proxy.struck().0 > struck {
            (struck, last) = (proxy.struck().0, Instant::now());
        }
        assert!(
            last.elapsed() < PATIENCE,
            "after {:?} the journal hangs",
            proxy.struck()
        );
    }
    let took = since.elapsed();
    let before = run.acknowledged();
    while run.acknowledged() < before + WRITERS {
        tokio::time::sleep(Duration::from_millis(5)).await;
        run.goes_on();
    }
    println!(
        "{struck} of {} commits struck in {took:?} ({:.1}/s), with the time until the next commit: {:#?}",
        proxy.struck().1,
        f64::from(u32::try_from(struck).expect("a count")) / took.as_secs_f64(),
        book.lock().expect("no panic").points
    );
    let attempts = run.tally.attempts.load(Ordering::Relaxed);
    assert!(attempts <= ATTEMPTS, "a request was sent {attempts} times");
    run.finish(&office).await;
}

//! A journal is frozen in the middle of a commit, while it holds the lock of the head. Two others on the same database go
//! on after the server has ended its session, and when it thaws it does no harm.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_testkit::{
    network::{
        commits::{CommitProxy, Point},
        free_port,
    },
    postgres,
};

use super::{
    commits::{APPENDS, port_of, through},
    history::Command,
    office::{Office, Passing},
    run::{Party, Run},
    settings::{drawn, number, seed},
    writing::{Tally, Writer},
};
use crate::{cluster::Cluster, processes};

/// The others go on so soon: the server ends a session that idles in a transaction after five seconds.
const GOES_ON: Duration = Duration::from_secs(6);
/// It is frozen so long at least, in milliseconds, and at most so much longer.
const FROZEN: [u64; 2] = [8000, 2000];
/// It does its work again so soon.
const THAWED: Duration = Duration::from_secs(10);
const WRITERS: u64 = 9;

/// Waits until so many more are acknowledged, and says how long that took.
async fn more(run: &mut Run, count: u64, patience: Duration, whose: &str) -> Duration {
    let (since, before) = (Instant::now(), run.acknowledged());
    while run.acknowledged() < before + count {
        assert!(since.elapsed() < patience, "{whose} do not go on");
        tokio::time::sleep(Duration::from_millis(10)).await;
        run.goes_on();
    }
    since.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_journal_that_holds_the_lock_stops_the_others_for_seconds_only() {
    let Some(server) = postgres::Cluster::shared() else {
        return;
    };
    let seed = seed("frozen");
    let url = server.database("frozen");
    let armed = Arc::new(AtomicBool::new(false));
    let plan = Arc::clone(&armed);
    let proxy = CommitProxy::start(port_of(&url), APPENDS, Duration::ZERO, move |_| {
        // One is held, and those after it pass.
        plan.swap(false, Ordering::Relaxed).then_some(Point::Held)
    })
    .await;
    let cluster = Cluster::with_journal_on(&through(&url, proxy.port()));
    processes::serving(&cluster.address()).await;
    let ports = [free_port(), free_port()];
    let _others = ports.map(|port| cluster.journal(port, &url));
    let office = Office::open(&cluster.address(), &cluster.address_of(1), cluster.folder.path()).await;
    let others = ports.map(|port| office.at(&format!("http://127.0.0.1:{port}")));
    let mut run = Run::start(Party {
        seed,
        offices: vec![office.clone(), others[0].clone(), others[1].clone()],
        writers: WRITERS,
        readers: 3,
        reporter: Some(office.at(&cluster.address())),
        passing: Passing::BrokenCalls,
    });
    for freeze in 0..number("BANGGIAO_FREEZES", 1) {
        more(&mut run, 200, Duration::from_secs(20), "all three").await;
        proxy.hold();
        armed.store(true, Ordering::Relaxed);
        proxy.held().await;
        cluster.processes[1].signal("STOP");
        let since = Instant::now();
        // What the frozen one had acknowledged just before may still be on its way to the writers.
        tokio::time::sleep(Duration::from_millis(200)).await;
        more(&mut run, 3, GOES_ON - since.elapsed(), "the others").await;
        let went_on = since.elapsed();
        let frozen = Duration::from_millis(FROZEN[0] + drawn(seed, freeze, FROZEN[1]));
        tokio::time::sleep(frozen.saturating_sub(since.elapsed())).await;
        proxy.release();
        cluster.processes[1].signal("CONT");
        let (commands, thawed) = thawed(&office, seed, freeze).await;
        run.add(commands);
        println!(
            "frozen for {frozen:?}: the others went on after {went_on:?}, the frozen one {thawed:?} after it thawed"
        );
    }
    run.finish(&office).await;
}

/// Writes an event at the journal that was frozen; gives the commands and how long that took.
async fn thawed(office: &Office, seed: u64, freeze: u64) -> (Vec<Command>, Duration) {
    let since = Instant::now();
    let tally = Tally::default();
    let writer = Writer::new(office, seed, WRITERS + freeze, Passing::BrokenCalls, &tally);
    let commands = writer.write(1).await;
    let took = since.elapsed();
    assert!(took < THAWED, "it needs {took:?} to come back");
    (commands, took)
}

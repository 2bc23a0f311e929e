//! The standalone is killed again and again, while the sample is imported and under writers. Besides the history, the
//! figures of the sample come out as they must.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_cli::{Connection, import};
use banggiao_contracts::reporting::v1::figure_service_client::FigureServiceClient;
use banggiao_standalone::sample;
use banggiao_testkit::network::free_port;

use super::start;
use crate::{
    faults::{
        office::Office,
        run::was_busy,
        settings::{drawn, number, seed},
    },
    processes::{self, Process, program},
    stories::check_every_figure,
};

/// It lives so long between two kills, in milliseconds.
const LIFE: std::ops::Range<u64> = 50..450;

fn connect(address: &str, folder: &Path) -> Connection {
    let token = std::fs::read_to_string(folder.join("admin.token")).expect("a token");
    Connection::open(address, Some(token.trim().to_owned()), Duration::from_secs(5)).expect("an address")
}

fn options(files: Vec<import::File>) -> import::Options {
    import::Options {
        files,
        ..import::Options::default()
    }
}

/// The registry comes first and whole: the import of events is what is interrupted.
async fn import_registry(address: &str, folder: &Path) {
    let of_registry = |file: &import::File| !matches!(file.kind(), import::Kind::Events | import::Kind::Corrections);
    let files = sample::files().into_iter().filter(of_registry).collect();
    import::run(&connect(address, folder), &options(files))
        .await
        .expect("units, agreements and the rest");
}

/// Imports the sample again and again. It ends with an error when the server is killed; what it had stored is found
/// again in the next round.
async fn import_until(address: String, folder: PathBuf, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        drop(import::run(&connect(&address, &folder), &options(sample::files())).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_standalone_lose_nothing_and_double_nothing() {
    let seed = seed("kills on SQLite");
    let kills = number("BANGGIAO_KILLS", 30);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(program("banggiao"));
    command
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(folder.path());
    let mut up = Process::start(command);
    processes::serving(&address).await;
    import_registry(&address, folder.path()).await;
    let office = Office::open(&address, &address, folder.path()).await;

    let mut run = start(&office, seed);
    let imported = Arc::new(AtomicBool::new(false));
    let importer = tokio::spawn(import_until(
        address.clone(),
        folder.path().to_owned(),
        Arc::clone(&imported),
    ));
    let (begun, mut uptime) = (Instant::now(), Duration::ZERO);
    for kill in 0..kills {
        processes::serving(&address).await;
        let since = Instant::now();
        let life = LIFE.start + drawn(seed, kill, LIFE.end - LIFE.start);
        tokio::time::sleep(Duration::from_millis(life)).await;
        up.kill();
        uptime += since.elapsed();
        run.goes_on();
        up.restart();
    }
    println!("{kills} kills in {:?}", begun.elapsed());
    imported.store(true, Ordering::Relaxed);
    processes::serving(&address).await;
    // What it still writes would come after the log is read.
    importer.await.expect("the import ends");
    let history = run.finish(&office).await;
    was_busy(&history, uptime);

    let summary = import::run(&connect(&address, folder.path()), &options(sample::files())).await;
    let summary = summary.expect("the last import");
    assert!(summary.clean() && summary.shown, "{:?}", summary.files);
    check_every_figure(FigureServiceClient::new(office.recorder())).await;
}

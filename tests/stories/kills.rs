//! The standalone is killed at a hundred seeded moments, during the import and under eight writers. What was
//! acknowledged is there once, at the index that was told; nothing has a gap; and the figures come out.

use std::{
    collections::HashMap,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use banggiao_cli::{Connection, import};
use banggiao_contracts::{
    journal::v1::{
        Event, ExternalReference, LogEventRequest, WatchEventsRequest,
        event_feed_service_client::EventFeedServiceClient, event_service_client::EventServiceClient,
    },
    reporting::v1::figure_service_client::FigureServiceClient,
};
use banggiao_standalone::sample;
use banggiao_testkit::network::free_port;
use banggiao_testkit::scattered;
use uuid::Uuid;

use super::sample::check_every_figure;
use crate::processes::{self, Process, program};

const ROUNDS: u64 = 100;
const WRITERS: u64 = 8;
const SEED: u64 = 20_240_615;

fn logged(round: u64, writer: u64, n: u64) -> LogEventRequest {
    let reference = ExternalReference {
        source: "kills".to_owned(),
        reference: format!("{round}-{writer}-{n}"),
    };
    let event = Event {
        external_reference: Some(reference),
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2016-05-01".to_owned(),
        home_unit: "units/mr7".to_owned(),
        ..Event::default()
    };
    let request_id = Uuid::from_u64_pair(round, writer << 32 | n).to_string();
    LogEventRequest {
        event: Some(event),
        request_id,
        ..LogEventRequest::default()
    }
}

type Acknowledged = Arc<Mutex<Vec<Event>>>;

/// Logs until the server is gone.
async fn write(
    mut events: EventServiceClient<banggiao_rpc::channel::Authorized>,
    round: u64,
    writer: u64,
    acknowledged: Acknowledged,
) {
    for n in 0.. {
        match events.log_event(logged(round, writer, n)).await {
            Ok(event) => acknowledged.lock().expect("no panic").push(event.into_inner()),
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(program("banggiao"));
    command
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(folder.path());
    let mut up = Process::start(command);
    let acknowledged = Acknowledged::default();
    let options = || import::Options {
        files: sample::files(),
        ..import::Options::default()
    };
    // The registry comes first and whole: the writers need a unit to write for.
    let of_registry = |file: &import::File| !matches!(file.kind(), import::Kind::Events | import::Kind::Corrections);
    let files = sample::files().into_iter().filter(of_registry).collect();
    processes::serving(&address).await;
    let registry = import::Options {
        files,
        ..import::Options::default()
    };
    import::run(&connect(&address, folder.path()), &registry)
        .await
        .expect("units, agreements and the rest");
    for round in 0..ROUNDS {
        processes::serving(&address).await;
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let events = EventServiceClient::new(processes::administrator(&address, folder.path()));
            tasks.spawn(write(events, round, writer, Arc::clone(&acknowledged)));
        }
        let connection = connect(&address, folder.path());
        tasks.spawn(async move {
            // It ends with an error when the server is killed; what it had stored is found again in the next round.
            let _ = import::run(&connection, &options()).await;
        });
        tokio::time::sleep(Duration::from_millis(50 + scattered(SEED + round) % 400)).await;
        up.kill();
        tasks.abort_all();
        while tasks.join_next().await.is_some() {}
        up.restart();
    }
    processes::serving(&address).await;
    let summary = import::run(&connect(&address, folder.path()), &options())
        .await
        .expect("the last import");
    assert!(summary.clean() && summary.shown, "{:?}", summary.files);
    let channel = processes::administrator(&address, folder.path());
    let acknowledged = acknowledged.lock().expect("no panic").clone();
    verify(EventFeedServiceClient::new(channel.clone()), &acknowledged).await;
    check_every_figure(FigureServiceClient::new(channel)).await;
}

fn connect(address: &str, folder: &std::path::Path) -> Connection {
    let token = std::fs::read_to_string(folder.join("admin.token"))
        .expect("a token")
        .trim()
        .to_owned();
    Connection::open(address, Some(token), Duration::from_secs(5)).expect("an address")
}

/// Reads the whole log: no gap, every acknowledged event at its index with its content, every reference once.
async fn verify(mut feed: EventFeedServiceClient<banggiao_rpc::channel::Authorized>, acknowledged: &[Event]) {
    let mut stream = feed
        .watch_events(WatchEventsRequest::default())
        .await
        .expect("the feed")
        .into_inner();
    let head = stream
        .message()
        .await
        .expect("no fault")
        .and_then(|first| first.head)
        .expect("a head")
        .log_index;
    let (mut by_index, mut references) = (HashMap::new(), HashMap::new());
    let mut expected = 1;
    while expected <= head {
        let message = stream.message().await.expect("no fault").expect("a message");
        for event in message.revisions.into_iter().filter_map(|revision| revision.event) {
            assert_eq!(event.log_index, expected, "a gap");
            expected += 1;
            let reference = event.external_reference.clone().expect("every event here has one");
            let revisions = references.entry((reference.source, reference.reference)).or_insert(0);
            *revisions += 1;
            assert_eq!(event.revision, *revisions, "an event is there twice");
            by_index.insert(event.log_index, event);
        }
    }
    assert!(
        acknowledged.len() > 1000,
        "only {} events were written between the kills",
        acknowledged.len()
    );
    for event in acknowledged {
        assert_eq!(
            by_index.get(&event.log_index),
            Some(event),
            "an acknowledged event is not where it was told"
        );
    }
    println!(
        "{ROUNDS} kills (seed {SEED}): {} acknowledged, {head} in the log, none lost or doubled",
        acknowledged.len()
    );
}

//! Two replicas of the journal on one PostgreSQL database, many writers at each; one is killed. What was acknowledged
//! stands once, positions have no gap, and a reader at the other replica has seen all of it in order.

use std::{collections::HashMap, time::Duration};

use banggiao_contracts::{
    journal::v1::{
        Event, ExternalReference, LogEventRequest, WatchEventsRequest,
        event_feed_service_client::EventFeedServiceClient, event_service_client::EventServiceClient,
    },
    registry::v1::{CreateUnitRequest, Unit, unit_service_client::UnitServiceClient},
};
use banggiao_rpc::channel::Authorized;
use banggiao_testkit::postgres;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{cluster::Cluster, processes};
use banggiao_testkit::network::free_port;

const WRITERS: u64 = 64;
/// So many events does each writer log.
const EVENTS: u64 = 12;

fn logged(writer: u64, n: u64, unit: &Unit) -> LogEventRequest {
    let reference = ExternalReference {
        source: "replicas".to_owned(),
        reference: format!("{writer}-{n}"),
    };
    let event = Event {
        external_reference: Some(reference),
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2016-05-01".to_owned(),
        home_unit: unit.name.clone(),
        ..Event::default()
    };
    LogEventRequest {
        event: Some(event),
        request_id: Uuid::from_u64_pair(writer, n).to_string(),
        min_registry_position: unit.registry_position,
        ..LogEventRequest::default()
    }
}

/// Logs events at one replica, and goes on at the other once it is gone, as a client with both addresses does.
async fn write(mut replicas: [EventServiceClient<Authorized>; 2], writer: u64, unit: Unit) -> Vec<Event> {
    let mut acknowledged = Vec::new();
    for n in 0..EVENTS {
        let mut patience = 200;
        let event = loop {
            match replicas[0].log_event(logged(writer, n, &unit)).await {
                Ok(event) => break event.into_inner(),
                Err(status) => {
                    assert!(may_be_repeated(&status), "{status:?}");
                    patience -= 1;
                    assert!(patience > 0, "nobody answers: {status:?}");
                    replicas.swap(0, 1);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        acknowledged.push(event);
    }
    acknowledged
}

fn may_be_repeated(status: &Status) -> bool {
    // A connection that broke in the middle of a call says nothing of the call.
    matches!(
        status.code(),
        Code::Unavailable | Code::ResourceExhausted | Code::Unknown | Code::Cancelled
    )
}

/// Follows the feed of a replica from its beginning, up to so many revisions.
async fn follow(mut feed: EventFeedServiceClient<Authorized>, revisions: usize) -> Vec<Event> {
    let request = WatchEventsRequest::default();
    let mut stream = feed.watch_events(request).await.expect("the feed").into_inner();
    let mut seen = Vec::new();
    while seen.len() < revisions {
        let message = tokio::time::timeout(Duration::from_secs(60), stream.message()).await;
        let message = message
            .expect("the feed goes on")
            .expect("no fault")
            .expect("a message");
        seen.extend(message.revisions.into_iter().filter_map(|revision| revision.event));
    }
    seen
}

async fn unit(cluster: &Cluster) -> Unit {
    let mut units = UnitServiceClient::new(processes::administrator(&cluster.address(), cluster.folder.path()));
    let unit = Unit {
        country: "VN".to_owned(),
        kind: "PROVINCIAL_COMMAND".to_owned(),
        names: [("vi".to_owned(), "Tây Ninh".to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..Unit::default()
    };
    let request = CreateUnitRequest {
        unit_id: "tayninh".to_owned(),
        unit: Some(unit),
        ..CreateUnitRequest::default()
    };
    units.create_unit(request).await.expect("a unit").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_replicas_is_killed_under_many_writers() {
    let Some(server) = postgres::Cluster::shared() else {
        return;
    };
    let url = server.database("replicas");
    let mut cluster = Cluster::with_journal_on(&url);
    processes::serving(&cluster.address()).await;
    let port = free_port();
    let _second = cluster.journal(port, &url);
    let addresses = [cluster.address_of(1), format!("http://127.0.0.1:{port}")];
    let unit = unit(&cluster).await;
    let folder = cluster.folder.path().to_owned();
    let channel = |address: &str| processes::administrator(address, &folder);
    answers(EventFeedServiceClient::new(channel(&addresses[1]))).await;

    let all = usize::try_from(2 * WRITERS * EVENTS).expect("a count");
    let reader = tokio::spawn(follow(EventFeedServiceClient::new(channel(&addresses[1])), all));
    let mut writers = JoinSet::new();
    for writer in 0..2 * WRITERS {
        let mut replicas = [&addresses[0], &addresses[1]].map(|address| EventServiceClient::new(channel(address)));
        if writer % 2 == 1 {
            replicas.swap(0, 1);
        }
        writers.spawn(write(replicas, writer, unit.clone()));
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    cluster.processes[1].kill();
    let acknowledged: Vec<Event> = writers.join_all().await.into_iter().flatten().collect();

    let seen = reader.await.expect("the reader ends");
    let positions: Vec<i64> = seen.iter().map(|event| event.log_index).collect();
    let gapless: Vec<i64> = (1..=i64::try_from(all).expect("a count")).collect();
    assert_eq!(positions, gapless, "in order, without a gap, and nothing twice");
    let by_position: HashMap<i64, &Event> = seen.iter().map(|event| (event.log_index, event)).collect();
    assert_eq!(acknowledged.len(), all);
    for event in &acknowledged {
        assert_eq!(
            by_position.get(&event.log_index),
            Some(&event),
            "it is not where it was told"
        );
    }
    let names: std::collections::BTreeSet<&str> = seen.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names.len(), all, "every event is there once");
}

/// Waits until a replica answers.
async fn answers(mut feed: EventFeedServiceClient<Authorized>) {
    let mut patience = 500;
    while feed
        .get_head(banggiao_contracts::journal::v1::GetHeadRequest {})
        .await
        .is_err()
    {
        patience -= 1;
        assert!(patience > 0, "the second replica does not answer");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

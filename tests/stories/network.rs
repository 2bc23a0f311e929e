//! A network that swallows everything without a word. Whoever has pings finds out; without them, a connection whose
//! packets go nowhere would be used for a quarter of an hour.

use std::time::{Duration, Instant};

use banggiao_contracts::{
    journal::v1::{Event, LogEventRequest, event_service_client::EventServiceClient},
    registry::v1::{CreateUnitRequest, Unit, unit_service_client::UnitServiceClient},
    reporting::v1::{QueryFiguresRequest, figure_service_client::FigureServiceClient},
};
use banggiao_rpc::channel::Authorized;
use banggiao_testkit::network::Proxy;
use tonic::{Code, Request, Status};

use crate::{
    cluster::{Cluster, free_ports},
    processes,
};

/// Pings often enough for a test.
const PINGS: &str = "keep_alive = { interval_ms = 300, timeout_ms = 300 }\n";
/// Much longer than pings take, and much shorter than pings of the usual settings.
const PATIENCE: Duration = Duration::from_secs(12);

/// Does what an office does: a new unit, an event there, and the figure that counts it.
async fn day_at_the_office(channel: &Authorized, unit_id: &str) -> Result<String, Status> {
    let unit = Unit {
        country: "VN".to_owned(),
        kind: "PROVINCIAL_COMMAND".to_owned(),
        names: [("vi".to_owned(), unit_id.to_owned())].into(),
        start_date: "2020-01-01".to_owned(),
        ..Unit::default()
    };
    let request = CreateUnitRequest {
        unit_id: unit_id.to_owned(),
        unit: Some(unit),
        ..CreateUnitRequest::default()
    };
    let created = UnitServiceClient::new(channel.clone())
        .create_unit(hurried(request))
        .await?
        .into_inner();
    let event = Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2024-02-01".to_owned(),
        home_unit: created.name,
        ..Event::default()
    };
    let request = LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    };
    let logged = EventServiceClient::new(channel.clone())
        .log_event(hurried(request))
        .await?
        .into_inner();
    let request = QueryFiguresRequest {
        unit: logged.home_unit,
        indicators: vec!["indicators/diplomatic-events".to_owned()],
        period: "civil/2024".to_owned(),
        include_unapproved: true,
        min_log_index: logged.log_index,
        min_registry_position: logged.registry_position,
        ..QueryFiguresRequest::default()
    };
    let figures = FigureServiceClient::new(channel.clone())
        .query_figures(hurried(request))
        .await?;
    Ok(figures.into_inner().cells[0].value.clone())
}

/// With a deadline, as every caller should have one.
fn hurried<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(3));
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn services_find_each_other_again_after_a_silence_of_the_network() {
    let ports = free_ports();
    let mut proxies = Vec::new();
    for port in ports {
        proxies.push(Proxy::start(port).await);
    }
    let reached = [0, 1, 2, 3].map(|index: usize| proxies[index].port());
    let cluster = Cluster::reaching([0, 1, 2, 3], ports, reached, PINGS);
    processes::serving(&cluster.address()).await;
    let channel = processes::administrator(&cluster.address(), cluster.folder.path());
    assert_eq!(day_at_the_office(&channel, "before").await.expect("a quiet day"), "1");
    for (round, fault) in [Proxy::vanish, Proxy::cut, Proxy::vanish].into_iter().enumerate() {
        proxies.iter().for_each(fault);
        let since = Instant::now();
        let mut attempt = 0;
        let value = loop {
            match day_at_the_office(&channel, &format!("after-{round}-{attempt}")).await {
                Ok(value) => break value,
                Err(status) => {
                    let passing = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled];
                    assert!(
                        passing.contains(&status.code()),
                        "not a fault of the network: {status:?}"
                    );
                    assert!(since.elapsed() < PATIENCE, "it does not recover: {status:?}");
                }
            }
            attempt += 1;
        };
        assert_eq!(value, "1", "a late answer is right or none");
    }
}

//! From acknowledged to visible: events are logged at a steady rate through the gateway, and somebody asks for figures that
//! have seen each of them. The time between the acknowledgement of an event and the answer of a figure that counts it is
//! what a clerk waits who writes and then reports.
//!
//! By hand: `cargo bench -p banggiao-tests --bench visible`. Some twenty seconds; `RATE=1000` events a second for
//! `SECONDS=15`. Beside it stands what the same figure takes when nothing has to be waited for.

use std::time::{Duration, Instant};

use banggiao_contracts::{
    journal::v1::{Event, LogEventRequest, event_service_client::EventServiceClient},
    registry::v1::{CreateUnitRequest, Unit, unit_service_client::UnitServiceClient},
    reporting::v1::{QueryFiguresRequest, figure_service_client::FigureServiceClient},
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_runtime::Seams;
use banggiao_standalone::{
    data_dir,
    services::{Outside, Services},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

/// Every so many events a figure is asked for that counts it.
const ASKED: u64 = 10;

#[tokio::main]
async fn main() {
    let number = |name: &str, usual: u64| {
        let given = std::env::var(name).ok().and_then(|given| given.parse().ok());
        given.unwrap_or(usual)
    };
    let (rate, seconds) = (number("RATE", 1000), number("SECONDS", 15));
    let folder = tempfile::tempdir().expect("a folder");
    let services = Services::start(folder.path(), Outside::at("127.0.0.1:0"), Seams::default())
        .await
        .expect("the services start");
    let issuer = data_dir::issuer(folder.path()).expect("a key");
    let token = data_dir::issue(&issuer, "administrator", 3600, &banggiao_model::clock::SystemClock);
    let bearer = Bearer::new(&token.expect("a token").0).expect("a header");
    let door = channel::authorized(&services.address(), bearer).expect("an address");
    unit(door.clone()).await;

    let mut calls = JoinSet::new();
    // A batch of ten each hundredth of a second, so that the clock does not limit the rate.
    let mut ticks = interval(Duration::from_micros(10_000_000 / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begun = Instant::now();
    for number in 0..rate * seconds {
        if number % 10 == 0 {
            ticks.tick().await;
        }
        calls.spawn(logged(door.clone(), number));
    }
    let times: Vec<(Duration, Option<Duration>)> = calls.join_all().await;
    let took = begun.elapsed();
    let acknowledged = times.iter().map(|(acknowledged, _)| *acknowledged).collect();
    let visible = times.iter().filter_map(|(_, visible)| *visible).collect();
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(figure(door.clone(), 0).await);
    }
    println!("{} events in {took:.1?}; ms: median, 95 and 99 of 100", times.len());
    for (what, times) in [
        ("from the call to the acknowledgement", acknowledged),
        ("from the acknowledgement to a figure that counts it", visible),
        ("the same figure when nothing has to be waited for", idle),
    ] {
        let [median, most, nearly_all] = figures(times);
        println!("{what:<55} {median:>8.2} {most:>8.2} {nearly_all:>8.2}");
    }
    services.stop().await.expect("the services end");
}

/// How long it took until an event was acknowledged, and from there, for some, until a figure counted it.
async fn logged(door: Authorized, number: u64) -> (Duration, Option<Duration>) {
    let event = Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: format!("2024-{:02}-{:02}", 1 + number % 12, 1 + number % 28),
        home_unit: "units/tayninh".to_owned(),
        ..Event::default()
    };
    let request = LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    };
    let begun = Instant::now();
    let answer = EventServiceClient::new(door.clone()).log_event(request).await;
    let log_index = answer.expect("an event").into_inner().log_index;
    let acknowledged = begun.elapsed();
    let visible = if number.is_multiple_of(ASKED) {
        Some(figure(door, log_index).await)
    } else {
        None
    };
    (acknowledged, visible)
}

async fn figure(door: Authorized, min_log_index: i64) -> Duration {
    let request = QueryFiguresRequest {
        unit: "units/tayninh".to_owned(),
        indicators: vec!["indicators/diplomatic-events".to_owned()],
        period: "civil/2024".to_owned(),
        include_unapproved: true,
        min_log_index,
        ..QueryFiguresRequest::default()
    };
    let begun = Instant::now();
    let answer = FigureServiceClient::new(door).query_figures(request).await;
    assert!(answer.expect("a figure").into_inner().log_index >= min_log_index);
    begun.elapsed()
}

async fn unit(door: Authorized) {
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
    UnitServiceClient::new(door).create_unit(request).await.expect("a unit");
}

fn figures(mut times: Vec<Duration>) -> [f64; 3] {
    times.sort_unstable();
    [50, 95, 99].map(|share| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0)
}

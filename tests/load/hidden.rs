//! Whether the time of a refusal tells what is there: the same reader asks for events that are hidden from it and for
//! events that do not exist, one after the other in a random order, and the two must take the same time.
//!
//! By hand: `cargo bench -p banggiao-tests --bench hidden`. Some seconds; `CALLS=20000` says how many calls of each.

use std::time::{Duration, Instant};

use banggiao_contracts::{
    journal::v1::{
        Event, GetEventRequest, ListEventRevisionsRequest, LogEventRequest, event_service_client::EventServiceClient,
    },
    registry::v1::{
        CreatePrincipalRequest, CreateUnitRequest, Grant, GrantRoleRequest, Principal, Role, Unit,
        access_service_client::AccessServiceClient, unit_service_client::UnitServiceClient,
    },
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_runtime::Seams;
use banggiao_standalone::{
    data_dir,
    services::{Outside, Services},
};

/// Events that are hidden.
const EVENTS: usize = 500;

#[tokio::main]
async fn main() {
    let calls: usize = std::env::var("CALLS")
        .ok()
        .and_then(|calls| calls.parse().ok())
        .unwrap_or(20_000);
    let folder = tempfile::tempdir().expect("a folder");
    let services = Services::start(folder.path(), Outside::at("127.0.0.1:0"), Seams::default())
        .await
        .expect("the services start");
    let channel = |principal: &str| {
        let issuer = data_dir::issuer(folder.path()).expect("a key");
        let token = data_dir::issue(&issuer, principal, 3600, &banggiao_model::clock::SystemClock);
        let bearer = Bearer::new(&token.expect("a token").0).expect("a header");
        channel::authorized(&services.address(), bearer).expect("an address")
    };
    let names = hidden_events(channel("administrator")).await;
    let reader = EventServiceClient::new(channel("reader"));
    println!("refusals of {calls} calls each, hidden and absent in turn; median and 95 of 100, µs");
    for method in ["GetEvent", "ListEventRevisions"] {
        let (mut hidden, mut absent) = (Vec::with_capacity(calls), Vec::with_capacity(calls));
        for number in 0..2 * calls + 1000 {
            // Which of the two comes first changes, so that neither always finds the caches as the other left them.
            let is_hidden = (number + number / 2) % 2 == 0;
            let name = if is_hidden {
                names[number % EVENTS].clone()
            } else {
                format!("events/e{number:032x}")
            };
            let took = refused(reader.clone(), method, name).await;
            if number >= 1000 {
                if is_hidden { &mut hidden } else { &mut absent }.push(took);
            }
        }
        let (hidden, absent) = (figures(hidden), figures(absent));
        println!(
            "{method:<20} hidden {:>6} {:>6}   absent {:>6} {:>6}   median differs by {:.1} %",
            hidden[0],
            hidden[1],
            absent[0],
            absent[1],
            100.0 * (hidden[0] as f64 / absent[0] as f64 - 1.0).abs()
        );
    }
    services.stop().await.expect("the services end");
}

async fn refused(mut reader: EventServiceClient<Authorized>, method: &str, name: String) -> Duration {
    let begun = Instant::now();
    let refused = match method {
        "GetEvent" => reader.get_event(GetEventRequest { name, revision: 0 }).await.map(drop),
        _ => {
            let request = ListEventRevisionsRequest {
                event: name,
                ..ListEventRevisionsRequest::default()
            };
            reader.list_event_revisions(request).await.map(drop)
        }
    };
    let took = begun.elapsed();
    assert_eq!(refused.expect_err("a refusal").code(), tonic::Code::PermissionDenied);
    took
}

fn figures(mut times: Vec<Duration>) -> [u128; 2] {
    times.sort_unstable();
    [times.len() / 2, times.len() * 95 / 100].map(|at| times[at].as_micros())
}

/// Events of one province, and a reader of another.
async fn hidden_events(administrator: Authorized) -> Vec<String> {
    let mut units = UnitServiceClient::new(administrator.clone());
    for id in ["mine", "other"] {
        let unit = Unit {
            country: "VN".to_owned(),
            kind: "PROVINCIAL_COMMAND".to_owned(),
            names: [("vi".to_owned(), id.to_owned())].into(),
            start_date: "1976-05-02".to_owned(),
            ..Unit::default()
        };
        let request = CreateUnitRequest {
            unit_id: id.to_owned(),
            unit: Some(unit),
            ..CreateUnitRequest::default()
        };
        units.create_unit(request).await.expect("a unit");
    }
    let mut access = AccessServiceClient::new(administrator.clone());
    let principal = CreatePrincipalRequest {
        principal_id: "reader".to_owned(),
        principal: Some(Principal {
            display_name: "reader".to_owned(),
            ..Principal::default()
        }),
        ..CreatePrincipalRequest::default()
    };
    access.create_principal(principal).await.expect("a principal");
    let grant = Grant {
        principal: "principals/reader".to_owned(),
        role: Role::Reader.into(),
        unit: "units/mine".to_owned(),
        ..Grant::default()
    };
    let request = GrantRoleRequest {
        grant: Some(grant),
        ..GrantRoleRequest::default()
    };
    access.grant_role(request).await.expect("a grant");
    let mut events = EventServiceClient::new(administrator);
    let mut names = Vec::with_capacity(EVENTS);
    for _ in 0..EVENTS {
        let event = Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2024-05-01".to_owned(),
            home_unit: "units/other".to_owned(),
            ..Event::default()
        };
        let request = LogEventRequest {
            event: Some(event),
            ..LogEventRequest::default()
        };
        names.push(events.log_event(request).await.expect("an event").into_inner().name);
    }
    names
}

//! What the tests of backups ask a server for.

use std::{fs, path::Path, process::Command};

use banggiao_contracts::{
    journal::v1::{
        Event, EventFilter, ListEventsRequest, WatchEventsRequest, event_feed_service_client::EventFeedServiceClient,
        event_service_client::EventServiceClient,
    },
    registry::v1::{
        CreatePrincipalRequest, Grant, GrantRoleRequest, Principal, Role, access_service_client::AccessServiceClient,
    },
    reporting::v1::{
        EventMeasure, EventMeasureFilter, EventSum, Measure, QueryFiguresRequest,
        figure_service_client::FigureServiceClient, measure::Source,
    },
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_standalone::sample;
use tonic::Code;

use crate::up::{BANGGIAO, Up};

/// A day in none of the sample's figures.
pub const DAY: &str = "2021-02-03";
pub const UNIT: &str = "units/tayninh-ben-cau";
pub const TYPE: &str = "eventTypes/delegation-visit";

/// Every revision of the log; panics at a gap.
pub async fn log(administrator: Authorized) -> Vec<Event> {
    let mut feed = EventFeedServiceClient::new(administrator);
    let mut stream = feed
        .watch_events(WatchEventsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let first = stream.message().await.unwrap().and_then(|first| first.head);
    let head = usize::try_from(first.expect("a head").log_index).unwrap();
    let (mut log, mut told) = (Vec::with_capacity(head), Vec::with_capacity(head));
    while told.len() < head {
        let message = stream.message().await.unwrap().expect("a message");
        let mut places: Vec<i64> = message.other_entries.iter().map(|other| other.log_index).collect();
        for event in message.revisions.into_iter().filter_map(|revision| revision.event) {
            places.push(event.log_index);
            log.push(event);
        }
        places.sort_unstable();
        told.extend(places);
    }
    let gapless = (1..).zip(&told).find(|(expected, place)| expected != *place);
    assert_eq!(gapless, None, "a gap");
    log
}

/// The events of the day as the journal lists them.
pub async fn listed(events: &mut EventServiceClient<Authorized>) -> Vec<Event> {
    let filter = EventFilter {
        unit: UNIT.to_owned(),
        event_types: vec![TYPE.to_owned()],
        start_date: DAY.to_owned(),
        end_date: DAY.to_owned(),
        ..EventFilter::default()
    };
    let mut request = ListEventsRequest {
        filter: Some(filter),
        page_size: 500,
        ..ListEventsRequest::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = events.list_events(request.clone()).await.unwrap().into_inner();
        listed.extend(page.events);
        if page.next_page_token.is_empty() {
            return listed;
        }
        request.page_token = page.next_page_token;
    }
}

/// Events, delegations and persons of the day as reporting computes them, once it has read the journal up to a
/// position.
pub async fn counted(
    figures: &mut FigureServiceClient<Authorized>,
    include_unapproved: bool,
    min_log_index: i64,
) -> Vec<String> {
    let filter = EventMeasureFilter {
        event_types: vec![TYPE.to_owned()],
        ..EventMeasureFilter::default()
    };
    let measure = |sum: EventSum| Measure {
        source: Some(Source::Events(EventMeasure {
            filter: Some(filter.clone()),
            sum: sum.into(),
            ..EventMeasure::default()
        })),
        ..Measure::default()
    };
    let query = QueryFiguresRequest {
        unit: UNIT.to_owned(),
        measures: [EventSum::Events, EventSum::Delegations, EventSum::Persons]
            .map(measure)
            .to_vec(),
        start_date: DAY.to_owned(),
        end_date: DAY.to_owned(),
        include_unapproved,
        min_log_index,
        ..QueryFiguresRequest::default()
    };
    for _ in 0..15 {
        match figures.query_figures(query.clone()).await {
            Ok(response) => return response.into_inner().cells.into_iter().map(|cell| cell.value).collect(),
            // It waited two seconds and is not there yet.
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
    }
    panic!("reporting does not catch up");
}

/// Every figure of the sample, which must be right, with its number of records.
pub async fn sample_figures(up: &Up) -> Vec<(String, i64)> {
    let mut figures = FigureServiceClient::new(channel_of(up, &up.folder.path().join("admin.token")));
    let mut found = Vec::new();
    for row in sample::figures().unwrap() {
        let response = figures.query_figures(row.query().unwrap()).await.unwrap().into_inner();
        assert_eq!(response.cells[0].value, row.value, "{}", row.id);
        found.push((row.id, response.cells[0].record_count));
    }
    assert_eq!(found.len(), 66);
    found
}

/// Records a principal.
pub async fn create_principal(access: &mut AccessServiceClient<Authorized>, id: &str) {
    let request = CreatePrincipalRequest {
        principal_id: id.to_owned(),
        principal: Some(Principal {
            display_name: id.to_owned(),
            ..Principal::default()
        }),
        ..CreatePrincipalRequest::default()
    };
    access.create_principal(request).await.unwrap();
}

/// Somebody who may approve what the administrator wrote.
pub async fn approver(up: &Up) -> Authorized {
    let mut access = AccessServiceClient::new(channel_of(up, &up.folder.path().join("admin.token")));
    create_principal(&mut access, "approver").await;
    let grant = Grant {
        principal: "principals/approver".to_owned(),
        role: Role::Approver.into(),
        ..Grant::default()
    };
    let request = GrantRoleRequest {
        grant: Some(grant),
        ..GrantRoleRequest::default()
    };
    access.grant_role(request).await.unwrap();
    let token = up.folder.path().join("approver.token");
    let issued = Command::new(BANGGIAO)
        .args(["token", "issue", "--principal", "approver", "--data-dir"])
        .arg(up.folder.path())
        .output()
        .unwrap();
    fs::write(&token, issued.stdout).unwrap();
    channel_of(up, &token)
}

/// A channel of whom a token names.
pub fn channel_of(up: &Up, token: &Path) -> Authorized {
    let token = fs::read_to_string(token).unwrap();
    channel::authorized(&up.address, Bearer::new(token.trim()).unwrap()).unwrap()
}

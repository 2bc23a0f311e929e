//! `EventService`: what an event must be, and the lists.

use banggiao_contracts::{
    FieldMask,
    journal::v1::{
        BatchLogEventsRequest, CorrectEventRequest, Event, EventFilter, ExternalReference, ListEventsRequest,
        LogEventRequest, Phase,
    },
    r#type::v1::Direction,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::installation::Installation;

fn patrol() -> Event {
    Event {
        event_type: "eventTypes/joint-patrol".to_owned(),
        start_date: "2024-03-03".to_owned(),
        home_unit: "units/tayninh".to_owned(),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        marker_from: "markers/vn-kh-110".to_owned(),
        marker_to: "markers/vn-kh-111".to_owned(),
        quantities: [("patrol_km".to_owned(), "15.8".to_owned())].into(),
        persons: Some(12),
        ..Event::default()
    }
}

fn log(event: Event) -> LogEventRequest {
    LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    }
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone())
        .unwrap_or_default();
    let mut fields: Vec<String> = violations.into_iter().map(|violation| violation.field).collect();
    fields.sort_unstable();
    fields
}

/// One change that makes the patrol wrong, and where that must be seen.
type Case = (&'static str, fn(&mut Event), &'static str);

const CASES: [Case; 21] = [
    (
        "unknown type",
        |e| e.event_type = "eventTypes/parade".to_owned(),
        "event.event_type",
    ),
    ("no type", |e| e.event_type = String::new(), "event.event_type"),
    ("no day", |e| e.start_date = String::new(), "event.start_date"),
    (
        "malformed day",
        |e| e.start_date = "3/3/2024".to_owned(),
        "event.start_date",
    ),
    (
        "no such day",
        |e| e.start_date = "2024-02-30".to_owned(),
        "event.start_date",
    ),
    (
        "end before start",
        |e| e.end_date = "2024-03-02".to_owned(),
        "event.end_date",
    ),
    (
        "unknown home unit",
        |e| e.home_unit = "units/nowhere".to_owned(),
        "event.home_unit",
    ),
    (
        "malformed unit",
        |e| e.home_unit = "tayninh".to_owned(),
        "event.home_unit",
    ),
    (
        "unknown partner",
        |e| e.partner_units[0] = "units/nobody".to_owned(),
        "event.partner_units[0]",
    ),
    (
        "partner twice",
        |e| e.partner_units.push(e.partner_units[0].clone()),
        "event.partner_units[1]",
    ),
    (
        "home unit again",
        |e| e.co_home_units = vec![e.home_unit.clone()],
        "event.co_home_units",
    ),
    ("negative count", |e| e.persons = Some(-1), "event.persons"),
    ("too many persons", |e| e.persons = Some(100_001), "event.persons"),
    (
        "direction forbidden",
        |e| e.direction = Direction::Inbound.into(),
        "event.direction",
    ),
    (
        "delegations forbidden",
        |e| e.delegations = Some(1),
        "event.delegations",
    ),
    ("unknown direction", |e| e.direction = 9, "event.direction"),
    (
        "unknown marker",
        |e| e.marker_to = "markers/vn-kh-9999".to_owned(),
        "event.marker_to",
    ),
    (
        "malformed decimal",
        |e| drop(e.quantities.insert("patrol_km".into(), "1e3".into())),
        "event.quantities[\"patrol_km\"]",
    ),
    (
        "foreign quantity",
        |e| drop(e.quantities.insert("soil_m3".into(), "1".into())),
        "event.quantities[\"soil_m3\"]",
    ),
    (
        "unknown programme",
        |e| e.programmes = vec!["programmes/x".to_owned()],
        "event.programmes[0]",
    ),
    (
        "control character",
        |e| drop(e.summary.insert("vi".into(), "a\u{7}b".into())),
        "event.summary[\"vi\"]",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_found_where_it_is_and_all_of_them_at_once() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    for (what, spoil, field) in CASES {
        let mut event = patrol();
        spoil(&mut event);
        let refused = events.log_event(log(event)).await.expect_err(what);
        assert_eq!(refused.code(), Code::InvalidArgument, "{what}: {refused:?}");
        assert!(
            fields(&refused).contains(&field.to_owned()),
            "{what}: {:?}",
            fields(&refused)
        );
    }
    let mut event = patrol();
    event.start_date = "2024-02-30".to_owned();
    event.persons = Some(-1);
    event.home_unit = "units/nowhere".to_owned();
    event.delegations = Some(2);
    let refused = events.log_event(log(event)).await.expect_err("four faults");
    assert_eq!(
        fields(&refused),
        [
            "event.delegations",
            "event.home_unit",
            "event.persons",
            "event.start_date"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_domain_are_preconditions() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let late = Event {
        home_unit: "units/longan".to_owned(),
        start_date: "2025-07-01".to_owned(),
        ..patrol()
    };
    let refused = events.log_event(log(late)).await.expect_err("Long An had ended");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let reason = refused.get_error_details().error_info().map(|info| info.reason.clone());
    assert_eq!(reason.as_deref(), Some("UNIT_NOT_ALIVE"));
    let expired = Event {
        agreement: "agreements/minutes-2024-svayrieng".to_owned(),
        start_date: "2025-03-03".to_owned(),
        ..patrol()
    };
    let refused = events
        .log_event(log(expired))
        .await
        .expect_err("the minutes were of 2024");
    let reason = refused.get_error_details().error_info().map(|info| info.reason.clone());
    assert_eq!(reason.as_deref(), Some("AGREEMENT_NOT_IN_FORCE"));
    let reference = ExternalReference {
        source: "banggiao".to_owned(),
        reference: "EV-02013".to_owned(),
    };
    let taken = Event {
        external_reference: Some(reference),
        ..patrol()
    };
    assert_eq!(
        events.log_event(log(taken)).await.expect_err("taken").code(),
        Code::AlreadyExists
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_logged_whole_or_not_at_all() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let bad = Event {
        persons: Some(-5),
        ..patrol()
    };
    let request = BatchLogEventsRequest {
        events: vec![patrol(), bad],
        ..BatchLogEventsRequest::default()
    };
    let refused = events.batch_log_events(request).await.expect_err("one is bad");
    assert_eq!(fields(&refused), ["events[1].persons"]);
    let request = BatchLogEventsRequest {
        events: vec![patrol(), patrol()],
        ..BatchLogEventsRequest::default()
    };
    let logged = events
        .batch_log_events(request)
        .await
        .expect("logged")
        .into_inner()
        .events;
    assert_eq!(logged[1].log_index, logged[0].log_index + 1);
    assert_eq!(logged[0].log_index, 4286, "the refused batch left no gap");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_event_and_a_correction_with_a_mask() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let planned = Event {
        phase: Phase::Planned.into(),
        ..patrol()
    };
    let event = events.log_event(log(planned)).await.expect("planned").into_inner();
    assert_eq!(event.phase(), Phase::Planned);
    let correct = |paths: &[&str]| CorrectEventRequest {
        event: Some(Event {
            name: event.name.clone(),
            ..Event::default()
        }),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        reason: "Chưa rõ".to_owned(),
        ..CorrectEventRequest::default()
    };
    let refused = events
        .correct_event(correct(&["revision", "nonsense"]))
        .await
        .expect_err("no such fields");
    assert_eq!(fields(&refused), ["update_mask", "update_mask"]);
    let cleared = events
        .correct_event(correct(&["persons", "quantities"]))
        .await
        .expect("cleared")
        .into_inner();
    assert_eq!(
        (cleared.persons, cleared.quantities.len(), cleared.revision),
        (None, 0, 2)
    );
    let refused = events
        .correct_event(correct(&["home_unit"]))
        .await
        .expect_err("an event has a home unit");
    assert_eq!(fields(&refused), ["event.home_unit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_through_everything_once() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let filter = EventFilter {
        unit: "units/tayninh".to_owned(),
        event_types: vec!["eventTypes/delegation-visit".to_owned()],
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-06-30".to_owned(),
        ..EventFilter::default()
    };
    let mut request = ListEventsRequest {
        filter: Some(filter),
        page_size: 4,
        ..ListEventsRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = events.list_events(request.clone()).await.expect("a page").into_inner();
        found.extend(page.events);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let mut names: Vec<&str> = found.iter().map(|event| event.name.as_str()).collect();
    assert!(found.is_sorted_by(|a, b| a.start_date >= b.start_date));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), found.len());
    let whole = ListEventsRequest {
        page_size: 1000,
        page_token: String::new(),
        ..request
    };
    assert_eq!(
        events.list_events(whole).await.expect("one page").into_inner().events,
        found
    );
    for size in [-1, 1001] {
        let request = ListEventsRequest {
            page_size: size,
            ..ListEventsRequest::default()
        };
        assert_eq!(
            events.list_events(request).await.expect_err("a bad size").code(),
            Code::InvalidArgument
        );
    }
}

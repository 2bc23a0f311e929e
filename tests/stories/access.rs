//! Who may do what, seen from the outside: no call without a token, a list is exactly what can be read one by one, and
//! what is hidden looks like what is absent.

use banggiao_contracts::{
    journal::v1::{Event, EventFilter, GetEventRequest, ListEventsRequest, LogEventRequest},
    registry::v1::{ListUnitsRequest, Role, unit_service_client::UnitServiceClient},
    reporting::v1::QueryFiguresRequest,
};
use banggiao_rpc::channel;
use tonic::{Code, Request};

use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn no_call_goes_through_without_a_valid_token() {
    let installation = Installation::start().await;
    let channel = channel::lazy(&installation.address()).expect("an address");
    let mut units = UnitServiceClient::new(channel);
    let refused = units
        .list_units(ListUnitsRequest::default())
        .await
        .expect_err("no token");
    assert_eq!(refused.code(), Code::Unauthenticated);
    let mut forged = Request::new(ListUnitsRequest::default());
    forged.metadata_mut().insert(
        "authorization",
        "Bearer eyJhbGciOiJub25lIn0.e30.".parse().expect("a header"),
    );
    assert_eq!(
        units.list_units(forged).await.expect_err("a forged token").code(),
        Code::Unauthenticated
    );
    let stranger = installation
        .units("stranger")
        .list_units(ListUnitsRequest::default())
        .await;
    assert_eq!(
        stranger.expect_err("a principal without grants").code(),
        Code::PermissionDenied
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_the_own_subtree_and_nothing_beside_it() {
    let installation = Installation::with_sample().await;
    installation.principal("reader", Role::Reader, "tayninh").await;
    let mut all = installation.events("administrator");
    let mut mine = installation.events("reader");

    let list = |unit: &str| ListEventsRequest {
        filter: Some(EventFilter {
            unit: format!("units/{unit}"),
            start_date: "2024-01-01".to_owned(),
            end_date: "2024-06-30".to_owned(),
            ..EventFilter::default()
        }),
        page_size: 1000,
        ..ListEventsRequest::default()
    };
    let of_all = all
        .list_events(list("tayninh"))
        .await
        .expect("a list")
        .into_inner()
        .events;
    let of_mine = mine
        .list_events(list("tayninh"))
        .await
        .expect("a list")
        .into_inner()
        .events;
    assert_eq!(of_all, of_mine);
    assert!(of_mine.len() > 50);
    let beside = mine
        .list_events(list("binhphuoc"))
        .await
        .expect("a list")
        .into_inner()
        .events;
    assert_eq!(beside, Vec::<Event>::new());

    let other = all
        .list_events(list("binhphuoc"))
        .await
        .expect("a list")
        .into_inner()
        .events;
    let hidden = GetEventRequest {
        name: other[0].name.clone(),
        revision: 0,
    };
    let hidden = mine.get_event(hidden).await.expect_err("hidden");
    let absent = GetEventRequest {
        name: "events/e0000".to_owned(),
        revision: 0,
    };
    let absent = mine.get_event(absent.clone()).await.expect_err("absent");
    assert_eq!(
        (hidden.code(), hidden.message(), hidden.details()),
        (absent.code(), absent.message(), absent.details())
    );
    assert_eq!(hidden.code(), Code::PermissionDenied);
    let absent = GetEventRequest {
        name: "events/e0000".to_owned(),
        revision: 0,
    };
    assert_eq!(all.get_event(absent).await.expect_err("absent").code(), Code::NotFound);

    let log = Event {
        home_unit: "units/tayninh".to_owned(),
        ..other[0].clone()
    };
    let refused = mine
        .log_event(LogEventRequest {
            event: Some(log),
            ..Default::default()
        })
        .await;
    assert_eq!(
        refused.expect_err("a reader logs nothing").code(),
        Code::PermissionDenied
    );

    let region = QueryFiguresRequest {
        unit: "units/mr7".to_owned(),
        indicators: vec!["indicators/delegations-received".to_owned()],
        period: "civil/2024-h1".to_owned(),
        ..QueryFiguresRequest::default()
    };
    let seen = installation
        .figures("reader")
        .query_figures(region.clone())
        .await
        .expect("a figure")
        .into_inner();
    assert!(seen.withheld, "the region holds what the reader may not read");
    let whole = installation
        .figures("administrator")
        .query_figures(region)
        .await
        .expect("a figure")
        .into_inner();
    assert!(!whole.withheld);
    let value = |text: &str| text.parse::<i64>().expect("a number");
    assert!(value(&seen.cells[0].value) < value(&whole.cells[0].value));
}

//! What is brand new is known at once, everywhere: a unit that one client creates can be used by another in the same
//! moment, and a figure asked with the positions of a write holds that write.

use banggiao_contracts::{
    journal::v1::{Event, LogEventRequest},
    registry::v1::{CreateUnitRequest, Unit},
    reporting::v1::QueryFiguresRequest,
};

use crate::installation::Installation;

fn unit(parent: &str, name: &str) -> Unit {
    Unit {
        country: "VN".to_owned(),
        kind: "COMMUNE_COMMAND".to_owned(),
        parent: parent.to_owned(),
        names: [("vi".to_owned(), name.to_owned())].into(),
        start_date: "2025-07-01".to_owned(),
        ..Unit::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_logged_on_a_unit_created_this_moment() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let mut events = installation.events("administrator");
    let mut figures = installation.figures("administrator");
    for round in 0..50 {
        let unit_id = format!("commune-{round}");
        let request = CreateUnitRequest {
            unit_id,
            unit: Some(unit("units/tayninh", "Ban CHQS xã")),
            ..Default::default()
        };
        let created = units.create_unit(request).await.expect("a new unit").into_inner();
        let event = Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2025-08-01".to_owned(),
            home_unit: created.name,
            persons: Some(1),
            ..Event::default()
        };
        let request = LogEventRequest {
            event: Some(event),
            ..Default::default()
        };
        let logged = events
            .log_event(request)
            .await
            .expect("an event on the new unit")
            .into_inner();
        assert_eq!(logged.registry_position, created.registry_position);

        let request = QueryFiguresRequest {
            unit: logged.home_unit,
            indicators: vec!["indicators/diplomatic-events".to_owned()],
            period: "civil/2025".to_owned(),
            include_unapproved: true,
            min_log_index: logged.log_index,
            ..QueryFiguresRequest::default()
        };
        let response = figures
            .query_figures(request)
            .await
            .expect("a figure of the new unit")
            .into_inner();
        assert_eq!(response.cells[0].value, "1", "round {round}");
    }
}

//! While the registry is not heard of, rights may have been taken back: nothing is changed, nothing classified is read or
//! counted, and the rest goes on. When it is back, so is everything.

use std::time::Duration;

use banggiao_contracts::{
    journal::v1::{
        Event, EventFilter, GetEventRequest, ListEventsRequest, LogEventRequest,
        event_service_client::EventServiceClient,
    },
    registry::v1::{CreateUnitRequest, Unit, unit_service_client::UnitServiceClient},
    reporting::v1::{
        EventMeasure, EventSum, Measure, QueryFiguresRequest, QueryFiguresResponse,
        figure_service_client::FigureServiceClient, measure::Source,
    },
    r#type::v1::Classification,
};
use banggiao_rpc::channel::Authorized;
use tonic::{Code, Status};

use crate::{cluster::Cluster, processes};

/// The registry is given up after ten seconds; a little more is waited.
const GIVEN_UP: Duration = Duration::from_secs(12);

fn event(classification: Classification) -> LogEventRequest {
    LogEventRequest {
        event: Some(Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2024-05-01".to_owned(),
            home_unit: "units/tayninh".to_owned(),
            classification: classification.into(),
            ..Event::default()
        }),
        ..LogEventRequest::default()
    }
}

/// How many events there are, and whether some are withheld.
async fn figure(figures: &mut FigureServiceClient<Authorized>, log_index: i64) -> Result<(String, bool), Status> {
    let answer = asked(figures, log_index).await?;
    let total = answer.cells.first().map(|cell| cell.value.clone()).unwrap_or_default();
    Ok((total, answer.withheld))
}

/// For how many seconds what has been away was not heard of, and who that is.
fn silent(answer: &QueryFiguresResponse) -> (Vec<i64>, &[String]) {
    let ages = [&answer.journal_age, &answer.registry_age];
    let ages = ages.map(|age| age.as_ref().map_or(-1, |age| age.seconds));
    (ages.into_iter().filter(|age| *age >= 10).collect(), &answer.unreachable)
}

async fn asked(figures: &mut FigureServiceClient<Authorized>, log_index: i64) -> Result<QueryFiguresResponse, Status> {
    let measure = Measure {
        source: Some(Source::Events(EventMeasure {
            sum: EventSum::Events.into(),
            ..EventMeasure::default()
        })),
        ..Measure::default()
    };
    let request = QueryFiguresRequest {
        unit: "units/tayninh".to_owned(),
        measures: vec![measure],
        period: "civil/2024".to_owned(),
        include_unapproved: true,
        min_log_index: log_index,
        ..QueryFiguresRequest::default()
    };
    Ok(figures.query_figures(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_word_of_the_registry_nothing_classified_is_told() {
    let mut cluster = Cluster::start([0, 1, 2, 3]);
    let address = cluster.address();
    processes::serving(&address).await;
    let channel = processes::administrator(&address, cluster.folder.path());
    let mut units = UnitServiceClient::new(channel.clone());
    let unit = Unit {
        country: "VN".to_owned(),
        kind: "PROVINCIAL_COMMAND".to_owned(),
        names: [("vi".to_owned(), "Tây Ninh".to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..Unit::default()
    };
    let create = CreateUnitRequest {
        unit_id: "tayninh".to_owned(),
        unit: Some(unit),
        ..CreateUnitRequest::default()
    };
    units.create_unit(create).await.expect("a unit");
    let mut events = EventServiceClient::new(channel.clone());
    let mut figures = FigureServiceClient::new(channel);
    let open = events
        .log_event(event(Classification::Unspecified))
        .await
        .expect("logged")
        .into_inner();
    let closed = events
        .log_event(event(Classification::Secret))
        .await
        .expect("logged")
        .into_inner();
    assert_eq!(
        figure(&mut figures, closed.log_index).await.expect("a figure"),
        ("2".to_owned(), false)
    );

    cluster.processes[0].kill();
    tokio::time::sleep(GIVEN_UP).await;
    let refused = events
        .log_event(event(Classification::Unspecified))
        .await
        .expect_err("nothing is changed");
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(
        refused.message().contains("has not been heard of"),
        "{}",
        refused.message()
    );
    let get = |name: &str| GetEventRequest {
        name: name.to_owned(),
        revision: 0,
    };
    assert!(events.get_event(get(&open.name)).await.is_ok());
    let refused = events.get_event(get(&closed.name)).await.expect_err("classified");
    assert_eq!(refused.code(), Code::Unavailable);
    let list = ListEventsRequest {
        filter: Some(EventFilter::default()),
        ..ListEventsRequest::default()
    };
    let listed = events.list_events(list.clone()).await.expect("a list").into_inner();
    let names: Vec<_> = listed.events.iter().map(|event| &event.name).collect();
    assert_eq!(
        (names, listed.unreachable),
        (vec![&open.name], vec!["registry".to_owned()])
    );
    assert_eq!(figure(&mut figures, 0).await.expect("a figure"), ("1".to_owned(), true));
    let answer = asked(&mut figures, 0).await.expect("a figure");
    let (ages, unreachable) = silent(&answer);
    assert_eq!(
        (ages.len(), unreachable),
        (1, ["registry".to_owned()].as_slice()),
        "{answer:?}"
    );

    cluster.processes[0].restart();
    for _ in 0..100 {
        if events.get_event(get(&closed.name)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let listed = events.list_events(list).await.expect("a list").into_inner();
    assert_eq!((listed.events.len(), listed.unreachable.len()), (2, 0));
    events
        .log_event(event(Classification::Unspecified))
        .await
        .expect("logged");
    for _ in 0..100 {
        if figure(&mut figures, 0).await.expect("a figure") == ("3".to_owned(), false) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let back = asked(&mut figures, 0).await.expect("a figure");
    assert_eq!(
        (back.cells[0].value.as_str(), back.withheld),
        ("3", false),
        "the figures do not come back"
    );
    assert!(silent(&back).1.is_empty(), "{back:?}");

    cluster.processes[1].kill();
    tokio::time::sleep(GIVEN_UP).await;
    let answer = asked(&mut figures, 0)
        .await
        .expect("without the journal they are as they were");
    assert_eq!((&answer.cells, answer.log_index), (&back.cells, back.log_index));
    let (ages, unreachable) = silent(&answer);
    assert_eq!(
        (ages.len(), unreachable),
        (1, ["journal".to_owned()].as_slice()),
        "{answer:?}"
    );
}

//! The calls on a real database: what they refuse, and that the stream adds up to the cell.

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_contracts::{
    journal::v1::event_feed_service_client::EventFeedServiceClient,
    reporting::v1::{
        self as pb, calendar_service_server::CalendarService, figure_service_server::FigureService,
        indicator_service_server::IndicatorService,
    },
};
use banggiao_model::clock::SystemClock;
use banggiao_rpc::{
    identity::{Authenticate, Trusted, Verifier},
    token::Issuer,
};
use banggiao_runtime::Seams;
use tokio_stream::StreamExt;
use tonic::{Code, Request, Status};

use super::{Calls, DOMAIN, query};
use crate::{
    domain::{
        Error,
        definition::{Definitions, Edition},
        indicator,
        measure::wire::Known,
        world::World,
    },
    office::Office,
    projection::tests::{batch, database, eventful, nobody, open},
};

fn request<T>(principal: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = issuer().issue(principal, 600, "t", &SystemClock).unwrap();
    request.extensions_mut().insert(verifier().verify(&token).unwrap());
    request
}

fn issuer() -> Issuer {
    Issuer::new(&[7; 32], "banggiao", "banggiao")
}

fn verifier() -> Verifier {
    let verifier = Verifier::new(vec![Trusted::own("banggiao")], "banggiao", 60, Arc::new(SystemClock));
    verifier.replace_keys(0, &issuer().jwks()).unwrap();
    verifier
}

fn question() -> pb::QueryFiguresRequest {
    pb::QueryFiguresRequest {
        unit: "units/region".into(),
        measures: vec![sum(pb::EventSum::PartnerUnits)],
        period: "civil/2024-H1".into(),
        group_by: vec![pb::GroupKey::ChildUnit.into(), pb::GroupKey::Month.into()],
        ..pb::QueryFiguresRequest::default()
    }
}

fn sum(sum: pb::EventSum) -> pb::Measure {
    let events = pb::EventMeasure {
        sum: sum.into(),
        ..pb::EventMeasure::default()
    };
    pb::Measure {
        source: Some(pb::measure::Source::Events(events)),
        ..pb::Measure::default()
    }
}

/// The shipped definitions.
fn shipped() -> Definitions {
    let mut definitions = Definitions::default();
    let indicators = indicator::shipped().unwrap();
    indicators.into_iter().for_each(|one| definitions.indicators.put(one));
    definitions
}

fn known<'a>(world: &'a World, definitions: &'a Definitions) -> Known<'a> {
    Known {
        directory: &world.directory,
        edition: Edition::newest(definitions),
    }
}

async fn calls(world: &World) -> (tempfile::TempDir, Calls) {
    let (folder, store) = database(world).await;
    let (projection, mut reader) = open(&store).await;
    reader.enter(batch(world.revisions.clone())).await.unwrap();
    let office = Office::open(store.clone(), Seams::default()).await.unwrap();
    let verifier = Arc::new(verifier());
    let admission = Arc::new(projection.follower().clone());
    (
        folder,
        Calls {
            projection,
            journal: EventFeedServiceClient::new(nobody()),
            office: Arc::new(office),
            auth: Authenticate::new(verifier, admission, DOMAIN),
            trail: Trail::open(store, Seams::default()),
        },
    )
}

fn paths(error: Error) -> Vec<String> {
    let Error::Invalid(violations) = error else {
        panic!("{error}")
    };
    violations
        .into_vec()
        .into_iter()
        .map(|violation| violation.path)
        .collect()
}

#[test]
fn every_fault_is_told_at_once() {
    let world = World::new();
    let narrow = pb::EventMeasureFilter {
        programmes: vec!["programmes/none".into()],
        partner_countries: vec!["FR".into()],
        partner_units: vec!["units/kh".into(), "kh-a".into()],
        ..pb::EventMeasureFilter::default()
    };
    let request = pb::QueryFiguresRequest {
        unit: "units/nowhere".into(),
        indicators: vec!["persons-sent".into(), "PERSONS_SENT".into(), "indicators/none".into()],
        measures: vec![
            pb::Measure::default(),
            sum(pb::EventSum::Unspecified),
            sum(pb::EventSum::Quantity),
        ],
        period: "lunar/2024".into(),
        start_date: "2024-02-30".into(),
        hierarchy: pb::Hierarchy::AsOf.into(),
        narrow_events: Some(narrow),
        min_log_index: -1,
        group_by: vec![1, 1, 99, 2],
        ..pb::QueryFiguresRequest::default()
    };
    let refused = query::figures(known(&world, &shipped()), &request).unwrap_err();
    let expected = [
        "unit",
        "period",
        "period",
        "hierarchy_date",
        "indicators[1]",
        "indicators[2]",
        "measures[0].source",
        "measures[1].events.sum",
        "measures[2].events.quantity",
        "narrow_events.programmes[0]",
        "narrow_events.partner_units[1]",
        "narrow_events.partner_countries[0]",
        "min_log_index",
        "group_by",
        "group_by[1]",
        "group_by[2]",
    ];
    assert_eq!(paths(refused), expected);
    let half = pb::QueryFiguresRequest {
        unit: "units/region".into(),
        end_date: "2024-06-30".into(),
        hierarchy_date: "2024-06-30".into(),
        ..pb::QueryFiguresRequest::default()
    };
    assert_eq!(
        paths(query::figures(known(&world, &shipped()), &half).unwrap_err()),
        ["start_date", "hierarchy_date"]
    );
    let none = pb::QueryFiguresRequest {
        end_date: String::new(),
        hierarchy_date: String::new(),
        ..half
    };
    assert_eq!(
        paths(query::figures(known(&world, &shipped()), &none).unwrap_err()),
        ["period"]
    );
}

#[test]
fn an_explanation_names_one_cell() {
    let world = World::new();
    let request = pb::ExplainFigureRequest {
        unit: "units/region".into(),
        period: "civil/2024".into(),
        group_by: vec![pb::GroupKey::Month.into()],
        group: [("year".to_owned(), "2024".to_owned())].into(),
        ..pb::ExplainFigureRequest::default()
    };
    let refused = query::explanation(known(&world, &shipped()), &request).unwrap_err();
    assert_eq!(paths(refused), ["indicators", "group[\"year\"]", "group[\"month\"]"]);
}

#[tokio::test]
async fn the_stream_adds_up_to_the_cell() {
    let world = eventful();
    let (_folder, calls) = calls(&world).await;
    let question = question();
    let answer = calls
        .query_figures(request("administrator", question.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (answer.log_index, answer.registry_position),
        (240, world.directory.position())
    );
    assert_eq!(
        (answer.start_date.as_str(), answer.end_date.as_str()),
        ("2024-01-01", "2024-06-30")
    );
    assert!(answer.cells.len() > 6);
    assert!(answer.totals[0].overlapping);
    for cell in answer.cells {
        let explained = explain(&calls, &question, &cell).await.unwrap();
        assert_eq!(explained[0].cell.as_ref(), Some(&cell));
        let amounts: Vec<i64> = explained
            .iter()
            .flat_map(|part| &part.contributions)
            .map(|one| one.amount.parse().unwrap())
            .collect();
        assert_eq!(amounts.len() as i64, cell.record_count);
        assert_eq!(amounts.iter().sum::<i64>().to_string(), cell.value);
    }
}

async fn explain(
    calls: &Calls,
    question: &pb::QueryFiguresRequest,
    cell: &pb::Cell,
) -> Result<Vec<pb::ExplainFigureResponse>, Status> {
    let explained = pb::ExplainFigureRequest {
        unit: question.unit.clone(),
        measures: question.measures.clone(),
        period: question.period.clone(),
        group_by: question.group_by.clone(),
        group: cell.group.clone(),
        ..pb::ExplainFigureRequest::default()
    };
    let stream = calls
        .explain_figure(request("administrator", explained))
        .await?
        .into_inner();
    stream.collect::<Vec<_>>().await.into_iter().collect()
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let mut world = World::new();
    assert!(world.merge("2025-07-01", &["east", "west"], "east"));
    let (_folder, calls) = calls(&world).await;
    let ask = async |principal: &str, message: pb::QueryFiguresRequest| {
        calls
            .query_figures(request(principal, message))
            .await
            .map(|_| ())
            .map_err(|status| status.code())
    };
    assert_eq!(ask("administrator", question()).await, Ok(()));
    assert_eq!(ask("stranger", question()).await, Err(Code::PermissionDenied));
    let ahead = pb::QueryFiguresRequest {
        min_log_index: 1,
        ..question()
    };
    assert_eq!(ask("administrator", ahead).await, Err(Code::Unavailable));
    let ended = pb::QueryFiguresRequest {
        unit: "units/west".into(),
        hierarchy: pb::Hierarchy::AsOf.into(),
        hierarchy_date: "2025-07-01".into(),
        ..question()
    };
    assert_eq!(ask("administrator", ended).await, Err(Code::FailedPrecondition));
    let headline = pb::QueryFiguresRequest {
        measures: Vec::new(),
        group_by: Vec::new(),
        ..question()
    };
    let headline = calls
        .query_figures(request("administrator", headline))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(headline.cells.len(), 8);
    assert!(headline.cells.iter().all(|cell| cell.value == "0"));
    let nothing = pb::Cell {
        group: [("child_unit".into(), String::new()), ("month".into(), "x".into())].into(),
        ..pb::Cell::default()
    };
    let explained = explain(&calls, &question(), &nothing).await.unwrap();
    assert_eq!((explained.len(), explained[0].contributions.len()), (1, 0));
    assert_eq!(explained[0].cell.as_ref().unwrap().value, "0");
}

#[tokio::test]
async fn catalogues_are_listed() {
    let (_folder, calls) = calls(&World::new()).await;
    let first = pb::ListIndicatorsRequest {
        page_size: 20,
        page_token: String::new(),
    };
    let first = calls
        .list_indicators(request("administrator", first))
        .await
        .unwrap()
        .into_inner();
    let rest = pb::ListIndicatorsRequest {
        page_size: 20,
        page_token: first.next_page_token.clone(),
    };
    let rest = calls
        .list_indicators(request("administrator", rest))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (
            first.indicators.len(),
            rest.indicators.len(),
            rest.next_page_token.as_str()
        ),
        (20, 20, "")
    );
    let got = pb::GetIndicatorRequest {
        name: "Joint_Patrols".into(),
        revision: 1,
    };
    let got = calls
        .get_indicator(request("administrator", got))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (got.name.as_str(), got.revision, got.author.as_str()),
        ("indicators/joint-patrols", 1, "")
    );
}

#[tokio::test]
async fn periods_are_listed() {
    let (_folder, calls) = calls(&World::new()).await;
    let period = pb::GetPeriodRequest {
        name: "legal/2024-H1".into(),
        revision: 0,
    };
    let period = calls
        .get_period(request("administrator", period))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(period.name, "calendars/legal/periods/2024-h1");
    assert_eq!(
        (period.start_date.as_str(), period.end_date.as_str()),
        ("2023-12-15", "2024-06-14")
    );
    let year = pb::ListPeriodsRequest {
        calendar: "calendars/legal".into(),
        year: 2024,
    };
    let year = calls
        .list_periods(request("administrator", year))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(year.periods.len(), 19);
    let bad = pb::ListPeriodsRequest {
        calendar: "calendars/lunar".into(),
        year: 1,
    };
    assert_eq!(
        calls
            .list_periods(request("administrator", bad))
            .await
            .unwrap_err()
            .code(),
        Code::InvalidArgument
    );
}

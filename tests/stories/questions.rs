//! One question asked in several ways: by indicators and by inline measures, in the civil half-year, the legal one and a
//! campaign, then and now.

use banggiao_contracts::reporting::v1::{
    self as pb, CreateIndicatorRequest, CreatePeriodRequest, ExplainDifferenceRequest, ExplainFigureRequest, Indicator,
    ListIndicatorsRequest, Measure, Period, PeriodKind, QueryFiguresRequest,
    calendar_service_client::CalendarServiceClient, indicator_service_client::IndicatorServiceClient, measure::Source,
};
use banggiao_standalone::sample;

use crate::installation::Installation;

/// What a measure counts, apart from what a question may narrow it by.
fn definition(measure: &Measure) -> Source {
    let mut source = measure.source.clone().expect("a source");
    if let Source::Events(events) = &mut source
        && let Some(filter) = &mut events.filter
    {
        filter.programmes.clear();
        filter.partner_countries.clear();
        filter.event_types.sort_unstable();
    }
    source
}

/// The indicator that counts this, recorded now if there is none yet.
async fn indicator(
    indicators: &mut IndicatorServiceClient<banggiao_rpc::channel::Authorized>,
    known: &mut Vec<Indicator>,
    wanted: &Source,
) -> String {
    let same = |one: &&Indicator| {
        one.measure
            .as_ref()
            .is_some_and(|measure| definition(measure) == *wanted)
    };
    if let Some(found) = known.iter().find(same) {
        return found.name.clone();
    }
    let texts = |text: &str| [("vi".to_owned(), text.to_owned())].into();
    let request = CreateIndicatorRequest {
        indicator_id: format!("own-{}", known.len()),
        indicator: Some(Indicator {
            names: texts("Chỉ tiêu của đơn vị"),
            unit_of_count: texts("lượt"),
            measure: Some(Measure {
                label: String::new(),
                source: Some(wanted.clone()),
            }),
            ..Indicator::default()
        }),
        ..CreateIndicatorRequest::default()
    };
    let created = indicators
        .create_indicator(request)
        .await
        .expect("an indicator")
        .into_inner();
    known.push(created.clone());
    created.name
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_comes_out_by_an_indicator_too() {
    let installation = Installation::with_sample().await;
    let mut indicators = IndicatorServiceClient::new(installation.channel("administrator"));
    let mut figures = installation.figures("administrator");
    let all = ListIndicatorsRequest {
        page_size: 1000,
        ..ListIndicatorsRequest::default()
    };
    let mut known = indicators
        .list_indicators(all)
        .await
        .expect("a list")
        .into_inner()
        .indicators;
    let shipped = known.len();
    for row in sample::figures().expect("figures.csv reads") {
        let inline = row.query().expect("a query");
        let wanted = definition(&inline.measures[0]);
        let name = indicator(&mut indicators, &mut known, &wanted).await;
        let narrow = match &inline.measures[0].source {
            Some(Source::Events(events)) => events.filter.clone().map(|filter| pb::EventMeasureFilter {
                programmes: filter.programmes,
                partner_countries: filter.partner_countries,
                ..pb::EventMeasureFilter::default()
            }),
            _ => None,
        };
        let query = QueryFiguresRequest {
            indicators: vec![name.clone()],
            measures: Vec::new(),
            narrow_events: narrow,
            ..inline
        };
        let answer = figures.query_figures(query).await.expect("a figure").into_inner();
        assert_eq!(
            (&answer.cells[0].indicator, &answer.cells[0].value),
            (&name, &row.value),
            "{}",
            row.id
        );
    }
    assert!(
        known.len() - shipped <= 2,
        "the shipped catalogue lacks {:?}",
        &known[shipped..]
    );
}

/// Delegations received at Tây Ninh.
fn received(period: &str) -> ExplainFigureRequest {
    ExplainFigureRequest {
        unit: "units/tayninh".to_owned(),
        indicators: vec!["indicators/delegations-received".to_owned()],
        period: period.to_owned(),
        ..ExplainFigureRequest::default()
    }
}

/// Both figures, and for each record between them its reference, day and whether it enters.
async fn between(
    installation: &Installation,
    before: ExplainFigureRequest,
    after: ExplainFigureRequest,
) -> (String, String, Vec<(String, String, bool)>) {
    let request = ExplainDifferenceRequest {
        before: Some(before),
        after: Some(after),
    };
    let answer = installation.figures("administrator").explain_difference(request).await;
    let mut stream = answer.expect("a difference").into_inner();
    let (mut figures, mut records) = (None, Vec::new());
    while let Some(message) = stream.message().await.expect("a message") {
        if let (Some(before), Some(after)) = (message.before, message.after) {
            let led = message
                .bridge
                .iter()
                .fold(before.value.parse::<i64>().expect("a number"), |sum, line| {
                    let number = |text: &str| text.parse::<i64>().expect("a number");
                    sum + number(&line.entering_value) - number(&line.leaving_value) + number(&line.changed_value)
                });
            assert_eq!(led.to_string(), after.value, "the bridge leads to the other figure");
            figures = Some((before.value, after.value));
        }
        for record in message.differences {
            records.push((record.reference, record.date, record.after_amount.is_some()));
        }
    }
    let (before, after) = figures.expect("both figures");
    (before, after, records)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_half_of_2024_in_three_ways() {
    let installation = Installation::with_sample().await;
    let season = CreatePeriodRequest {
        calendar: "calendars/campaign".to_owned(),
        period_id: "2023-2024".to_owned(),
        period: Some(Period {
            titles: [("vi".to_owned(), "Mùa khô 2023–2024".to_owned())].into(),
            start_date: "2023-11-01".to_owned(),
            end_date: "2024-05-31".to_owned(),
            kind: PeriodKind::DrySeason.into(),
            ..Period::default()
        }),
        ..CreatePeriodRequest::default()
    };
    let mut calendars = CalendarServiceClient::new(installation.channel("administrator"));
    calendars.create_period(season).await.expect("a season");

    let (legal, civil, records) = between(&installation, received("legal/2024-H1"), received("civil/2024-H1")).await;
    assert_eq!((legal.as_str(), civil.as_str()), ("18", "19"));
    let told = |reference: &str, day: &str, enters| (reference.to_owned(), day.to_owned(), enters);
    assert_eq!(
        records,
        [
            told("EV-01781", "2023-12-31", false),
            told("EV-01288", "2024-06-23", true),
            told("EV-01297", "2024-06-28", true),
        ]
    );

    let (campaign, civil, records) =
        between(&installation, received("campaign/2023-2024"), received("civil/2024-H1")).await;
    assert_eq!(civil, "19");
    let (entering, leaving): (Vec<_>, Vec<_>) = records.iter().partition(|(.., enters)| *enters);
    assert!(
        leaving.iter().all(|(_, day, _)| day.as_str() < "2024-01-01"),
        "{leaving:?}"
    );
    assert!(
        entering.iter().all(|(_, day, _)| day.as_str() > "2024-05-31"),
        "{entering:?}"
    );
    let campaign: usize = campaign.parse().expect("a number");
    assert_eq!(campaign + entering.len() - leaving.len(), 19);
    assert!(!leaving.is_empty() && !entering.is_empty());

    let restated = ExplainFigureRequest {
        hierarchy: pb::Hierarchy::AsOf.into(),
        hierarchy_date: "2025-07-01".to_owned(),
        indicators: vec!["indicators/persons-received".to_owned()],
        ..received("civil/2024-H1")
    };
    let as_was = ExplainFigureRequest {
        hierarchy: pb::Hierarchy::AtEvent.into(),
        hierarchy_date: String::new(),
        ..restated.clone()
    };
    let (as_was, restated, records) = between(&installation, as_was, restated).await;
    assert_eq!((as_was.as_str(), restated.as_str(), records.len()), ("317", "381", 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_as_it_was_known_before_a_correction() {
    let installation = Installation::with_sample().await;
    let heads = banggiao_cli::figures::heads(&installation.connection())
        .await
        .expect("the heads");
    let (log_index, registry_position) = (heads.log_index(), heads.registry_position());
    let correction = "reference,field,value,reason\nEV-01288,delegations,5,Đối chiếu\n";
    let file = banggiao_cli::import::File::new("corrections.csv", correction.as_bytes()).expect("a file");
    assert!(installation.import(vec![file]).await.clean());
    let then = ExplainFigureRequest {
        known_log_index: log_index,
        known_registry_position: registry_position,
        ..received("civil/2024-H1")
    };
    let (before, after, records) = between(&installation, then.clone(), received("civil/2024-H1")).await;
    assert_eq!((before.as_str(), after.as_str()), ("19", "23"));
    assert_eq!(records.len(), 1);
    let early = ExplainFigureRequest {
        known_registry_position: 1,
        ..then
    };
    let refused = installation.figures("administrator").explain_figure(early).await;
    let refused = refused.expect_err("a registry that knows no unit");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_was_logged_twice_is_named_beside_the_figure() {
    let installation = Installation::with_sample().await;
    let header = "reference,type,start_date,end_date,direction,home_unit,co_home_units,partner_units,place_vi,delegations,\
                  persons,programmes,agreement,marker_from,marker_to,quantities,state,summary_vi\n";
    let row = |reference: &str, home: &str, persons: i64| {
        format!(
            "{reference},DELEGATION_VISIT,2026-01-10,2026-01-11,INBOUND,{home},,kh-svayrieng-sector,,1,{persons},,,,,,APPROVED,\n"
        )
    };
    let rows = [
        header,
        &row("TWICE-1", "tayninh", 12),
        &row("TWICE-2", "tayninh-ben-cau", 13),
        &row("OTHER-1", "tayninh", 80),
    ];
    let file = banggiao_cli::import::File::new("events.csv", rows.concat().into_bytes()).expect("a file");
    assert!(installation.import(vec![file]).await.clean());
    let query = QueryFiguresRequest {
        unit: "units/tayninh".to_owned(),
        indicators: vec!["indicators/delegations-received".to_owned()],
        period: "civil/2026-01".to_owned(),
        find_duplicates: true,
        ..QueryFiguresRequest::default()
    };
    let mut figures = installation.figures("administrator");
    let answer = figures
        .query_figures(query.clone())
        .await
        .expect("a figure")
        .into_inner();
    assert_eq!(answer.cells[0].value, "3");
    assert_eq!(answer.duplicates.len(), 1, "{:?}", answer.duplicates);
    let unasked = QueryFiguresRequest {
        find_duplicates: false,
        ..query
    };
    let answer = figures.query_figures(unasked).await.expect("a figure").into_inner();
    assert!(answer.duplicates.is_empty());
}

//! What an office asks for from week to week: which markers were visited, what aid of each kind was worth, and what each
//! team found.

use std::collections::BTreeMap;

use banggiao_contracts::{
    journal::v1::{Event, Line},
    reporting::v1::{self as pb, ExplainFigureRequest, GroupKey, QueryFiguresRequest},
};

use crate::{clerk::Clerk, installation::Installation};

/// Figures of an indicator for the region, by a key: value, records, and how many of them tell nothing.
async fn figures(
    installation: &Installation,
    indicator: &str,
    period: &str,
    (by, log_index): (GroupKey, i64),
) -> BTreeMap<String, (String, i64, i64)> {
    let request = QueryFiguresRequest {
        unit: "units/mr7".to_owned(),
        indicators: vec![format!("indicators/{indicator}")],
        period: period.to_owned(),
        group_by: vec![by.into()],
        include_unapproved: true,
        min_log_index: log_index,
        ..QueryFiguresRequest::default()
    };
    let answer = installation.figures("administrator").query_figures(request).await;
    let cells = answer.expect("figures").into_inner().cells;
    let cell = |mut cell: pb::Cell| {
        let group = cell.group.pop_first().expect("a group").1;
        (group, (cell.value, cell.record_count, cell.unknown_count))
    };
    cells.into_iter().map(cell).collect()
}

fn told(value: &str, records: i64, unknown: i64) -> (String, i64, i64) {
    (value.to_owned(), records, unknown)
}

/// All that is asked for stands in the sample, which other programs have counted as well.
#[tokio::test(flavor = "multi_thread")]
async fn markers_are_visited_once_and_again() {
    let installation = Installation::with_sample().await;
    for (indicator, expected) in [("markers-visited", "23"), ("marker-visits", "25")] {
        let request = ExplainFigureRequest {
            unit: "units/tayninh".to_owned(),
            indicators: vec![format!("indicators/{indicator}")],
            period: "civil/2024-H1".to_owned(),
            ..ExplainFigureRequest::default()
        };
        let mut stream = installation
            .figures("administrator")
            .explain_figure(request)
            .await
            .expect("an explanation")
            .into_inner();
        let (mut cell, mut records) = (pb::Cell::default(), Vec::new());
        while let Some(message) = stream.message().await.expect("a message") {
            cell = message.cell.unwrap_or(cell);
            records.extend(message.contributions);
        }
        assert_eq!((cell.value.as_str(), cell.record_count), (expected, 14), "{indicator}");
        let sum: i64 = records
            .iter()
            .map(|one| one.amount.parse::<i64>().expect("a number"))
            .sum();
        assert_eq!(sum.to_string(), expected);
        let markers = records.iter().flat_map(|one| &one.counted_units);
        assert!(markers.clone().all(|marker| marker.starts_with("markers/vn-kh-")));
        assert_eq!(markers.clone().count(), 25);
        let once: std::collections::BTreeSet<&String> = markers.collect();
        assert_eq!(once.len(), 23);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aid_by_kind_and_remains_by_team() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let line = |item: &str, value: &str| Line {
        item: item.to_owned(),
        value_vnd: value.to_owned(),
        ..Line::default()
    };
    let aid = |day: &str, lines: Vec<Line>| Event {
        event_type: "eventTypes/aid".to_owned(),
        start_date: day.to_owned(),
        home_unit: "units/tayninh".to_owned(),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        lines,
        ..Event::default()
    };
    let mut last = 0;
    for event in [
        aid(
            "2026-02-02",
            vec![
                line("rice", "30000000"),
                line("medicine", "12500000"),
                line("rice", "500000"),
            ],
        ),
        aid("2026-02-09", vec![line("rice", "8000000")]),
        aid("2026-02-16", vec![line("medicine", "")]),
    ] {
        last = clerk.log(event).await.expect("aid").log_index;
    }
    let by_item = figures(&installation, "aid-value", "civil/2026-02", (GroupKey::AidItem, last)).await;
    let expected = [
        ("medicine".to_owned(), told("12500000", 2, 1)),
        ("rice".to_owned(), told("38500000", 2, 0)),
    ];
    assert_eq!(by_item, expected.into());

    let recovery = |day: &str, team: &str, found: &str| Event {
        event_type: "eventTypes/remains-recovery".to_owned(),
        start_date: day.to_owned(),
        home_unit: "units/tayninh".to_owned(),
        partner_units: vec!["units/kh-tboungkhmum-sector".to_owned()],
        team: team.to_owned(),
        quantities: [("remains_recovered".to_owned(), found.to_owned())].into(),
        ..Event::default()
    };
    for event in [
        recovery("2026-01-12", "units/k70", "7"),
        recovery("2026-01-20", "units/k71", "4"),
        recovery("2026-02-03", "units/k70", "2"),
        recovery("2026-02-04", "", "1"),
    ] {
        last = clerk.log(event).await.expect("a recovery").log_index;
    }
    let by_team = figures(&installation, "remains-recovered", "civil/2026", (GroupKey::Team, last)).await;
    let expected = [
        ("NONE".to_owned(), told("1", 1, 0)),
        ("units/k70".to_owned(), told("9", 2, 0)),
        ("units/k71".to_owned(), told("4", 1, 0)),
    ];
    assert_eq!(by_team, expected.into());
}

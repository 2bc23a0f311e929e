//! What answers look like, for people and for machines.

use super::super::Query;
use super::*;

fn response() -> pb::QueryFiguresResponse {
    let cell = |child: &str, value: &str, before: &str| pb::Cell {
        indicator: "indicators/persons-received".into(),
        group: [("child_unit".into(), format!("units/{child}"))].into(),
        value: value.into(),
        comparison_value: Some(before.into()),
        record_count: 12,
        unknown_count: 1,
        target_value: None,
    };
    pb::QueryFiguresResponse {
        cells: vec![cell("longan", "8797", "8800.5"), cell("tayninh", "3", "2")],
        totals: vec![pb::Total {
            indicator: "indicators/persons-received".into(),
            value: "8800".into(),
            record_count: 24,
            overlapping: true,
            ..pb::Total::default()
        }],
        start_date: "2024-01-01".into(),
        end_date: "2024-06-30".into(),
        hierarchy: pb::Hierarchy::AsOf.into(),
        hierarchy_date: "2025-07-01".into(),
        withheld: true,
        ..pb::QueryFiguresResponse::default()
    }
}

fn with_targets() -> pb::QueryFiguresResponse {
    let mut response = response();
    response.totals[0].target_value = Some("10000".into());
    response
}

fn args(by: &[Group]) -> Args {
    let query = Query {
        unit: "units/tayninh".into(),
        by: by.to_vec(),
        ..Query::default()
    };
    Args {
        query,
        compare: Some(Compare::PreviousYear),
    }
}

fn shown(by: &[Group], response: &pb::QueryFiguresResponse, width: Option<u16>) -> String {
    let names = [("indicators/persons-received".into(), "Persons received".into())].into();
    table(&args(by), response, &names, Look::people(Lang::En, width)).render(Lang::En, width)
}

fn words(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect()
}

#[test]
fn units_stand_below_the_one_that_was_asked_for() {
    let shown = shown(&[Group::Child], &response(), None);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "tayninh · 2024-01-01 – 2024-06-30 · restated to the units of 2025-07-01"
    );
    assert_eq!(words(lines[3]), ["Persons received", "tayninh *", "8,800", "24", "0"]);
    assert_eq!(
        words(lines[4]),
        ["├─\u{a0}longan", "8,797", "8,800.5", "-3.5", "12", "1"]
    );
    assert_eq!(words(lines[5]), ["└─\u{a0}tayninh (itself)", "3", "2", "+1", "12", "1"]);
    assert!(lines[6].starts_with("* "));
}

#[test]
fn a_unit_with_several_cells_is_named_once() {
    let mut response = response();
    response.cells.insert(1, response.cells[0].clone());
    let months = ["2024-01", "2024-02", "2024-01"];
    for (cell, month) in response.cells.iter_mut().zip(months) {
        let month = format!("calendars/civil/periods/{month}");
        cell.group.insert("month".into(), month);
    }
    let shown = shown(&[Group::Child, Group::Month], &response, None);
    let units: Vec<_> = shown
        .lines()
        .skip(3)
        .take(4)
        .map(|line| words(line)[..2].join(" "))
        .collect();
    assert_eq!(
        units,
        [
            "Persons received tayninh *",
            "├─\u{a0}longan civil/2024-01",
            "│ civil/2024-02",
            "└─\u{a0}tayninh (itself) civil/2024-01"
        ]
    );
}

#[test]
fn other_groups_have_their_sums_below() {
    let mut response = response();
    for cell in &mut response.cells {
        cell.group = [("direction".into(), "INBOUND".into())].into();
    }
    let shown = shown(&[Group::Direction], &response, None);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(words(lines[3])[..2], ["Persons received", "INBOUND"]);
    assert_eq!(words(lines[5])[..3], ["Persons received", "Total *", "8,800"]);
}

#[test]
fn bars_and_targets_come_where_there_is_room_and_reason() {
    let wide = shown(&[Group::Child], &with_targets(), Some(140));
    assert!(wide.contains("▼ ▏") && wide.contains("▲ ██▋"), "{wide}");
    assert!(
        wide.contains("Target") && wide.contains("10,000") && wide.contains("88"),
        "{wide}"
    );
    let narrow = shown(&[Group::Child], &response(), Some(109));
    assert!(!narrow.contains('▲') && !narrow.contains("Target"), "{narrow}");
}

#[test]
fn no_line_is_longer_than_the_terminal() {
    for width in 40..=160 {
        for by in [&[Group::Child][..], &[Group::Child, Group::Month], &[]] {
            let shown = shown(by, &with_targets(), Some(width));
            let longest = shown.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width.into()), "{width}:\n{shown}");
        }
    }
}

#[test]
fn machines_get_cells_only() {
    let table = |response: &pb::QueryFiguresResponse| {
        let table = table(
            &args(&[Group::Child]),
            response,
            &BTreeMap::new(),
            Look::machine(Lang::Vi),
        );
        table.csv().unwrap()
    };
    assert_eq!(
        table(&response()),
        "indicator,child_unit,value,comparison_value,difference,record_count,unknown_count\n\
         persons-received,longan,8797,8800.5,-3.5,12,1\npersons-received,tayninh,3,2,1,12,1\n"
    );
    let mut response = response();
    response.cells[0].target_value = Some("10000".into());
    let written = table(&response);
    assert!(
        written.contains("-3.5,10000,88,12,1\n") && written.contains("3,2,1,,,12,1\n"),
        "{written}"
    );
}

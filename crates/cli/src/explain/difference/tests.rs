//! What a difference looks like, and that its sums are those of the bridge.

use super::super::bridge::Sums;
use super::*;

fn line(unit: &str, entering: &str, leaving: &str, changed: &str) -> pb::BridgeLine {
    pb::BridgeLine {
        unit: format!("units/{unit}"),
        entering_value: entering.into(),
        leaving_value: leaving.into(),
        changed_value: changed.into(),
        record_count: 2,
    }
}

fn response() -> pb::ExplainDifferenceResponse {
    let cell = |value: &str| {
        Some(pb::Cell {
            value: value.into(),
            ..pb::Cell::default()
        })
    };
    pb::ExplainDifferenceResponse {
        differences: vec![pb::Difference {
            resource: "events/a1".into(),
            before_amount: None,
            after_amount: Some(String::new()),
            after_revision: 2,
            date: "2024-03-01".into(),
            home_units: vec!["units/longan".into()],
            reference: "EV-1".into(),
            ..pb::Difference::default()
        }],
        before: cell("1015.5"),
        after: cell("1019"),
        bridge: vec![line("longan", "6", "2", "0"), line("tayninh", "0.5", "0", "-1")],
        withheld: false,
    }
}

fn request() -> pb::ExplainDifferenceRequest {
    let figure = |period: &str| pb::ExplainFigureRequest {
        unit: "units/tayninh".into(),
        period: format!("calendars/civil/periods/{period}"),
        ..pb::ExplainFigureRequest::default()
    };
    let mut after = figure("2024-h1");
    (after.hierarchy_date, after.known_log_index) = ("2025-07-01".into(), 7);
    pb::ExplainDifferenceRequest {
        before: Some(figure("2023-h1")),
        after: Some(after),
    }
}

#[test]
fn the_bridge_leads_from_one_figure_to_the_other() {
    let shown = bridge(&request(), &response(), Lang::En).render(Lang::En, None);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "tayninh · civil/2023-h1 = 1,015.5 → tayninh · civil/2024-h1 · units of 2025-07-01 · known at 7 = 1,019"
    );
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(lines[5]), ["Total", "6.5", "2", "-1", "4"]);
    assert_eq!(lines[6], "1,015.5 + 6.5 − 2 − 1 = 1,019");
}

#[test]
fn a_bridge_that_does_not_lead_there_says_so() {
    let sums = Sums::of(&[line("a", "1", "0", "0")]).unwrap();
    assert_eq!(sums.equation("1", "3", Lang::Vi), "1 + 1 − 0 + 0 ≠ 3");
    assert_eq!(Sums::of(&[line("a", "", "0", "0")]), None);
}

#[test]
fn without_a_bridge_there_is_a_word_about_it() {
    let mut response = response();
    response.bridge.clear();
    let shown = bridge(&request(), &response, Lang::En).render(Lang::En, Some(60));
    assert!(shown.contains("Units are counted once"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    response.differences.clear();
    let shown = bridge(&request(), &response, Lang::Vi).render(Lang::Vi, None);
    assert!(
        shown.ends_with("Không có bản ghi nào làm hai số liệu khác nhau."),
        "{shown}"
    );
}

#[test]
fn machines_get_the_records() {
    assert_eq!(
        records(&response(), Lang::En).csv().unwrap(),
        "date,resource,reference,home_units,partner_units,difference,before_amount,after_amount,before_revision,\
         after_revision\n2024-03-01,a1,EV-1,longan,,entering,,unknown,,2\n"
    );
}

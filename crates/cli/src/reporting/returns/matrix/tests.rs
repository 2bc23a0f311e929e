//! What a matrix looks like, in wide and narrow terminals.

use super::*;

fn cell(unit: &str, period: &str, state: ReturnState, events: i64) -> pb::CompletenessCell {
    pb::CompletenessCell {
        unit: format!("units/{unit}"),
        period: format!("calendars/legal/periods/{period}"),
        state: state.into(),
        due_date: "2024-06-20".into(),
        event_count: events,
        pending_count: i64::from(state == ReturnState::Overdue),
        silent: events == 0 && state != ReturnState::Nil,
        ..pb::CompletenessCell::default()
    }
}

fn response() -> pb::GetCompletenessResponse {
    pb::GetCompletenessResponse {
        cells: vec![
            cell("tayninh", "2024-05", ReturnState::Sent, 12),
            cell("tanbien", "2024-05", ReturnState::Overdue, 0),
            cell("tayninh", "2024-06", ReturnState::SentLate, 3),
            cell("tanbien", "2024-06", ReturnState::Nil, 0),
        ],
        date: "2024-07-01".into(),
        ..pb::GetCompletenessResponse::default()
    }
}

fn parents() -> Parents {
    let under = |unit: &str, parent: &str| (format!("units/{unit}"), format!("units/{parent}"));
    [
        under("tanbien", "group"),
        under("group", "tayninh"),
        under("tayninh", "mr7"),
    ]
    .into()
}

fn drawn(lang: Lang, width: Option<u16>) -> String {
    table("units/tayninh", &response(), &parents(), lang).render(lang, width)
}

#[test]
fn units_stand_under_one_another_beside_their_states() {
    let shown = drawn(Lang::En, None);
    let words = |at: usize| {
        shown
            .lines()
            .nth(at)
            .unwrap()
            .split("  ")
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(words(0), ["tayninh · as of 2024-07-01"]);
    assert_eq!(
        words(1),
        ["Unit", "legal/2024-05 due 2024-06-20", "legal/2024-06 due 2024-06-20"]
    );
    assert_eq!(words(3), ["tayninh", "sent 12", "late 3"]);
    assert_eq!(words(4), ["·\u{a0}tanbien", "OVERDUE 0 +1 !", "nil 0"]);
    assert_eq!(words(5), ["Sent of owed", "1 / 2", "2 / 2"]);
    assert!(shown.contains("\n! Nothing was recorded"), "{shown}");
}

#[test]
fn a_narrow_terminal_keeps_the_last_period() {
    let shown = drawn(Lang::Vi, Some(44));
    assert!(shown.lines().all(|line| line.chars().count() <= 44), "{shown}");
    assert!(shown.contains("gửi muộn 3") && !shown.contains("QUÁ HẠN"), "{shown}");
}

#[test]
fn a_circle_of_units_has_an_end() {
    let circle = [("a".to_owned(), "b".to_owned()), ("b".to_owned(), "a".to_owned())].into();
    assert_eq!(depth("a", &circle, &["a", "b"].into()), 2);
}

//! What must be known to read figures rightly: what was left out, and what was placed by a rule that had to choose.
//!
//! It owns the words; they go to stderr, since they are no data.

use crate::globals::Lang;
use crate::names;
use banggiao_contracts::reporting::v1 as pb;

/// So many pairs of events are named; of more only the number is told.
const PAIRS_MAX: usize = 5;

/// What must be known beside the figures.
#[must_use]
pub fn notes(lang: Lang, response: &pb::QueryFiguresResponse) -> Vec<String> {
    let mut notes: Vec<String> = response
        .unreachable
        .iter()
        .map(|service| unheard(service, response, lang))
        .collect();
    if response.withheld {
        notes.push(withheld(lang));
    }
    placed(&mut notes, lang, response);
    for overlap in &response.overlaps {
        let (first, second) = (names::short(&overlap.first), names::short(&overlap.second));
        notes.push(lang.pick(
            format!("note: {first} and {second} count some of the same: do not add them"),
            format!("lưu ý: {first} và {second} tính trùng một phần, không được cộng với nhau"),
        ));
    }
    notes.extend(duplicates(&response.duplicates, lang));
    notes
}

/// The note for a service that has not been heard for a while.
fn unheard(service: &str, response: &pb::QueryFiguresResponse, lang: Lang) -> String {
    let (age, then) = match service {
        "registry" => (
            response.registry_age.as_ref(),
            lang.pick(
                "; everything that is classified is withheld",
                "; không tính mọi bản ghi có độ mật",
            ),
        ),
        _ => (response.journal_age.as_ref(), ""),
    };
    let age = age.map_or_else(
        || lang.pick("some time", "một lúc").to_owned(),
        |age| format!("{} s", age.seconds),
    );
    lang.pick(
        format!("note: {service} has not been heard for {age}; what it recorded since is not counted{then}"),
        format!("lưu ý: chưa nghe được {service} từ {age} nay; bản ghi từ lúc đó chưa được tính{then}"),
    )
}

/// The note for events that may be the same.
fn duplicates(pairs: &[pb::DuplicatePair], lang: Lang) -> Option<String> {
    if pairs.is_empty() {
        return None;
    }
    let named = pairs.iter().take(PAIRS_MAX);
    let mut named: Vec<String> = named
        .map(|pair| format!("{} = {}", names::short(&pair.first), names::short(&pair.second)))
        .collect();
    if pairs.len() > PAIRS_MAX {
        named.push("…".to_owned());
    }
    let (count, named) = (pairs.len(), named.join(", "));
    Some(lang.pick(
        format!("note: events that may be the same, counted twice ({count}): {named}; `banggiao event duplicates` lists them"),
        format!("lưu ý: có thể ghi trùng, bị tính hai lần ({count}): {named}; xem bằng `banggiao event duplicates`"),
    ))
}

/// The notes for units whose records were placed by a rule, or not at all.
fn placed(notes: &mut Vec<String>, lang: Lang, response: &pb::QueryFiguresResponse) {
    for placement in &response.placements {
        let (unit, at) = (names::short(&placement.unit), names::short(&placement.placed_at));
        let (records, rule) = (placement.record_count, rule(placement.rule(), lang));
        notes.push(lang.pick(
            format!("note: records of {unit} ({records}) count with {at}: {rule}"),
            format!("lưu ý: bản ghi của {unit} ({records}) tính cho {at}: {rule}"),
        ));
    }
    for placement in &response.unplaced {
        let (unit, records) = (names::short(&placement.unit), placement.record_count);
        notes.push(lang.pick(
            format!("note: records of {unit} ({records}) could not be placed and are not counted"),
            format!("lưu ý: bản ghi của {unit} ({records}) không xếp được vào đơn vị nào, không tính"),
        ));
    }
}

/// The note for figures from which something was left out.
pub(crate) fn withheld(lang: Lang) -> String {
    lang.pick(
        "note: records that you may not read are left out",
        "lưu ý: không tính những bản ghi bạn không được xem",
    )
    .to_owned()
}

fn rule(rule: pb::PlacementRule, lang: Lang) -> &'static str {
    match rule {
        pb::PlacementRule::PrincipalSuccessor => lang.pick("principal successor", "đơn vị kế thừa chính"),
        pb::PlacementRule::MergedBackward => lang.pick("merged into it", "đã nhập vào đơn vị này"),
        pb::PlacementRule::LastParent => lang.pick("last parent", "cấp trên cuối cùng"),
        pb::PlacementRule::CommonAncestor => lang.pick("nearest common superior", "cấp trên chung gần nhất"),
        pb::PlacementRule::FirstParent => lang.pick("first parent", "cấp trên đầu tiên"),
        pb::PlacementRule::Unplaced | pb::PlacementRule::Unspecified => lang.pick("no rule", "không có quy tắc"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_noted() {
        let placement = |rule: pb::PlacementRule, placed_at: &str| pb::UnitPlacement {
            unit: "units/longan".into(),
            placed_at: placed_at.into(),
            rule: rule.into(),
            record_count: 3,
        };
        let response = pb::QueryFiguresResponse {
            withheld: true,
            placements: vec![placement(pb::PlacementRule::LastParent, "units/mr7")],
            unplaced: vec![placement(pb::PlacementRule::Unplaced, "")],
            ..pb::QueryFiguresResponse::default()
        };
        assert_eq!(
            notes(Lang::En, &response),
            [
                "note: records that you may not read are left out",
                "note: records of longan (3) count with mr7: last parent",
                "note: records of longan (3) could not be placed and are not counted",
            ]
        );
    }

    #[test]
    fn what_is_counted_twice_or_not_yet_is_noted() {
        let pair = |first: &str| pb::DuplicatePair {
            first: format!("events/{first}"),
            second: "events/z".into(),
        };
        let response = pb::QueryFiguresResponse {
            overlaps: vec![pb::OverlappingIndicators {
                first: "indicators/a".into(),
                second: "indicators/b".into(),
            }],
            duplicates: ["a", "b", "c", "d", "e", "f"].map(pair).to_vec(),
            registry_age: Some(prost_types::Duration { seconds: 42, nanos: 0 }),
            unreachable: vec!["registry".into()],
            ..pb::QueryFiguresResponse::default()
        };
        let notes = notes(Lang::En, &response);
        assert_eq!(
            notes[0],
            "note: registry has not been heard for 42 s; what it recorded since is not counted; everything that is \
             classified is withheld"
        );
        assert_eq!(notes[1], "note: a and b count some of the same: do not add them");
        assert!(
            notes[2].contains("(6): a = z, b = z, c = z, d = z, e = z, …;"),
            "{}",
            notes[2]
        );
        assert_eq!(notes.len(), 3);
    }
}

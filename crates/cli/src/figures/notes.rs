//! What must be known to read figures rightly: what was left out, and what was placed by a rule that had to choose.
//!
//! It owns the words; they go to stderr, since they are no data.

use crate::globals::Lang;
use crate::names;
use banggiao_contracts::reporting::v1 as pb;

/// What must be known beside the figures.
#[must_use]
pub fn notes(lang: Lang, response: &pb::QueryFiguresResponse) -> Vec<String> {
    let mut notes = Vec::new();
    if response.withheld {
        notes.push(withheld(lang));
    }
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
    notes
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
}

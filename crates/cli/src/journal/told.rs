//! What is remarkable about an event that was just answered, told on stderr in a sentence each: warnings, and events that
//! may be the same.
//!
//! It owns the sentences. The data on stdout holds the same, for machines.

use super::words;
use crate::globals::Lang;
use crate::{names, number, output};
use banggiao_contracts::journal::v1 as pb;

/// Tells the warnings of an event and what may be the same, if there is any.
pub(super) fn event(lang: Lang, event: &pb::Event) {
    for sentence in sentences(lang, event) {
        output::note(&sentence);
    }
}

/// The sentences, warnings first.
pub(super) fn sentences(lang: Lang, event: &pb::Event) -> Vec<String> {
    let warnings = event.warnings.iter().map(|found| warning(lang, event, found));
    let duplicates = event.possible_duplicates.iter().map(|name| {
        let (this, other) = (names::short(&event.name), names::short(name));
        lang.pick(
            format!("Possible duplicate: {this} may be the same event as {other}; `event resolve` decides."),
            format!(
                "Có thể trùng: {this} có thể là cùng một hoạt động với {other}; dùng `event resolve` để quyết định."
            ),
        )
    });
    warnings.chain(duplicates).collect()
}

fn warning(lang: Lang, event: &pb::Event, warning: &pb::Warning) -> String {
    let field = words::field(&warning.field, lang);
    let value = value(lang, event, &warning.field);
    let (en, vi) = match warning.code() {
        pb::WarningCode::UnusuallyMany => ("more than is usual", "nhiều hơn thường lệ"),
        pb::WarningCode::UnusuallyLong => ("it lasts longer than is usual", "kéo dài hơn thường lệ"),
        pb::WarningCode::FutureDate => (
            "it is said to have been held, and the day is still to come",
            "ghi là đã thực hiện nhưng ngày còn ở phía trước",
        ),
        pb::WarningCode::NotBordering => (
            "no boundary marker stands between its province and the home unit's",
            "không có mốc giới giữa tỉnh của đơn vị này và tỉnh của đơn vị ta",
        ),
        pb::WarningCode::SameSide => ("it is of the home unit's own side", "cùng phía với đơn vị ta"),
        pb::WarningCode::Unspecified => ("it looks implausible", "có vẻ không hợp lý"),
    };
    // The amounts that are usual stand in the description only, which the server writes in English.
    let counted = matches!(
        warning.code(),
        pb::WarningCode::UnusuallyMany | pb::WarningCode::UnusuallyLong
    );
    let usual = warning.description.split_once("; ").filter(|_| counted);
    let usual = usual.and_then(|(_, usual)| usual.split(' ').next());
    let most = usual.map_or_else(String::new, |most| {
        let most = number::grouped(most, lang);
        lang.pick(format!(" ({most} at most)"), format!(" (thường không quá {most})"))
    });
    lang.pick(
        format!("Warning: {field} {value}: {en}{most}."),
        format!("Cảnh báo: {field} {value}: {vi}{most}."),
    )
}

/// The value that stands at a path, as people write it.
fn value(lang: Lang, event: &pb::Event, path: &str) -> String {
    let count = |count: Option<i64>| count.map_or_else(String::new, |count| number::grouped(&count.to_string(), lang));
    match path {
        "persons" => count(event.persons),
        "delegations" => count(event.delegations),
        "start_date" => event.start_date.clone(),
        "end_date" => event.end_date.clone(),
        _ => {
            let key = path.split_once('[').map_or("", |(_, key)| key.trim_end_matches(']'));
            let quantity = event.quantities.get(key.trim_matches('"'));
            let unit = key.parse().ok().and_then(|index: usize| event.partner_units.get(index));
            match (quantity, unit) {
                (Some(amount), _) => number::grouped(amount, lang),
                (None, Some(unit)) => names::short(unit),
                (None, None) => String::new(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_a_sentence_in_both_languages() {
        let warning = |code: pb::WarningCode, field: &str, description: &str| pb::Warning {
            code: code.into(),
            field: field.into(),
            description: description.into(),
        };
        let event = pb::Event {
            name: "events/a1".into(),
            persons: Some(3_000),
            quantities: [("patrol_km".into(), "150.5".into())].into(),
            partner_units: vec!["units/kh-a".into(), "units/kh-b".into()],
            warnings: vec![
                warning(pb::WarningCode::UnusuallyMany, "persons", "3000; 500 at most are usual"),
                warning(
                    pb::WarningCode::UnusuallyMany,
                    "quantities[\"patrol_km\"]",
                    "150.5; 100 at most is usual",
                ),
                warning(
                    pb::WarningCode::NotBordering,
                    "partner_units[1]",
                    "no boundary marker stands …",
                ),
            ],
            possible_duplicates: vec!["events/b2".into()],
            ..pb::Event::default()
        };
        assert_eq!(
            sentences(Lang::En, &event),
            [
                "Warning: Persons 3,000: more than is usual (500 at most).",
                "Warning: Quantities (patrol_km) 150.5: more than is usual (100 at most).",
                "Warning: Partner units (2) kh-b: no boundary marker stands between its province and the home unit's.",
                "Possible duplicate: a1 may be the same event as b2; `event resolve` decides.",
            ]
        );
        let told = sentences(Lang::Vi, &event);
        assert_eq!(
            told[0],
            "Cảnh báo: Lượt người 3.000: nhiều hơn thường lệ (thường không quá 500)."
        );
        assert!(told[3].starts_with("Có thể trùng: a1 "), "{}", told[3]);
    }
}

//! The optional columns of events: parts that only some events have, and second languages.
//!
//! It owns the forms of lines and participants. An empty column leaves its part absent, so that a row without these columns
//! is the same row as one in which they are empty.

use crate::import::fields::Fields;
use crate::{choices, names};
use banggiao_contracts::journal::v1 as pb;
use banggiao_model::decimal;
use std::collections::HashSet;

/// Sets the part of an event that an optional column holds, and gives its path for a mask.
///
/// Where several columns share a field of the contract, each has a path of its own: a correction of one leaves the others.
pub(super) fn set(event: &mut pb::Event, column: &str, fields: &mut Fields<'_>) -> Option<&'static str> {
    match column {
        "head_office" => {
            head(event, fields.text(column), |head| &mut head.office);
            Some("head_of_delegation.office")
        }
        "head_level" => {
            head(event, names::picked(fields.text(column)), |head| &mut head.level);
            Some("head_of_delegation.level")
        }
        "head_name" => {
            head(event, fields.text(column), |head| &mut head.name);
            Some("head_of_delegation.name")
        }
        "team" => {
            event.team = fields.value(column, names::unit).unwrap_or_default();
            Some("team")
        }
        "campaign" => {
            event.campaign = fields.value(column, names::period).unwrap_or_default();
            Some("campaign")
        }
        "area_vi" => {
            event.area = fields.texts(&[("vi", column)]);
            Some("area")
        }
        "edition" => {
            event.edition = fields.value(column, edition);
            Some("edition")
        }
        "organiser" => {
            event.organiser = fields.value(column, names::unit).unwrap_or_default();
            Some("organiser")
        }
        "lines" => {
            event.lines = fields.list(column, line);
            Some("lines")
        }
        "participants" => {
            event.participants = participants(column, fields);
            Some("participants")
        }
        "classification" => {
            event.classification = fields.value(column, choices::classification).unwrap_or_default().into();
            Some("classification")
        }
        "summary_en" => {
            event.summary.extend(fields.texts(&[("en", column)]));
            Some("summary.en")
        }
        "place_en" => {
            event.place.extend(fields.texts(&[("en", column)]));
            Some("place.en")
        }
        _ => None,
    }
}

/// Sets one field of the delegation's head, who is there only if something is known.
fn head(event: &mut pb::Event, text: &str, field: impl Fn(&mut pb::DelegationHead) -> &mut String) {
    if !text.is_empty() {
        text.clone_into(field(event.head_of_delegation.get_or_insert_default()));
    }
}

fn edition(text: &str) -> Result<i32, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let edition = if digits { text.parse().ok() } else { None };
    edition.ok_or_else(|| format!("\"{text}\" is not the number of an edition, such as 1 or 12"))
}

/// One item of aid, `item|quantity|unit|value_vnd|recipient`; what is not known at the end may be left out.
fn line(element: &str) -> Result<pb::Line, String> {
    let parts: Vec<_> = element.split('|').map(str::trim).collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    if parts.len() > 5 || part(0).is_empty() {
        return Err(format!(
            "\"{element}\" is not of the form ITEM|QUANTITY|UNIT|VALUE_VND|RECIPIENT"
        ));
    }
    Ok(pb::Line {
        item: part(0).to_owned(),
        quantity: amount(part(1))?,
        unit: part(2).to_owned(),
        value_vnd: amount(part(3))?,
        recipient: part(4).to_owned(),
    })
}

fn amount(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    decimal::parse(text)
        .map(decimal::format)
        .map_err(|error| error.to_string())
}

/// Participants, `GROUP=count;…`, each group once.
fn participants(column: &str, fields: &mut Fields<'_>) -> Vec<pb::ParticipantGroup> {
    let groups = fields.list(column, participant);
    let mut seen = HashSet::new();
    if !groups.iter().all(|group| seen.insert(group.rank_group)) {
        fields.fault(column, "a group of ranks stands twice");
    }
    groups
}

fn participant(element: &str) -> Result<pb::ParticipantGroup, String> {
    let (group, count) = element
        .split_once('=')
        .ok_or_else(|| format!("\"{element}\" is not of the form GROUP=COUNT"))?;
    let count = count.trim();
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let persons = if digits { count.parse().ok() } else { None };
    Ok(pb::ParticipantGroup {
        rank_group: choices::rank_group(group.trim())?.into(),
        persons: persons.ok_or_else(|| format!("\"{count}\" is not a whole number such as 0 or 12"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_end_early() {
        let full = line("rice | 500.50 | kg | 7500000 | Ponhea Kraek").unwrap();
        assert_eq!(
            (full.item.as_str(), full.quantity.as_str(), full.unit.as_str()),
            ("rice", "500.5", "kg")
        );
        assert_eq!(
            (full.value_vnd.as_str(), full.recipient.as_str()),
            ("7500000", "Ponhea Kraek")
        );
        let short = line("blankets|20").unwrap();
        assert_eq!((short.quantity.as_str(), short.value_vnd.as_str()), ("20", ""));
        assert_eq!(line("books||||school").unwrap().recipient, "school");
        for text in ["", "|5", "a|b", "a|1|kg|x", "a|1|kg|1|b|c"] {
            assert!(line(text).is_err(), "{text}");
        }
    }

    #[test]
    fn participants_have_a_group_and_a_count() {
        let group = participant("field-officer = 12").unwrap();
        assert_eq!((group.rank_group(), group.persons), (pb::RankGroup::FieldOfficer, 12));
        for text in [
            "FIELD_OFFICER",
            "COLONEL=1",
            "MILITIA=",
            "MILITIA=-1",
            "MILITIA=1.5",
            "=3",
        ] {
            assert!(participant(text).is_err(), "{text}");
        }
    }
}

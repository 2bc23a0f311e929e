//! Corrections: which fields may be corrected.

use std::collections::BTreeMap;

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::mask::Fields;

use super::event_type::EventType;

/// The fields that may be corrected. A masked field that the correction leaves out becomes unknown.
pub const FIELDS: Fields<pb::Event> = Fields(&[
    ("external_reference", |event, new| {
        event.external_reference.clone_from(&new.external_reference);
    }),
    ("event_type", |event, new| event.event_type.clone_from(&new.event_type)),
    ("start_date", |event, new| event.start_date.clone_from(&new.start_date)),
    ("end_date", |event, new| event.end_date.clone_from(&new.end_date)),
    ("place", |event, new| event.place.clone_from(&new.place)),
    ("place.en", |event, new| lay_text(&mut event.place, &new.place, "en")),
    ("direction", |event, new| event.direction = new.direction),
    ("home_unit", |event, new| event.home_unit.clone_from(&new.home_unit)),
    ("co_home_units", |event, new| {
        event.co_home_units.clone_from(&new.co_home_units);
    }),
    ("partner_units", |event, new| {
        event.partner_units.clone_from(&new.partner_units);
    }),
    ("delegations", |event, new| event.delegations = new.delegations),
    ("persons", |event, new| event.persons = new.persons),
    ("head_of_delegation", |event, new| {
        event.head_of_delegation.clone_from(&new.head_of_delegation);
    }),
    ("head_of_delegation.office", |event, new| {
        lay_head(event, new, |head| &mut head.office);
    }),
    ("head_of_delegation.level", |event, new| {
        lay_head(event, new, |head| &mut head.level);
    }),
    ("head_of_delegation.name", |event, new| {
        lay_head(event, new, |head| &mut head.name);
    }),
    ("programmes", |event, new| event.programmes.clone_from(&new.programmes)),
    ("agreement", |event, new| event.agreement.clone_from(&new.agreement)),
    ("marker_from", |event, new| {
        event.marker_from.clone_from(&new.marker_from);
    }),
    ("marker_to", |event, new| event.marker_to.clone_from(&new.marker_to)),
    ("quantities", |event, new| event.quantities.clone_from(&new.quantities)),
    ("summary", |event, new| event.summary.clone_from(&new.summary)),
    ("summary.en", |event, new| {
        lay_text(&mut event.summary, &new.summary, "en");
    }),
    ("classification", |event, new| event.classification = new.classification),
    ("lines", |event, new| event.lines.clone_from(&new.lines)),
    ("participants", |event, new| {
        event.participants.clone_from(&new.participants);
    }),
    ("team", |event, new| event.team.clone_from(&new.team)),
    ("campaign", |event, new| event.campaign.clone_from(&new.campaign)),
    ("area", |event, new| event.area.clone_from(&new.area)),
    ("edition", |event, new| event.edition = new.edition),
    ("organiser", |event, new| event.organiser.clone_from(&new.organiser)),
    ("attachments", |event, new| {
        event.attachments.clone_from(&new.attachments);
    }),
]);

/// Lays one language over the others.
fn lay_text(old: &mut BTreeMap<String, String>, new: &BTreeMap<String, String>, language: &str) {
    match new.get(language) {
        Some(text) => old.insert(language.to_owned(), text.clone()),
        None => old.remove(language),
    };
}

/// Lays one field of the delegation's head over the others; of whom nothing is known any more, there is none.
fn lay_head(event: &mut pb::Event, new: &pb::Event, field: fn(&mut pb::DelegationHead) -> &mut String) {
    let mut new = new.head_of_delegation.clone().unwrap_or_default();
    let head = event.head_of_delegation.get_or_insert_default();
    field(head).clone_from(field(&mut new));
    if *head == pb::DelegationHead::default() {
        event.head_of_delegation = None;
    }
}

/// Takes out sums that the correction has made stale, so that they are made anew: whoever mends the lines of an event
/// need not mend their sum.
pub fn drop_stale_sums(event: &mut pb::Event, mask: &[String], event_type: Option<&EventType>) {
    let masked = |field: &str| mask.iter().any(|path| path == field);
    if masked("participants") && !masked("persons") && !event.participants.is_empty() {
        event.persons = None;
    }
    if masked("lines") && !masked("quantities") && !event.lines.is_empty() {
        let quantities = event_type
            .map(|event_type| &event_type.quantities)
            .into_iter()
            .flatten();
        for sum in quantities.filter(|quantity| quantity.sums_line_values) {
            event.quantities.remove(&sum.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_field_is_laid_over_and_the_rest_stays() {
        let head = |office: &str, level: &str| pb::DelegationHead {
            office: office.to_owned(),
            level: level.to_owned(),
            name: String::new(),
        };
        let old = pb::Event {
            head_of_delegation: Some(head("Commander", "province")),
            summary: [("vi".to_owned(), "Gạo".to_owned()), ("en".to_owned(), "Rye".to_owned())].into(),
            ..pb::Event::default()
        };
        let new = pb::Event {
            head_of_delegation: Some(head("Deputy", "")),
            summary: [("en".to_owned(), "Rice".to_owned())].into(),
            ..pb::Event::default()
        };
        let paths = ["head_of_delegation.office", "summary.en", "place.en"].map(str::to_owned);
        let laid = FIELDS.lay_over(old.clone(), &new, &paths);
        assert_eq!(laid.head_of_delegation, Some(head("Deputy", "province")));
        assert_eq!(
            (laid.summary["vi"].as_str(), laid.summary["en"].as_str()),
            ("Gạo", "Rice")
        );
        assert!(laid.place.is_empty());
        let paths = ["head_of_delegation.office", "head_of_delegation.level", "summary.en"].map(str::to_owned);
        let emptied = FIELDS.lay_over(old, &pb::Event::default(), &paths);
        assert_eq!((emptied.head_of_delegation, emptied.summary.len()), (None, 1));
    }
}

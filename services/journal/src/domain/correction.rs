//! Corrections: which fields may be corrected, and how new values are laid over an event.

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::Scope;

/// Copies one field from the correction onto the event.
type Lay = fn(&mut pb::Event, &pb::Event);

/// The fields that may be corrected, by their names in a mask.
const FIELDS: [(&str, Lay); 18] = [
    ("event_type", |event, new| event.event_type.clone_from(&new.event_type)),
    ("start_date", |event, new| event.start_date.clone_from(&new.start_date)),
    ("end_date", |event, new| event.end_date.clone_from(&new.end_date)),
    ("place", |event, new| event.place.clone_from(&new.place)),
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
    ("programmes", |event, new| event.programmes.clone_from(&new.programmes)),
    ("agreement", |event, new| event.agreement.clone_from(&new.agreement)),
    ("marker_from", |event, new| {
        event.marker_from.clone_from(&new.marker_from);
    }),
    ("marker_to", |event, new| event.marker_to.clone_from(&new.marker_to)),
    ("quantities", |event, new| event.quantities.clone_from(&new.quantities)),
    ("summary", |event, new| event.summary.clone_from(&new.summary)),
    ("classification", |event, new| event.classification = new.classification),
];

/// Checks a mask: at least one field, each one that may be corrected.
pub fn mask(mask: Option<&prost_types::FieldMask>, field: &str, scope: &mut Scope<'_>) -> Vec<String> {
    let paths = mask.map(|mask| mask.paths.clone()).unwrap_or_default();
    if paths.is_empty() {
        scope.required(field);
    }
    for path in paths.iter().filter(|path| !FIELDS.iter().any(|(name, _)| name == path)) {
        scope.invalid(field, format!("{path:?} is no field that can be corrected"));
    }
    paths
}

/// The event with the fields of a checked mask taken from the correction. A masked field that the correction leaves out
/// becomes unknown.
pub fn lay_over(mut event: pb::Event, correction: &pb::Event, mask: &[String]) -> pb::Event {
    for (name, lay) in FIELDS {
        if mask.iter().any(|path| path == name) {
            lay(&mut event, correction);
        }
    }
    event
}

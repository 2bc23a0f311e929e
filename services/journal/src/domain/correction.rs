//! Corrections: which fields may be corrected.

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::mask::Fields;

/// The fields that may be corrected. A masked field that the correction leaves out becomes unknown.
pub const FIELDS: Fields<pb::Event> = Fields(&[
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
]);

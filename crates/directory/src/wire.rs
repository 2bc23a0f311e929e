//! The registry's resources between the wire and the model. From the wire, converting is validating.

mod units;

pub use units::{correction, details_of_unit, established, reorganization, unit_seed};

use std::sync::Arc;

use banggiao_contracts::{registry::v1 as pb, r#type::v1::GeoPoint};
use banggiao_model::{
    name,
    permission::{Grant, Role},
};
use banggiao_rpc::{mask::Fields, violation::Scope, wire};

/// The fields of an agreement that a correction or an action may change. Which of them when, the registry decides; here
/// they are only laid over.
pub const AGREEMENT_FIELDS: Fields<pb::Agreement> = Fields(&[
    ("title", |old, new| old.title.clone_from(&new.title)),
    ("number", |old, new| old.number.clone_from(&new.number)),
    ("signatories", |old, new| old.signatories.clone_from(&new.signatories)),
    ("programmes", |old, new| old.programmes.clone_from(&new.programmes)),
    ("event_types", |old, new| old.event_types.clone_from(&new.event_types)),
    ("briefing_interval_months", |old, new| {
        old.briefing_interval_months = new.briefing_interval_months;
    }),
    ("attachments", |old, new| old.attachments.clone_from(&new.attachments)),
    ("parent", |old, new| old.parent.clone_from(&new.parent)),
    ("kind", |old, new| old.kind = new.kind),
    ("level", |old, new| old.level = new.level),
    ("home_units", |old, new| old.home_units.clone_from(&new.home_units)),
    ("partner_units", |old, new| {
        old.partner_units.clone_from(&new.partner_units);
    }),
    ("sign_date", |old, new| old.sign_date.clone_from(&new.sign_date)),
    ("start_date", |old, new| old.start_date.clone_from(&new.start_date)),
    ("end_date", |old, new| old.end_date.clone_from(&new.end_date)),
]);

/// The countries whose units are kept.
pub const COUNTRIES: [&str; 3] = ["VN", "KH", "LA"];

/// Checks a list of countries.
pub fn countries(values: &[String], field: &str, scope: &mut Scope<'_>) {
    for (index, country) in values.iter().enumerate() {
        self::country(country, &format!("{field}[{index}]"), scope);
    }
}

fn country(value: &str, field: &str, scope: &mut Scope<'_>) {
    if !COUNTRIES.contains(&value) {
        scope.invalid(field, format!("{value:?} is none of {}", COUNTRIES.join(", ")));
    }
}

/// Checks a point on the ground, if there is one.
pub fn geo_point(point: Option<&GeoPoint>, field: &str, scope: &mut Scope<'_>) {
    let Some(point) = point else { return };
    let within = [
        (point.latitude, 90.0, "latitude"),
        (point.longitude, 180.0, "longitude"),
    ];
    for (degrees, max, part) in within {
        // What is not a number is within no bounds.
        if !(-max..=max).contains(&degrees) {
            scope.invalid(
                &format!("{field}.{part}"),
                format!("{degrees} is not between -{max} and {max}"),
            );
        }
    }
}

/// A grant, with the id of its principal.
pub fn grant(grant: &pb::Grant, scope: &mut Scope<'_>) -> Option<(String, Grant)> {
    let principal = wire::required_id(&grant.principal, "principals", "principal", scope);
    let role = role(grant.role, scope);
    let unit = wire::unit(&grant.unit, "unit", scope);
    let clearance = wire::classification(grant.clearance, "clearance", scope);
    let (start, end) = wire::days(&grant.start_date, &grant.end_date, scope);
    let substituted = wire::id(&grant.substitute_for, "principals", "substitute_for", scope);
    Some((
        principal?,
        Grant {
            role: role?,
            unit,
            clearance,
            start,
            end,
            substitute_for: substituted.map(Arc::from),
        },
    ))
}

fn role(role: i32, scope: &mut Scope<'_>) -> Option<Role> {
    match wire::enumeration::<pb::Role>(role, "role", scope) {
        pb::Role::Unspecified => {
            scope.required("role");
            None
        }
        pb::Role::Reader => Some(Role::Reader),
        pb::Role::Recorder => Some(Role::Recorder),
        pb::Role::Approver => Some(Role::Approver),
        pb::Role::Registrar => Some(Role::Registrar),
        pb::Role::Auditor => Some(Role::Auditor),
        pb::Role::Administrator => Some(Role::Administrator),
        pb::Role::Service => Some(Role::Service),
    }
}

/// The resource name of a reorganisation.
#[must_use]
pub fn reorganization_name(id: &str) -> String {
    name::name("reorganizations", id)
}

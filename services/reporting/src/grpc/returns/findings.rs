//! Findings: which are asked for, and which may be told to whom.

use banggiao_contracts::{
    journal::v1 as journal,
    reporting::v1::{self as pb, FindingKind},
};
use banggiao_directory::Directory;
use banggiao_model::{name, permission::Classification};
use banggiao_rpc::{Scope, Violations, wire};

use crate::domain::figure::Reach;

/// The kinds that are asked for; all of them if none is named.
pub fn kinds(given: &[i32], scope: &mut Scope<'_>) -> Vec<FindingKind> {
    let given = given.iter().enumerate().map(|(index, given)| {
        let path = format!("kinds[{index}]");
        let kind = wire::enumeration(*given, &path, scope);
        if *given == 0 {
            scope.required(&path);
        }
        kind
    });
    let kinds: Vec<FindingKind> = given.collect();
    if !kinds.is_empty() {
        return kinds;
    }
    vec![
        FindingKind::AgeingReview,
        FindingKind::MissedBriefing,
        FindingKind::ExpiringAgreement,
        FindingKind::UnvisitedMarker,
    ]
}

/// The events that the caller may read.
pub fn readable(directory: &Directory, reach: &Reach, events: Vec<journal::Event>) -> Vec<journal::Event> {
    let allowed = |event: &journal::Event| {
        let homes = std::iter::once(&event.home_unit).chain(&event.co_home_units);
        let keys = homes.filter_map(|home| directory.hierarchy().key_of(name::collection_id(home, "units")?));
        let mut violations = Violations::new();
        let secret = wire::classification(event.classification, "classification", &mut violations.root());
        violations.is_empty() && reach.events.allows(&keys.collect::<Vec<_>>(), secret)
    };
    events.into_iter().filter(allowed).collect()
}

/// Whether a finding may be told: who may read nothing of the unit learns nothing of it here.
pub fn may_be_told(directory: &Directory, reach: &Reach, finding: &pb::Finding) -> bool {
    let unit = name::collection_id(&finding.unit, "units").and_then(|id| directory.hierarchy().key_of(id));
    let scope = match finding.kind() {
        FindingKind::MissedBriefing | FindingKind::ExpiringAgreement => &reach.agreements,
        _ => &reach.events,
    };
    unit.is_some_and(|unit| scope.allows(&[unit], Classification::Unclassified))
}

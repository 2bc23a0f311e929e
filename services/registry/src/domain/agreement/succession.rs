//! Who takes the place of parties that have ended.

use std::collections::BTreeSet;

use banggiao_contracts::registry::v1::{
    self as pb, AgreementActionKind as Kind, AgreementState as State, change::Resource,
};
use banggiao_directory::{Agreement, Directory, has_ended};
use banggiao_model::{date::Date, hierarchy::Key, name};
use banggiao_rpc::{Violations, wire as shared};

use super::action::{Document, stands};
use crate::domain::{Error, checked, required_known, rule};

/// At most so many parties are succeeded at once.
const BATCH_MAX: usize = 1000;

/// Successions to be recorded, all or none.
pub fn succeed(
    directory: &Directory,
    document: &Document,
    successions: &[pb::PartySuccession],
) -> Result<Vec<Resource>, Error> {
    let mut violations = Violations::new();
    let day = document.check(&mut violations);
    if successions.is_empty() {
        violations.root().required("successions");
    }
    shared::at_most(BATCH_MAX, successions.len(), "successions", &mut violations.root());
    let mut named = BTreeSet::new();
    let mut drafts = Vec::with_capacity(successions.len());
    for (index, one) in successions.iter().take(BATCH_MAX).enumerate() {
        let mut scope = violations.scope(&format!("successions[{index}]"));
        let id = shared::required_id(&one.agreement, "agreements", "agreement", &mut scope);
        let agreement = id.and_then(|id| directory.agreements().get(&id));
        if agreement.is_none() && name::collection_id(&one.agreement, "agreements").is_some() {
            scope.unknown("agreement", &one.agreement);
        }
        let mut unit = |value: &str, field| required_known(directory, value, field, &mut scope);
        let (from, to) = (unit(&one.from_unit, "from_unit"), unit(&one.to_unit, "to_unit"));
        let units = from.zip(to);
        if !named.insert((&one.agreement, &one.from_unit)) {
            scope.invalid(
                "from_unit",
                format!("{} is named twice for this agreement", one.from_unit),
            );
        }
        drafts.extend(
            agreement
                .zip(units)
                .map(|(agreement, units)| (index, one, agreement, units)),
        );
    }
    let day = checked(day, violations)?;
    let (mut resources, mut faults) = (Vec::with_capacity(drafts.len()), Vec::new());
    for (index, one, agreement, (from, to)) in drafts {
        match succeeds(directory, agreement, &one.agreement, (from, to), day) {
            Ok(()) => resources.push(Resource::AgreementAction(pb::AgreementAction {
                from_unit: one.from_unit.clone(),
                to_unit: one.to_unit.clone(),
                ..document.action(&one.agreement, Kind::Succeeded)
            })),
            Err(why) => faults.push((format!("successions[{index}]"), why)),
        }
    }
    if faults.is_empty() {
        return Ok(resources);
    }
    Err(Error::Precondition {
        reason: rule::WRONG_STATE,
        violations: faults,
    })
}

fn succeeds(
    directory: &Directory,
    agreement: &Agreement,
    name: &str,
    (from, to): (Key, Key),
    day: Date,
) -> Result<(), String> {
    let hierarchy = directory.hierarchy();
    let unit = |key| hierarchy.unit(key).id().name();
    let needs = [State::Signed, State::InForce, State::Suspended];
    if let Err(Error::Precondition { violations, .. }) = stands(agreement, name, day, &needs) {
        let told = violations.into_iter().map(|(subject, why)| format!("{subject} {why}"));
        return Err(told.collect::<Vec<_>>().join("; "));
    }
    let mut parties = agreement.parties().into_iter();
    let Some(party) = parties.find(|party| party.unit == from && party.until.is_none()) else {
        return Err(format!("{} is no party of {name}", unit(from)));
    };
    // Where the act that ended the predecessor was revoked, it may have its place back.
    if !has_ended(hierarchy, from, day) && party.replaces != Some(to) {
        return Err(format!("{} has not ended by {day}", unit(from)));
    }
    if !hierarchy.alive_on(to, day) {
        return Err(format!("{} is not alive on {day}", unit(to)));
    }
    if hierarchy.unit(from).country() != hierarchy.unit(to).country() {
        return Err(format!("{} is not of the country of {}", unit(to), unit(from)));
    }
    Ok(())
}

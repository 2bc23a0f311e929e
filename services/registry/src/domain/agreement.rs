//! Agreements (thỏa thuận): what is recorded of them, what may be corrected, and how they read on a day.

mod action;
mod filter;
mod succession;

pub use action::{Act, Document, draft as draft_action};
pub use filter::Filter;
pub use succession::succeed;

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Agreement, Directory, Party, wire};
use banggiao_model::{
    date::{self, Date},
    hierarchy::{Hierarchy, Key},
    level::Level,
    name,
};
use banggiao_rpc::{
    Scope, Violations, mask,
    wire::{self as shared, MAX_NAME},
};

use super::{Chosen, Error, checked, fresh, rule};

/// The two sides meet at least every ten years, or have agreed on nothing.
const MONTHS_MAX: i32 = 120;
/// An agreement has at most so many signatories, and as many files.
const FEW: usize = 20;

/// The fields that may be corrected at any time.
const ALWAYS: [&str; 8] = [
    "title",
    "number",
    "signatories",
    "programmes",
    "event_types",
    "briefing_interval_months",
    "attachments",
    "parent",
];

/// The fields that may be corrected only as long as nothing was done to the agreement but to sign it.
const AT_FIRST: [&str; 6] = [
    "kind",
    "home_units",
    "partner_units",
    "sign_date",
    "start_date",
    "end_date",
];

/// An agreement to be recorded: its parties are known and were alive on the day of signing, and its level is that of the
/// leading home unit's kind on that day.
pub fn draft(
    directory: &Directory,
    chosen: Chosen<'_>,
    agreement: &pb::Agreement,
    path: &str,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = chosen.check(&mut violations);
    let new = pb::Agreement {
        name: id.map(|id| name::name("agreements", id)).unwrap_or_default(),
        create_time: None,
        ..agreement.clone()
    };
    let parties = check(directory, &new, &mut violations.scope(path));
    let id = checked(id, violations)?;
    if directory.agreements().contains_key(id) {
        return Err(Error::AlreadyExists(new.name));
    }
    recordable(directory, &parties, new)
}

/// An agreement with corrected fields.
pub fn draft_update(
    directory: &Directory,
    new: &pb::Agreement,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let correctable = [&ALWAYS[..], &AT_FIRST[..]].concat();
    let mask = mask::check(&correctable, mask, "update_mask", &mut violations.root());
    let id = shared::required_id(&new.name, "agreements", "agreement.name", &mut violations.root());
    let id = checked(id, violations)?;
    let before = directory.agreements().get(&id);
    let before = before.ok_or_else(|| Error::NotFound(new.name.clone()))?;
    fresh(&new.name, &before.resource.etag, &new.etag)?;
    let late = mask.iter().filter(|path| AT_FIRST.contains(&path.as_str()));
    let settled: Vec<_> = late.filter(|_| before.is_settled()).collect();
    if !settled.is_empty() {
        let why = "can no longer be corrected, since something was done to the agreement";
        return Err(Error::Precondition {
            reason: rule::WRONG_STATE,
            violations: settled
                .into_iter()
                .map(|path| (format!("agreement.{path}"), why.to_owned()))
                .collect(),
        });
    }
    let after = wire::AGREEMENT_FIELDS.lay_over(before.resource.clone(), new, &mask);
    let mut violations = Violations::new();
    let mut scope = violations.scope("agreement");
    let parties = check(directory, &after, &mut scope);
    if before.resource.sign_date.is_empty() != after.sign_date.is_empty() {
        scope.invalid(
            "sign_date",
            "a draft is signed by SignAgreement, and what was signed stays so",
        );
    }
    checked(Some(()), violations)?;
    // An act that was recorded later may have ended a party before it signed; that is no reason to leave a title wrong.
    let decides = ["home_units", "partner_units", "sign_date"];
    if mask.iter().any(|path| decides.contains(&path.as_str())) {
        recordable(directory, &parties, after)
    } else {
        Ok(Resource::Agreement(bare(after)))
    }
}

/// The parties, the leading one of each side first.
#[derive(Debug, Default)]
struct Parties {
    home: Vec<Key>,
    partner: Vec<Key>,
}

/// Every fault of the fields.
fn check(directory: &Directory, agreement: &pb::Agreement, scope: &mut Scope<'_>) -> Parties {
    if shared::enumeration::<pb::AgreementKind>(agreement.kind, "kind", scope) == pb::AgreementKind::Unspecified {
        scope.required("kind");
    }
    let sign_date = shared::day(&agreement.sign_date, "sign_date", scope);
    let (start, end) = shared::days(&agreement.start_date, &agreement.end_date, scope);
    not_before(sign_date, (start, end), scope);
    if let Some(both) = agreement
        .home_units
        .iter()
        .find(|unit| agreement.partner_units.contains(unit))
    {
        scope.invalid("partner_units", format!("{both} stands on the home side already"));
    }
    let hierarchy = directory.hierarchy();
    let parties = Parties {
        home: known(hierarchy, &agreement.home_units, "home_units", scope),
        partner: known(hierarchy, &agreement.partner_units, "partner_units", scope),
    };
    if let Some(parent) = shared::id(&agreement.parent, "agreements", "parent", scope) {
        if !directory.agreements().contains_key(&parent) {
            scope.unknown("parent", &agreement.parent);
        } else if hangs_under(directory, &parent, &agreement.name) {
            scope.invalid(
                "parent",
                format!("{} hangs under this agreement itself", agreement.parent),
            );
        }
    }
    shared::at_most(FEW, agreement.signatories.len(), "signatories", scope);
    for (index, signatory) in agreement.signatories.iter().enumerate() {
        let mut scope = scope.scope(&format!("signatories[{index}]"));
        shared::required_unit(&signatory.unit, "unit", &mut scope);
        let parties = agreement.home_units.iter().chain(&agreement.partner_units);
        if !signatory.unit.is_empty() && !parties.into_iter().any(|party| *party == signatory.unit) {
            scope.invalid("unit", format!("{} is no party", signatory.unit));
        }
        if signatory.office.is_empty() {
            scope.required("office");
        }
        shared::line(&signatory.office, MAX_NAME, "office", &mut scope);
        shared::line(&signatory.person_name, MAX_NAME, "person_name", &mut scope);
    }
    check_content(directory, agreement, scope);
    parties
}

/// Nothing holds, nor ends, before it is signed. An end before the start is told already.
fn not_before(signed: Option<Date>, (start, end): (Option<Date>, Option<Date>), scope: &mut Scope<'_>) {
    for (field, given) in [("start_date", start), ("end_date", end.filter(|_| start.is_none()))] {
        if let (Some(signed), Some(given)) = (signed, given)
            && given < signed
        {
            scope.invalid(field, format!("{given} is before the day of signing {signed}"));
        }
    }
}

/// The fields that an amendment may change as well as a correction.
fn check_content(directory: &Directory, agreement: &pb::Agreement, scope: &mut Scope<'_>) {
    shared::names(&agreement.title, "title", scope);
    shared::line(&agreement.number, MAX_NAME, "number", scope);
    for (index, id) in shared::ids(&agreement.programmes, "programmes", "programmes", scope)
        .iter()
        .enumerate()
    {
        if !directory.programmes().contains_key(id) {
            scope.unknown(&format!("programmes[{index}]"), &name::name("programmes", id));
        }
    }
    // What types of events there are is the journal's to know.
    shared::ids(&agreement.event_types, "eventTypes", "event_types", scope);
    if let Some(months) = agreement.briefing_interval_months
        && !(1..=MONTHS_MAX).contains(&months)
    {
        scope.invalid(
            "briefing_interval_months",
            format!("{months} is not between 1 and {MONTHS_MAX}"),
        );
    }
    shared::at_most(FEW, agreement.attachments.len(), "attachments", scope);
    for (index, attachment) in agreement.attachments.iter().enumerate() {
        let mut scope = scope.scope(&format!("attachments[{index}]"));
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if attachment.sha256.len() != 64 || !attachment.sha256.bytes().all(hexadecimal) {
            scope.invalid("sha256", "is not 64 hexadecimal digits in lower case");
        }
        if attachment.title.is_empty() {
            scope.required("title");
        }
        shared::line(&attachment.title, MAX_NAME, "title", &mut scope);
    }
}

/// Whether an agreement is another one, or hangs under it.
fn hangs_under(directory: &Directory, id: &str, other: &str) -> bool {
    let mut at = Some(id.to_owned());
    // Agreements hang one under the other, so there are never more steps than agreements.
    for _ in 0..=directory.agreements().len() {
        let Some(id) = at else { return false };
        if name::name("agreements", &id) == other {
            return true;
        }
        let parent = directory
            .agreements()
            .get(&id)
            .map(|found| found.resource.parent.clone());
        at = parent.and_then(|parent| name::collection_id(&parent, "agreements").map(str::to_owned));
    }
    true
}

fn known(hierarchy: &Hierarchy, names: &[String], field: &str, scope: &mut Scope<'_>) -> Vec<Key> {
    if names.is_empty() {
        scope.required(field);
    }
    let units = shared::units(names, field, scope);
    for unit in units.iter().filter(|unit| hierarchy.key(unit).is_none()) {
        scope.unknown(field, &unit.name());
    }
    units.iter().filter_map(|unit| hierarchy.key(unit)).collect()
}

/// The agreement as it is recorded: checked against the day of signing, with its level, and without what is derived.
fn recordable(directory: &Directory, parties: &Parties, agreement: pb::Agreement) -> Result<Resource, Error> {
    let hierarchy = directory.hierarchy();
    let sign_date = date::parse(&agreement.sign_date).ok();
    alive_at_signing(hierarchy, sign_date, parties.home.iter().chain(&parties.partner))?;
    let level = level_at_signing(hierarchy, sign_date, parties.home[0]);
    Ok(Resource::Agreement(bare(pb::Agreement {
        level: shared::level_pb(level).into(),
        ..agreement
    })))
}

/// An agreement without what is derived.
fn bare(agreement: pb::Agreement) -> pb::Agreement {
    pb::Agreement {
        state: 0,
        parties: Vec::new(),
        needs_successor: false,
        last_action: 0,
        ..agreement
    }
}

fn alive_at_signing<'a>(
    hierarchy: &Hierarchy,
    sign_date: Option<Date>,
    parties: impl Iterator<Item = &'a Key>,
) -> Result<(), Error> {
    let Some(day) = sign_date else { return Ok(()) };
    let why = format!("was not alive on the day of signing {day}");
    let dead = parties.filter(|key| !hierarchy.alive_on(**key, day));
    let violations: Vec<_> = dead
        .map(|key| (hierarchy.unit(*key).id().name(), why.clone()))
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Error::Precondition {
            reason: rule::UNIT_NOT_ALIVE,
            violations,
        })
    }
}

fn level_at_signing(hierarchy: &Hierarchy, sign_date: Option<Date>, unit: Key) -> Level {
    let version = sign_date.and_then(|day| hierarchy.version_on(unit, day));
    version
        .or_else(|| hierarchy.unit(unit).versions().last())
        .map_or(Level::Other, |version| version.level)
}

/// The agreement as it stands on a day.
pub fn read(hierarchy: &Hierarchy, agreement: &Agreement, today: Date) -> pb::Agreement {
    let parties = agreement.parties();
    let last = agreement.actions.last();
    pb::Agreement {
        state: agreement.state_on(today).into(),
        needs_successor: !agreement.orphaned_on(hierarchy, today).is_empty(),
        last_action: last
            .map_or(pb::AgreementActionKind::Unspecified, |action| action.kind)
            .into(),
        parties: parties.iter().map(|party| party_pb(hierarchy, *party)).collect(),
        ..agreement.resource.clone()
    }
}

/// A party as it was on the day it became one; of a draft, as it is.
fn party_pb(hierarchy: &Hierarchy, party: Party) -> pb::AgreementParty {
    let unit = hierarchy.unit(party.unit);
    let version = party
        .from
        .and_then(|day| unit.version_on(day))
        .or(unit.versions().last());
    let names = |keys: &[Key]| keys.iter().map(|key| hierarchy.unit(*key).id().name()).collect();
    let shown = |day: Option<Date>| day.map(date::format).unwrap_or_default();
    pb::AgreementParty {
        unit: unit.id().name(),
        names: version.map(|version| (*version.names).clone()).unwrap_or_default(),
        kind: version.map(|version| version.kind.to_string()).unwrap_or_default(),
        country: unit.country().to_owned(),
        start_date: shown(party.from),
        end_date: shown(party.until.map(date::day_before)),
        unit_end_date: shown(unit.last_day()),
        unit_successors: names(hierarchy.successors(party.unit)),
    }
}

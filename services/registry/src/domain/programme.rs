//! Programmes (nghị quyết, đề án, kế hoạch): what is recorded of them, and what they want to reach.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire::countries};
use banggiao_model::{decimal, name};
use banggiao_rpc::{
    Scope, Violations,
    mask::Fields,
    wire::{self as shared, MAX_NAME},
};

use super::{Chosen, Error, checked, fresh};

/// A programme to be recorded.
pub fn draft(
    directory: &Directory,
    chosen: Chosen<'_>,
    programme: &pb::Programme,
    path: &str,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = chosen.check(&mut violations);
    check(programme, &mut violations.scope(path));
    let id = checked(id, violations)?;
    let name = name::name("programmes", id);
    if directory.programmes().contains_key(id) {
        return Err(Error::AlreadyExists(name));
    }
    Ok(Resource::Programme(pb::Programme {
        name,
        create_time: None,
        ..programme.clone()
    }))
}

/// Every fault of the fields.
fn check(programme: &pb::Programme, scope: &mut Scope<'_>) {
    shared::line(&programme.number, MAX_NAME, "number", scope);
    shared::names(&programme.title, "title", scope);
    shared::line(&programme.issuer, MAX_NAME, "issuer", scope);
    shared::day(&programme.issue_date, "issue_date", scope);
    shared::days(&programme.start_date, &programme.end_date, scope);
    countries(&programme.countries, "countries", scope);
    shared::line(&programme.horizon, MAX_NAME, "horizon", scope);
}

/// What may be changed.
const CHANGEABLE: Fields<pb::Programme> = Fields(&[
    ("number", |old, new| old.number.clone_from(&new.number)),
    ("title", |old, new| old.title.clone_from(&new.title)),
    ("issuer", |old, new| old.issuer.clone_from(&new.issuer)),
    ("issue_date", |old, new| old.issue_date.clone_from(&new.issue_date)),
    ("start_date", |old, new| old.start_date.clone_from(&new.start_date)),
    ("end_date", |old, new| old.end_date.clone_from(&new.end_date)),
    ("countries", |old, new| old.countries.clone_from(&new.countries)),
    ("horizon", |old, new| old.horizon.clone_from(&new.horizon)),
]);

/// A programme with changed fields.
pub fn draft_update(
    directory: &Directory,
    new: &pb::Programme,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mask = CHANGEABLE.check(mask, "update_mask", &mut violations.root());
    let id = shared::required_id(&new.name, "programmes", "programme.name", &mut violations.root());
    let id = checked(id, violations)?;
    let before = directory.programmes().get(&id);
    let before = before.ok_or_else(|| Error::NotFound(new.name.clone()))?;
    fresh(&new.name, &before.etag, &new.etag)?;
    let after = CHANGEABLE.lay_over((**before).clone(), new, &mask);
    let mut violations = Violations::new();
    check(&after, &mut violations.scope("programme"));
    checked(Some(Resource::Programme(after)), violations)
}

/// A target to be set. Which indicators and periods there are is reporting's to know; here their names are checked.
pub fn draft_target(directory: &Directory, target: &pb::Target) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope("target");
    let programme = shared::required_id(&target.programme, "programmes", "programme", &mut scope);
    if programme.is_some_and(|id| !directory.programmes().contains_key(&id)) {
        scope.unknown("programme", &target.programme);
    }
    shared::required_id(&target.indicator, "indicators", "indicator", &mut scope);
    let unit = shared::required_unit(&target.unit, "unit", &mut scope);
    if unit.is_some_and(|id| directory.hierarchy().key(&id).is_none()) {
        scope.unknown("unit", &target.unit);
    }
    let period = target
        .period
        .strip_prefix("calendars/")
        .and_then(|rest| rest.split_once("/periods/"));
    match period {
        Some((calendar, period)) if name::valid_id(calendar) && valid_period(period) => {}
        _ if target.period.is_empty() => scope.required("period"),
        _ => scope.invalid(
            "period",
            format!(
                "{:?} is not of the form calendars/{{calendar}}/periods/{{period}}",
                target.period
            ),
        ),
    }
    if !target.value.is_empty()
        && let Err(error) = decimal::parse(&target.value)
    {
        scope.invalid("value", error.to_string());
    }
    let drafted = pb::Target {
        create_time: None,
        ..target.clone()
    };
    checked(Some(Resource::Target(drafted)), violations)
}

/// A period's id begins with its year, as `2024-h1`.
fn valid_period(id: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !id.is_empty() && id.len() <= 63 && id.bytes().all(letters)
}

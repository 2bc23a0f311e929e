//! Principals, grants and tokens: what is recorded of them, who else has to agree, and the one that must always be left.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, Grant as Granted, wire};
use banggiao_model::{
    date::Date,
    name,
    permission::{self, Action, Grant, Role},
};
use banggiao_rpc::{
    Scope, Violations,
    mask::Fields,
    token::Issued,
    wire::{self as shared, MAX_NAME},
};

use super::{Error, checked, fresh, rule};

/// A principal to be recorded.
pub fn draft_principal(directory: &Directory, id: &str, principal: &pb::Principal) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    if !name::valid_id(id) {
        violations
            .root()
            .invalid("principal_id", format!("{id:?} is not an id"));
    }
    shared::line(
        &principal.display_name,
        MAX_NAME,
        "display_name",
        &mut violations.scope("principal"),
    );
    checked(Some(()), violations)?;
    let name = name::name("principals", id);
    if directory.principals().contains_key(id) {
        return Err(Error::AlreadyExists(name));
    }
    Ok(Resource::Principal(pb::Principal {
        name,
        create_time: None,
        ..principal.clone()
    }))
}

/// What may be changed of a principal.
const CHANGEABLE: Fields<pb::Principal> = Fields(&[
    ("display_name", |old, new| {
        old.display_name.clone_from(&new.display_name);
    }),
    ("disabled", |old, new| old.disabled = new.disabled),
]);

/// A principal with changed fields.
pub fn draft_update(
    directory: &Directory,
    new: &pb::Principal,
    mask: Option<&prost_types::FieldMask>,
    today: Date,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mask = CHANGEABLE.check(mask, "update_mask", &mut violations.root());
    let id = shared::required_id(&new.name, "principals", "principal.name", &mut violations.root());
    shared::line(
        &new.display_name,
        MAX_NAME,
        "display_name",
        &mut violations.scope("principal"),
    );
    let id = checked(id, violations)?;
    let before = directory.principals().get(&id);
    let before = before.ok_or_else(|| Error::NotFound(new.name.clone()))?;
    fresh(&new.name, &before.etag, &new.etag)?;
    let after = CHANGEABLE.lay_over((**before).clone(), new, &mask);
    if after.disabled && !before.disabled {
        let others = administrators_for_good(directory, today)
            .filter(|grant| grant.resource.principal != new.name)
            .count();
        if others == 0 {
            return Err(last_administrator(
                &new.name,
                "is the last who administers everything without end",
            ));
        }
    }
    Ok(Resource::Principal(after))
}

/// A grant to be recorded under the id given. That of an administrator is only proposed once there ever was another
/// administrator than the author: otherwise disabling that one would be enough to do without.
pub fn draft_grant(
    directory: &Directory,
    id: &str,
    grant: &pb::Grant,
    author: &str,
    (today, by_two): (Date, bool),
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope("grant");
    let parsed = wire::grant(grant, &mut scope);
    if let Some((principal, parsed)) = &parsed {
        if !directory.principals().contains_key(principal) {
            scope.unknown("principal", &grant.principal);
        }
        if let Some(unit) = &parsed.unit
            && directory.hierarchy().key(unit).is_none()
        {
            scope.unknown("unit", &grant.unit);
        }
        if let Some(substituted) = &parsed.substitute_for {
            substitution(directory, principal, substituted, parsed, today, &mut scope);
        }
    }
    let (_, parsed) = checked(parsed, violations)?;
    let mut administrators = directory.administrators_ever().iter();
    let another = administrators.any(|other| name::name("principals", other) != author);
    let proposed = parsed.role == Role::Administrator && another && by_two;
    Ok(Resource::Grant(pb::Grant {
        name: name::name("grants", id),
        granted_by: author.to_owned(),
        proposed,
        confirmed_by: String::new(),
        create_time: None,
        ..grant.clone()
    }))
}

/// Checks that a grant on somebody's behalf gives no more than that one has, and ends.
fn substitution(
    directory: &Directory,
    principal: &str,
    substituted: &str,
    grant: &Grant,
    today: Date,
    scope: &mut Scope<'_>,
) {
    if !directory.principals().contains_key(substituted) {
        scope.unknown("substitute_for", &name::name("principals", substituted));
        return;
    }
    if principal == substituted {
        scope.invalid("substitute_for", "nobody stands in for oneself".to_owned());
    }
    if grant.role != Role::Approver {
        scope.invalid("role", "only approvers have substitutes".to_owned());
    }
    if grant.end.is_none() {
        scope.required("end_date");
    }
    // By the units that the grants are for, not by what they reach: who approves for a province stands for all of it.
    let own = directory.grants_of(substituted).iter();
    let own = own.filter(|own| own.role == Role::Approver && own.substitute_for.is_none());
    let own: Vec<Grant> = own.cloned().collect();
    let reach = permission::scope(Action::ReadEvent, &own, directory.hierarchy(), today);
    let unit = grant.unit.as_ref().and_then(|unit| directory.hierarchy().key(unit));
    if !reach.allows(unit.as_slice(), grant.clearance) {
        scope.invalid(
            "substitute_for",
            format!("principals/{substituted} does not approve as much as this grant"),
        );
    }
}

/// The confirmation of a proposed grant.
pub fn draft_confirmation(directory: &Directory, name: &str, author: &str) -> Result<Resource, Error> {
    let grant = &find(directory, name)?.resource;
    let refused = |reason, why: &str| Error::Precondition {
        reason,
        violations: vec![(name.to_owned(), why.to_owned())],
    };
    if !grant.proposed {
        return Err(refused(rule::WRONG_STATE, "is not proposed and needs no confirmation"));
    }
    if grant.granted_by == author || grant.principal == author {
        let why = "is confirmed by an administrator who neither proposed nor gets it";
        return Err(refused(rule::OTHER_PERSON_NEEDED, why));
    }
    Ok(Resource::Grant(pb::Grant {
        proposed: false,
        confirmed_by: author.to_owned(),
        ..grant.clone()
    }))
}

/// The end of a grant.
pub fn draft_revocation(directory: &Directory, name: &str, today: Date) -> Result<Resource, Error> {
    let revoked = find(directory, name)?;
    let mut left = administrators_for_good(directory, today);
    let is_one = administrators_for_good(directory, today).any(|grant| grant.resource.name == name);
    if is_one && !left.any(|grant| grant.resource.name != name) {
        return Err(last_administrator(
            name,
            "is the last grant without end of the role administrator for everything",
        ));
    }
    Ok(Resource::RevokedGrant(revoked.resource.name.clone()))
}

/// The end of a token, of which more may be known than its id; nothing if it was revoked before.
pub fn draft_token_revocation(directory: &Directory, id: &str, issued: Option<&pb::Token>) -> Vec<Resource> {
    if directory.revoked_tokens().contains_key(id) {
        return Vec::new();
    }
    vec![Resource::RevokedToken(pb::Token {
        name: name::name("tokens", id),
        ..issued.cloned().unwrap_or_default()
    })]
}

/// A token as it was issued.
pub fn token(issued: &Issued) -> pb::Token {
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    pb::Token {
        name: name::name("tokens", &issued.id),
        principal: name::name("principals", &issued.principal),
        issue_time: time(issued.issue_time),
        expire_time: time(issued.expire_time),
        ..pb::Token::default()
    }
}

fn find<'a>(directory: &'a Directory, name: &str) -> Result<&'a Arc<Granted>, Error> {
    let id = name::collection_id(name, "grants");
    let found = id.and_then(|id| directory.grants().get(id));
    found.ok_or_else(|| Error::NotFound(name.to_owned()))
}

/// The grants by which somebody administers everything today and, since they have no end, tomorrow as well.
fn administrators_for_good(directory: &Directory, today: Date) -> impl Iterator<Item = &Arc<Granted>> {
    let disabled = |principal: &str| {
        let id = name::collection_id(principal, "principals").unwrap_or_default();
        directory.principals().get(id).is_some_and(|known| known.disabled)
    };
    directory.grants().values().filter(move |record| {
        let grant = &record.grant;
        let holds = grant.role == Role::Administrator && grant.unit.is_none() && grant.holds_on(today);
        holds && grant.end.is_none() && !record.resource.proposed && !disabled(&record.resource.principal)
    })
}

fn last_administrator(name: &str, why: &str) -> Error {
    Error::Precondition {
        reason: rule::LAST_ADMINISTRATOR,
        violations: vec![(name.to_owned(), why.to_owned())],
    }
}

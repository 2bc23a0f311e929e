//! Principals and grants: what is recorded of them, and the one that must always be left.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire};
use banggiao_model::{date::Date, name, permission::Role};
use banggiao_rpc::{
    Violations,
    wire::{self as shared, MAX_NAME},
};

use super::{Error, checked, rule};

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
        ..principal.clone()
    }))
}

/// A grant to be recorded under the id given.
pub fn draft_grant(directory: &Directory, id: &str, grant: &pb::Grant) -> Result<Resource, Error> {
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
    }
    checked(parsed, violations)?;
    Ok(Resource::Grant(pb::Grant {
        name: name::name("grants", id),
        ..grant.clone()
    }))
}

/// The end of a grant.
pub fn draft_revocation(directory: &Directory, name: &str, today: Date) -> Result<Resource, Error> {
    let not_found = || Error::NotFound(name.to_owned());
    let id = name::collection_id(name, "grants").ok_or_else(not_found)?;
    let revoked = directory.grants().get(id).ok_or_else(not_found)?;
    let administers = |grant: &banggiao_directory::Grant| {
        grant.grant.role == Role::Administrator && grant.grant.unit.is_none() && grant.grant.holds_on(today)
    };
    // A grant that ends some day would leave nobody on the day after.
    let for_good = |grant: &banggiao_directory::Grant| administers(grant) && grant.grant.end.is_none();
    let others = directory
        .grants()
        .iter()
        .filter(|(other, grant)| *other != id && for_good(grant))
        .count();
    if for_good(revoked) && others == 0 {
        let why = "is the last grant without end of the role administrator for everything".to_owned();
        return Err(Error::Precondition {
            reason: rule::LAST_ADMINISTRATOR,
            violations: vec![(name.to_owned(), why)],
        });
    }
    Ok(Resource::RevokedGrant(name.to_owned()))
}

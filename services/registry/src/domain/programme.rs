//! Programmes (nghị quyết, đề án, kế hoạch): what is recorded of them.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire::countries};
use banggiao_model::name;
use banggiao_rpc::{
    Violations,
    wire::{self as shared, MAX_NAME},
};

use super::{Chosen, Error, checked};

/// A programme to be recorded.
pub fn draft(
    directory: &Directory,
    chosen: Chosen<'_>,
    programme: &pb::Programme,
    path: &str,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = chosen.check(&mut violations);
    let mut scope = violations.scope(path);
    shared::line(&programme.number, MAX_NAME, "number", &mut scope);
    shared::names(&programme.title, "title", &mut scope);
    shared::line(&programme.issuer, MAX_NAME, "issuer", &mut scope);
    shared::day(&programme.issue_date, "issue_date", &mut scope);
    shared::days(&programme.start_date, &programme.end_date, &mut scope);
    countries(&programme.countries, "countries", &mut scope);
    let id = checked(id, violations)?;
    let name = name::name("programmes", id);
    if directory.programmes().contains_key(id) {
        return Err(Error::AlreadyExists(name));
    }
    Ok(Resource::Programme(pb::Programme {
        name,
        ..programme.clone()
    }))
}

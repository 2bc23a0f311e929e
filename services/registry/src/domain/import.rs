//! Rows of an import: how a row is recognised, and what it records.

use banggiao_contracts::{
    registry::v1::{self as pb, change::Resource, import_row::Row},
    r#type::v1::RowResult,
};
use banggiao_directory::Directory;
use banggiao_model::{marker::Number, name};
use banggiao_rpc::{Violation, reflect, request, rows, violation::reason};

use super::{Chosen, Error, access, agreement, marker, programme, reorganization, rule, unit};

/// By what a row is recognised for ever, within its source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recognition {
    /// What kind of row it is.
    pub kind: &'static str,
    /// Id of the resource, or the digest of an act.
    pub key: String,
    /// SHA-256 of the parsed fields.
    pub digest: [u8; 32],
}

/// How the row is recognised.
pub fn recognition(row: &Row) -> Recognition {
    let bare = |name: &str| name.split_once('/').map_or(name, |(_, id)| id).to_owned();
    match row {
        Row::Unit(unit) => by_id("unit", bare(&unit.name), unit),
        Row::Programme(programme) => by_id("programme", bare(&programme.name), programme),
        Row::Agreement(agreement) => by_id("agreement", bare(&agreement.name), agreement),
        Row::Marker(marker) => {
            let id = Number::parse(&marker.number).map(|number| number.id(&marker.border));
            by_id("marker", id.unwrap_or_else(|_| marker.number.clone()), marker)
        }
        // An act has no id of its own: it is recognised by all that it says.
        Row::Reorganization(acts) => {
            let digest = request::digest("reorganization", acts);
            let key = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            Recognition {
                kind: "reorganization",
                key,
                digest,
            }
        }
    }
}

fn by_id(kind: &'static str, mut key: String, row: &impl prost::Message) -> Recognition {
    // A key that is no id is refused later; it only has to fit its column until then.
    key.truncate(key.floor_char_boundary(64));
    Recognition {
        kind,
        key,
        digest: request::digest(kind, row),
    }
}

/// What the row records. `id` is for resources whose id the server makes.
pub fn draft(directory: &Directory, row: &Row, id: &str) -> Result<Resource, Error> {
    fn chosen<'a>(name: &'a str, collection: &str, field: &'a str) -> Chosen<'a> {
        let id = name::collection_id(name, collection).unwrap_or(name);
        Chosen { id, field }
    }
    match row {
        Row::Unit(unit) => unit::draft(directory, chosen(&unit.name, "units", "unit.name"), unit, "unit"),
        Row::Programme(programme) => {
            let id = chosen(&programme.name, "programmes", "programme.name");
            programme::draft(directory, id, programme, "programme")
        }
        Row::Agreement(agreement) => {
            let id = chosen(&agreement.name, "agreements", "agreement.name");
            agreement::draft(directory, id, agreement, "agreement")
        }
        Row::Marker(marker) => marker::draft(directory, marker, "marker"),
        Row::Reorganization(acts) => reorganization::draft(directory, id, acts),
    }
}

/// Name of the resource that a change recorded.
pub fn resource_name(resource: &Resource) -> &str {
    match resource {
        Resource::Unit(unit) => &unit.name,
        Resource::Reorganization(acts) => &acts.name,
        Resource::Agreement(agreement) => &agreement.name,
        Resource::Programme(programme) => &programme.name,
        Resource::Marker(marker) => &marker.name,
        Resource::Principal(principal) => &principal.name,
        Resource::Grant(grant) => &grant.name,
        Resource::RevokedGrant(name) => name,
        Resource::RevokedToken(token) => &token.name,
        Resource::UnitCorrection(correction) => &correction.unit,
        Resource::UnitKind(kind) => &kind.code,
        Resource::ReorganizationRevocation(revocation) => &revocation.reorganization,
        Resource::AgreementAction(action) => &action.agreement,
        Resource::Target(target) => &target.programme,
        Resource::Section(section) => &section.name,
    }
}

/// The result of a row that was refused.
///
/// # Errors
/// The error itself if it is not the row's fault: then the whole batch fails.
pub fn rejected(line: i64, error: Error) -> Result<RowResult, Error> {
    let one = |description: String, reason| {
        rows::rejected(
            line,
            [Violation {
                path: String::new(),
                description,
                reason,
            }],
        )
    };
    Ok(match error {
        Error::Invalid(violations) => rows::rejected(line, violations.into_vec()),
        Error::AlreadyExists(name) => one(format!("{name} exists already"), rule::ALREADY_EXISTS),
        Error::NotFound(name) => one(format!("{name} does not exist"), reason::UNKNOWN_REFERENCE),
        Error::Precondition { reason, violations } => {
            let violations = violations.into_iter();
            rows::rejected(
                line,
                violations.map(|(path, description)| Violation {
                    path,
                    description,
                    reason,
                }),
            )
        }
        other @ (Error::RequestIdReused | Error::Stale(_) | Error::Denied | Error::Store(_) | Error::Broken(_)) => {
            return Err(other);
        }
    })
}

/// The result of a row whose key was imported before with other content; it shows both.
pub fn differs(line: i64, stored: Option<&Resource>, row: &Row, source: &str) -> RowResult {
    let differences = match (stored, row) {
        (Some(Resource::Unit(stored)), Row::Unit(row)) => {
            let sent = pb::Unit {
                level: stored.level,
                name: stored.name.clone(),
                ..row.clone()
            };
            reflect::differences(&bare_unit(stored), &sent)
        }
        (Some(Resource::Programme(stored)), Row::Programme(row)) => {
            let sent = pb::Programme {
                name: stored.name.clone(),
                ..row.clone()
            };
            let stored = pb::Programme {
                registry_position: 0,
                create_time: None,
                etag: String::new(),
                ..stored.clone()
            };
            reflect::differences(&stored, &sent)
        }
        (Some(Resource::Marker(stored)), Row::Marker(row)) => {
            let sent = pb::Marker {
                name: stored.name.clone(),
                ..row.clone()
            };
            let stored = pb::Marker {
                registry_position: 0,
                create_time: None,
                etag: String::new(),
                ..stored.clone()
            };
            reflect::differences(&stored, &sent)
        }
        (Some(Resource::Agreement(stored)), Row::Agreement(row)) => {
            let sent = pb::Agreement {
                name: stored.name.clone(),
                level: stored.level,
                ..row.clone()
            };
            let stored = pb::Agreement {
                registry_position: 0,
                create_time: None,
                etag: String::new(),
                ..stored.clone()
            };
            reflect::differences(&stored, &sent)
        }
        _ => Vec::new(),
    };
    let description = format!(
        "was imported before from source {source:?} with other content: {}",
        if differences.is_empty() {
            "the stored row differs".to_owned()
        } else {
            differences.join("; ")
        }
    );
    let violation = Violation {
        path: String::new(),
        description,
        reason: rule::IMPORTED_WITH_OTHER_CONTENT,
    };
    let resource = stored.map(resource_name).unwrap_or_default().to_owned();
    RowResult {
        resource,
        ..rows::rejected(line, [violation])
    }
}

fn bare_unit(stored: &pb::Unit) -> pb::Unit {
    pb::Unit {
        registry_position: 0,
        create_time: None,
        etag: String::new(),
        ..stored.clone()
    }
}

/// What an empty registry begins with: a principal and its role for everything.
pub fn bootstrap(
    directory: &Directory,
    principal: &str,
    display_name: &str,
    role: pb::Role,
) -> Result<[Resource; 2], Error> {
    let resource = pb::Principal {
        display_name: display_name.to_owned(),
        ..pb::Principal::default()
    };
    let principal_draft = access::draft_principal(directory, principal, &resource)?;
    let grant = pb::Grant {
        name: name::name("grants", &format!("shipped-{principal}")),
        principal: name::name("principals", principal),
        role: role.into(),
        clearance: banggiao_contracts::r#type::v1::Classification::TopSecret.into(),
        ..pb::Grant::default()
    };
    Ok([principal_draft, Resource::Grant(grant)])
}

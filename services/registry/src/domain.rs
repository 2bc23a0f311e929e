//! The rules of the registry as functions of the directory: what may be recorded, and how it reads. Nothing here waits,
//! and time and ids come in as arguments.

pub mod access;
pub mod agreement;
pub mod import;
pub mod marker;
pub mod programme;
pub mod reorganization;
pub mod section;
pub mod unit;

use banggiao_directory::{Directory, Fault};
use banggiao_model::{
    hierarchy::{self, Key, ViolationKind},
    name,
};
use banggiao_rpc::{Scope, Violation, Violations, violation::reason, wire};
use banggiao_store as store;

/// Reasons of the registry's own rules, without their prefix.
pub mod rule {
    /// The resource exists already.
    pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
    /// The unit did not exist on the day in question.
    pub const UNIT_NOT_ALIVE: &str = "UNIT_NOT_ALIVE";
    /// The acts of a reorganisation contradict the history of the units.
    pub const IMPOSSIBLE_REORGANIZATION: &str = "IMPOSSIBLE_REORGANIZATION";
    /// The resource stands in a state that does not allow this.
    pub const WRONG_STATE: &str = "WRONG_STATE";
    /// What shall be revoked is needed by what was recorded later.
    pub const NEEDED_LATER: &str = "NEEDED_LATER";
    /// The resource was changed since its etag was read.
    pub const STALE_ETAG: &str = "STALE_ETAG";
    /// It takes another person than the caller.
    pub const OTHER_PERSON_NEEDED: &str = "OTHER_PERSON_NEEDED";
    /// The last administrator's grant cannot be revoked.
    pub const LAST_ADMINISTRATOR: &str = "LAST_ADMINISTRATOR";
    /// The row was imported before with other content.
    pub const IMPORTED_WITH_OTHER_CONTENT: &str = "IMPORTED_WITH_OTHER_CONTENT";
}

/// Why the registry refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are malformed, or name what does not exist.
    #[error("{} violations", .0.as_slice().len())]
    Invalid(Violations),
    /// The resource exists already.
    #[error("{0} exists already")]
    AlreadyExists(String),
    /// There is no such resource.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The resource was changed since its etag was read.
    #[error("{0} was changed since")]
    Stale(String),
    /// A rule of the domain, with `(subject, description)` pairs.
    #[error("{reason}: {violations:?}")]
    Precondition {
        /// Which rule.
        reason: &'static str,
        /// What broke it.
        violations: Vec<(String, String)>,
    },
    /// The request id was used before with another request.
    #[error("the request id was used with another request")]
    RequestIdReused,
    /// The caller's grants do not cover this.
    #[error("denied")]
    Denied,
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something that cannot be, if the rules above hold.
    #[error("{0}")]
    Broken(String),
}

impl store::Retry for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl From<banggiao_directory::Error> for Error {
    fn from(error: banggiao_directory::Error) -> Self {
        match error.fault {
            Fault::History(violations) => history(&violations),
            Fault::Malformed(why) => Self::Broken(format!("change {}: {why}", error.position)),
        }
    }
}

impl Error {
    /// As it reads for the field that holds what was refused; an id stands beside it.
    #[must_use]
    pub fn within(self, field: &str) -> Self {
        let path = |path: String| match path.as_str() {
            _ if field.is_empty() => path,
            "id" => format!("{field}_id"),
            _ => format!("{field}.{path}"),
        };
        match self {
            Self::Invalid(violations) => {
                let listed = violations.into_vec().into_iter().map(|violation| Violation {
                    path: path(violation.path),
                    ..violation
                });
                Self::Invalid(listed.collect())
            }
            Self::Precondition { reason, violations } => Self::Precondition {
                reason,
                violations: violations
                    .into_iter()
                    .map(|(subject, why)| (path(subject), why))
                    .collect(),
            },
            other => other,
        }
    }
}

/// What the hierarchy refuses: unknown units are a fault of the request and are listed with all the rest; everything
/// else breaks a rule.
fn history(violations: &[hierarchy::Violation]) -> Error {
    if let Some(ViolationKind::AlreadyExists { unit }) = violations.first().map(|violation| &violation.kind) {
        return Error::AlreadyExists(unit.name());
    }
    let is_reference = |violation: &hierarchy::Violation| {
        matches!(
            violation.kind,
            ViolationKind::UnknownUnit { .. } | ViolationKind::Duplicate { .. } | ViolationKind::TooManyActs
        )
    };
    if violations.iter().any(is_reference) {
        let listed = violations.iter().map(|violation| Violation {
            path: violation.path.clone(),
            description: violation.kind.to_string(),
            reason: if matches!(violation.kind, ViolationKind::UnknownUnit { .. }) {
                reason::UNKNOWN_REFERENCE
            } else {
                reason::INVALID_FIELD
            },
        });
        return Error::Invalid(listed.collect());
    }
    let not_alive = |violation: &hierarchy::Violation| {
        matches!(
            violation.kind,
            ViolationKind::NotAlive { .. } | ViolationKind::ParentNotAlive { .. } | ViolationKind::Void { .. }
        )
    };
    let needed = |violation: &hierarchy::Violation| matches!(violation.kind, ViolationKind::StillNeeded { .. });
    let reason = if violations.iter().all(not_alive) {
        rule::UNIT_NOT_ALIVE
    } else if violations.iter().any(needed) {
        rule::NEEDED_LATER
    } else {
        rule::IMPOSSIBLE_REORGANIZATION
    };
    let violations = violations
        .iter()
        .map(|violation| (violation.path.clone(), violation.kind.to_string()));
    Error::Precondition {
        reason,
        violations: violations.collect(),
    }
}

/// An id that a caller chose, and in which field it stands: `unit_id` of a request, `unit.name` of a row.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// The id.
    pub id: &'a str,
    /// The field.
    pub field: &'a str,
}

impl<'a> Chosen<'a> {
    /// Checks its form.
    pub fn check(self, violations: &mut Violations) -> Option<&'a str> {
        if self.id.is_empty() {
            violations.root().required(self.field);
        } else if !name::valid_id(self.id) {
            violations.root().invalid(
                self.field,
                format!("{:?} is not an id of the form [a-z][a-z0-9-]{{0,62}}", self.id),
            );
        } else {
            return Some(self.id);
        }
        None
    }
}

/// The key of a unit that must be given and be there.
pub fn required_known(directory: &Directory, unit: &str, field: &str, scope: &mut Scope<'_>) -> Option<Key> {
    let id = wire::required_unit(unit, field, scope)?;
    let key = directory.hierarchy().key(&id);
    if key.is_none() {
        scope.unknown(field, unit);
    }
    key
}

/// Refuses an etag that is not the newest; an empty one asks for nothing.
pub fn fresh(name: &str, newest: &str, given: &str) -> Result<(), Error> {
    if given.is_empty() || given == newest {
        Ok(())
    } else {
        Err(Error::Stale(name.to_owned()))
    }
}

/// The parsed value if nothing was wrong.
pub fn checked<T>(value: Option<T>, violations: Violations) -> Result<T, Error> {
    match value {
        Some(value) if violations.is_empty() => Ok(value),
        _ => Err(Error::Invalid(violations)),
    }
}

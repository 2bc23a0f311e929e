//! The sieve: every error of reporting as a status. There is no wildcard arm, so a new error cannot forget its code.

use banggiao_store as store;
use tonic::Status;

use super::DOMAIN;
use crate::domain::{Error, rule};

/// The status that answers an error.
// Errors are consumed where they are answered.
#[allow(clippy::needless_pass_by_value)]
pub fn refuse(error: Error) -> Status {
    let text = error.to_string();
    match error {
        Error::Invalid(violations) => DOMAIN.invalid(violations),
        Error::NotFound(name) => DOMAIN.not_found(kind(&name), &name),
        Error::Exists(name) => DOMAIN.already_exists(rule::ALREADY_EXISTS, kind(&name), &name),
        Error::StaleEtag { .. } => DOMAIN.aborted(rule::STALE_ETAG, text),
        Error::RequestIdReused => DOMAIN.invalid_field(rule::REQUEST_ID_REUSED, "request_id", text),
        Error::Precondition { reason, violations } => DOMAIN.precondition(reason, violations),
        Error::Behind { .. } | Error::Away(_) => DOMAIN.unavailable(text),
        Error::Store(error) => from_store(&error),
        Error::Broken(why) => {
            tracing::error!(why, "a rule of reporting was found broken");
            DOMAIN.internal()
        }
    }
}

/// What kind of resource a name is of.
fn kind(name: &str) -> &str {
    name.split_once('/').map_or("resource", |(collection, _)| collection)
}

fn from_store(error: &store::Error) -> Status {
    tracing::error!(%error, "the database refused");
    match error.kind() {
        store::Kind::Conflict | store::Kind::Away => DOMAIN.unavailable("the database of reporting is not available"),
        store::Kind::Fault => DOMAIN.internal(),
    }
}

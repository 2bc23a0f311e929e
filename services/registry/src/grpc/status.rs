//! The sieve: every error of the registry as a status. There is no wildcard arm, so a new error cannot forget its code.

use banggiao_rpc::violation::reason;
use banggiao_store as store;
use tonic::Status;

use super::DOMAIN;
use crate::domain::{Error, rule};

/// The status that answers an error.
// Errors are consumed where they are answered.
#[allow(clippy::needless_pass_by_value)]
pub fn refuse(error: Error) -> Status {
    match error {
        Error::Invalid(violations) => DOMAIN.invalid(violations),
        Error::AlreadyExists(name) => DOMAIN.already_exists(rule::ALREADY_EXISTS, kind(&name), &name),
        Error::NotFound(name) => DOMAIN.not_found(kind(&name), &name),
        Error::Stale(name) => DOMAIN.aborted(rule::STALE_ETAG, format!("{name} was changed since its etag was read")),
        Error::Precondition { reason, violations } => DOMAIN.precondition(reason, violations),
        Error::RequestIdReused => DOMAIN.invalid_field(
            reason::REQUEST_ID_REUSED,
            "request_id",
            "was used before with another request",
        ),
        Error::Denied => DOMAIN.denied(),
        Error::Store(error) => from_store(&error),
        Error::Broken(why) => {
            tracing::error!(why, "a rule of the registry was found broken");
            DOMAIN.internal()
        }
    }
}

fn from_store(error: &store::Error) -> Status {
    tracing::error!(%error, "the database refused");
    match error.kind() {
        store::Kind::Conflict | store::Kind::Away => DOMAIN.unavailable("the registry's database is not available"),
        store::Kind::Fault => DOMAIN.internal(),
    }
}

fn kind(name: &str) -> &str {
    name.split_once('/').map_or("resource", |(collection, _)| collection)
}

//! The sieve: every error of the journal as a status. There is no wildcard arm, so a new error cannot forget its code.

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
        Error::Precondition { reason, violations } => DOMAIN.precondition(reason, violations),
        Error::NotFound(name) => DOMAIN.not_found("events", &name),
        Error::ReferenceTaken(name) => DOMAIN.already_exists(rule::REFERENCE_TAKEN, "events", &name),
        Error::StaleEtag { given, newest } => {
            let message = format!("it was changed: etag {given:?} is not that of the newest revision, {newest:?}");
            DOMAIN.aborted("STALE_ETAG", message)
        }
        Error::RequestIdReused => DOMAIN.invalid_field(
            reason::REQUEST_ID_REUSED,
            "request_id",
            "was used before with another request",
        ),
        Error::ImportedWithOtherContent(differences) => {
            DOMAIN.already_exists(rule::IMPORTED_WITH_OTHER_CONTENT, "events", &differences)
        }
        Error::HeldBack => DOMAIN.precondition(rule::HELD_BACK, Vec::new()),
        Error::Exists(name) => DOMAIN.already_exists(rule::ALREADY_EXISTS, "eventTypes", &name),
        Error::NoSuchType(name) => DOMAIN.not_found("eventTypes", &name),
        Error::NoSuchAttachment(name) => DOMAIN.not_found("attachments", &name),
        Error::TooLarge(max) => {
            let message = format!("an attachment has at most {max} bytes, and this one has more");
            DOMAIN.too_large(rule::TOO_LARGE, message)
        }
        Error::Folder(error) => {
            tracing::error!(%error, "the folder of attachments refused");
            DOMAIN.unavailable("the journal's attachments are not available")
        }
        Error::Denied => DOMAIN.denied(),
        Error::Behind(behind) => DOMAIN.unavailable(behind.to_string()),
        Error::Stale(stale) => DOMAIN.unavailable(stale.to_string()),
        Error::Overloaded => DOMAIN.exhausted("OVERLOADED", "more is waiting to be written than can be taken in"),
        Error::Frozen(why) | Error::NoSecret(why) => {
            let todo = format!("{why}; nothing is taken in until an operator declares a recovery");
            DOMAIN.precondition(rule::LOG_FROZEN, vec![("the log".to_owned(), todo)])
        }
        Error::DamagedLog(why) => {
            let todo = format!("{why}; restore an undamaged backup");
            DOMAIN.precondition(rule::LOG_DAMAGED, vec![("the log".to_owned(), todo)])
        }
        Error::NotFrozen => {
            let sound = "it is what was signed of it, so there is nothing to recover from";
            DOMAIN.precondition(rule::LOG_NOT_FROZEN, vec![("the log".to_owned(), sound.to_owned())])
        }
        Error::Short { wanted, reached } => {
            DOMAIN.unavailable(format!("the log has {reached} entries, and {wanted} were asked for"))
        }
        Error::HighWater(error) => {
            tracing::error!(%error, "the file of checkpoints refused");
            DOMAIN.unavailable("the journal's checkpoints cannot be kept")
        }
        Error::Keys(error) => {
            tracing::error!(error = format!("{error:#}"), "the keys of the log refused");
            DOMAIN.unavailable("the keys of the journal's log cannot be read or written")
        }
        Error::Store(error) => from_store(&error),
        Error::Broken(why) => {
            tracing::error!(why, "a rule of the journal was found broken");
            DOMAIN.internal()
        }
    }
}

fn from_store(error: &store::Error) -> Status {
    tracing::error!(%error, "the database refused");
    match error.kind() {
        store::Kind::Conflict | store::Kind::Away => DOMAIN.unavailable("the journal's database is not available"),
        store::Kind::Fault => DOMAIN.internal(),
    }
}

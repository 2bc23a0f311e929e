//! Statuses with their `google.rpc` details. Each service has one sieve that turns its errors into these.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use crate::{
    identity,
    violation::{Violation, Violations, reason},
};

/// The domain of a service's error reasons, as `registry.banggiao`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain(pub &'static str);

/// A refusal's message has at most so many characters: it travels in a header, and may echo what the caller sent.
const MESSAGE_CHARS_MAX: usize = 200;
/// One description in the details has at most so many characters.
const DESCRIPTION_CHARS_MAX: usize = 200;
/// The paths and descriptions of all violations together have at most so many bytes. Details travel in one header, and
/// gRPC clients take 8 KiB of headers; a peer that is sent more may close the whole connection, which others share.
const DETAILS_BYTES_MAX: usize = 3 * 1024;

/// How long a caller is asked to wait before it repeats a call that met a passing fault.
const RETRY_DELAY: Duration = Duration::from_millis(200);

impl Domain {
    /// The details that every refusal carries: its reason in this domain.
    fn details(self, reason: &str) -> ErrorDetails {
        ErrorDetails::with_error_info(reason, self.0, std::collections::HashMap::new())
    }

    fn status(self, code: Code, reason: &str, message: impl Into<String>) -> Status {
        refusal(code, message, self.details(reason))
    }

    fn with_retry(self, code: Code, reason: &str, message: impl Into<String>) -> Status {
        let mut details = self.details(reason);
        details.set_retry_info(Some(RETRY_DELAY));
        refusal(code, message, details)
    }

    /// INVALID_ARGUMENT with every violation at once. The reason is that of the violations if they agree, and that a
    /// field is invalid otherwise.
    #[must_use]
    pub fn invalid(self, violations: Violations) -> Status {
        let violations = violations.into_vec();
        let common = violations.first().map_or(reason::INVALID_FIELD, |first| first.reason);
        let reason = if violations.iter().all(|v| v.reason == common) {
            common
        } else {
            reason::INVALID_FIELD
        };
        let message = match violations.as_slice() {
            [one] => one.to_string(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
            [] => "the request is not valid".to_owned(),
        };
        let mut details = self.details(reason);
        let listed = bounded(
            violations,
            |violation| (&mut violation.path, &mut violation.description),
            |left| Violation {
                path: String::new(),
                description: format!("and {left} more"),
                reason,
            },
        );
        details.set_bad_request(listed.into_iter().map(field_violation).collect::<Vec<_>>());
        refusal(Code::InvalidArgument, message, details)
    }

    /// INVALID_ARGUMENT for a single field.
    #[must_use]
    pub fn invalid_field(self, reason: &'static str, path: &str, description: impl Into<String>) -> Status {
        let violation = Violation {
            path: path.to_owned(),
            description: description.into(),
            reason,
        };
        self.invalid(std::iter::once(violation).collect())
    }

    /// NOT_FOUND of a resource.
    #[must_use]
    pub fn not_found(self, kind: &str, name: &str) -> Status {
        self.about(
            Code::NotFound,
            "NOT_FOUND",
            kind,
            name,
            &format!("{name:?} does not exist"),
        )
    }

    /// ALREADY_EXISTS of a resource.
    #[must_use]
    pub fn already_exists(self, reason: &str, kind: &str, name: &str) -> Status {
        self.about(
            Code::AlreadyExists,
            reason,
            kind,
            name,
            &format!("{name:?} exists already"),
        )
    }

    fn about(self, code: Code, reason: &str, kind: &str, name: &str, message: &str) -> Status {
        let mut details = self.details(reason);
        details.set_resource_info(kind, cut(name, DESCRIPTION_CHARS_MAX), "", "");
        refusal(code, message, details)
    }

    /// FAILED_PRECONDITION: a rule of the domain, as `(subject, description)` pairs.
    #[must_use]
    pub fn precondition(self, reason: &str, violations: Vec<(String, String)>) -> Status {
        let message = match violations.as_slice() {
            [(subject, description)] if subject.is_empty() => description.clone(),
            [(subject, description)] => format!("{subject}: {description}"),
            [(subject, description), rest @ ..] => format!("{subject}: {description} (and {} more)", rest.len()),
            [] => "the request breaks a rule".to_owned(),
        };
        let mut details = self.details(reason);
        let listed = bounded(
            violations,
            |(subject, description)| (subject, description),
            |left| (String::new(), format!("and {left} more")),
        );
        let listed = listed.into_iter();
        let listed = listed.map(|(subject, description)| PreconditionViolation::new(reason, subject, description));
        details.set_precondition_failure(listed.collect::<Vec<_>>());
        refusal(Code::FailedPrecondition, message, details)
    }

    /// UNAUTHENTICATED: no token, or none that is valid.
    #[must_use]
    pub fn unauthenticated(self, message: &str) -> Status {
        self.status(Code::Unauthenticated, "UNAUTHENTICATED", message)
    }

    /// UNAUTHENTICATED for a token that does not let anybody in; UNAVAILABLE if nobody can say whether it would.
    #[must_use]
    pub fn unidentified(self, error: identity::Error) -> Status {
        match error {
            identity::Error::KeysAway => self.unavailable(error.to_string()),
            identity::Error::Missing
            | identity::Error::Invalid
            | identity::Error::Expired
            | identity::Error::Early
            | identity::Error::Revoked => self.unauthenticated(&error.to_string()),
        }
    }

    /// PERMISSION_DENIED, in the same words for what is hidden and what is absent.
    #[must_use]
    pub fn denied(self) -> Status {
        self.status(
            Code::PermissionDenied,
            "PERMISSION_DENIED",
            "the caller's grants do not cover this",
        )
    }

    /// ABORTED: the resource changed since it was read.
    #[must_use]
    pub fn aborted(self, reason: &str, message: impl Into<String>) -> Status {
        self.with_retry(Code::Aborted, reason, message)
    }

    /// UNAVAILABLE: a peer or the database is away, or a position is not reached yet.
    #[must_use]
    pub fn unavailable(self, message: impl Into<String>) -> Status {
        self.with_retry(Code::Unavailable, "UNAVAILABLE", message)
    }

    /// RESOURCE_EXHAUSTED: more is waiting than can be taken in.
    #[must_use]
    pub fn exhausted(self, reason: &str, message: impl Into<String>) -> Status {
        self.with_retry(Code::ResourceExhausted, reason, message)
    }

    /// RESOURCE_EXHAUSTED: what was sent is larger than is taken. Unlike where too much is waiting, coming back with the
    /// same does not help, so no time is named.
    #[must_use]
    pub fn too_large(self, reason: &str, message: impl Into<String>) -> Status {
        self.status(Code::ResourceExhausted, reason, message)
    }

    /// INTERNAL with a fixed text. What happened stands in the log, once, where the error was met.
    #[must_use]
    pub fn internal(self) -> Status {
        self.status(
            Code::Internal,
            "INTERNAL",
            "a fault of the service; its log has the rest",
        )
    }
}

fn refusal(code: Code, message: impl Into<String>, details: ErrorDetails) -> Status {
    Status::with_error_details(code, cut(&message.into(), MESSAGE_CHARS_MAX), details)
}

/// The text, cut to so many characters.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// As many violations as fit into the details, each with its texts cut, and one more that counts the rest.
fn bounded<V>(
    violations: Vec<V>,
    texts: impl Fn(&mut V) -> (&mut String, &mut String),
    rest: impl Fn(usize) -> V,
) -> Vec<V> {
    let (count, mut bytes) = (violations.len(), 0);
    let mut listed = Vec::new();
    for mut violation in violations {
        let (path, description) = texts(&mut violation);
        *path = cut(path, DESCRIPTION_CHARS_MAX);
        *description = cut(description, DESCRIPTION_CHARS_MAX);
        bytes += path.len() + description.len() + 32;
        if bytes > DETAILS_BYTES_MAX {
            listed.push(rest(count - listed.len()));
            return listed;
        }
        listed.push(violation);
    }
    listed
}

fn field_violation(violation: Violation) -> FieldViolation {
    let mut field = FieldViolation::new(violation.path, violation.description);
    violation.reason.clone_into(&mut field.reason);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_refusal_is_larger_than_a_client_takes() {
        let domain = Domain("journal.banggiao");
        let long = "đ".repeat(6000);
        let many = || (0..1000).map(|n| (format!("events[{n}].{long}"), long.clone()));
        let violations = many().map(|(path, description)| Violation {
            path,
            description,
            reason: reason::INVALID_FIELD,
        });
        for status in [
            domain.invalid(violations.collect()),
            domain.precondition("WRONG_STATE", many().collect()),
            domain.not_found("events", &long),
            domain.already_exists("REFERENCE_TAKEN", "events", &long),
            domain.aborted("STALE_ETAG", long.clone()),
        ] {
            let headers = status.clone().into_http::<tonic::body::Body>();
            let bytes: usize = headers
                .headers()
                .iter()
                .map(|(name, value)| name.as_str().len() + value.len() + 32)
                .sum();
            assert!(bytes < 8 * 1024, "{bytes} bytes of headers for {:?}", status.code());
        }
    }
}

//! Statuses with their `google.rpc` details. Each service has one sieve that turns its errors into these.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use crate::violation::{Violation, Violations, reason};

/// The domain of a service's error reasons, as `registry.banggiao`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain(pub &'static str);

/// How long a caller is asked to wait before it repeats a call that met a passing fault.
const RETRY_DELAY: Duration = Duration::from_millis(200);

impl Domain {
    /// The details that every refusal carries: its reason in this domain.
    fn details(self, reason: &str) -> ErrorDetails {
        ErrorDetails::with_error_info(reason, self.0, std::collections::HashMap::new())
    }

    fn status(self, code: Code, reason: &str, message: impl Into<String>) -> Status {
        Status::with_error_details(code, message, self.details(reason))
    }

    fn with_retry(self, code: Code, reason: &str, message: impl Into<String>) -> Status {
        let mut details = self.details(reason);
        details.set_retry_info(Some(RETRY_DELAY));
        Status::with_error_details(code, message, details)
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
        details.set_bad_request(violations.into_iter().map(field_violation).collect::<Vec<_>>());
        Status::with_error_details(Code::InvalidArgument, message, details)
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
        details.set_resource_info(kind, name, "", message);
        Status::with_error_details(code, message, details)
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
        let violations: Vec<_> = violations
            .into_iter()
            .map(|(subject, description)| PreconditionViolation::new(reason, subject, description))
            .collect();
        details.set_precondition_failure(violations);
        Status::with_error_details(Code::FailedPrecondition, message, details)
    }

    /// UNAUTHENTICATED: no token, or none that is valid.
    #[must_use]
    pub fn unauthenticated(self, message: &str) -> Status {
        self.status(Code::Unauthenticated, "UNAUTHENTICATED", message)
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

fn field_violation(violation: Violation) -> FieldViolation {
    let mut field = FieldViolation::new(violation.path, violation.description);
    violation.reason.clone_into(&mut field.reason);
    field
}

//! What can go wrong in a verb, which exit code that is, and how it is told on stderr.
//!
//! It owns the wording of failures at the command line. It must not know what a verb was about to do.

use std::fmt::Write as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Why a verb did not succeed.
#[derive(Debug)]
pub enum Error {
    /// The command line asks for something that cannot be meant: exit code 2.
    Usage(String),
    /// Something on this side failed, as a file that cannot be read: exit code 1.
    Failure(anyhow::Error),
    /// A server refused or could not be reached: exit code 1.
    Status(Status),
    /// The verb has already said on its own what failed: exit code 1 and nothing more on stderr.
    Reported,
}

impl Error {
    /// The exit code of a process that ends with this error.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failure(_) | Self::Status(_) | Self::Reported => 1,
        }
    }

    /// Tells the error on stderr.
    pub fn print(&self) {
        let text = self.text();
        if !text.is_empty() {
            crate::output::note(&text);
        }
    }

    /// What [`Error::print`] prints, without the last line break.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Usage(message) => format!("error: {message}"),
            Self::Failure(error) => format!("error: {error:#}"),
            Self::Status(status) => describe(status),
            Self::Reported => String::new(),
        }
    }

    /// A failure of this side, in words.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::Failure(anyhow::Error::msg(message.into()))
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Failure(error)
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        // The client's own deadline comes out of tonic as CANCELLED; to the caller it is a deadline like any other.
        if status.code() == Code::Cancelled && status.message() == "Timeout expired" {
            return Self::Status(Status::deadline_exceeded(
                "no answer within the time that --timeout gives",
            ));
        }
        Self::Status(status)
    }
}

/// The name of a status code as the gRPC specification writes it, as `UNAUTHENTICATED`.
#[must_use]
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The code's name and message, then one indented line for each detail that tells more.
fn describe(status: &Status) -> String {
    let details = status.get_error_details();
    let message = details
        .localized_message()
        .map_or(status.message(), |localized| localized.message.as_str());
    let mut text = format!("{}: {message}", code_name(status.code()));
    // Writing to a String cannot fail.
    if let Some(request) = details.bad_request() {
        for violation in &request.field_violations {
            let _ = write!(text, "\n  {}: {}", violation.field, violation.description);
        }
    }
    if let Some(failure) = details.precondition_failure() {
        for violation in &failure.violations {
            let _ = write!(
                text,
                "\n  {}: {} ({})",
                violation.subject, violation.description, violation.r#type
            );
        }
    }
    if let Some(failure) = details.quota_failure() {
        for violation in &failure.violations {
            let _ = write!(text, "\n  {}: {}", violation.subject, violation.description);
        }
    }
    if let Some(resource) = details
        .resource_info()
        .filter(|resource| !resource.resource_name.is_empty())
    {
        let _ = write!(text, "\n  resource: {}", resource.resource_name);
    }
    if let Some(info) = details.error_info().filter(|info| !info.reason.is_empty()) {
        let _ = write!(text, "\n  reason: {}", info.reason);
        let mut metadata: Vec<_> = info.metadata.iter().collect();
        metadata.sort();
        for (key, value) in metadata {
            let _ = write!(text, ", {key}={value}");
        }
    }
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        let _ = write!(text, "\n  it may be tried again after {:.1} s", delay.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::{ErrorDetails, FieldViolation};

    #[test]
    fn a_status_is_told_with_every_detail() {
        let mut details = ErrorDetails::with_bad_request(vec![
            FieldViolation::new("event.start_date", "is not a date"),
            FieldViolation::new("event.persons", "is negative"),
        ]);
        details.set_error_info("INVALID_FIELD", "journal.banggiao", std::collections::HashMap::new());
        details.set_localized_message("vi", "Yêu cầu không hợp lệ");
        let error = Error::from(Status::with_error_details(
            Code::InvalidArgument,
            "bad request",
            details,
        ));
        assert_eq!(
            error.text(),
            "INVALID_ARGUMENT: Yêu cầu không hợp lệ\n  event.start_date: is not a date\n  event.persons: is negative\n  \
             reason: INVALID_FIELD"
        );
        assert_eq!(error.exit_code(), 1);
    }

    #[test]
    fn a_precondition_names_its_subject() {
        let details = ErrorDetails::with_precondition_failure_violation("UNIT_NOT_ALIVE", "units/longan", "ended");
        let error = Error::from(Status::with_error_details(
            Code::FailedPrecondition,
            "not alive",
            details,
        ));
        assert_eq!(
            error.text(),
            "FAILED_PRECONDITION: not alive\n  units/longan: ended (UNIT_NOT_ALIVE)"
        );
    }

    #[test]
    fn an_own_deadline_is_a_deadline() {
        let error = Error::from(Status::cancelled("Timeout expired"));
        assert!(error.text().starts_with("DEADLINE_EXCEEDED: "));
        assert_eq!(Error::Usage("no".into()).exit_code(), 2);
    }
}

//! What a figure is, as functions of the facts and the directory: which records a measure counts, what each adds, and
//! how it all adds up. Nothing here waits.

pub mod amount;
pub mod book;
pub mod calendar;
pub mod day;
pub mod definition;
pub mod digest;
pub mod fact;
pub mod facts;
pub mod figure;
pub mod finding;
pub mod indicator;
pub mod measure;
pub mod query;
pub mod report;
pub mod returns;
pub mod symbol;
pub mod template;
#[cfg(test)]
pub mod world;

use banggiao_rpc::Violations;
use banggiao_store as store;

/// Reasons of reporting's own rules, without their prefix.
pub mod rule {
    /// The unit did not exist on the day of the hierarchy asked for.
    pub const UNIT_NOT_ALIVE: &str = "UNIT_NOT_ALIVE";
    /// The id is taken.
    pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
    /// The etag is not that of the newest revision.
    pub const STALE_ETAG: &str = "STALE_ETAG";
    /// The request id was used for another request.
    pub const REQUEST_ID_REUSED: &str = "REQUEST_ID_REUSED";
    /// Indicators that overlap were to be added.
    pub const OVERLAPPING_INDICATORS: &str = "OVERLAPPING_INDICATORS";
    /// A dry season would share a day with another, or a stage or wave lie outside its season.
    pub const PERIOD_CONFLICT: &str = "PERIOD_CONFLICT";
    /// The report holds something that the caller may not read.
    pub const WITHHELD: &str = "WITHHELD";
    /// The report is not in a state in which this can be done.
    pub const REPORT_STATE: &str = "REPORT_STATE";
    /// The unit owes no return for the period, or it is not taken now.
    pub const RETURN_NOT_TAKEN: &str = "RETURN_NOT_TAKEN";
    /// The report would be too large.
    pub const REPORT_TOO_LARGE: &str = "REPORT_TOO_LARGE";
    /// The projection cannot be rebuilt now.
    pub const PROJECTION_NOT_REBUILT: &str = "PROJECTION_NOT_REBUILT";
    /// What was known at the positions asked for cannot be computed.
    pub const POSITION_NOT_KNOWN: &str = "POSITION_NOT_KNOWN";
}

/// Why reporting refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are malformed, or name what does not exist.
    #[error("{} violations", .0.as_slice().len())]
    Invalid(Violations),
    /// There is no such resource.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The id is taken.
    #[error("{0} is there already")]
    Exists(String),
    /// The etag is not that of the newest revision.
    #[error("the etag {given:?} is not the newest, {newest:?}")]
    StaleEtag {
        /// The one that was given.
        given: String,
        /// The newest one.
        newest: String,
    },
    /// The request's id was used for another request.
    #[error("this request id was used for another request")]
    RequestIdReused,
    /// A rule of the domain, with `(subject, description)` pairs.
    #[error("{reason}: {violations:?}")]
    Precondition {
        /// Which rule.
        reason: &'static str,
        /// What broke it.
        violations: Vec<(String, String)>,
    },
    /// A feed has not been read as far as was asked for.
    #[error("the {feed} is known here up to position {reached}, not yet up to {wanted}")]
    Behind {
        /// Which feed.
        feed: &'static str,
        /// The position asked for.
        wanted: i64,
        /// The position reached.
        reached: i64,
    },
    /// A service that is needed does not answer.
    #[error("{0}")]
    Away(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something that cannot be, if the rules hold.
    #[error("{0}")]
    Broken(String),
}

impl store::Retry for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Error {
    /// A rule of the domain that one thing broke.
    #[must_use]
    pub fn rule(reason: &'static str, subject: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Precondition {
            reason,
            violations: vec![(subject.into(), description.into())],
        }
    }
}

/// The parsed value if nothing was wrong.
pub fn checked<T>(value: Option<T>, violations: Violations) -> Result<T, Error> {
    match value {
        Some(value) if violations.is_empty() => Ok(value),
        _ => Err(Error::Invalid(violations)),
    }
}

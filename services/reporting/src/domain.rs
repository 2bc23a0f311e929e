//! What a figure is, as functions of the facts and the directory: which records a measure counts, what each adds, and
//! how it all adds up. Nothing here waits.

pub mod amount;
pub mod book;
pub mod day;
pub mod digest;
pub mod fact;
pub mod facts;
pub mod figure;
pub mod indicator;
pub mod measure;
pub mod query;
pub mod symbol;
#[cfg(test)]
pub mod world;

use banggiao_rpc::Violations;
use banggiao_store as store;

/// Reasons of reporting's own rules, without their prefix.
pub mod rule {
    /// The unit did not exist on the day of the hierarchy asked for.
    pub const UNIT_NOT_ALIVE: &str = "UNIT_NOT_ALIVE";
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
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something that cannot be, if the rules hold.
    #[error("{0}")]
    Broken(String),
}

/// The parsed value if nothing was wrong.
pub fn checked<T>(value: Option<T>, violations: Violations) -> Result<T, Error> {
    match value {
        Some(value) if violations.is_empty() => Ok(value),
        _ => Err(Error::Invalid(violations)),
    }
}

//! The rules of the journal as pure functions: what an event must be, and how a command makes the next revision out of
//! the newest one. Nothing here waits, and time, ids and salts come in as arguments.

pub mod attachment;
pub mod command;
pub mod comparison;
pub mod correction;
pub mod event;
pub mod event_type;
pub mod filter;
pub mod import;

use std::{io, sync::Arc};

use banggiao_directory::{Behind, Stale};
use banggiao_rpc::Violations;
use banggiao_store as store;

/// Reasons of the journal's own rules, without their prefix.
pub mod rule {
    /// The event's type forbids this part.
    pub const FORBIDDEN_BY_TYPE: &str = "FORBIDDEN_BY_TYPE";
    /// The event's type needs this part.
    pub const NEEDED_BY_TYPE: &str = "NEEDED_BY_TYPE";
    /// The unit did not exist on the event's first day.
    pub const UNIT_NOT_ALIVE: &str = "UNIT_NOT_ALIVE";
    /// The agreement did not hold on the event's first day.
    pub const AGREEMENT_NOT_IN_FORCE: &str = "AGREEMENT_NOT_IN_FORCE";
    /// The event's review or phase does not allow this step.
    pub const WRONG_STATE: &str = "WRONG_STATE";
    /// Nobody approves what he or she wrote.
    pub const SELF_APPROVAL: &str = "SELF_APPROVAL";
    /// The external reference is taken by another event.
    pub const REFERENCE_TAKEN: &str = "REFERENCE_TAKEN";
    /// The row was imported before with other content.
    pub const IMPORTED_WITH_OTHER_CONTENT: &str = "IMPORTED_WITH_OTHER_CONTENT";
    /// The row was not stored since another one of its request was refused.
    pub const HELD_BACK: &str = "HELD_BACK";
    pub const LOG_DAMAGED: &str = "LOG_DAMAGED";
    pub const LOG_FROZEN: &str = "LOG_FROZEN";
    pub const LOG_NOT_FROZEN: &str = "LOG_NOT_FROZEN";
    /// The keys of the log cannot be changed in this way now.
    pub const LOG_KEYS: &str = "LOG_KEYS";
    /// The id of an event type is taken.
    pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
    /// The document is larger than is taken.
    pub const TOO_LARGE: &str = "TOO_LARGE";
    /// The document is none of the kinds that are taken.
    pub const REFUSED_CONTENT: &str = "REFUSED_CONTENT";
}

/// Why the journal refuses.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Fields are malformed, forbidden by the type, or name what does not exist.
    #[error("{} violations", .0.as_slice().len())]
    Invalid(Violations),
    /// A rule of the domain, with `(subject, description)` pairs.
    #[error("{reason}: {violations:?}")]
    Precondition {
        /// Which rule.
        reason: &'static str,
        /// What broke it.
        violations: Vec<(String, String)>,
    },
    /// There is no such event, or the caller may not know of it.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The external reference is taken by another event.
    #[error("{0} is taken")]
    ReferenceTaken(String),
    /// The event was changed since it was read.
    #[error("the etag {given:?} is not that of the newest revision {newest:?}")]
    StaleEtag {
        /// The etag of the request.
        given: String,
        /// The etag of the newest revision.
        newest: String,
    },
    /// The request id was used before with another request.
    #[error("the request id was used with another request")]
    RequestIdReused,
    /// The row was imported before with other content.
    #[error("imported before with other content: {0}")]
    ImportedWithOtherContent(String),
    /// The row is right; another one that was to be stored with it is not.
    #[error("held back")]
    HeldBack,
    /// The id of an event type is taken.
    #[error("{0} exists")]
    Exists(String),
    /// There is no such event type.
    #[error("{0} does not exist")]
    NoSuchType(String),
    /// There is no such attachment.
    #[error("{0} does not exist")]
    NoSuchAttachment(String),
    /// The attachment has more bytes than are taken.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The folder of attachments. Shared, since errors are cloned.
    #[error("the folder of attachments: {0}")]
    Folder(Arc<io::Error>),
    /// The caller's grants do not cover this.
    #[error("denied")]
    Denied,
    /// The registry's copy has not reached a position that is needed.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// The registry was not heard of for too long to decide this.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// More is waiting than can be taken in.
    #[error("too much is waiting to be written")]
    Overloaded,
    /// The database. Shared, since one fault may answer a whole batch.
    #[error(transparent)]
    Store(Arc<store::Error>),
    /// The log is not what was signed of it, and takes nothing in.
    #[error("the log is frozen: {0}")]
    Frozen(Arc<str>),
    /// The secret of a key that signs for the log is not here.
    #[error("the log cannot be signed for: {0}")]
    NoSecret(Arc<str>),
    /// What is kept of the log contradicts itself.
    #[error("the log is damaged: {0}")]
    DamagedLog(Arc<str>),
    /// There is nothing to recover from.
    #[error("the log is not frozen")]
    NotFrozen,
    /// The log has not come as far as was asked.
    #[error("the log has {reached} entries, and {wanted} were asked for")]
    Short {
        /// How many entries were asked for.
        wanted: u64,
        /// How many there are.
        reached: u64,
    },
    /// The file that remembers how far the log was signed. Shared, since errors are cloned.
    #[error("the file of checkpoints: {0:#}")]
    HighWater(Arc<anyhow::Error>),
    /// The files with the keys of the log. Shared, since errors are cloned.
    #[error("the keys of the log: {0:#}")]
    Keys(Arc<anyhow::Error>),
    /// Something that cannot be, if the rules above hold.
    #[error("{0}")]
    Broken(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Folder(Arc::new(error))
    }
}

impl store::Retry for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Error {
    /// One thing that a rule of the domain does not allow.
    pub fn rule(reason: &'static str, subject: &str, why: impl Into<String>) -> Self {
        Self::Precondition {
            reason,
            violations: vec![(subject.to_owned(), why.into())],
        }
    }

    /// A step that the event's state does not allow.
    pub fn wrong_state(event: &str, why: impl Into<String>) -> Self {
        Self::rule(rule::WRONG_STATE, event, why)
    }
}

/// The parsed value if nothing was wrong.
pub fn checked<T>(value: Option<T>, violations: Violations) -> Result<T, Error> {
    match value {
        Some(value) if violations.is_empty() => Ok(value),
        _ => Err(Error::Invalid(violations)),
    }
}

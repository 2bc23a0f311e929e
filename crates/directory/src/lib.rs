//! What a service knows of the registry: every unit with its history, agreements, programmes, markers, principals and
//! grants, folded change by change into one value in memory, the [`Directory`].
//!
//! Registry itself folds its own changes with it and answers from it; journal and reporting keep a copy of the changes
//! in their own databases ([`changes`]) and follow the feed ([`Follower`]). So the three agree by construction. The
//! crate knows the registry's contract; it decides nothing that the registry has to decide, and serves nothing.

mod agreement;
pub mod changes;
pub mod duplicate;
mod fold;
mod follower;
pub mod marker;
mod record;
pub mod wire;

pub use agreement::{Action, Agreement, Party, has_ended};
pub use fold::{ApproverScopes, Directory, Error, Fault};
pub use follower::{Behind, Follower, GRACE, STALE, Stale};
pub use record::{Details, Grant, Kinds, Recorded, TargetKey, UnitRecord, target_key};

//! Reporting's tables: the facts with their digest, and beside them the copy of the registry's changes and the two cursors.

pub mod digest;
pub mod fact;
pub mod migration;
pub mod standing;

//! Reporting's tables: the facts, and beside them the copy of the registry's changes and the two cursors.

pub mod fact;
pub mod migration;

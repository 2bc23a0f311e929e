//! The journal's tables: the log of revisions and its head, what events are found by, and the rows that were imported.

pub mod event;
pub mod import_row;
pub mod migration;
pub mod revision;

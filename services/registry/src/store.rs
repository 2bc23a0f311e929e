//! The registry's tables: the log of changes and its head, the requests that were answered, the rows that were imported.

pub mod import_row;
pub mod migration;
pub mod request;

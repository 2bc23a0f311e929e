//! The registry's tables: the log of changes and its head, the requests that were answered, and the rows that were imported (a table that every log has).

pub mod migration;
pub mod request;

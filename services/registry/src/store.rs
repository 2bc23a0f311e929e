//! The registry's tables: the log of changes and its head, the requests that were answered, the rows that were imported
//! (a table that every log has), and the texts that a search finds.

pub mod migration;
pub mod request;
pub mod search;

//! The journal's tables: the log of revisions and its head, what events are found by, the event types, and the rows that were imported (a
//! table that every log has).

pub mod event;
pub mod event_type;
pub mod filter;
pub mod migration;
pub mod revision;

//! The journal's tables: the log of revisions, its head and the tree over it, what events are found by, the event types, the attachments
//! that are stored, and the rows that were imported (a table that every log has).

pub mod attachment;
pub mod checkpoint;
pub mod event;
pub mod event_type;
pub mod filter;
pub mod migration;
pub mod node;
pub mod revision;
pub mod tree;

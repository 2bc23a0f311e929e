//! Reporting's tables: the facts, the copy of the registry's changes and the two cursors; and what the office keeps,
//! definitions, reports, returns and the answers to requests.

pub mod answer;
pub mod definition;
pub mod fact;
pub mod migration;
pub mod report;
pub mod sent;

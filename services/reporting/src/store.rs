//! Reporting's tables: the facts with their digest, the copy of the registry's changes and the two cursors; and what the
//! office keeps, definitions, reports, returns and the answers to requests.

pub mod answer;
pub mod definition;
pub mod digest;
pub mod fact;
pub mod migration;
pub mod report;
pub mod sent;
pub mod standing;

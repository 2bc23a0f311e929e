//! The calls, service by service: what is accepted, and how what is not is refused, every fault at once.

mod agreements;
mod attachments;
mod bad;
mod duplicates;
mod event_types;
mod events;
mod feeds;
mod figures;
mod ledger;
mod limits;
mod lists;
mod permissions;
mod raw;
mod revisions;
mod units;
mod web;

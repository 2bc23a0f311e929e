//! The model's rules, told with the units they were made for and tried on random worlds.

mod acts;
mod fold;
mod histories;
mod oracle;
mod periods;
mod permission;
mod placement;
mod refusals;
mod reorganizations;
mod revocations;
mod sample;
mod worlds;

//! The model's rules, told with the units they were made for and tried on random worlds.

mod periods;
mod permission;
mod placement;
mod reorganizations;
mod sample;
mod worlds;

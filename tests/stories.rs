//! Stories: what users do, end to end.

mod access;
mod afterwards;
mod cluster;
mod delegation;
mod districts;
mod entered;
mod everyday;
mod faults;
mod fresh;
mod keys;
mod moved;
mod network;
mod office;
mod questions;
mod rebuilt;
mod recovery;
mod replicas;
mod reports;
mod restart;
mod restated;
mod returns;
mod review;
mod sample;
mod stale;
mod tampering;
mod tls;

pub use sample::check_every_figure;

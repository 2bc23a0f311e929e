//! Standalone: all four services in one process on loopback, over SQLite in one folder, and the command `banggiao`.
//!
//! The only package that knows every service. The services are the same as in a cluster and speak to each other through
//! the same contracts; only their configuration is made here instead of being read.

mod backup;
pub mod command;
pub mod data_dir;
mod demo;
mod restore;
pub mod sample;
pub mod services;
mod token;
mod transfer;
mod up;

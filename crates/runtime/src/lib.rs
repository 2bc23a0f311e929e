//! A process: its configuration, its diagnostics, its signals, how it serves on a listener and drains, and the seams
//! through which time and randomness come in.
//!
//! It knows nothing of what a service does; each service hands it its routes.

/// The allocator of every program of the house.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod config;
mod keys;
pub mod private;
pub mod process;
pub mod seams;
pub mod serve;
pub mod telemetry;
mod tls;

pub use seams::Seams;

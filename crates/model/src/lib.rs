//! The pure values that every service shares: resource names, civil dates, reporting periods, exact decimals, text,
//! marker numbers, the effective-dated hierarchy of units, and permission.
//!
//! Everything here is a plain value or a pure function of its arguments. The crate owns the *meaning* of these values
//! and must not know how they travel (no gRPC), where they are kept (no database) or what time it is: only
//! [`clock::SystemClock`] reads the system's time, and whoever needs the time takes a [`clock::Clock`].

pub mod clock;
pub mod date;
pub mod decimal;
pub mod hex;
pub mod hierarchy;
pub mod level;
pub mod marker;
pub mod name;
pub mod period;
pub mod permission;
pub mod text;

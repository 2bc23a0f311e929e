//! What a database has left after the power was cut under it: all that was acknowledged with the settings of the store,
//! and less with weaker ones, or these tests would prove nothing.

mod acknowledged;
mod bench;
mod connections;
mod faults;

//! The search over the texts of the sample border.

mod finding;
mod fixture;
mod order;
mod writing;

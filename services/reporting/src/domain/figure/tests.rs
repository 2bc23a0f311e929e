//! Figures against a world made by hand, and against an oracle that computes them by plain loops.

mod cases;
pub mod oracle;
pub mod properties;

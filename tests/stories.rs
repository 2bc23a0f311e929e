//! Stories: what users do, end to end.

mod access;
mod fresh;
mod restart;
mod review;
mod sample;

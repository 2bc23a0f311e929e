//! Stories: what users do, end to end.

mod access;
mod afterwards;
mod cluster;
mod delegation;
mod districts;
mod fresh;
mod kills;
mod network;
mod restart;
mod restated;
mod review;
mod sample;

//! Stories: what users do, end to end.

mod access;
mod afterwards;
mod cluster;
mod delegation;
mod districts;
mod faults;
mod fresh;
mod kills;
mod network;
mod office;
mod replicas;
mod restart;
mod restated;
mod review;
mod sample;
mod stale;
mod tls;

//! The whole house, from the outside: stories through the gateway with a real client over real databases, and the rules
//! that hold the house together.

mod api;
mod auditor;
mod certificates;
mod clerk;
mod cluster;
mod contract;
mod faults;
mod installation;
mod layers;
mod processes;
mod stories;

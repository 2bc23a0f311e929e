//! The gRPC edge, shared by every service and client: statuses with their details, field violations, page tokens,
//! request ids, identity from a token, client channels with or without TLS, and the conversions of values that every API shares.
//!
//! It knows the contracts and the model, and nothing of databases or of any one service.

pub mod audit;
pub mod certificate;
pub mod channel;
pub mod connector;
pub mod feed;
pub mod identity;
mod keys;
pub mod mask;
pub mod page;
pub mod reflect;
pub mod request;
pub mod rows;
pub mod status;
pub mod tls;
pub mod token;
pub mod violation;
pub mod wire;

pub use status::Domain;
pub use violation::{Scope, Violation, Violations};

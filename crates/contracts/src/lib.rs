//! The contracts of banggiao as Rust types: one module per protobuf package, generated at build time from `proto/`
//! with protox and tonic-prost-build. No logic lives here.
//!
//! Maps are ordered, so that encoding a message gives the same bytes every time.

#![allow(missing_docs, unused_qualifications)]
#![allow(clippy::all, clippy::needless_pass_by_value, clippy::semicolon_if_nothing_returned)]
#![allow(rustdoc::all)]

/// Values shared by the APIs: `banggiao.type.v1`.
pub mod r#type {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("banggiao.r#type.v1");
    }
}

/// The registry's API: `banggiao.registry.v1`.
pub mod registry {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("banggiao.registry.v1");
    }
}

/// The journal's API: `banggiao.journal.v1`.
pub mod journal {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("banggiao.journal.v1");
    }
}

/// The API of reporting: `banggiao.reporting.v1`.
pub mod reporting {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("banggiao.reporting.v1");
    }
}

/// The encoded `google.protobuf.FileDescriptorSet` of every contract with all its imports and comments, for reflection
/// and for clients that work by descriptor.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/banggiao.descriptors.bin"));

/// A mask of fields, as `CorrectEvent` takes it.
pub use prost_types::FieldMask;

//! Spreadsheets as offices send them around: reading a filled sheet as texts, and writing forms to be filled in.
//!
//! It owns the XLSX format, and is the only crate that knows the libraries for it. What comes out of a sheet are the texts
//! that a CSV file of the same content would hold; what a column means, where a file lies and who asks is not known here.
//!
//! Files come from anywhere, so that everything has a limit: a file is measured before it is unpacked, and whatever is
//! wrong with it is an [`Error`] or the [`Fault`] of a cell, never a panic.

mod bounds;
mod cell;
mod error;
mod form;
mod read;
mod write;

pub use bounds::{COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX, TEXT_CHARS_MAX};
pub use error::Error;
pub use form::{Column, Form, Kind, List, Page, Sheet, Words};
pub use read::{Book, Fault, Row};

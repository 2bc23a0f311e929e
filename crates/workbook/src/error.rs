//! What makes a workbook unreadable as a whole, or impossible to write.

/// Why there are no rows, or no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is no XLSX workbook, or a damaged one.
    #[error("the file is no XLSX workbook, or a damaged one: {0}")]
    Damaged(String),
    /// The file is locked with a password.
    #[error("the file is locked with a password")]
    Locked,
    /// The file holds more than is read; says of what.
    #[error("the file holds more than is read: {0}")]
    TooLarge(String),
    /// The file has no sheet of that name.
    #[error("the file has no sheet \"{0}\"")]
    NoSheet(String),
    /// What is to be written does not fit into the format.
    #[error("it cannot be written as a workbook: {0}")]
    Unwritable(String),
}

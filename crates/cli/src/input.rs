//! The small files that verbs read as a whole, or stdin in their place. Imports have readers of their own.

use crate::error::Error;
use std::fs::File;
use std::io::{self, Read as _};

/// The largest file: a thousand rows, or acts, stay well below.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The bytes of a file, or of stdin if it is called `-`.
///
/// # Errors
/// [`Error::Failure`] if it cannot be read, or is larger than any file that is meant.
pub(crate) fn bytes(path: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| Error::Failure(anyhow::Error::new(error).context(format!("cannot read {path}"))))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::failure(format!("{path} is larger than 4 MiB")));
    }
    Ok(bytes)
}

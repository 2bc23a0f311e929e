//! Size and SHA-256 of files, taken while they are read or copied.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// What is said if the command is asked to end before it is done.
pub const STOPPED: &str = "asked to end before it was done; nothing was made";
/// So much is read at once, and between two readings it is looked whether to go on.
const BLOCK_BYTES: usize = 1024 * 1024;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// The digest of a file.
///
/// # Errors
/// If it cannot be read, or the command is asked to end.
pub fn of_file(path: &Path, stop: &CancellationToken) -> anyhow::Result<Digest> {
    pour(path, &mut io::sink(), stop)
}

/// Writes a file's content somewhere, and gives the digest of what was written.
///
/// # Errors
/// If either fails, or the command is asked to end.
pub fn pour(from: &Path, into: &mut impl Write, stop: &CancellationToken) -> anyhow::Result<Digest> {
    let unreadable = || format!("cannot read {}", from.display());
    let mut file = File::open(from).with_context(unreadable)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut size = 0;
    loop {
        if stop.is_cancelled() {
            bail!(STOPPED);
        }
        let length = file.read(&mut block).with_context(unreadable)?;
        if length == 0 {
            break;
        }
        hasher.update(&block[..length]);
        into.write_all(&block[..length])
            .with_context(|| format!("cannot copy {}", from.display()))?;
        size += length as u64;
    }
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Digest { size, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read_and_what_the_digest_tells() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let mut copy = Vec::new();
        let digest = pour(&path, &mut copy, &CancellationToken::new()).unwrap();
        assert_eq!((copy.as_slice(), digest.size), (b"abc".as_slice(), 3));
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.sha256, of_abc);

        let stopped = CancellationToken::new();
        stopped.cancel();
        assert_eq!(of_file(&path, &stopped).unwrap_err().to_string(), STOPPED);
    }
}

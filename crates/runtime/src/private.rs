//! Files that only their owner can read: keys and tokens.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};

/// The 32 secret bytes of a signing key in a file, which is made if it is not there.
///
/// # Errors
/// If it cannot be read or made, or is no key.
pub fn seed(file: &Path) -> anyhow::Result<[u8; 32]> {
    if !file.exists() {
        let fresh = draft(file, &BASE64_STANDARD.encode(new_seed()?))?;
        // Several processes may begin at once; all go on with the key of the first.
        let linked = fs::hard_link(&fresh, file);
        let removed = fs::remove_file(&fresh);
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked.with_context(|| format!("cannot write {}", file.display()))?,
        }
        removed.context("cannot remove the draft of a key")?;
        synchronise_folder(file)?;
    }
    stored_seed(file)
}

/// The 32 secret bytes of a signing key in a file.
///
/// # Errors
/// If it cannot be read, or is no key.
pub fn stored_seed(file: &Path) -> anyhow::Result<[u8; 32]> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let seed = BASE64_STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    seed.with_context(|| format!("{} is not a signing key", file.display()))
}

/// Writes the secret bytes of a signing key into a file, in the place of what was there.
///
/// # Errors
/// If it cannot be written.
pub fn write_seed(file: &Path, seed: &[u8; 32]) -> anyhow::Result<()> {
    write(file, &BASE64_STANDARD.encode(seed))
}

/// Secret bytes for a signing key.
///
/// # Errors
/// If the operating system gives no randomness.
pub fn new_seed() -> anyhow::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness for a signing key: {error}"))?;
    Ok(seed)
}

/// Removes a file for good, if it is there.
///
/// # Errors
/// If it cannot be removed.
pub fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", file.display()))?,
    }
    synchronise_folder(file)
}

/// Writes a file that only its owner can read, whole or not at all; what was written before is still there after a loss of
/// power, or this is.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let fresh = draft(path, text)?;
    fs::rename(&fresh, path).with_context(|| format!("cannot write {}", path.display()))?;
    synchronise_folder(path)
}

/// Writes beside a file what is to take its place. Other processes that write the same have drafts of their own.
fn draft(path: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    // A leftover of a broken start is in the way of the permissions.
    if fresh.exists() {
        fs::remove_file(&fresh).with_context(|| format!("cannot remove {}", fresh.display()))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(&fresh)
        .with_context(|| format!("cannot write {}", fresh.display()))?;
    writeln!(file, "{text}")
        .and_then(|()| file.sync_all())
        .context("cannot write a private file")?;
    Ok(fresh)
}

/// A name in a folder outlives a loss of power once the folder is synchronised.
fn synchronise_folder(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("cannot synchronise the folder of {}", path.display()))?;
    }
    Ok(())
}

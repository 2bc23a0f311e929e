//! Files that only their owner can read: keys and tokens.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};

/// How the name of a draft ends.
const DRAFT: &str = "new";

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

/// Keeps all other processes that ask for it, also on other machines that share the folder, from a file and those beside it
/// until the guard goes. It waits.
///
/// # Errors
/// If the lock cannot be had.
pub fn locked(file: &Path) -> anyhow::Result<fs::File> {
    let path = beside(file, "lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let lock = lock.with_context(|| format!("cannot write {}", path.display()))?;
    lock.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(lock)
}

/// Removes what a process that died has left of a file that it was about to write. Only for whoever holds the lock on it.
///
/// # Errors
/// If the folder cannot be read, or something not be removed.
pub fn sweep(file: &Path) -> anyhow::Result<()> {
    for name in names_beside(file)? {
        if name.ends_with(DRAFT) {
            remove(&beside(file, &name))?;
        }
    }
    Ok(())
}

/// What follows on a file's name, and a dot, in the names of the files beside it.
///
/// # Errors
/// If the folder cannot be read.
pub fn names_beside(file: &Path) -> anyhow::Result<Vec<String>> {
    let own = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = folder_of(file);
    let read = || format!("cannot read {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(read)? {
        let name = entry.with_context(read)?.file_name().to_string_lossy().into_owned();
        names.extend(
            name.strip_prefix(&own)
                .and_then(|rest| rest.strip_prefix('.'))
                .map(str::to_owned),
        );
    }
    names.sort();
    Ok(names)
}

/// The file whose name is that of another with a dot and something after it.
#[must_use]
pub fn beside(file: &Path, after: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(after);
    file.with_file_name(name)
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Writes beside a file what is to take its place. No other process, and no other file, has a draft of that name.
fn draft(path: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness for the name of a draft: {error}"))?;
    let fresh = beside(path, &format!("{:016x}.{DRAFT}", u64::from_ne_bytes(random)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(&fresh)
        .with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(file, "{text}")
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(fresh)
}

/// A name in a folder outlives a loss of power once the folder is synchronised.
fn synchronise_folder(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        fs::File::open(folder_of(path))
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("cannot synchronise the folder of {}", path.display()))?;
    }
    Ok(())
}

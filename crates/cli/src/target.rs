//! Where a download goes: a file that is there whole or not at all, or stdout.

use crate::error::Error;
use anyhow::Context as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a download is written to.
#[derive(Debug)]
pub(crate) enum Target {
    /// Stdout.
    Stdout,
    /// A file beside the one that is meant, which gets its name at the end.
    File(Beside),
}

/// A file under another name, which goes away unless it is kept.
#[derive(Debug)]
pub(crate) struct Beside {
    file: File,
    path: PathBuf,
    meant: PathBuf,
    /// The name that is meant was free, and is held by an empty file until it is the other one's.
    reserved: bool,
}

impl Target {
    /// Opens it; `-` is stdout.
    pub(crate) fn open(path: &Path, force: bool) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let cannot_write = || format!("cannot write {}", path.display());
        let reserved = match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && force => false,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = format!("{} is there already; --force overwrites it", path.display());
                return Err(Error::failure(there));
            }
            Err(error) => return Err(anyhow::Error::new(error).context(cannot_write()).into()),
        };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let file = match File::create(&beside) {
            Ok(file) => file,
            Err(error) => {
                release(path, reserved);
                return Err(anyhow::Error::new(error).context(cannot_write()).into());
            }
        };
        Ok(Self::File(Beside {
            file,
            path: beside.into(),
            meant: path.to_owned(),
            reserved,
        }))
    }

    /// Writes the next bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Stdout => match io::stdout().lock().write_all(bytes) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(anyhow::Error::new(error).context("cannot write to stdout").into())
                }
                _ => Ok(()),
            },
            Self::File(beside) => {
                let written = beside.file.write_all(bytes);
                Ok(written.with_context(|| format!("cannot write {}", beside.path.display()))?)
            }
        }
    }

    /// All is written; gives the file if it is one.
    pub(crate) fn keep(self) -> Result<Option<PathBuf>, Error> {
        match self {
            Self::Stdout => {
                io::stdout().flush().context("cannot write to stdout")?;
                Ok(None)
            }
            Self::File(mut beside) => {
                let kept = beside
                    .file
                    .sync_all()
                    .and_then(|()| fs::rename(&beside.path, &beside.meant));
                kept.with_context(|| format!("cannot write {}", beside.meant.display()))?;
                beside.reserved = false;
                Ok(Some(beside.meant.clone()))
            }
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Once it was renamed there is nothing to remove, and that is no fault.
        let _ = fs::remove_file(&self.path);
        release(&self.meant, self.reserved);
    }
}

/// Gives a name free that was only held.
fn release(path: &Path, reserved: bool) {
    if reserved {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all_and_is_not_overwritten_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pdf");
        let written = |force: bool, text: &[u8]| {
            let mut target = Target::open(&path, force)?;
            target.write(text)?;
            Ok::<_, Error>(target)
        };
        drop(written(false, b"broken off").unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(
            written(false, b"one").unwrap().keep().unwrap().as_deref(),
            Some(path.as_path())
        );
        assert!(written(false, b"two").unwrap_err().text().contains("--force"));
        drop(written(true, b"broken off").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        written(true, b"two").unwrap().keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Target::open(&folder.path().join("no/such/folder"), true).is_err());
    }
}

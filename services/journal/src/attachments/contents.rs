//! The folder of contents: each in a file called by its SHA-256, `ab/cd…`, written beside and then renamed, so that what
//! has its name is whole. What is kept and what is not is decided elsewhere.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

use crate::domain::{
    Error,
    attachment::{self, MediaType},
};

/// What a file is called while it is being written.
const PART: &str = "part";
/// So many digits of a digest name the folder in which the file stands.
const FOLDER_CHARS: usize = 2;

/// The folder.
#[derive(Debug, Clone)]
pub struct Contents(Arc<Path>);

impl Contents {
    /// Makes the folder where it is missing, for its owner only.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        make_folder(folder)?;
        Ok(Self(folder.into()))
    }

    /// A file for what comes in.
    ///
    /// # Errors
    /// [`Error::Folder`] if it cannot be made.
    pub async fn begin(&self, id: Uuid) -> Result<Part, Error> {
        let path = self.0.join(format!("{}.{PART}", id.simple()));
        blocking(move || Part::create(path)).await
    }

    /// Gives what came in its name. It is there afterwards, also after a loss of power; what was there by that name
    /// before holds the same.
    ///
    /// # Errors
    /// [`Error::Folder`] if it cannot be renamed.
    pub async fn put(&self, part: Arc<Part>, digest: &str) -> Result<(), Error> {
        let (root, path) = (Arc::clone(&self.0), self.path(digest));
        blocking(move || {
            let folder = path.parent().unwrap_or(&root);
            if !folder.exists() {
                make_folder(folder)?;
                sync_folder(&root)?;
            }
            match fs::rename(&part.path, &path) {
                // A transaction that is run again finds it done.
                Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => Ok(()),
                renamed => renamed,
            }?;
            sync_folder(folder)
        })
        .await
    }

    /// The content with a digest; nothing if it is not there.
    ///
    /// # Errors
    /// [`Error::Folder`] if it is there and cannot be opened.
    pub async fn get(&self, digest: &str) -> Result<Option<tokio::fs::File>, Error> {
        let path = self.path(digest);
        match blocking(move || Ok(File::open(path))).await? {
            Ok(file) => Ok(Some(tokio::fs::File::from_std(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes contents; those that are not there are no error.
    ///
    /// # Errors
    /// [`Error::Folder`] if one is there and cannot be removed.
    pub async fn remove(&self, digests: Vec<String>) -> Result<(), Error> {
        let paths: Vec<PathBuf> = digests.iter().map(|digest| self.path(digest)).collect();
        blocking(move || paths.iter().try_for_each(|path| remove(path))).await
    }

    /// The digests of all contents.
    ///
    /// # Errors
    /// [`Error::Folder`] if the folder cannot be read.
    pub async fn digests(&self) -> Result<Vec<String>, Error> {
        let root = Arc::clone(&self.0);
        blocking(move || digests(&root)).await
    }

    /// Removes what was left by uploads that broke off when their process did. Those under way hold a lock, in whatever
    /// process they are.
    ///
    /// # Errors
    /// [`Error::Folder`] if the folder cannot be read, or a file is there and cannot be removed.
    pub async fn remove_abandoned(&self) -> Result<(), Error> {
        let root = Arc::clone(&self.0);
        blocking(move || {
            for entry in fs::read_dir(&root)? {
                let path = entry?.path();
                let is_part = path.extension().is_some_and(|extension| extension == PART);
                if is_part && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                    remove(&path)?;
                }
            }
            Ok(())
        })
        .await
    }

    fn path(&self, digest: &str) -> PathBuf {
        let (folder, file) = digest.split_at(FOLDER_CHARS.min(digest.len()));
        self.0.join(folder).join(file)
    }
}

/// A file that is being written, and goes away again unless it is given its name.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    /// Its lock says that it is not abandoned.
    file: File,
}

impl Part {
    fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let part = Self { path, file };
        part.file.lock()?;
        Ok(part)
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// [`Error::Folder`] if they cannot be written, as on a full disk.
    pub async fn write(self, bytes: Vec<u8>) -> Result<Self, Error> {
        blocking(move || {
            (&self.file).write_all(&bytes)?;
            Ok(self)
        })
        .await
    }

    /// What the package that came in is.
    ///
    /// # Errors
    /// [`Error::Folder`] if it cannot be read, [`Error::Invalid`] if it is none that is taken.
    pub async fn package(self: Arc<Self>) -> Result<MediaType, Error> {
        blocking(move || {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(0))?;
            attachment::of_package(&mut file)
        })
        .await?
    }

    /// Puts what came in on the disk for good.
    ///
    /// # Errors
    /// [`Error::Folder`] if the disk does not take it.
    pub async fn sync(self: Arc<Self>) -> Result<(), Error> {
        blocking(move || self.file.sync_all()).await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Under its name it is no part any more, and is not found.
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, "a broken upload is left until the next sweep");
        }
    }
}

/// Work on files in a thread where it holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(Error::Broken(format!("work on files ended without an answer: {error}"))),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// A new name is there after a loss of power only once its folder is on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn digests(root: &Path) -> io::Result<Vec<String>> {
    let mut digests = Vec::new();
    for folder in fs::read_dir(root)? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            let digest = [folder.file_name(), file?.file_name()]
                .map(|name| name.to_string_lossy().into_owned())
                .concat();
            // What is called otherwise is none of ours.
            if attachment::is_digest(&digest) {
                digests.push(digest);
            }
        }
    }
    Ok(digests)
}

#[cfg(test)]
mod tests;

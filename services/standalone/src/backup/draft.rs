//! A folder in the making: built beside the place where it shall be and put there at the end, so that it is whole or
//! not there.
//!
//! It owns who can read what is made, and that it survives a loss of power. It must not know what is in it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{self, Path, PathBuf},
};

use anyhow::{Context, bail};
use banggiao_cli::{Error, Lang};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::digest::{self, Digest};

/// A folder in the making, for its owner only. It goes away if it is not put in place.
#[derive(Debug)]
pub struct Draft {
    folder: TempDir,
    place: PathBuf,
}

impl Draft {
    /// Begins a folder that shall be at `place` one day. The folder above is made if it is not there.
    ///
    /// # Errors
    /// If nothing can be made beside the place.
    pub fn beside(place: &Path) -> anyhow::Result<Self> {
        let shown = place.display();
        let place = path::absolute(place).with_context(|| format!("{shown} names no folder"))?;
        // What is empty and has another name is meant by its own: a link cannot be replaced by a folder.
        let place = place.canonicalize().unwrap_or(place);
        let (Some(above), Some(name)) = (place.parent(), place.file_name()) else {
            bail!("{shown} names no folder that could be made");
        };
        fs::create_dir_all(above).with_context(|| format!("cannot make the folder {}", above.display()))?;
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{}.", name.to_string_lossy());
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder
            .tempdir_in(above)
            .with_context(|| format!("cannot write in {}", above.display()))?;
        Ok(Self { folder, place })
    }

    /// Where it is being made.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An empty file, with the folders above it.
    ///
    /// # Errors
    /// If it is there already or cannot be made.
    pub fn create(&self, part: &str) -> anyhow::Result<File> {
        let path = self.path().join(part);
        let (mut folders, mut options) = (DirBuilder::new(), OpenOptions::new());
        folders.recursive(true);
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let made = path.parent().map_or(Ok(()), |above| folders.create(above));
        made.and_then(|()| options.open(&path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// A copy of a file.
    ///
    /// # Errors
    /// If it cannot be read or written, or the command is asked to end.
    pub fn copy(&self, from: &Path, part: &str, stop: &CancellationToken) -> anyhow::Result<Digest> {
        let mut file = self.create(part)?;
        let copied = digest::pour(from, &mut file, stop)?;
        file.sync_all().with_context(|| format!("cannot write {part}"))?;
        Ok(copied)
    }

    /// A file with a text.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, part: &str, text: &str) -> anyhow::Result<()> {
        let mut file = self.create(part)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.with_context(|| format!("cannot write {part}"))
    }

    /// Puts the folder in its place, if nobody has put anything there meanwhile.
    ///
    /// # Errors
    /// If the place is taken, or what was made cannot be kept.
    pub fn put_in_place(self) -> anyhow::Result<()> {
        let failed = || format!("cannot put a folder at {}", self.place.display());
        sync_folders(self.path()).with_context(failed)?;
        // Replaces an empty folder, and fails at any other.
        fs::rename(self.path(), &self.place).with_context(failed)?;
        let above = self.place.parent().map_or(Ok(()), sync_folder);
        above.with_context(failed)?;
        // What was temporary is kept now, and under another name.
        let _ = self.folder.keep();
        Ok(())
    }
}

/// What is in a folder and below it.
#[derive(Debug, Default)]
pub struct Found {
    /// Files by their paths, with `/` between the names, in order.
    pub files: Vec<String>,
    /// What is neither file nor folder, as a link.
    pub others: Vec<String>,
}

/// Looks for everything in a folder whose name, and that of every folder above it, is wanted.
///
/// # Errors
/// If a folder cannot be read, or a name is not UTF-8.
pub fn walk(folder: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        let path = folder.join(&below);
        let unreadable = || format!("cannot read the folder {}", path.display());
        for entry in fs::read_dir(&path).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .with_context(|| format!("the name {name:?} is not UTF-8"))?;
            if !wanted(name) {
                continue;
            }
            let kind = entry.file_type().with_context(unreadable)?;
            let part = if below.is_empty() {
                name.to_owned()
            } else {
                format!("{below}/{name}")
            };
            match (kind.is_dir(), kind.is_file()) {
                (true, _) => open.push(part),
                (_, true) => found.files.push(part),
                _ => found.others.push(part),
            }
        }
    }
    found.files.sort_unstable();
    found.others.sort_unstable();
    Ok(found)
}

/// Refuses a place where something is.
///
/// # Errors
/// If the place is not free, or it cannot be told.
pub fn refuse_occupied(place: &Path, lang: Lang) -> Result<(), Error> {
    let shown = place.display();
    let taken = match fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => true,
        Err(error) => return Err(anyhow::Error::new(error).context(format!("cannot read {shown}")).into()),
    };
    if taken {
        let text = lang.pick(
            format!("{shown} is not empty; name a folder that is not there yet"),
            format!("{shown} không trống; hãy chọn một thư mục chưa có"),
        );
        return Err(anyhow::Error::msg(text).into());
    }
    Ok(())
}

/// Whether a path, which need not exist, is that of a folder or leads into it.
///
/// # Errors
/// If the folder is not there.
pub fn is_within(path: &Path, folder: &Path) -> anyhow::Result<bool> {
    let unreadable = || format!("cannot open the folder {}", folder.display());
    let folder = folder.canonicalize().with_context(unreadable)?;
    let path = path::absolute(path).with_context(unreadable)?;
    let there = path.ancestors().find_map(|above| above.canonicalize().ok());
    Ok(there.is_some_and(|there| there.starts_with(folder)))
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Names are durable when the folder that holds them is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems do not open folders as files, and keep names on their own.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

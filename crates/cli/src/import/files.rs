//! Which files are meant: those of a folder that are known by name, and those that are named themselves.
//!
//! It owns the finding and the reading into memory. What is inside a file is not looked at.

use super::kind::{Kind, WORKBOOK};
use crate::error::Error;
use anyhow::Context as _;
use std::borrow::Cow;
use std::fs;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// The most that is read of a file. The largest real one has some 700 KB; one a thousand times as large is a mistake.
const FILE_BYTES_MAX: usize = 1 << 30;
/// The longest line. A row of real text has less than a hundredth of it.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// A file of the import format, in memory.
#[derive(Debug, Clone)]
pub struct File {
    label: String,
    kind: Kind,
    workbook: bool,
    bytes: Cow<'static, [u8]>,
    left_out: Vec<usize>,
}

impl File {
    /// A file that is in memory already, as sample data inside a binary; `None` if the name is that of no known kind.
    pub fn new(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Option<Self> {
        Some(Self {
            label: name.to_owned(),
            kind: Kind::of_file(name)?,
            workbook: name.ends_with(WORKBOOK),
            bytes: bytes.into(),
            left_out: Vec::new(),
        })
    }

    /// What messages call the file.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The file's kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the file is a workbook, and not CSV.
    #[must_use]
    pub fn is_workbook(&self) -> bool {
        self.workbook
    }

    /// The file's content, but for lines that are too long.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the content lines are left out because they are too long; their line ends are there.
    #[must_use]
    pub fn left_out(&self) -> &[usize] {
        &self.left_out
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Files to import, in the order of the command line.
    pub files: Vec<File>,
    /// Files of folders that are none of ours.
    pub left: Vec<String>,
}

/// Finds and reads the files.
///
/// # Errors
/// [`Error::Usage`] if a file is named that is none of ours; [`Error::Failure`] if something is not there, cannot be
/// read, or a folder holds nothing to import.
pub fn find(paths: &[PathBuf]) -> Result<Found, Error> {
    let mut found = Found::default();
    for path in paths {
        let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            find_in(path, &mut found)?;
            continue;
        }
        let name = file_name(path);
        let Some(kind) = Kind::of_file(&name) else {
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.file_name()).collect();
            let path = path.display();
            return Err(Error::Usage(format!(
                "{path} is not known by its name; known are {}, or the same with {WORKBOOK}",
                known.join(", ")
            )));
        };
        found.files.push(read(path, kind)?);
    }
    // Where two files have the same name, only their paths tell them apart.
    let labels: Vec<_> = found
        .files
        .iter()
        .map(|file| file_name(Path::new(&file.label)))
        .collect();
    for (index, file) in found.files.iter_mut().enumerate() {
        if labels.iter().filter(|label| **label == labels[index]).count() == 1 {
            file.label.clone_from(&labels[index]);
        }
    }
    Ok(found)
}

fn find_in(folder: &Path, found: &mut Found) -> Result<(), Error> {
    let context = || format!("cannot read {}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        entries.push(entry.with_context(context)?.path());
    }
    entries.sort();
    let before = found.files.len();
    for path in entries {
        let name = file_name(&path);
        match Kind::of_file(&name).filter(|_| path.is_file()) {
            Some(kind) => found.files.push(read(&path, kind)?),
            None => found.left.push(name),
        }
    }
    if found.files.len() == before {
        return Err(Error::failure(format!("{} holds no file to import", folder.display())));
    }
    Ok(())
}

fn read(path: &Path, kind: Kind) -> Result<File, Error> {
    let context = || format!("cannot read {}", path.display());
    let mut file = fs::File::open(path).with_context(context)?;
    let workbook = file_name(path).ends_with(WORKBOOK);
    if workbook {
        let mut bytes = Vec::new();
        // One byte more than is read tells that there are more.
        let limit = banggiao_workbook::FILE_BYTES_MAX as u64 + 1;
        file.by_ref()
            .take(limit)
            .read_to_end(&mut bytes)
            .with_context(context)?;
        return Ok(File {
            label: path.display().to_string(),
            kind,
            workbook,
            bytes: bytes.into(),
            left_out: Vec::new(),
        });
    }
    let (bytes, left_out) = read_lines(BufReader::new(file)).with_context(context)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Error::failure(format!("{} is larger than 1 GiB", path.display())));
    }
    Ok(File {
        label: path.display().to_string(),
        kind,
        workbook,
        bytes: bytes.into(),
        left_out,
    })
}

/// Reads what there is, but for lines that are too long, and where these stood: memory stays flat however long they are.
fn read_lines(mut reader: impl BufRead) -> io::Result<(Vec<u8>, Vec<usize>)> {
    let (mut bytes, mut left_out) = (Vec::new(), Vec::new());
    while bytes.len() <= FILE_BYTES_MAX {
        let start = bytes.len();
        let read = reader
            .by_ref()
            .take(LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        if read == LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
            bytes.truncate(start);
            reader.skip_until(b'\n')?;
            left_out.push(start);
            bytes.push(b'\n');
        }
    }
    Ok((bytes, left_out))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_what_is_known_and_names_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "events.csv",
            "events.xlsx",
            "units.csv",
            "figures.csv",
            "~$events.xlsx",
            "README.md",
        ] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("markers.csv")).unwrap();
        let found = find(&[folder.path().to_owned()]).unwrap();
        let labels: Vec<_> = found.files.iter().map(File::label).collect();
        assert_eq!(labels, ["events.csv", "events.xlsx", "units.csv"]);
        assert_eq!(found.left, ["README.md", "figures.csv", "markers.csv", "~$events.xlsx"]);
    }

    #[test]
    fn files_of_the_same_name_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = ["a", "b"].iter().map(|name| folder.path().join(name)).collect();
        for path in &paths {
            fs::create_dir(path).unwrap();
            fs::write(path.join("units.csv"), "x").unwrap();
        }
        let found = find(&paths).unwrap();
        assert!(
            found.files[0].label().ends_with("a/units.csv"),
            "{}",
            found.files[0].label()
        );
        assert!(found.files[1].label().ends_with("b/units.csv"));
    }

    #[test]
    fn what_is_not_there_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(find(&[path.to_owned()]).unwrap_err().exit_code(), 1);
        assert_eq!(find(&[path.join("units.csv")]).unwrap_err().exit_code(), 1);
        fs::write(path.join("people.csv"), "x").unwrap();
        assert_eq!(find(&[path.join("people.csv")]).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn lines_that_are_too_long_are_left_out() {
        let fits = "x".repeat(LINE_BYTES_MAX - 1);
        let text = format!("a\n{fits}\n{fits}yy\nb\n{fits}zz");
        let (bytes, left_out) = read_lines(text.as_bytes()).unwrap();
        assert_eq!(bytes, format!("a\n{fits}\n\nb\n\n").as_bytes());
        assert_eq!(left_out, [2 + LINE_BYTES_MAX, 5 + LINE_BYTES_MAX]);
    }

    #[test]
    fn files_may_be_in_memory() {
        assert_eq!(
            File::new("units.csv", &b"id"[..]).map(|file| file.kind()),
            Some(Kind::Units)
        );
        assert!(File::new("README.md", &b""[..]).is_none());
    }
}

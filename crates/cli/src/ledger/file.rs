//! A log in a file: a line that says what it is, then the messages of `ListEntries`, each behind its length.

use crate::error::Error;
use anyhow::Context as _;
use banggiao_contracts::journal::v1::ListEntriesResponse;
use prost::Message as _;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"banggiao.org/ledger-export/v1\n";
/// No message is longer: whoever sends one sends some 64 KiB.
const MESSAGE_MAX: u32 = 16 * 1024 * 1024;

/// A file that only its owner can read, since it may hold what is secret; what is there stays until all is written.
fn beside(path: &Path) -> Result<(File, PathBuf), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(&part)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok((file, part))
}

fn put_in_place(file: &File, part: &Path, path: &Path) -> Result<(), Error> {
    file.sync_all()
        .and_then(|()| std::fs::rename(part, path))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// Writes a file whole, over what was there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let (mut file, part) = beside(path)?;
    file.write_all(bytes)
        .with_context(|| format!("cannot write {}", path.display()))?;
    put_in_place(&file, &part, path)
}

/// Writes a log. What is not finished leaves what was there as it was.
pub struct Writer {
    file: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
}

impl Writer {
    pub fn create(path: &Path) -> Result<Self, Error> {
        let (file, part) = beside(path)?;
        let mut file = BufWriter::new(file);
        file.write_all(MAGIC).context("cannot write the log")?;
        Ok(Self {
            file,
            part,
            path: path.to_owned(),
        })
    }

    pub fn put(&mut self, message: &ListEntriesResponse) -> Result<(), Error> {
        let bytes = message.encode_to_vec();
        let length = u32::try_from(bytes.len()).context("a message is too long")?;
        self.file
            .write_all(&length.to_be_bytes())
            .and_then(|()| self.file.write_all(&bytes))
            .context("cannot write the log")?;
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), Error> {
        self.file.flush().context("cannot write the log")?;
        put_in_place(self.file.get_ref(), &self.part, &self.path)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Once it is finished it has another name.
        drop(std::fs::remove_file(&self.part));
    }
}

/// Reads a log, message by message.
pub struct Reader {
    file: BufReader<File>,
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
        let (mut file, mut magic) = (BufReader::new(file), vec![0; MAGIC.len()]);
        match file.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => Ok(Self { file }),
            _ => Err(Error::failure(format!("{shown} is not a log that ledger export wrote"))),
        }
    }

    fn message(&mut self) -> anyhow::Result<Option<ListEntriesResponse>> {
        let mut length = [0; 4];
        let first = self.file.read(&mut length[..1])?;
        if first == 0 {
            return Ok(None);
        }
        self.file.read_exact(&mut length[1..])?;
        let length = u32::from_be_bytes(length);
        anyhow::ensure!(length <= MESSAGE_MAX, "a part of it is longer than any can be");
        let mut bytes = vec![0; usize::try_from(length)?];
        self.file.read_exact(&mut bytes)?;
        let message = ListEntriesResponse::decode(bytes.as_slice())?;
        // What is not read is not checked.
        anyhow::ensure!(message.encode_to_vec() == bytes, "it holds what cannot be read");
        Ok(Some(message))
    }
}

impl Iterator for Reader {
    type Item = Result<ListEntriesResponse, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = self.message().context("the file is damaged or cut off");
        message.map_err(Error::Failure).transpose()
    }
}

//! The file outside the database that remembers how far the log was ever signed. A database that was set back to an earlier
//! moment does not know it; this file does.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use banggiao_ledger::Checkpoint;
use banggiao_runtime::private;

use crate::domain::Error;

/// The file, and the size that it holds as far as is known here.
#[derive(Debug)]
pub struct HighWater {
    file: PathBuf,
    written: Mutex<Option<(String, u64)>>,
}

impl HighWater {
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            written: Mutex::default(),
        }
    }

    /// The note in the file, if there is one.
    pub fn read(&self) -> Result<Option<String>, Error> {
        match fs::read_to_string(&self.file) {
            // The file ends with one line end more than the note.
            Ok(text) => Ok(Some(
                text.strip_suffix("\n\n")
                    .map_or(text.clone(), |note| format!("{note}\n")),
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::HighWater(Arc::new(error.into()))),
        }
    }

    /// Whether what stands in the file is of another log, or of a smaller size: another replica may write the same file.
    fn is_lower(&self, origin: &str, size: u64) -> Result<bool, Error> {
        let stands = self.read()?.and_then(|note| Checkpoint::from_text(&note).ok());
        Ok(stands.is_none_or(|stands| stands.origin != origin || stands.size < size))
    }

    /// Writes a note of a later size, or of another log, in the place of what is there.
    pub fn raise(&self, note: &str, size: u64) -> Result<(), Error> {
        let origin = Checkpoint::from_text(note)
            .map(|checkpoint| checkpoint.origin)
            .unwrap_or_default();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*written, Some((known, highest)) if *known == origin && *highest >= size) {
            return Ok(());
        }
        if !self.is_lower(&origin, size)? {
            return Ok(());
        }
        private::write(&self.file, note).map_err(|error| Error::HighWater(Arc::new(error)))?;
        *written = Some((origin, size));
        Ok(())
    }
}

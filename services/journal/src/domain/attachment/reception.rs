//! A document as it comes in: its size, its digest and its kind, each checked as early as it can be, with no more than
//! its first bytes in memory.

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::Violations;
use sha2::{Digest, Sha256};

use super::{
    FORM, MediaType, contradicted, is_digest,
    media::{self, Look},
    refused,
    text::Text,
};
use crate::domain::Error;

/// One message carries at most so many bytes of a document.
const DATA_BYTES_MAX: usize = 1024 * 1024;
/// By so many of its first bytes a document is known.
const HEAD_BYTES: usize = 4096;

/// A document of which some has come in.
#[derive(Debug)]
pub struct Reception {
    size_bytes_max: u64,
    /// What the first message said; absent before it.
    said: Option<Said>,
    size_bytes: u64,
    hash: Sha256,
    text: Text,
    head: Vec<u8>,
    look: Option<Look>,
}

/// What the sender says of a document.
#[derive(Debug)]
struct Said {
    size_bytes: Option<u64>,
    digest: Option<String>,
}

/// A document that came in as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// SHA-256 of its bytes in lower-case hexadecimal digits.
    pub digest: String,
    /// Number of its bytes.
    pub size_bytes: u64,
    /// What it is; nothing if it is a package, of which the table of contents says it.
    pub media_type: Option<MediaType>,
}

impl Reception {
    /// Nothing has come in yet.
    pub fn new(size_bytes_max: u64) -> Self {
        Self {
            size_bytes_max,
            said: None,
            size_bytes: 0,
            hash: Sha256::new(),
            text: Text::default(),
            head: Vec::new(),
            look: None,
        }
    }

    /// Looks at the next message; gives the bytes that are to be kept.
    ///
    /// # Errors
    /// [`Error::TooLarge`], or [`Error::Invalid`] if the document is not what was said or none that is taken.
    pub fn take(&mut self, message: pb::UploadAttachmentRequest) -> Result<Vec<u8>, Error> {
        let pb::UploadAttachmentRequest {
            size_bytes,
            sha256,
            data,
        } = message;
        self.listen(size_bytes, sha256, data.len())?;
        self.size_bytes += data.len() as u64;
        if self.size_bytes > self.size_bytes_max {
            return Err(Error::TooLarge(self.size_bytes_max));
        }
        let said = self.said.as_ref().and_then(|said| said.size_bytes);
        if let Some(said) = said.filter(|said| self.size_bytes > *said) {
            return Err(contradicted("size_bytes", format!("more than {said} bytes were sent")));
        }
        self.hash.update(&data);
        self.text.take(&data);
        self.look_at(&data)?;
        Ok(data)
    }

    /// What the message says of the whole document, and whether it may.
    fn listen(&mut self, size_bytes: Option<i64>, sha256: String, data_len: usize) -> Result<(), Error> {
        let mut violations = Violations::new();
        let mut scope = violations.root();
        if data_len > DATA_BYTES_MAX {
            scope.invalid(
                "data",
                format!("has {data_len} bytes; at most {DATA_BYTES_MAX} are allowed"),
            );
        }
        let size = size_bytes.map(|size| {
            u64::try_from(size).unwrap_or_else(|_| {
                scope.invalid("size_bytes", format!("{size} is negative"));
                0
            })
        });
        if self.said.is_some() {
            let again = [("size_bytes", size_bytes.is_some()), ("sha256", !sha256.is_empty())];
            for (field, _) in again.into_iter().filter(|(_, given)| *given) {
                scope.invalid(field, "belongs into the first message");
            }
        } else if !sha256.is_empty() && !is_digest(&sha256) {
            scope.invalid("sha256", format!("{sha256:?} is not {FORM}"));
        }
        violations.check(()).map_err(Error::Invalid)?;
        if self.said.is_none() {
            self.said = Some(Said {
                size_bytes: size,
                digest: (!sha256.is_empty()).then_some(sha256),
            });
        }
        match size {
            Some(size) if size > self.size_bytes_max => Err(Error::TooLarge(self.size_bytes_max)),
            _ => Ok(()),
        }
    }

    /// What the document is, as soon as enough of it is there, and that a text goes on as one.
    fn look_at(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.look.is_none() {
            let missing = HEAD_BYTES - self.head.len();
            self.head.extend_from_slice(&data[..missing.min(data.len())]);
            if self.head.len() == HEAD_BYTES {
                self.look = Some(media::look(&self.head, self.text.is_sound())?);
            }
        }
        match self.look {
            Some(Look::Known(MediaType::Text)) if !self.text.is_sound() => Err(no_text()),
            _ => Ok(()),
        }
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is empty, not what was said, or none of the kinds that are taken.
    pub fn finish(self) -> Result<Received, Error> {
        let digest: String = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if self.size_bytes == 0 {
            return Err(contradicted(
                "data",
                "holds nothing; an attachment has at least one byte".to_owned(),
            ));
        }
        let mut violations = Violations::new();
        if let Some(said) = self.said {
            let size = self.size_bytes;
            if let Some(said) = said.size_bytes.filter(|said| *said != size) {
                violations
                    .root()
                    .invalid("size_bytes", format!("{said} were said, and {size} bytes were sent"));
            }
            if let Some(said) = said.digest.filter(|said| *said != digest) {
                violations
                    .root()
                    .invalid("sha256", format!("{said} was said, and what was sent has {digest}"));
            }
        }
        violations.check(()).map_err(Error::Invalid)?;
        let look = match self.look {
            Some(look) => look,
            None => media::look(&self.head, self.text.is_whole())?,
        };
        let media_type = match look {
            Look::Known(MediaType::Text) if !self.text.is_whole() => return Err(no_text()),
            Look::Known(known) => Some(known),
            Look::Package => None,
        };
        Ok(Received {
            digest,
            size_bytes: self.size_bytes,
            media_type,
        })
    }
}

fn no_text() -> Error {
    refused("content of an unknown kind")
}

#[cfg(test)]
mod tests;

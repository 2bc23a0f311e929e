//! Checkpoints (c2sp.org/tlog-checkpoint): what a log signs to say how long it is and what is in it. There is no time in
//! one and nothing else: two that differ for one size are the proof that the log lied.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{Hash, Note, PublicKey, SecretKey, note};

/// What a log is called in an epoch: each has a name of its own, so that what is signed in one is never taken for another's.
#[must_use]
pub fn origin(name: &str, epoch: i64) -> String {
    match epoch {
        ..=1 => name.to_owned(),
        later => format!("{name}/{later}"),
    }
}

/// What a log is called in its first epoch, and the epoch that a name is of.
#[must_use]
pub fn base(origin: &str) -> (&str, i64) {
    match origin.rsplit_once('/') {
        Some((base, epoch)) if epoch.parse::<i64>().is_ok_and(|epoch| epoch > 1) => (base, epoch.parse().unwrap_or(1)),
        _ => (origin, 1),
    }
}

/// Why a checkpoint does not read, or is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The note.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The signed text is no checkpoint.
    #[error("the note is not a checkpoint")]
    Malformed,
    /// It is of another log than the key.
    #[error("the checkpoint is of the log {0}")]
    OtherLog(String),
}

/// Size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of its key.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64_STANDARD.encode(self.root)
        )
    }

    /// As a note that all of these keys signed, in their order.
    #[must_use]
    pub fn signed(&self, keys: &[SecretKey]) -> String {
        note::signed(&self.to_text(), keys)
    }

    /// Reads the text of a checkpoint, signed or not. Nothing of it is believed yet.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Error::Malformed);
        };
        // A number has one way to be written.
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
        let hash = BASE64_STANDARD.decode(root).ok();
        let hash = hash.and_then(|bytes| Hash::try_from(bytes).ok());
        match (number, hash, lines.next()) {
            (Some(size), Some(root), Some(_)) if !origin.is_empty() => Ok(Self {
                origin: origin.to_owned(),
                size,
                root,
            }),
            _ => Err(Error::Malformed),
        }
    }

    /// Reads a signed checkpoint of the key's log.
    ///
    /// # Errors
    /// If it does not read, is of another log, or is not signed by the key.
    pub fn verified(note: &str, key: &PublicKey) -> Result<Self, Error> {
        Self::verified_by_any(note, std::slice::from_ref(key))
    }

    /// The same for a log that had several keys: any of them may have signed it, and no signature in a key's name may be
    /// false.
    ///
    /// # Errors
    /// If it does not read, is of another log than each key, or none of them signed it.
    pub fn verified_by_any(note: &str, keys: &[PublicKey]) -> Result<Self, Error> {
        let note = Note::parse(note)?;
        let checkpoint = Self::from_text(note.unverified_text())?;
        let mut of_log = keys.iter().filter(|key| key.name() == checkpoint.origin).peekable();
        if of_log.peek().is_none() {
            return Err(Error::OtherLog(checkpoint.origin));
        }
        note.signers(of_log)?;
        Ok(checkpoint)
    }
}

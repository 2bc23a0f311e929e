//! Changes of the keys that sign for a log, and for which sizes of it each key is to be believed.
//!
//! A change stands in the log as a note that the newest key until then has signed, and the newest one from then on: whoever
//! trusts one of them learns of the other. For a while both sign, so that whoever checks has time to learn of it.

use crate::{
    Note, PublicKey, SecretKey,
    note::{self, signed},
};

/// The line that no other signed text begins with.
const FORMAT: &str = "banggiao.org/key-change/v1";

/// Why a change does not read, or is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The note.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The signed text is no change of keys.
    #[error("the note is not a change of keys")]
    Malformed,
}

/// Who signs from an entry on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Which log: the name of its keys.
    pub origin: String,
    /// How many entries it had before. The change is the next one, and the first for which these keys sign.
    pub size: u64,
    /// The keys, the newest last.
    pub signing: Vec<PublicKey>,
}

impl KeyChange {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let keys: String = self.signing.iter().map(|key| format!("{key}\n")).collect();
        format!("{FORMAT}\n{}\n{}\n{keys}", self.origin, self.size)
    }

    /// As a note that these keys signed.
    #[must_use]
    pub fn signed(&self, keys: &[SecretKey]) -> String {
        signed(&self.to_text(), keys)
    }

    /// Reads the text of a note. Nothing of it is believed yet.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_note(note: &Note) -> Result<Self, Error> {
        let mut lines = note.unverified_text().lines();
        let (Some(FORMAT), Some(origin), Some(size)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Error::Malformed);
        };
        // A number has one way to be written.
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
        let signing = lines.map(PublicKey::parse).collect::<Result<Vec<_>, _>>()?;
        let are_of_log = signing.iter().all(|key| key.name() == origin);
        match number {
            Some(size) if are_of_log && !signing.is_empty() => Ok(Self {
                origin: origin.to_owned(),
                size,
                signing,
            }),
            _ => Err(Error::Malformed),
        }
    }

    /// The key that is the newest from here on.
    #[must_use]
    pub fn newest(&self) -> Option<&PublicKey> {
        self.signing.last()
    }
}

/// A key, and the sizes of the log for which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The key.
    pub key: PublicKey,
    /// The first size.
    pub first: u64,
    /// The last size; none while it signs still.
    pub last: Option<u64>,
}

impl Term {
    /// Whether the key signs for a size.
    #[must_use]
    pub fn holds_at(&self, size: u64) -> bool {
        self.first <= size && self.last.is_none_or(|last| size <= last)
    }
}

/// The keys that a log had in an epoch, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms(Vec<Term>);

impl Terms {
    /// Those of an epoch that begins with one key.
    #[must_use]
    pub fn of(first: PublicKey) -> Self {
        Self(vec![Term {
            key: first,
            first: 0,
            last: None,
        }])
    }

    /// Takes a change in, after those before it.
    pub fn change(&mut self, change: &KeyChange) {
        for term in self.0.iter_mut().filter(|term| term.last.is_none()) {
            if !change.signing.contains(&term.key) {
                term.last = Some(change.size);
            }
        }
        for key in &change.signing {
            if !self.0.iter().any(|term| term.last.is_none() && term.key == *key) {
                self.0.push(Term {
                    key: key.clone(),
                    first: change.size.saturating_add(1),
                    last: None,
                });
            }
        }
    }

    /// The keys that sign for a size, the newest last.
    #[must_use]
    pub fn at(&self, size: u64) -> Vec<PublicKey> {
        let holding = self.0.iter().filter(|term| term.holds_at(size));
        holding.map(|term| term.key.clone()).collect()
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Term] {
        &self.0
    }
}

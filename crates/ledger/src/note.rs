//! Signed notes (c2sp.org/signed-note): a text, an empty line, and one line for each signature.
//!
//! A key has a name, and an id that is told from name and key; a verifier passes over the lines of keys that it does not
//! know, so that a second kind of signature may be added one day and breaks nobody.

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// What begins a line of a signature.
const MARK: &str = "\u{2014} ";
/// The number of the signature algorithm: Ed25519.
const ED25519: u8 = 1;
/// A note has no more signatures, and a reader takes in no more: the work of checking them is bounded.
const SIGNATURES_MAX: usize = 16;

/// Why a note or a key does not read, or a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no signed note.
    #[error("it is not a signed note: {0}")]
    Malformed(&'static str),
    /// It is no key.
    #[error("it is not a key: {0}")]
    Key(&'static str),
    /// No signature is of this key.
    #[error("it is not signed by {0}")]
    Unsigned(String),
    /// A signature in the key's name is not its own.
    #[error("the signature of {0} is false")]
    False(String),
}

/// One line of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// A signed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    lines: Vec<Line>,
}

impl Note {
    /// Reads a note. Nothing of it is believed yet.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn parse(note: &str) -> Result<Self, Error> {
        if note.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{fffd}') {
            return Err(Error::Malformed("it has control characters"));
        }
        let (text, lines) = note
            .rsplit_once("\n\n")
            .ok_or(Error::Malformed("there is no empty line before the signatures"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(Error::Malformed("it does not end with a line"))?;
        let lines = lines.split('\n').map(Line::parse).collect::<Result<Vec<_>, _>>()?;
        if lines.len() > SIGNATURES_MAX {
            return Err(Error::Malformed("it has too many signatures"));
        }
        Ok(Self {
            text: format!("{text}\n"),
            lines,
        })
    }

    /// The text, once a key has been found to have signed it.
    ///
    /// # Errors
    /// If it has not, or a line in its name is false.
    pub fn signed_by(&self, key: &PublicKey) -> Result<&str, Error> {
        self.signers([key])?;
        Ok(&self.text)
    }

    /// Which of these keys signed it: at least one.
    ///
    /// # Errors
    /// If none has, or a line in the name of one is false.
    pub fn signers<'a>(&self, keys: impl IntoIterator<Item = &'a PublicKey>) -> Result<Vec<&'a PublicKey>, Error> {
        let (mut signers, mut missing) = (Vec::new(), None);
        for key in keys {
            let mut lines = self
                .lines
                .iter()
                .filter(|line| line.name == key.name && line.id == key.id)
                .peekable();
            if lines.peek().is_none() {
                missing = Some(key);
                continue;
            }
            let is_true = |line: &Line| {
                let signature = Signature::from_slice(&line.signature).ok()?;
                key.key.verify_strict(self.text.as_bytes(), &signature).ok()
            };
            if !lines.all(|line| is_true(line).is_some()) {
                return Err(Error::False(key.name.clone()));
            }
            signers.push(key);
        }
        match (signers.is_empty(), missing) {
            (true, missing) => Err(Error::Unsigned(missing.map_or_else(String::new, PublicKey::to_string))),
            (false, _) => Ok(signers),
        }
    }

    /// The text, whoever signed it.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }
}

impl Line {
    fn parse(line: &str) -> Result<Self, Error> {
        let malformed = Error::Malformed("a line of a signature is malformed");
        let (name, signature) = line
            .strip_prefix(MARK)
            .and_then(|line| line.split_once(' '))
            .ok_or(malformed.clone())?;
        let bytes = BASE64_STANDARD.decode(signature).ok();
        let split = bytes
            .as_deref()
            .and_then(|bytes| bytes.split_first_chunk::<4>())
            .filter(|(_, signature)| !signature.is_empty());
        let Some((id, signature)) = split.filter(|_| is_name(name)) else {
            return Err(malformed);
        };
        Ok(Self {
            name: name.to_owned(),
            id: *id,
            signature: signature.to_vec(),
        })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}

/// A key to check signatures with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl PublicKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, Error> {
        if !is_name(name) {
            return Err(Error::Key("its name is empty, or has a space or a plus sign"));
        }
        let mut id = Sha256::new();
        id.update(name);
        id.update([b'\n', ED25519]);
        id.update(key.as_bytes());
        let digest: [u8; 32] = id.finalize().into();
        Ok(Self {
            name: name.to_owned(),
            id: [digest[0], digest[1], digest[2], digest[3]],
            key,
        })
    }

    /// Reads a key as `name+id+base64(0x01 ‖ key)`.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Key("it must be NAME+ID+KEY"));
        };
        let bytes = BASE64_STANDARD.decode(key).ok();
        let key = match bytes.as_deref().and_then(<[u8]>::split_first) {
            Some((&ED25519, key)) => <[u8; 32]>::try_from(key).ok(),
            _ => None,
        };
        let key = key
            .and_then(|key| VerifyingKey::from_bytes(&key).ok())
            .ok_or(Error::Key("it is not of Ed25519"))?;
        let key = Self::new(name, key)?;
        if crate::hex(&key.id) == id {
            Ok(key)
        } else {
            Err(Error::Key("its id does not belong to it"))
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id in hexadecimal digits, as it stands in the middle of what is written of it.
    #[must_use]
    pub fn id(&self) -> String {
        crate::hex(&self.id)
    }

    /// Whether it is the same key, whatever the name.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// The same key by another name.
    ///
    /// # Errors
    /// If that is none.
    pub fn named(&self, name: &str) -> Result<Self, Error> {
        Self::new(name, self.key)
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            crate::hex(&self.id),
            BASE64_STANDARD.encode(bytes)
        )
    }
}

/// A key to sign with. Its secret is wiped from memory when it goes.
#[derive(Debug)]
pub struct SecretKey {
    key: SigningKey,
    public: PublicKey,
}

impl SecretKey {
    /// The key of 32 secret bytes, by a name.
    ///
    /// # Errors
    /// If the name is empty, or has a space or a plus sign.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, Error> {
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey::new(name, key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// What others check its signatures with.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn line(&self, text: &str) -> String {
        let mut bytes = self.public.id.to_vec();
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{MARK}{} {}\n", self.public.name, BASE64_STANDARD.encode(bytes))
    }
}

/// A text, which must end with a line, as a note with a signature of each key.
#[must_use]
pub fn signed(text: &str, keys: &[SecretKey]) -> String {
    let lines: String = keys.iter().map(|key| key.line(text)).collect();
    format!("{text}\n{lines}")
}

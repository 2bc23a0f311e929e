//! Keys and certificates in files: reading them, and reading them again once they were renewed.
//!
//! Both ends of a connection are built on this. What a server demands of its callers is said where it listens.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sha2::{Digest, Sha256};

/// The name of HTTP/2 in a handshake.
pub const HTTP2: &[u8] = b"h2";

/// Why keys and certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that is not there, or may not be read.
    #[error("cannot read {}: {cause}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file without what is looked for in it.
    #[error("{} holds no {what} in PEM", file.display())]
    Empty {
        /// Which.
        file: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// A certificate and a key that are unfit, or do not belong together.
    #[error("{}: {cause}", file.display())]
    Unfit {
        /// The file of the certificate.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Settings that cannot be meant.
    #[error("{0}")]
    Settings(String),
}

/// The cryptography of all connections. It is named wherever it is needed, and never taken from the process, where
/// another library could have set another.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The certificates in a file: one's own first, those that vouch for it after it.
///
/// # Errors
/// If the file cannot be read or holds none.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    let empty = || Error::Empty {
        file: file.to_owned(),
        what: "certificate",
    };
    let certificates = certificates.map_err(|_malformed| empty())?;
    if certificates.is_empty() {
        return Err(empty());
    }
    Ok(certificates)
}

/// The private key in a file.
///
/// # Errors
/// If the file cannot be read or holds none.
pub fn key(file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(&read(file)?).map_err(|_malformed| Error::Empty {
        file: file.to_owned(),
        what: "private key",
    })
}

/// The authorities in a file.
///
/// # Errors
/// If the file cannot be read, or one of its certificates is none of an authority.
pub fn authorities(file: &Path) -> Result<RootCertStore, Error> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(file)? {
        authorities.add(certificate).map_err(|error| unfit(file, &error))?;
    }
    Ok(authorities)
}

/// An error of the library, with the file that it is about.
#[must_use]
pub fn unfit(file: &Path, cause: &rustls::Error) -> Error {
    Error::Unfit {
        file: file.to_owned(),
        cause: cause.to_string(),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|cause| Error::Unreadable {
        file: file.to_owned(),
        cause,
    })
}

/// Whom a client trusts, and how it is recognised itself. All files are PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// The authorities, one of which must vouch for the server. The system's own are never asked.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate, where the server wants one.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate must hold, if it is another than that in the address.
    pub server_name: Option<String>,
}

impl Trust {
    /// What connections are opened with, read again once a file has changed.
    ///
    /// # Errors
    /// If no authority is named, a certificate stands there without its key, or a file cannot be used.
    pub(crate) fn open(&self) -> Result<Renewed<ClientConfig>, Error> {
        let Some(ca_file) = self.ca_file.clone() else {
            let words = "an address with https:// needs the file of the authorities that are trusted (ca_file)";
            return Err(Error::Settings(words.to_owned()));
        };
        let own = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => Some([certificate.clone(), key.clone()]),
            (None, None) => None,
            _ => {
                let words = "certificate_file and key_file go together";
                return Err(Error::Settings(words.to_owned()));
            }
        };
        let mut files = vec![ca_file.clone()];
        files.extend(own.iter().flatten().cloned());
        Renewed::open(files, move || client(&ca_file, own.as_ref()))
    }
}

fn client(ca_file: &Path, own: Option<&[PathBuf; 2]>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| unfit(ca_file, &error))?
        .with_root_certificates(authorities(ca_file)?);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some([certificate_file, key_file]) => builder
            .with_client_auth_cert(certificates(certificate_file)?, key(key_file)?)
            .map_err(|error| unfit(certificate_file, &error))?,
    };
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}

/// What is made from files, and made anew once they have changed. What cannot be used is told, and what was there stays.
pub struct Renewed<T> {
    files: Vec<PathBuf>,
    make: Box<dyn Fn() -> Result<T, Error> + Send + Sync>,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// Of the files when they were last looked at, whether they could be used or not.
    seen: [u8; 32],
    value: Arc<T>,
}

impl<T> fmt::Debug for Renewed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl<T> Renewed<T> {
    /// From the files that `make` reads.
    ///
    /// # Errors
    /// That of `make`.
    pub fn open(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        // Looked at first: what changes between the two is found the next time.
        let seen = fingerprint(&files);
        let value = Arc::new(make()?);
        Ok(Self {
            files,
            make: Box::new(make),
            state: Mutex::new(State { seen, value }),
        })
    }

    /// What holds now.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.state().value)
    }

    /// Looks at the files, and makes anew what they are for if they have changed. It reads files: a task that others wait
    /// for calls it where waiting is allowed.
    pub fn refresh(&self) {
        let found = fingerprint(&self.files);
        let mut state = self.state();
        if found == state.seen {
            return;
        }
        state.seen = found;
        match (self.make)() {
            Ok(value) => {
                state.value = Arc::new(value);
                tracing::info!(files = ?self.files, "renewed certificates are used from now on");
            }
            // A pair is often written one file after the other, so the next look may be content.
            Err(error) => tracing::error!(%error, "changed certificates cannot be used; the former ones stay"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of the contents rather than of times: a renewal that is put in place by a link or keeps the time is one too. A file
/// that is missing has a fingerprint of its own, so that it is told once and not at every look.
fn fingerprint(files: &[PathBuf]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for file in files {
        let content = fs::read(file).map_or_else(|_missing| [0; 32], |bytes| Sha256::digest(bytes).into());
        digest.update(content);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("number");
        fs::write(&file, "1").unwrap();
        let renewed = {
            let file = file.clone();
            let number = move || {
                let text = String::from_utf8(read(&file)?).unwrap_or_default();
                text.parse::<u8>().map_err(|error| Error::Settings(error.to_string()))
            };
            Renewed::open(vec![folder.path().join("number")], number).unwrap()
        };
        let look = || {
            renewed.refresh();
            *renewed.current()
        };
        assert_eq!(look(), 1);
        fs::write(&file, "two").unwrap();
        assert_eq!(look(), 1);
        fs::remove_file(&file).unwrap();
        assert_eq!(look(), 1);
        fs::write(&file, "3").unwrap();
        assert_eq!(look(), 3);
    }

    #[test]
    fn settings_that_cannot_be_meant_are_refused_in_words() {
        let message = |trust: Trust| trust.open().unwrap_err().to_string();
        assert!(message(Trust::default()).contains("ca_file"));
        let half = Trust {
            ca_file: Some("ca.pem".into()),
            key_file: Some("key.pem".into()),
            ..Trust::default()
        };
        assert!(message(half).contains("go together"));
        let missing = Trust {
            ca_file: Some("/nowhere/ca.pem".into()),
            ..Trust::default()
        };
        assert!(message(missing).starts_with("cannot read /nowhere/ca.pem"));
    }
}

//! Profiles: where a server is, whom to trust there and which token file goes with it, one small TOML file each in the user's configuration
//! folder, `banggiao/profiles/NAME.toml`.
//!
//! It owns the form and the place of these files. It never reads a token.

use crate::error::Error;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The profile that every command takes unless told otherwise.
pub const DEFAULT: &str = "local";

/// What a profile says; what it leaves out must come from a flag or the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Address of the gateway, as `http://127.0.0.1:7443` or `https://gateway.example:7700`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The file that holds the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The authorities that are trusted, for an address with `https://`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The certificate to show, where the server wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

/// Reads a profile; `None` if there is none of that name.
///
/// # Errors
/// [`Error::Usage`] if the name is not an id, [`Error::Failure`] if the file cannot be read or understood.
pub fn read(name: &str) -> Result<Option<Profile>, Error> {
    check_name(name)?;
    folder().map_or(Ok(None), |folder| read_in(&folder, name))
}

/// Writes a profile, in place of any older one of that name, and tells where.
///
/// # Errors
/// [`Error::Usage`] if the name is not an id, [`Error::Failure`] if the file cannot be written.
pub fn write(name: &str, profile: &Profile) -> Result<PathBuf, Error> {
    check_name(name)?;
    let folder = folder().ok_or_else(|| Error::failure("the user has no home, and so no configuration folder"))?;
    write_in(&folder, name, profile)
}

fn folder() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|folders| folders.config_dir().join("banggiao").join("profiles"))
}

/// A name becomes part of a path, so it must not lead anywhere else.
fn check_name(name: &str) -> Result<(), Error> {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    if !name.is_empty() && name.len() <= 63 && name.chars().all(plain) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "\"{name}\" cannot name a profile: such names hold letters, digits, \"-\" and \"_\""
    )))
}

fn read_in(folder: &Path, name: &str) -> Result<Option<Profile>, Error> {
    let path = folder.join(format!("{name}.toml"));
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let context = format!("cannot read the profile {}", path.display());
            return Err(Error::Failure(anyhow::Error::new(error).context(context)));
        }
    };
    let profile = toml::from_str(&text).with_context(|| format!("the profile {} is malformed", path.display()))?;
    Ok(Some(profile))
}

fn write_in(folder: &Path, name: &str, profile: &Profile) -> Result<PathBuf, Error> {
    let path = folder.join(format!("{name}.toml"));
    let text = toml::to_string(profile).context("cannot write a profile")?;
    // The file is put in place by a rename, so that a command that runs at this moment never reads half of it.
    let unfinished = folder.join(format!(".{name}.{}.toml", std::process::id()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&unfinished, text))
        .and_then(|()| fs::rename(&unfinished, &path))
        .with_context(|| format!("cannot write the profile {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("banggiao").join("profiles");
        let profile = Profile {
            server: Some("http://127.0.0.1:7443".into()),
            token_file: Some("/var/lib/banggiao/t".into()),
            ca_file: Some("/etc/banggiao/ca.pem".into()),
            ..Profile::default()
        };
        assert_eq!(read_in(&nested, "local").unwrap(), None);
        let path = write_in(&nested, "local", &profile).unwrap();
        assert_eq!(read_in(&nested, "local").unwrap(), Some(profile));
        assert_eq!(fs::read_dir(&nested).unwrap().count(), 1);
        fs::write(path, "sever = \"typo\"").unwrap();
        assert!(read_in(&nested, "local").unwrap_err().text().contains("malformed"));
    }

    #[test]
    fn a_name_is_no_path() {
        for name in ["", "../x", "a/b", "a.b", &"a".repeat(64)] {
            assert_eq!(check_name(name).unwrap_err().exit_code(), 2, "{name}");
        }
        assert!(check_name("region-7_test").is_ok());
    }
}

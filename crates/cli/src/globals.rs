//! The flags that every verb takes, and what they come to: flag before environment before profile.
//!
//! It owns where the server, the token and the language come from. It must not know any verb.

use crate::connection::Connection;
use crate::error::Error;
use crate::output::Output;
use crate::profile::{self, Profile};
use banggiao_rpc::tls::Trust;
use clap::{Args, ValueEnum};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The languages that the command speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl Lang {
    /// The key under which contracts hold texts of this language, which is its tag in `accept-language` as well.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// One of two texts.
    #[must_use]
    pub fn pick<T>(self, en: T, vi: T) -> T {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }

    /// The language of the locale; English unless it is Vietnamese.
    fn from_locale(locale: Option<&str>) -> Self {
        if locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("vi")) {
            Self::Vi
        } else {
            Self::En
        }
    }
}

/// The flags of every verb.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Address of the server; by default what the profile says.
    #[arg(
        long,
        global = true,
        value_name = "http[s]://HOST:PORT",
        env = "BANGGIAO_SERVER",
        hide_env_values = true
    )]
    pub server: Option<String>,
    /// File that holds the token; an empty file stands for no token.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "BANGGIAO_TOKEN_FILE",
        hide_env_values = true
    )]
    pub token_file: Option<PathBuf>,
    /// Authorities that are trusted, in PEM; needed for an address with https://.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "BANGGIAO_CA_FILE",
        hide_env_values = true
    )]
    pub ca_file: Option<PathBuf>,
    /// Certificate to show to a server that wants one, in PEM.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "BANGGIAO_CERTIFICATE_FILE",
        hide_env_values = true
    )]
    pub certificate_file: Option<PathBuf>,
    /// Key of that certificate, in PEM.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "BANGGIAO_KEY_FILE",
        hide_env_values = true
    )]
    pub key_file: Option<PathBuf>,
    /// Profile of the user's configuration folder [default: local].
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// How long a call may take, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Form of the data on stdout.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Language of tables and messages [default: that of the locale if it is Vietnamese, else English].
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
}

/// A connection, and how its caller wants to be answered.
#[derive(Debug, Clone)]
pub struct Session {
    /// The connection to the server.
    pub connection: Connection,
    /// Form of the data on stdout.
    pub output: Output,
    /// Language of tables.
    pub lang: Lang,
}

impl Globals {
    /// The language asked for, else that of the locale.
    #[must_use]
    pub fn language(&self) -> Lang {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = || set("LC_ALL").or_else(|| set("LC_MESSAGES")).or_else(|| set("LANG"));
        self.lang.unwrap_or_else(|| Lang::from_locale(locale().as_deref()))
    }

    /// Gathers the settings and opens a connection; nothing is sent yet. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Usage`] if no server is known or its address makes no sense, [`Error::Failure`] if the token file
    /// cannot be read.
    pub fn session(&self) -> Result<Session, Error> {
        let target = self.target(profile::read)?;
        let token = target.token_file.as_deref().map(read_token).transpose()?.flatten();
        let lang = self.language();
        let timeout = Duration::from_secs(self.timeout);
        let connection = Connection::trusting(&target.server, &target.trust, token, timeout)?.with_language(lang);
        Ok(Session {
            connection,
            output: self.output,
            lang,
        })
    }

    /// Where to call, and with what. An empty flag or variable counts as absent.
    fn target(&self, read: impl Fn(&str) -> Result<Option<Profile>, Error>) -> Result<Target, Error> {
        let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
        let server = self.server.clone().filter(|server| !server.is_empty());
        let token_file = given(&self.token_file);
        let trust = Trust {
            ca_file: given(&self.ca_file),
            certificate_file: given(&self.certificate_file),
            key_file: given(&self.key_file),
            server_name: None,
        };
        let name = self.profile.as_deref().unwrap_or(profile::DEFAULT);
        if let (Some(server), Some(_), None) = (&server, &token_file, &self.profile)
            && (trust.ca_file.is_some() || !server.starts_with("https://"))
        {
            return Ok(Target {
                server: server.clone(),
                token_file,
                trust,
            });
        }
        let profile = match read(name)? {
            None if self.profile.is_some() => return Err(Error::Usage(format!("there is no profile \"{name}\""))),
            found => found.unwrap_or_default(),
        };
        // The default profile's token is for the default profile's server and must not be shown to any other; neither is
        // its certificate, or its authority asked about others.
        let other_server = self.profile.is_none() && server.is_some() && server != profile.server;
        let profile = if other_server { Profile::default() } else { profile };
        // A certificate and its key come from one place, or they would not fit.
        let own = if trust.certificate_file.is_some() || trust.key_file.is_some() {
            (trust.certificate_file, trust.key_file)
        } else {
            (profile.certificate_file, profile.key_file)
        };
        let server = server.or(profile.server).ok_or_else(|| {
            Error::Usage(format!(
                "no server is known: give --server http://HOST:PORT, set BANGGIAO_SERVER, or start one with \
                 `banggiao up`, which writes the profile \"{}\"",
                profile::DEFAULT
            ))
        })?;
        Ok(Target {
            server,
            token_file: token_file.or(profile.token_file),
            trust: Trust {
                ca_file: trust.ca_file.or(profile.ca_file),
                certificate_file: own.0,
                key_file: own.1,
                server_name: None,
            },
        })
    }
}

/// Where to call, and with what.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    server: String,
    token_file: Option<PathBuf>,
    trust: Trust,
}

/// The token in the file; `None` if the file is empty.
fn read_token(path: &Path) -> Result<Option<String>, Error> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::Failure(anyhow::Error::new(error).context(format!("cannot read the token file {}", path.display())))
    })?;
    let token = text.trim();
    Ok((!token.is_empty()).then(|| token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globals(server: Option<&str>, token_file: Option<&str>, profile: Option<&str>) -> Globals {
        Globals {
            server: server.map(Into::into),
            token_file: token_file.map(Into::into),
            ca_file: None,
            certificate_file: None,
            key_file: None,
            profile: profile.map(Into::into),
            timeout: 30,
            output: Output::Table,
            lang: None,
        }
    }

    fn local(name: &str) -> Result<Option<Profile>, Error> {
        let profile = Profile {
            server: Some("http://here:1".into()),
            token_file: Some("token".into()),
            ca_file: Some("ca".into()),
            ..Profile::default()
        };
        Ok((name == "local").then_some(profile))
    }

    #[test]
    fn a_flag_comes_before_the_profile() {
        let target = |globals: Globals| {
            let target = globals.target(local).unwrap();
            (target.server, target.token_file)
        };
        assert_eq!(
            target(globals(None, None, None)),
            ("http://here:1".into(), Some("token".into()))
        );
        assert_eq!(
            target(globals(None, Some("mine"), None)),
            ("http://here:1".into(), Some("mine".into()))
        );
        assert_eq!(
            target(globals(Some("http://a:2"), Some("t"), None)),
            ("http://a:2".into(), Some("t".into()))
        );
        assert_eq!(
            target(globals(Some(""), None, None)),
            ("http://here:1".into(), Some("token".into()))
        );
    }

    #[test]
    fn the_local_token_goes_to_the_local_server_only() {
        let target = |globals: Globals| globals.target(local).unwrap().token_file;
        assert_eq!(target(globals(Some("http://elsewhere:2"), None, None)), None);
        assert_eq!(target(globals(Some("http://here:1"), None, None)), Some("token".into()));
        assert_eq!(
            target(globals(Some("http://elsewhere:2"), None, Some("local"))),
            Some("token".into())
        );
    }

    #[test]
    fn the_local_authority_vouches_for_the_local_server_only() {
        let trust = |globals: Globals| globals.target(local).unwrap().trust;
        assert_eq!(trust(globals(None, None, None)).ca_file, Some("ca".into()));
        assert_eq!(
            trust(globals(Some("https://elsewhere:2"), Some("t"), None)),
            Trust::default()
        );
        let own = Globals {
            ca_file: Some("mine".into()),
            key_file: Some("key".into()),
            ..globals(Some("https://elsewhere:2"), Some("t"), None)
        };
        let trusted = trust(own);
        assert_eq!(trusted.ca_file, Some("mine".into()));
        assert_eq!((trusted.certificate_file, trusted.key_file), (None, Some("key".into())));
    }

    #[test]
    fn without_server_or_profile_the_usage_is_wrong() {
        assert_eq!(
            globals(None, None, None).target(|_| Ok(None)).unwrap_err().exit_code(),
            2
        );
        assert_eq!(
            globals(None, None, Some("other"))
                .target(local)
                .unwrap_err()
                .exit_code(),
            2
        );
    }

    #[test]
    fn an_empty_token_file_is_no_token_and_a_missing_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let missing = read_token(&path).unwrap_err();
        assert_eq!(missing.exit_code(), 1);
        assert!(missing.text().contains(&path.display().to_string()));
        fs::write(&path, "\n").unwrap();
        assert_eq!(read_token(&path).unwrap(), None);
        fs::write(&path, "abc\n").unwrap();
        assert_eq!(read_token(&path).unwrap().as_deref(), Some("abc"));
    }

    #[test]
    fn the_locale_decides_between_two_languages() {
        assert_eq!(Lang::from_locale(Some("vi_VN.UTF-8")), Lang::Vi);
        assert_eq!(Lang::from_locale(Some("de_DE.UTF-8")), Lang::En);
        assert_eq!(Lang::from_locale(None), Lang::En);
    }
}

//! The data folder of a standalone installation: its lock, its signing key, its tokens, its databases.
//!
//! Whoever can read the key can be anybody, so key and tokens are readable by their owner only.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use banggiao_model::clock::Clock;
use banggiao_rpc::token::{self, Issued, Issuer};
use banggiao_runtime::private;

/// Who issues the tokens of a standalone installation.
pub const ISSUER: &str = "banggiao";
/// What a standalone installation is called.
pub const INSTALLATION: &str = "banggiao";
/// Where tokens are noted.
const ISSUED: &str = "tokens.jsonl";
/// The administrator's token holds for a year, and is made anew at every start.
const ADMIN_SECONDS: i64 = 366 * 24 * 3600;
/// The services' tokens never leave the folder that holds the key itself.
const SERVICE_SECONDS: i64 = 3660 * 24 * 3600;

/// A data folder, locked for this process.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Opens the folder, making it and its key if they are not there.
    ///
    /// # Errors
    /// If another process runs on it, or it cannot be written.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let new = !path.exists();
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot open the folder {}", path.display()))?;
        if new {
            private_folder(&path)?;
        }
        let lock = File::create(path.join("lock")).with_context(|| format!("cannot write in {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another banggiao runs on the folder {}", path.display()),
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the folder"),
        }
        Ok(Self { path, _lock: lock })
    }

    /// A file in the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The administrator's token.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        self.file("admin.token")
    }

    /// Where the tokens are noted that were made for people.
    #[must_use]
    pub fn issued_tokens(&self) -> PathBuf {
        self.file(ISSUED)
    }

    /// Where a service keeps its database.
    #[must_use]
    pub fn database_url(&self, service: &str) -> String {
        format!("sqlite:{}", self.file(&format!("{service}.db")).display())
    }

    /// Writes the public keys and the tokens of the administrator and of the services that call others.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_identities(&self, clock: &dyn Clock) -> anyhow::Result<()> {
        let issuer = issuer(&self.path)?;
        private::write(&self.file("jwks.json"), &issuer.jwks())?;
        for (principal, file, seconds) in [
            ("administrator", "admin.token", ADMIN_SECONDS),
            ("journal", "journal.token", SERVICE_SECONDS),
            ("reporting", "reporting.token", SERVICE_SECONDS),
        ] {
            let file = self.file(file);
            if holds(&issuer, &file, seconds / 2, clock) {
                continue;
            }
            let (token, issued) = issue(&issuer, principal, seconds, clock)?;
            note(&self.path, &issued)?;
            private::write(&file, &token)?;
        }
        Ok(())
    }
}

/// Whether a file holds a token of the issuer's that is good for so many seconds more.
fn holds(issuer: &Issuer, file: &Path, seconds: i64, clock: &dyn Clock) -> bool {
    let now = clock.now().as_second();
    let token = fs::read_to_string(file).unwrap_or_default();
    issuer.expiry(token.trim()).is_some_and(|expiry| expiry - now > seconds)
}

/// Notes in a data folder that a token was made with its key.
///
/// # Errors
/// If the list cannot be written.
pub fn note(path: &Path, issued: &Issued) -> anyhow::Result<()> {
    let file = path.join(ISSUED);
    token::note(&file, issued).with_context(|| format!("cannot write {}", file.display()))
}

/// The issuer of a data folder; its key is made on first use.
///
/// # Errors
/// If the key cannot be read or made.
pub fn issuer(path: &Path) -> anyhow::Result<Issuer> {
    let seed = private::seed(&path.join("signing.key"))?;
    Ok(Issuer::new(&seed, ISSUER, INSTALLATION))
}

/// A token for a principal, and what can be told of it.
///
/// # Errors
/// If it cannot be signed.
pub fn issue(issuer: &Issuer, principal: &str, seconds: i64, clock: &dyn Clock) -> anyhow::Result<(String, Issued)> {
    let mut id = [0; 12];
    getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no randomness for a token: {error}"))?;
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!("t-{hex}");
    let issue_time = clock.now().as_second();
    let token = issuer
        .issue(principal, seconds, &id, clock)
        .map_err(|error| anyhow::anyhow!("the token cannot be signed: {error}"))?;
    let issued = Issued {
        id,
        principal: principal.to_owned(),
        issue_time,
        expire_time: issue_time.saturating_add(seconds),
    };
    Ok((token, issued))
}

/// Whether a process runs on a folder.
#[must_use]
pub fn in_use(path: &Path) -> bool {
    File::open(path.join("lock")).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The user's own data folder.
///
/// # Errors
/// If the system does not say where that is.
pub fn of_user() -> anyhow::Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "banggiao");
    Ok(folders
        .context("there is no home folder; name a folder with --data-dir")?
        .data_dir()
        .to_owned())
}

#[cfg(unix)]
fn private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).context("the folder cannot be made private")
}

#[cfg(not(unix))]
fn private_folder(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

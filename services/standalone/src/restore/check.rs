//! Whether a backup is whole: every file and no other, each as it was, databases that are sound, and readers that are
//! not ahead of their logs. All that is wrong is told at once.

use std::path::Path;

use banggiao_cli::{Error, Lang};
use banggiao_store::snapshot::Snapshot;
use tokio_util::sync::CancellationToken;

use crate::backup::{
    digest,
    draft::{self, Found},
    manifest::{self, Manifest},
    positions::{Ahead, Positions},
};

/// Something that is wrong with a backup.
#[derive(Debug)]
enum Fault {
    /// The manifest lists a file that has no place in an installation.
    NoPlace(String),
    /// The manifest lacks a file without which there is no installation.
    NotListed(String),
    /// A listed file is not there.
    Missing(String),
    /// A listed file is not as it was.
    Changed(String),
    /// A file is there that is not listed.
    Unknown(String),
    /// SQLite finds a database damaged.
    Unsound(String, String),
    /// A reader is ahead of its log.
    Ahead(Ahead),
    /// The positions in the manifest are not those of the databases.
    OtherPositions,
}

/// Checks a backup and gives its manifest.
///
/// # Errors
/// If it is none or anything is wrong with it.
pub async fn backup(folder: &Path, lang: Lang, stop: &CancellationToken) -> Result<Manifest, Error> {
    let manifest = Manifest::read(folder, lang)?;
    let mut faults = of_files(folder, &manifest, stop)?;
    // A database that is not as it was is not worth opening.
    let as_they_were = faults.iter().all(|fault| matches!(fault, Fault::Unknown(_)));
    if as_they_were {
        faults.extend(of_databases(folder, &manifest).await?);
    }
    if faults.is_empty() {
        return Ok(manifest);
    }
    let shown = folder.display();
    let mut text = lang.pick(
        format!("{shown} is not restored, for it is not whole:"),
        format!("không khôi phục {shown} vì bản sao lưu không toàn vẹn:"),
    );
    for fault in &faults {
        text.push_str("\n  ");
        text.push_str(&fault.text(lang));
    }
    Err(anyhow::Error::msg(text).into())
}

fn of_files(folder: &Path, manifest: &Manifest, stop: &CancellationToken) -> anyhow::Result<Vec<Fault>> {
    let Found { files, others } = draft::walk(folder, |_| true)?;
    let mut faults: Vec<Fault> = manifest::needed()
        .filter(|path| !manifest.files.contains_key(path))
        .map(Fault::NotListed)
        .collect();
    for (path, digest) in &manifest.files {
        if !manifest::has_place(path) {
            faults.push(Fault::NoPlace(path.clone()));
        } else if files.binary_search(path).is_err() {
            faults.push(Fault::Missing(path.clone()));
        } else if digest::of_file(&folder.join(path), stop)? != *digest {
            faults.push(Fault::Changed(path.clone()));
        }
    }
    let listed = |path: &String| path == manifest::FILE || manifest.files.contains_key(path);
    faults.extend(files.into_iter().filter(|path| !listed(path)).map(Fault::Unknown));
    faults.extend(others.into_iter().map(Fault::Unknown));
    Ok(faults)
}

async fn of_databases(folder: &Path, manifest: &Manifest) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for service in manifest::DATABASES {
        let file = format!("{service}.db");
        let found = match checked(&folder.join(&file)).await {
            Ok(found) => found,
            Err(error) => vec![error.to_string()],
        };
        faults.extend(found.into_iter().map(|what| Fault::Unsound(file.clone(), what)));
    }
    if !faults.is_empty() {
        return Ok(faults);
    }
    let (positions, events) = Positions::read(folder).await?;
    faults.extend(positions.ahead().into_iter().map(Fault::Ahead));
    if (positions, events) != (manifest.positions, manifest.events) {
        faults.push(Fault::OtherPositions);
    }
    Ok(faults)
}

async fn checked(path: &Path) -> Result<Vec<String>, banggiao_store::Error> {
    let snapshot = Snapshot::open(path).await?;
    let faults = snapshot.faults().await;
    snapshot.close().await?;
    faults
}

impl Fault {
    fn text(&self, lang: Lang) -> String {
        match self {
            Self::NoPlace(path) => lang.pick(
                format!("{path}: backup.json lists it, and it has no place in an installation"),
                format!("{path}: có trong backup.json nhưng không thuộc về bản cài đặt"),
            ),
            Self::NotListed(path) => lang.pick(
                format!("{path}: backup.json does not list it"),
                format!("{path}: không có trong backup.json"),
            ),
            Self::Missing(path) => lang.pick(format!("{path}: missing"), format!("{path}: thiếu")),
            Self::Changed(path) => lang.pick(
                format!("{path}: not as it was when the backup was made"),
                format!("{path}: không còn như lúc sao lưu"),
            ),
            Self::Unknown(path) => lang.pick(
                format!("{path}: does not belong to the backup"),
                format!("{path}: không thuộc bản sao lưu"),
            ),
            Self::Unsound(path, what) => lang.pick(format!("{path}: damaged: {what}"), format!("{path}: hỏng: {what}")),
            Self::Ahead(ahead) => ahead.text(lang),
            Self::OtherPositions => lang
                .pick(
                    "backup.json tells other positions than the databases have",
                    "vị trí trong backup.json khác với vị trí trong cơ sở dữ liệu",
                )
                .to_owned(),
        }
    }
}

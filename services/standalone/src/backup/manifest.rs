//! What a backup says of itself, in `backup.json`: when and by what it was made, where the logs stood, and the size and
//! digest of each file.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use banggiao_cli::{Error, Lang};
use serde::{Deserialize, Serialize};

use super::{digest::Digest, draft::Draft, positions::Positions};

/// The file's name.
pub const FILE: &str = "backup.json";
/// The format that this program writes and reads. It grows when an older program could not restore a backup any more.
pub const FORMAT: u32 = 1;
/// The services that have a database, which is `NAME.db` in the folder of an installation.
pub const DATABASES: [&str; 3] = ["registry", "journal", "reporting"];
/// The key that signs the installation's tokens.
pub const SIGNING_KEY: &str = "signing.key";
/// The folder of the contents that events refer to.
pub const ATTACHMENTS: &str = "attachments";

/// Files by their paths in the backup, with `/` between the names.
pub type Parts = BTreeMap<String, Digest>;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the backup.
    pub format: u32,
    /// When it was begun, in RFC 3339.
    pub create_time: String,
    /// Version of the program that made it.
    pub program_version: String,
    /// Where the logs and their readers stand in the copies.
    pub positions: Positions,
    /// Number of events in the journal.
    pub events: u64,
    /// Every file but this one.
    pub files: Parts,
}

/// What every format says, and what is read before anything else.
#[derive(Debug, Deserialize)]
struct Header {
    format: u32,
    #[serde(default)]
    program_version: String,
}

impl Manifest {
    /// Writes the manifest of a draft.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, draft: &Draft) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("the manifest cannot be shown")?;
        draft.write(FILE, &(text + "\n"))
    }

    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// If the folder is no backup, or one of another format.
    pub fn read(backup: &Path, lang: Lang) -> Result<Self, Error> {
        let shown = backup.display();
        let no_backup = || {
            lang.pick(
                format!("{shown} is no backup"),
                format!("{shown} không phải là bản sao lưu"),
            )
        };
        let path = backup.join(FILE);
        let unreadable = || format!("{}: cannot read {}", no_backup(), path.display());
        let text = fs::read(&path).with_context(unreadable)?;
        let header: Header = serde_json::from_slice(&text).with_context(unreadable)?;
        if header.format != FORMAT {
            let (format, by, ours) = (header.format, header.program_version, env!("CARGO_PKG_VERSION"));
            let text = lang.pick(
                format!(
                    "{shown} is a backup of format {format}, made by banggiao {by}; this is banggiao {ours}, which reads \
                     format {FORMAT} only: restore it with the program that made it, or a newer one"
                ),
                format!(
                    "{shown} là bản sao lưu theo định dạng {format}, do banggiao {by} tạo; đây là banggiao {ours}, chỉ \
                     đọc định dạng {FORMAT}: hãy khôi phục bằng chương trình đã tạo ra nó hoặc bản mới hơn"
                ),
            );
            return Err(anyhow::Error::msg(text).into());
        }
        Ok(serde_json::from_slice(&text).with_context(unreadable)?)
    }
}

/// Whether a path is one that a file of a backup can have. Nothing else is ever written, whatever a manifest lists.
#[must_use]
pub fn has_place(path: &str) -> bool {
    let is_name = |name: &str| !["", ".", ".."].contains(&name) && !name.contains(['\\', ':', '\0']);
    match path.split_once('/') {
        None => path == SIGNING_KEY || is_database(path),
        Some((folder, below)) => folder == ATTACHMENTS && below.split('/').all(is_name),
    }
}

/// The files without which there is no installation.
pub fn needed() -> impl Iterator<Item = String> {
    let databases = DATABASES.iter().map(|service| format!("{service}.db"));
    databases.chain([SIGNING_KEY.to_owned()])
}

fn is_database(path: &str) -> bool {
    path.strip_suffix(".db")
        .is_some_and(|service| DATABASES.contains(&service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_where_no_part_of_an_installation_is() {
        let places = [
            "registry.db",
            "journal.db",
            "reporting.db",
            "signing.key",
            "attachments/ab/cd",
            "attachments/x",
        ];
        assert!(places.into_iter().all(has_place));
        assert!(needed().all(|file| has_place(&file)));
        for other in [
            "",
            "admin.token",
            "lock",
            "backup.json",
            "other.db",
            "/etc/passwd",
            "attachments",
            "attachments/",
            "attachments//x",
            "attachments/../signing.key",
            "attachments/./x",
            "attachments/a\\b",
            "../registry.db",
        ] {
            assert!(!has_place(other), "{other}");
        }
    }
}

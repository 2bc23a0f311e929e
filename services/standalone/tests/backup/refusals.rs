//! What is refused, with a word that says why, an exit code, and nothing left behind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    banggiao, done, names, put, told,
    up::{BANGGIAO, SAMPLE, Up},
};

/// A folder with backups that can be spoilt.
struct Shelf(TempDir);

impl Shelf {
    /// One of an empty installation, and one of the sample with an attachment.
    fn with_backups() -> Self {
        let shelf = Self(tempfile::tempdir().unwrap());
        let up = Up::start();
        done("backup", &shelf.path("empty"), up.folder.path());
        up.json(&["import", SAMPLE]);
        put(up.folder.path(), "attachments/abcd", "whole");
        done("backup", &shelf.path("whole"), up.folder.path());
        shelf
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A copy of a backup to spoil.
    fn copy(&self, backup: &str, name: &str) -> PathBuf {
        let copy = self.path(name);
        let copied = Command::new("cp")
            .arg("-r")
            .args([&self.path(backup), &copy])
            .status()
            .unwrap();
        assert!(copied.success());
        copy
    }

    /// Checks that a verb fails with every word on stderr, says nothing on stdout and leaves nothing behind.
    fn refused(&self, verb: &str, backup: &Path, data_dir: &Path, code: i32, words: &[&str]) {
        // In the system's own folder others come and go.
        let above = data_dir.parent().filter(|above| *above != std::env::temp_dir());
        let beside = || above.map(names);
        let before = (names(self.0.path()), beside(), data_dir.exists());
        let output = banggiao(verb, backup, data_dir);
        assert_eq!(output.status.code(), Some(code), "{}", told(&output));
        for word in words {
            assert!(told(&output).contains(word), "{word} is not in {}", told(&output));
        }
        assert!(output.stdout.is_empty());
        assert_eq!((names(self.0.path()), beside(), data_dir.exists()), before);
    }
}

fn edit(backup: &Path, change: impl FnOnce(&mut Value)) {
    let path = backup.join("backup.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, manifest.to_string()).unwrap();
}

/// Writes into the manifest that a file is as it is now.
fn legitimise(backup: &Path, file: &str) {
    let content = fs::read(backup.join(file)).unwrap();
    let sha256: String = Sha256::digest(&content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    edit(backup, |manifest| {
        manifest["files"][file] = json!({"size": content.len(), "sha256": sha256});
    });
}

/// Changes bytes of a file in its middle and keeps its length.
fn spoil(path: &Path, length: usize) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 8192 * 4096;
    for byte in &mut content[middle..][..length] {
        *byte = !*byte;
    }
    fs::write(path, content).unwrap();
}

#[test]
fn a_backup_that_is_not_whole_is_refused_with_everything_that_is_wrong() {
    let shelf = Shelf::with_backups();
    let target = shelf.path("target");
    let refused = |backup: &Path, words: &[&str]| shelf.refused("restore", backup, &target, 1, words);

    let spoilt = shelf.copy("whole", "spoilt");
    spoil(&spoilt.join("registry.db"), 1);
    fs::remove_file(spoilt.join("signing.key")).unwrap();
    put(&spoilt, "attachments/efgh", "more");
    refused(
        &spoilt,
        &[
            "registry.db: not as it was",
            "signing.key: missing",
            "attachments/efgh: does not belong",
        ],
    );
    let longer = shelf.copy("whole", "longer");
    put(&longer, "attachments/abcd", "whole and more");
    refused(&longer, &["attachments/abcd: not as it was"]);
    let hidden = shelf.copy("whole", "hidden");
    put(&hidden, ".hidden", "");
    refused(&hidden, &[".hidden: does not belong"]);
    #[cfg(unix)]
    {
        let linked = shelf.copy("whole", "linked");
        fs::rename(linked.join("signing.key"), shelf.path("key")).unwrap();
        std::os::unix::fs::symlink(shelf.path("key"), linked.join("signing.key")).unwrap();
        refused(&linked, &["signing.key: missing", "signing.key: does not belong"]);
    }
    let strange = shelf.copy("whole", "strange");
    edit(&strange, |manifest| {
        manifest["files"]["../key"] = manifest["files"]["signing.key"].take();
        manifest["files"].as_object_mut().unwrap().remove("signing.key");
    });
    refused(
        &strange,
        &[
            "../key: backup.json lists it",
            "signing.key: backup.json does not list it",
        ],
    );
    done("restore", &shelf.path("whole"), &target);
}

#[test]
fn a_backup_that_does_not_fit_together_is_refused() {
    let shelf = Shelf::with_backups();
    let target = shelf.path("target");
    let refused = |backup: &Path, words: &[&str]| shelf.refused("restore", backup, &target, 1, words);

    let damaged = shelf.copy("whole", "damaged");
    spoil(&damaged.join("journal.db"), 4096);
    legitimise(&damaged, "journal.db");
    refused(&damaged, &["journal.db: damaged"]);
    let mixed = shelf.copy("whole", "mixed");
    fs::copy(shelf.path("empty").join("journal.db"), mixed.join("journal.db")).unwrap();
    legitimise(&mixed, "journal.db");
    refused(
        &mixed,
        &[
            "reporting has read the log of journal up to 4285",
            "it ends at 0",
            "other positions",
        ],
    );

    let newer = shelf.copy("whole", "newer");
    edit(&newer, |manifest| {
        *manifest = json!({"format": 2, "program_version": "9.1.0", "parts": ["as nobody knows"]});
    });
    refused(
        &newer,
        &["a backup of format 2, made by banggiao 9.1.0", "reads format 1 only"],
    );
    fs::write(newer.join("backup.json"), "{").unwrap();
    refused(&newer, &["is no backup"]);
    refused(&shelf.path("nowhere"), &["is no backup"]);
}

#[test]
fn a_backup_replaces_nothing_and_neither_does_a_restore() {
    let shelf = Shelf(tempfile::tempdir().unwrap());
    let up = Up::start();
    let data_dir = up.folder.path();
    let backup = shelf.path("backup");
    done("backup", &backup, data_dir);
    shelf.refused("backup", &backup, data_dir, 1, &["is not empty"]);
    shelf.refused("backup", &backup.join("signing.key"), data_dir, 1, &["is not empty"]);
    shelf.refused("backup", &data_dir.join("backup"), data_dir, 2, &["lies in"]);
    assert!(!data_dir.join("backup").exists());
    shelf.refused(
        "backup",
        &shelf.path("other"),
        &backup.join("nowhere"),
        1,
        &["holds no installation"],
    );

    shelf.refused("restore", &backup, data_dir, 1, &["a banggiao runs on the folder"]);
    put(&shelf.path("taken"), "file", "");
    shelf.refused("restore", &backup, &shelf.path("taken"), 1, &["is not empty"]);
    shelf.refused("restore", &backup, &shelf.path("taken/file"), 1, &["is not empty"]);
    shelf.refused("restore", &backup, &backup.join("data"), 2, &["lies in the backup"]);
    drop(up);

    // A database that went back alone would make a backup that nobody could restore.
    let mut up = Up::start();
    up.json(&["import", SAMPLE]);
    up.terminate();
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let file = up.folder.path().join(file);
        if file.exists() {
            fs::remove_file(file).unwrap();
        }
    }
    fs::copy(backup.join("journal.db"), up.folder.path().join("journal.db")).unwrap();
    shelf.refused(
        "backup",
        &shelf.path("other"),
        up.folder.path(),
        1,
        &["does not fit together"],
    );
}

#[test]
fn a_backup_that_is_asked_to_end_leaves_nothing() {
    let shelf = Shelf(tempfile::tempdir().unwrap());
    let up = Up::start();
    // So large that it takes seconds; the file has no blocks on disk.
    put(up.folder.path(), "attachments/abcd", "");
    let large = fs::OpenOptions::new()
        .write(true)
        .open(up.folder.path().join("attachments/abcd"))
        .unwrap();
    large.set_len(8 << 30).unwrap();
    let mut backup = Command::new(BANGGIAO)
        .args(["backup", "--lang", "en", "--data-dir"])
        .args([up.folder.path(), &shelf.path("backup")])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = || {
        names(shelf.0.path())
            .iter()
            .any(|name| shelf.path(name).join("attachments").exists())
    };
    while !begun() {
        assert!(backup.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-TERM", &backup.id().to_string()]).status();
    assert!(sent.unwrap().success());
    assert_eq!(backup.wait().unwrap().code(), Some(1));
    assert_eq!(names(shelf.0.path()), [""; 0]);
}

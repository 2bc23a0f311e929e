//! Backups as an operator makes them: real processes, on folders that are damaged, taken, in use and under load.

#[path = "backup/asked.rs"]
mod asked;
#[path = "backup/load.rs"]
mod load;
#[path = "backup/refusals.rs"]
mod refusals;
#[allow(dead_code, reason = "the tests of the command need more of a server than these")]
#[path = "process/up.rs"]
mod up;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use up::{BANGGIAO, SAMPLE, Up};

/// `banggiao backup` or `banggiao restore` on a data folder.
fn banggiao(verb: &str, backup: &Path, data_dir: &Path) -> Output {
    Command::new(BANGGIAO)
        .arg(verb)
        .arg(backup)
        .args(["--lang", "en", "--output", "json", "--data-dir"])
        .arg(data_dir)
        .output()
        .unwrap()
}

/// The same, which must succeed; gives what it says.
fn done(verb: &str, backup: &Path, data_dir: &Path) -> serde_json::Value {
    let output = banggiao(verb, backup, data_dir);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Puts a file into a folder, with the folders above it.
fn put(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn a_backup_holds_what_belongs_to_it_and_nothing_else() {
    let up = Up::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    done("backup", &path("first"), up.folder.path());
    let parts = ["journal.db", "registry.db", "reporting.db", "signing.key"];
    assert_eq!(names(&path("first")), [&["backup.json"][..], &parts].concat());

    put(up.folder.path(), "attachments/ab/abcd", "whole");
    put(up.folder.path(), "attachments/cdef", "whole");
    for unfinished in ["ab/.efgh", "ijkl.part", ".new/mnop"] {
        put(&up.folder.path().join("attachments"), unfinished, "half");
    }
    fs::create_dir(path("second")).unwrap();
    let shown = done("backup", &path("second"), up.folder.path());
    let listed: Vec<&String> = shown["files"].as_object().unwrap().keys().collect();
    assert_eq!(
        listed,
        [&["attachments/ab/abcd", "attachments/cdef"][..], &parts].concat()
    );

    done("restore", &path("first"), &path("third"));
    assert_eq!(names(&path("third")), parts);
    let restored = path("new").join("data");
    done("restore", &path("second"), &restored);
    assert_eq!(names(&restored), [&["attachments"][..], &parts].concat());
    assert_eq!(names(&restored.join("attachments")), ["ab", "cdef"]);
    assert_eq!(
        fs::read_to_string(restored.join("attachments/ab/abcd")).unwrap(),
        "whole"
    );
    let key = |folder: &Path| fs::read(folder.join("signing.key")).unwrap();
    assert_eq!(key(&restored), key(up.folder.path()));
    assert_eq!(names(folder.path()), ["first", "new", "second", "third"]);
}

/// What was committed last stands in SQLite's write-ahead log only.
#[test]
fn a_backup_of_an_installation_that_was_killed_has_everything() {
    let up = Up::start();
    up.json(&["import", SAMPLE]);
    let killed = Arc::clone(&up.folder);
    drop(up);
    assert!(killed.path().join("journal.db-wal").metadata().unwrap().len() > 0);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let shown = done("backup", &backup, killed.path());
    assert_eq!(shown["positions"]["journal"]["position"], 4285);
    assert_eq!(shown["positions"]["reporting_of_journal"]["position"], 4285);
    assert_eq!(shown["positions"]["registry"]["position"], 597);
    assert_eq!((&shown["events"], &shown["format"]), (&4259.into(), &1.into()));

    let restored = folder.path().join("restored");
    let table = Command::new(BANGGIAO)
        .args(["restore", "--lang", "vi", "--data-dir"])
        .args([&restored, &backup])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&table.stdout);
    assert!(text.contains("4.285") && text.contains("Hoạt động"), "{text}");
    let next = format!("banggiao up --data-dir {}", restored.display());
    assert!(told(&table).contains(&next), "{}", told(&table));
}

#[cfg(unix)]
#[test]
fn a_backup_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let up = Up::start();
    put(up.folder.path(), "attachments/ab/abcd", "whole");
    let folder = tempfile::tempdir().unwrap();
    let (backup, restored) = (folder.path().join("backup"), folder.path().join("restored"));
    done("backup", &backup, up.folder.path());
    done("restore", &backup, &restored);
    for whole in [&backup, &restored] {
        for private in ["", "attachments", "attachments/ab"] {
            assert_eq!(mode(&whole.join(private)), 0o700, "{private}");
        }
        for private in [
            "signing.key",
            "registry.db",
            "journal.db",
            "reporting.db",
            "attachments/ab/abcd",
        ] {
            assert_eq!(mode(&whole.join(private)), 0o600, "{private}");
        }
    }
    assert_eq!(mode(&backup.join("backup.json")), 0o600);
}

//! Attachments as an office uses them: files go in by the command, are named by events, and come out again.

#[path = "process/up.rs"]
mod up;

use std::{fs, path::Path, sync::Arc};

use serde_json::Value;
use up::{SAMPLE, Up};

const TEXT: &str = "Biên bản giao ban định kỳ\n";

/// Writes files beside the server's.
fn file(up: &Up, name: &str, content: &[u8]) -> String {
    let path = up.folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn attached(event: &Value) -> Vec<(&str, &str)> {
    let attachments = event["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    attachments
        .iter()
        .map(|given| {
            (
                given["attachment"].as_str().unwrap(),
                given["fileName"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_file_goes_in_is_named_and_comes_out() {
    let mut up = Up::start();
    up.json(&["import", &format!("{SAMPLE}/units.csv")]);
    let (minutes, scan) = (
        file(&up, "bien-ban.txt", TEXT.as_bytes()),
        file(&up, "scan.pdf", b"%PDF-1.7\n%scan"),
    );
    let stored = up.json(&["attachment", "upload", &minutes]);
    let name = stored["name"].as_str().unwrap().to_owned();
    assert_eq!(stored["mediaType"], "text/plain");
    assert_eq!(
        up.json(&["attachment", "get", name.trim_start_matches("attachments/")]),
        stored
    );

    let day = [
        "event",
        "log",
        "--type",
        "DIPLOMATIC_EVENT",
        "--date",
        "2024-05-01",
        "--unit",
        "tayninh",
    ];
    let logged = up.json(&[&day[..], &["--attach", &minutes]].concat());
    assert_eq!(attached(&logged), [(name.as_str(), "bien-ban.txt")]);
    let event = logged["name"].as_str().unwrap().to_owned();
    let head = ["event", "correct", &event, "--reason", "a scan"];
    let correct = |more: &[&str]| up.json(&[&head[..], more].concat());
    let more = correct(&["--attach", &format!("{scan},{minutes}")]);
    let files: Vec<&str> = attached(&more).iter().map(|(_, file)| *file).collect();
    assert_eq!(
        files,
        ["scan.pdf", "bien-ban.txt"],
        "beside what is there, and nothing twice"
    );
    let counted = correct(&["--persons", "7"]);
    assert_eq!(attached(&counted), attached(&more));
    assert_eq!(attached(&correct(&["--attach", ""])), []);

    let to = up.folder.path().join("out.txt").display().to_string();
    let download = ["attachment", "download", &name, "--to", &to];
    assert_eq!(up.run(&download).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&to).unwrap(), TEXT);
    fs::write(&to, "mine").unwrap();
    let refused = up.run(&download);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"));
    assert_eq!(fs::read_to_string(&to).unwrap(), "mine");
    assert_eq!(up.run(&[&download[..], &["--force"]].concat()).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&to).unwrap(), TEXT);
    let folder = Arc::clone(&up.folder);
    up.terminate();
    let up = Up::on(folder);
    let piped = up.run(&["attachment", "download", &name, "--to", "-"]);
    assert_eq!(
        (piped.status.code(), piped.stdout.as_slice()),
        (Some(0), TEXT.as_bytes())
    );
}

#[test]
fn what_is_refused_is_told_and_leaves_no_file() {
    let up = Up::start();
    up.json(&["import", &format!("{SAMPLE}/units.csv")]);
    let page = file(&up, "page.html", b"<!DOCTYPE html><html></html>");
    let refused = up.run(&["attachment", "upload", &page]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        told.contains("INVALID_ARGUMENT") && told.contains("REFUSED_CONTENT"),
        "{told}"
    );
    let large = up.folder.path().join("large.pdf");
    let mut content = b"%PDF-1.7\n".to_vec();
    content.resize(20 * 1024 * 1024 + 1, 0);
    fs::write(&large, content).unwrap();
    let refused = up.run(&["attachment", "upload", &large.display().to_string()]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("RESOURCE_EXHAUSTED"),
        "{refused:?}"
    );
    let missing = up.run(&["attachment", "upload", "no/such/file"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no/such/file"));

    let to = up.folder.path().join("absent.pdf");
    let absent = "0".repeat(64);
    let refused = up.run(&["attachment", "download", &absent, "--to", &to.display().to_string()]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NOT_FOUND"));
    assert!(!to.exists() && !Path::new(&format!("{}.part", to.display())).exists());
    assert_eq!(up.run(&["attachment", "get", "x"]).status.code(), Some(2));
}

//! The ledger as an office and its superior use it: the real command, files that are carried over, and everything that
//! somebody could have altered on the way.

#[allow(dead_code, reason = "the tests of the command need more of a server than these")]
#[path = "process/up.rs"]
mod up;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use up::{BANGGIAO, SAMPLE, Up};

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server with the sample.
fn office() -> Up {
    let up = Up::start();
    let imported = up.run(&["import", SAMPLE]);
    assert!(imported.status.success(), "{}", told(&imported));
    up
}

/// A checkpoint in a file, and the key that was told with it.
fn checkpoint(up: &Up, file: &Path) -> String {
    let public = file.with_extension("pub");
    let files = ["--to", file.to_str().unwrap(), "--key-to", public.to_str().unwrap()];
    let output = up.run(&[&["ledger", "checkpoint"], &files[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let key = fs::read_to_string(public).unwrap();
    assert!(told(&output).contains(key.trim()), "{}", told(&output));
    key
}

/// The command where there is neither server nor profile.
fn elsewhere(arguments: &[&str]) -> Output {
    Command::new(BANGGIAO)
        .args(arguments)
        .args(["--lang", "en"])
        .env("HOME", "/nonexistent")
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap()
}

/// Unit, days, indicator, and the published figure; of the whole region those under one programme.
const FIGURES: [(&str, &str, &str, &str, &str); 4] = [
    ("tayninh", "2024-01-01", "2024-06-30", "persons-received", "317"),
    ("tayninh", "2024-01-01", "2024-06-30", "delegations-received", "19"),
    ("tayninh", "2023-11-09", "2024-05-15", "remains-recovered", "241"),
    ("mr7", "2014-09-23", "2020-12-31", "delegations-received", "675"),
];

#[test]
fn a_figure_is_proved_where_there_is_no_server() {
    let up = office();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let key = checkpoint(&up, &kept);
    let mut files = Vec::new();
    for (unit, from, to, indicator, value) in FIGURES {
        let file = folder.path().join(format!("{indicator}-{from}.json"));
        let path = file.to_str().unwrap().to_owned();
        let asked = [
            "explain",
            "--unit",
            unit,
            "--from",
            from,
            "--to",
            to,
            "--indicator",
            indicator,
        ];
        let programme: &[&str] = if unit == "mr7" {
            &["--programme", "da-1937"]
        } else {
            &[]
        };
        let output = up.run(&[&asked[..], programme, &["--export", &path]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        files.push((path, value));
    }
    let agreements = [
        "explain",
        "--unit",
        "mr7",
        "--from",
        "2014-09-23",
        "--to",
        "2020-12-31",
        "--sum",
        "agreements",
    ];
    let refused = up.run(&[&agreements[..], &["--export", "x"]].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    drop(up);
    for (path, value) in &files {
        let output = elsewhere(&["verify", path, "--key", &key, "--output", "json"]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&shown["value"], &shown["findings"]), (&json!(value), &json!([])));
    }
    let text = fs::read_to_string(&files[0].0).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    for (what, alter) in ALTERATIONS {
        let mut altered = whole.clone();
        alter(&mut altered);
        assert_ne!(altered, whole, "{what}");
        let file = folder.path().join("altered.json");
        fs::write(&file, altered.to_string()).unwrap();
        let output = elsewhere(&["verify", file.to_str().unwrap(), "--key", &key]);
        assert_eq!(output.status.code(), Some(1), "{what}: {}", told(&output));
        assert!(
            !told(&output).lines().any(|line| line == "proved"),
            "{what}: {}",
            told(&output)
        );
    }
}

type Alteration = fn(&mut Value);

/// What somebody who wants another figure could do to the file.
const ALTERATIONS: [(&str, Alteration); 20] = [
    ("the figure", |e| {
        e["figure"]["response"]["cell"]["value"] = json!("318");
    }),
    ("figure and amount", |e| {
        e["figure"]["response"]["cell"]["value"] = json!("1000317");
        let amount = &mut e["figure"]["response"]["contributions"][0]["amount"];
        *amount = json!((amount.as_str().unwrap().parse::<u64>().unwrap() + 1_000_000).to_string());
    }),
    ("a record left out", |e| drop(list(e, "/proofs").remove(3))),
    ("a contribution left out", |e| {
        drop(list(e, "/figure/response/contributions").remove(3));
    }),
    ("a contribution twice", |e| {
        let twice = list(e, "/figure/response/contributions")[0].clone();
        list(e, "/figure/response/contributions").push(twice);
    }),
    ("the days", |e| e["figure"]["request"]["endDate"] = json!("2024-05-31")),
    ("the days by another name", |e| {
        e["figure"]["request"]["period"] = json!("calendars/civil/periods/2024-q1");
    }),
    ("the number of records", |e| {
        e["figure"]["response"]["cell"]["recordCount"] = json!("20");
    }),
    ("the unit of a record", |e| {
        e["figure"]["response"]["contributions"][4]["homeUnits"] = json!(["units/longan"]);
    }),
    ("the name of the figure", |e| {
        e["figure"]["indicator"]["name"] = json!("indicators/persons-sent");
    }),
    ("what stands beside the checkpoint", |e| {
        e["checkpoint"]["treeSize"] = json!("4278");
    }),
    ("another indicator", |e| {
        e["figure"]["request"]["indicators"] = json!(["indicators/persons-sent"]);
    }),
    ("what is counted", |e| {
        e["figure"]["indicator"]["measure"]["events"]["sum"] = json!("EVENT_SUM_DELEGATIONS");
    }),
    ("the filter", |e| {
        e["figure"]["indicator"]["measure"]["events"]["filter"]["direction"] = json!("DIRECTION_OUTBOUND");
    }),
    ("the content of a record", |e| {
        flip(&mut e["proofs"][5]["entry"]["content"]);
    }),
    ("the salt of a record", |e| flip(&mut e["proofs"][5]["entry"]["salt"])),
    ("the commitment of a record", |e| {
        flip(&mut e["proofs"][5]["entry"]["commitment"]);
    }),
    ("a hash of a proof", |e| flip(&mut e["proofs"][5]["hashes"][2])),
    ("the place of a record", |e| {
        e["proofs"][5]["entry"]["logIndex"] = json!("7");
    }),
    ("the checkpoint", |e| {
        let note = e["checkpoint"]["note"].as_str().unwrap().replacen('\n', "\n1", 1);
        e["checkpoint"]["note"] = json!(note);
    }),
];

fn list<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Vec<Value> {
    value.pointer_mut(pointer).unwrap().as_array_mut().unwrap()
}

/// Another character in the midst of bytes in base 64.
fn flip(value: &mut Value) {
    let mut text = value.as_str().unwrap().to_owned();
    let other = if text[10..].starts_with('A') { "B" } else { "A" };
    text.replace_range(10..11, other);
    *value = json!(text);
}

#[test]
fn another_key_proves_nothing() {
    let (up, other) = (office(), Up::start());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("persons.json");
    let path = file.to_str().unwrap();
    let asked = [
        "explain",
        "--unit",
        "tayninh",
        "--period",
        "civil/2024-H1",
        "--indicator",
        "persons-received",
    ];
    assert!(up.run(&[&asked[..], &["--export", path]].concat()).status.success());
    let key = checkpoint(&other, &folder.path().join("other"));
    let output = elsewhere(&["verify", path, "--key", &key]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("not signed by"), "{}", told(&output));
    // Without a key of one's own nobody is told more than is known.
    let output = elsewhere(&["verify", path]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        told(&output).contains("whoever has it from elsewhere"),
        "{}",
        told(&output)
    );
}

#[test]
fn another_key_is_made_listed_and_left_alone_and_a_log_in_a_file_tells_of_it() {
    let up = office();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (log, kept) = (path("log"), path("kept"));
    let former = checkpoint(&up, Path::new(&kept));
    let said = |arguments: &[&str]| {
        let output = up.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        (String::from_utf8(output.stdout.clone()).unwrap(), told(&output))
    };
    let (keys, words) = said(&["ledger", "key", "rotate", "--reason", "every five years"]);
    let keys: Vec<&str> = keys.lines().collect();
    assert_eq!((keys.len(), keys[0]), (2, former.trim()));
    assert!(words.contains("retire the former"), "{words}");
    let again = up.run(&["ledger", "key", "rotate", "--reason", "again"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(told(&again).contains("a former key signs still"), "{}", told(&again));
    let (left, words) = said(&["ledger", "key", "retire", "--reason", "all have it"]);
    assert_eq!(left.trim(), keys[1]);
    assert!(words.contains("this key alone"), "{words}");
    let listed = up.json(&["ledger", "key", "list"]);
    let terms = listed["keys"].as_array().unwrap();
    assert_eq!(
        (&terms[0]["verifierKey"], &terms[1]["verifierKey"]),
        (&json!(keys[0]), &json!(keys[1]))
    );
    assert_eq!(
        (&terms[0]["lastTreeSize"], &terms[1]["firstTreeSize"]),
        (&json!("4286"), &json!("4286"))
    );
    let (table, _) = said(&["ledger", "key", "list"]);
    assert!(table.contains(keys[0]) && table.contains("4286"), "{table}");

    said(&["ledger", "export", &log]);
    drop(up);
    for key in &keys {
        let verified = elsewhere(&["ledger", "verify", "--offline", &log, "--key", key, "--since", &kept]);
        assert_eq!(verified.status.code(), Some(0), "{}", told(&verified));
        let shown = String::from_utf8(verified.stdout).unwrap();
        assert!(shown.contains("4286\u{2013}"), "{shown}");
    }
    let stranger = "local.banggiao.example/journal+00000000+AAAA";
    let refused = elsewhere(&["ledger", "verify", "--offline", &log, "--key", stranger]);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
}

#[test]
fn what_was_signed_in_a_report_is_proved_where_there_is_no_server() {
    let up = office();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signed.json").to_str().unwrap().to_owned();
    let key = checkpoint(&up, &folder.path().join("kept"));
    let drafted = up.json(&[
        "report",
        "generate",
        "--template",
        "six-month",
        "--unit",
        "tayninh",
        "--period",
        "civil/2024-H1",
    ]);
    let report = drafted["name"].as_str().unwrap().to_owned();
    let early = up.run(&["ledger", "prove", &report]);
    assert_eq!(early.status.code(), Some(1), "a draft is signed by nobody");
    let issued = up.json(&["report", "issue", &report]);
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while up.json(&["report", "get", &report])["entryLogIndex"] == Value::Null {
        assert!(std::time::Instant::now() < patience, "the report is not in the log");
    }
    let proved = up.run(&["ledger", "prove", &report, "--export", &file]);
    assert_eq!(proved.status.code(), Some(0), "{}", told(&proved));
    drop(up);
    let verify = |file: &str| elsewhere(&["verify", file, "--key", &key]);
    let verified = verify(&file);
    assert_eq!(verified.status.code(), Some(0), "{}", told(&verified));
    let shown = String::from_utf8(verified.stdout).unwrap();
    for word in [issued["digest"].as_str().unwrap(), "Issued", "4286"] {
        assert!(shown.contains(word), "{word} is not in {shown}");
    }
    let mut evidence: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    evidence["proofs"][0]["entry"]["kind"] = json!("LEDGER_ENTRY_KIND_EVENT_REVISION");
    fs::write(&file, evidence.to_string()).unwrap();
    assert_eq!(verify(&file).status.code(), Some(1), "it is what the log says it is");
}

#[test]
fn a_log_in_a_file_is_checked_to_the_last_bit() {
    let up = office();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (log, kept) = (path("log"), path("kept"));
    let key = checkpoint(&up, Path::new(&kept));
    let log_event = [
        "event",
        "log",
        "--type",
        "DIPLOMATIC_EVENT",
        "--date",
        "2026-03-03",
        "--unit",
        "tayninh",
    ];
    assert!(up.run(&log_event).status.success());
    let exported = up.run(&["ledger", "export", &log, "--with-content"]);
    assert_eq!(exported.status.code(), Some(0), "{}", told(&exported));
    let online = up.run(&["ledger", "verify", "--key", &key, "--since", &kept]);
    assert_eq!(online.status.code(), Some(0), "{}", told(&online));
    drop(up);
    let verify = |log: &str| elsewhere(&["ledger", "verify", "--offline", log, "--key", &key, "--since", &kept]);
    let whole = verify(&log);
    assert_eq!(whole.status.code(), Some(0), "{}", told(&whole));
    assert!(told(&whole).contains("everything fits"), "{}", told(&whole));

    let bytes = fs::read(&log).unwrap();
    let altered = path("altered");
    let step = bytes.len() / 60;
    for at in (0..60).map(|n| n * step + n) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&altered, &flipped).unwrap();
        let output = verify(&altered);
        assert_eq!(output.status.code(), Some(1), "bit {} of byte {at}", at % 8);
    }
    for cut in [0, 20, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&altered, &bytes[..cut]).unwrap();
        assert_eq!(verify(&altered).status.code(), Some(1), "cut at {cut}");
    }
}

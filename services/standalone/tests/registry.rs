//! The registry as a clerk works with it: the real command against a server that took in the sample.

#[allow(dead_code, reason = "the tests of the command need more of a server than these")]
#[path = "process/up.rs"]
mod up;

use std::{fs, process::Output};

use serde_json::Value;
use tempfile::TempDir;
use up::{SAMPLE, Up};

/// A server with some files of the sample, and a folder for files of the test's own.
struct Office {
    up: Up,
    folder: TempDir,
}

impl Office {
    fn with(files: &[&str]) -> Self {
        let office = Self {
            up: Up::start(),
            folder: tempfile::tempdir().unwrap(),
        };
        let paths: Vec<String> = files.iter().map(|file| format!("{SAMPLE}/{file}")).collect();
        let mut arguments = vec!["import"];
        arguments.extend(paths.iter().map(String::as_str));
        office.shown(&arguments);
        office
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// What a command that succeeds says on stdout.
    fn shown(&self, arguments: &[&str]) -> String {
        let output = self.up.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.up.json(arguments)
    }

    /// Checks that a command fails, with a word on stderr.
    fn refused(&self, arguments: &[&str], code: i32, word: &str) {
        let output = self.up.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(word), "{arguments:?}: {}", told(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The values of a field in a list.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let resources = list.as_array().map(Vec::as_slice).unwrap_or_default();
    resources
        .iter()
        .filter_map(|resource| resource[field].as_str())
        .collect()
}

fn date_and_document<'a>(arguments: &[&'a str], date: &'a str) -> Vec<&'a str> {
    [arguments, &["--date", date, "--document", "Biên bản số 7"]].concat()
}

#[test]
fn units_come_go_and_are_remembered() {
    let office = Office::with(&[
        "units.csv",
        "reorganizations.csv",
        "programmes.csv",
        "markers.csv",
        "agreements.csv",
        "events.csv",
    ]);
    let line = |tree: &str, id: &str| {
        let found = tree.lines().find(|line| line.split_whitespace().any(|word| word == id));
        found.map(str::to_owned)
    };

    let before = office.shown(&["unit", "tree", "tayninh", "--as-of", "2025-06-30"]);
    assert!(
        before.starts_with("tayninh ") && line(&before, "k73").is_none(),
        "{before}"
    );
    let after = office.shown(&["unit", "tree", "tayninh", "--as-of", "2025-07-01"]);
    let k73 = line(&after, "k73").unwrap();
    assert!(
        k73.starts_with("├── k73 ") && k73.contains("SEARCH_TEAM") && k73.ends_with("Team K73"),
        "{k73}"
    );
    let top = office.json(&["unit", "tree", "tayninh", "--depth", "0"]);
    assert_eq!(each(&top["units"], "name"), ["units/tayninh"]);

    office.refused(
        &["unit", "tree", "longan", "--as-of", "2025-07-01"],
        1,
        "1976-05-02 to 2025-06-30",
    );
    office.refused(&["unit", "tree", "nowhere"], 1, "INVALID_ARGUMENT");

    let history = office.shown(&["unit", "history", "tayninh"]);
    let second = history.lines().find(|line| line.starts_with("2025-07-01")).unwrap();
    assert!(second.contains("Resolution 202/2025/QH15") && second.contains("MERGE tayninh, longan → tayninh"));
    assert!(history.contains("Predecessors: longan"));
    assert!(
        office
            .shown(&["unit", "history", "longan"])
            .contains("Successors: tayninh")
    );

    let csv = "effective_date,kind,sources,targets,moves,legal_basis,note\n\
               2025-09-01,DISSOLVE,tayninh-ben-cau,,,Quyết định 15/QĐ-BQP,giải thể\n";
    let csv = office.file("dissolve.csv", csv);
    let tried = office.shown(&["unit", "reorganize", &csv, "--dry-run"]);
    for part in [
        "effective 2025-09-01 · Quyết định 15/QĐ-BQP",
        "Units that end (1): tayninh-ben-cau",
        "Agreements that need a successor (2): ",
        "Events from 2025-09-01 on at units that end, as far as you may read them: tayninh-ben-cau 2",
    ] {
        assert!(tried.contains(part), "{part} is not in {tried}");
    }
    let alive = ["unit", "get", "tayninh-ben-cau", "--as-of", "2025-09-01"];
    office.shown(&alive);

    let json = r#"{"effectiveDate": "2025-09-01", "legalBasis": "Quyết định 15/QĐ-BQP",
                   "acts": [{"dissolve": {"unit": "units/tayninh-ben-cau"}}]}"#;
    let done = office.json(&["unit", "reorganize", &office.file("dissolve.json", json)]);
    assert_eq!(done["endedUnits"][0], "units/tayninh-ben-cau");
    office.refused(&alive, 1, "NOT_FOUND");
    office.refused(&["unit", "reorganize", &csv], 1, "FAILED_PRECONDITION");

    let waiting = || office.json(&["agreement", "list", "--needs-successor", "--unit", "tayninh-ben-cau"]);
    let first = waiting();
    let agreements = each(&first["agreements"], "name");
    assert_eq!(agreements.len(), 2);
    let rows = agreements
        .iter()
        .map(|name| format!("{name},tayninh-ben-cau,tayninh-go-dau\n"));
    let batch = format!("agreement,from_unit,to_unit\n{}", rows.collect::<String>());
    let batch = office.file("batch.csv", &batch);
    let succeed = date_and_document(&["agreement", "succeed", "--file", &batch], "2025-09-01");
    office.shown(&[&succeed[..], &["--dry-run"]].concat());
    assert_eq!(waiting()["agreements"].as_array().map(Vec::len), Some(2), "only tried");
    office.shown(&succeed);
    assert_eq!(waiting()["agreements"], Value::Null);
    let actions = office.shown(&["agreement", "actions", agreements[0]]);
    assert!(
        actions.contains("SUCCEEDED") && actions.contains("tayninh-go-dau"),
        "{actions}"
    );

    let merger = date_and_document(
        &["agreement", "succeed", "tw-h04", "--from", "longan", "--to", "tayninh"],
        "2025-07-01",
    );
    office.shown(&merger);
    office.refused(&merger, 1, "FAILED_PRECONDITION");
}

#[test]
fn a_reorganisation_is_revoked_and_stays_on_record() {
    let office = Office::with(&["units.csv"]);
    let csv = "effective_date,kind,sources,targets,moves,legal_basis,note,unit_kind,country,parent,name_vi\n\
               2025-01-01,ESTABLISH,,k74,,QĐ 1,thành lập,SEARCH_TEAM,VN,tayninh,Đội K74\n\
               2025-01-01,RENAME,k73,,,QĐ 1,,,,,Đội K73 mới\n\
               2025-01-01,MOVE,,,k73:tayninh,QĐ 1,,,,,\n";
    let recorded = office.json(&["unit", "reorganize", &office.file("acts.csv", csv)]);
    let name = recorded["reorganization"]["name"].as_str().unwrap();
    let unit = office.json(&["unit", "get", "k73"]);
    assert_eq!(
        (&unit["names"]["vi"], &unit["parent"]),
        (&"Đội K73 mới".into(), &"units/tayninh".into())
    );
    let listed = office.shown(&["unit", "reorganizations"]);
    assert!(
        listed.contains("ESTABLISH k74; RENAME k73; MOVE k73 → tayninh"),
        "{listed}"
    );

    let revoke = ["unit", "revoke", name, "--legal-basis", "QĐ 2"];
    office.shown(&[&revoke[..], &["--dry-run"]].concat());
    office.shown(&["unit", "get", "k74"]);
    office.shown(&revoke);
    office.refused(&["unit", "get", "k74", "--as-of", "2025-02-01"], 1, "NOT_FOUND");
    office.refused(&revoke, 1, "FAILED_PRECONDITION");
    assert!(office.shown(&["unit", "reorganizations"]).contains("QĐ 2"));

    let wrong = csv
        .replace("RENAME", "BURN")
        .replace("2025-01-01,MOVE", "2025-01-02,MOVE");
    office.refused(
        &["unit", "reorganize", &office.file("wrong.csv", &wrong)],
        1,
        "line 3: kind",
    );
}

#[test]
fn units_are_recorded_and_corrected() {
    let office = Office::with(&["units.csv"]);
    let create = [
        "unit",
        "create",
        "k74",
        "--country",
        "VN",
        "--kind",
        "OBSERVATION_POST",
        "--parent",
        "tayninh",
        "--start-date",
        "2025-08-01",
        "--name-vi",
        "Đồn Xa Mát",
        "--name-en",
        "Xa Mat Post",
    ];
    office.refused(&create, 1, "INVALID_ARGUMENT");
    office.shown(&[
        "unit-kind",
        "create",
        "OBSERVATION_POST",
        "--level",
        "other",
        "--name-vi",
        "Đồn biên phòng",
    ]);
    assert!(office.shown(&["unit-kind", "list"]).contains("OBSERVATION_POST"));
    office.shown(&[&create[..], &["--dry-run"]].concat());
    let created = office.json(&create);
    office.refused(&create, 1, "ALREADY_EXISTS");

    let update = ["unit", "update", "k74", "--reason", "viết nhầm"];
    let etag = created["etag"].as_str().unwrap();
    let contact = "Trợ lý đối ngoại||0276 3 888";
    let flags = [
        "--name-vi",
        "Đồn Cửa khẩu Xa Mát",
        "--contact",
        contact,
        "--alias",
        "Xa Mat cu",
        "--point",
        "11.6,105.9",
    ];
    let updated = office.json(&[&update[..], &flags, &["--etag", etag]].concat());
    assert_eq!(updated["names"]["en"], "Xa Mat Post", "other languages stay");
    assert_eq!(updated["contacts"][0]["office"], "Trợ lý đối ngoại");
    office.refused(
        &[&update[..], &["--locality", "Xa Mát", "--etag", etag]].concat(),
        1,
        "ABORTED",
    );
    office.refused(&update, 2, "no field");
    let cleared = office.json(&[&update[..], &["--contact=", "--point="]].concat());
    assert_eq!((&cleared["contacts"], &cleared["point"]), (&Value::Null, &Value::Null));

    let found = office.json(&["unit", "list", "--text", "xa mat cu"]);
    assert_eq!(each(&found["units"], "name"), ["units/k74"]);
}

#[test]
fn an_agreement_lives_from_draft_to_end() {
    let office = Office::with(&["units.csv", "programmes.csv", "agreements.csv"]);
    let state = |name: &str| {
        office.json(&["agreement", "get", name])["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let create = [
        "agreement",
        "create",
        "bb-1",
        "--kind",
        "memorandum",
        "--home-unit",
        "tayninh",
        "--partner-unit",
        "kh-svayrieng-sector",
        "--title-vi",
        "Bản ghi nhớ",
        "--number",
        "12/BB",
        "--programme",
        "da-1237",
    ];
    office.shown(&create);
    assert_eq!(state("bb-1"), "AGREEMENT_STATE_DRAFT");
    let extend = [
        &date_and_document(&["agreement", "extend", "bb-1"], "2024-06-01")[..],
        &["--end-date", "2099-12-31"],
    ]
    .concat();
    office.refused(&extend, 1, "FAILED_PRECONDITION");
    let signed = [
        &date_and_document(&["agreement", "sign", "bb-1"], "2024-01-05")[..],
        &["--end-date", "2030-12-31"],
    ]
    .concat();
    office.shown(&signed);
    office.shown(&extend);
    assert_eq!(office.json(&["agreement", "get", "bb-1"])["endDate"], "2099-12-31");
    let amend = date_and_document(
        &["agreement", "amend", "bb-1", "--briefing-interval", "6"],
        "2024-07-01",
    );
    office.shown(&amend);
    office.shown(&date_and_document(&["agreement", "suspend", "bb-1"], "2024-08-01"));
    assert_eq!(state("bb-1"), "AGREEMENT_STATE_SUSPENDED");
    office.shown(&date_and_document(&["agreement", "resume", "bb-1"], "2024-09-01"));
    office.shown(&date_and_document(&["agreement", "terminate", "bb-1"], "2024-10-01"));
    assert_eq!(state("bb-1"), "AGREEMENT_STATE_TERMINATED");
    let actions = office.json(&["agreement", "actions", "bb-1"]);
    let kinds: Vec<_> = each(&actions["actions"], "kind")
        .into_iter()
        .map(|kind| &kind[22..])
        .collect();
    assert_eq!(
        kinds,
        ["SIGNED", "EXTENDED", "AMENDED", "SUSPENDED", "RESUMED", "TERMINATED"]
    );

    let listed = |flags: &[&str]| {
        let list = office.json(&[&["agreement", "list"], flags].concat());
        list["agreements"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(listed(&["--programme", "da-1237"]), 1);
    assert_eq!(listed(&["--state", "terminated", "--partner-country", "kh"]), 1);
    assert_eq!(listed(&["--state", "draft"]), 0);
    office.refused(
        &["agreement", "update", "bb-1", "--kind", "twinning"],
        1,
        "FAILED_PRECONDITION",
    );
    let title = office.json(&["agreement", "update", "bb-1", "--title-en", "Memorandum"]);
    assert_eq!(title["title"]["vi"], "Bản ghi nhớ");
}

#[test]
fn programmes_markers_and_sections_are_kept_and_found() {
    let office = Office::with(&["units.csv", "programmes.csv", "markers.csv"]);
    let target = [
        "programme",
        "target",
        "set",
        "da-1937",
        "--indicator",
        "persons-sent",
        "--unit",
        "tayninh",
        "--period",
        "civil/2024-H1",
    ];
    office.shown(&[&target[..], &["--value", "120"]].concat());
    assert!(
        office
            .shown(&["programme", "target", "list", "da-1937"])
            .contains("civil/2024-h1")
    );
    office.shown(&["programme", "update", "da-1937", "--horizon", "tầm nhìn 2030"]);
    office.shown(&[
        "programme",
        "create",
        "da-9",
        "--title-vi",
        "Đề án",
        "--start-date",
        "2024-01-01",
    ]);

    office.shown(&[
        "marker",
        "update",
        "65",
        "--status",
        "damaged",
        "--responsibility",
        "tayninh:2024-01-01",
    ]);
    let damaged = office.json(&["marker", "list", "--status", "damaged", "--from", "60", "--to", "70"]);
    assert_eq!(each(&damaged["markers"], "currentHomeUnit"), ["units/tayninh"]);
    let earlier = office.json(&["marker", "get", "65", "--as-of", "2023-12-31"]);
    assert_eq!(earlier["currentHomeUnit"], "units/binhphuoc");
    let responsible = ["--home-unit", "tayninh", "--partner-unit", "kh-svayrieng-sector"];
    let created = office.json(&[&["marker", "create", "901", "902(1)"], &responsible[..]].concat());
    assert_eq!(
        each(&created["markers"], "name"),
        ["markers/vn-kh-901", "markers/vn-kh-902-s1"]
    );
    let section = [
        "section",
        "create",
        "s1",
        "--from",
        "65",
        "--to",
        "70",
        "--length-km",
        "12.5",
    ];
    office.shown(&[&section[..], &responsible].concat());
    assert!(
        office
            .shown(&["section", "list", "--border", "vn-kh"])
            .contains("vn-kh-65")
    );

    let found = office.json(&["search", "tim", "kiem", "hai", "cot"]);
    assert_eq!(each(&found["results"], "resource"), ["programmes/da-1237"]);
    let found = office.json(&["search", "tay ninh", "--kind", "unit"]);
    let found = each(&found["results"], "resource");
    assert!(found.contains(&"units/tayninh") && found.iter().all(|name| name.starts_with("units/")));
    office.refused(&["programme", "get", "nothing"], 1, "NOT_FOUND");
}

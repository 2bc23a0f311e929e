//! `event log` as a conversation: the real command in a real pseudo-terminal.

#[allow(dead_code, reason = "the tests of the command need more of a server than these")]
#[path = "process/up.rs"]
mod up;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use up::{BANGGIAO, SAMPLE, Up};

const TERMINAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/terminal.py");
const DOWN_ENTER: &str = "\u{1b}[B\r";

/// A server with units and markers; nothing if there is nobody to type, which is said aloud.
fn office() -> Option<Up> {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: python3, which types at the terminal, is not here");
        return None;
    }
    let up = Up::start();
    let (units, markers) = (format!("{SAMPLE}/units.csv"), format!("{SAMPLE}/markers.csv"));
    let imported = up.run(&["import", &units, &markers]);
    assert!(
        imported.status.success(),
        "{}",
        String::from_utf8_lossy(&imported.stderr)
    );
    Some(up)
}

/// Types the steps, each what is waited for and what is typed then; gives the exit code and what was shown.
fn typed(up: &Up, arguments: &[&str], steps: &[(&str, &str)]) -> (i64, String) {
    let token = up.folder.path().join("admin.token");
    let mut command = vec![BANGGIAO];
    command.extend(arguments);
    command.extend([
        "--lang",
        "vi",
        "--server",
        &up.address,
        "--token-file",
        token.to_str().unwrap(),
    ]);
    let order = json!({
        "command": command,
        "environment": {"TERM": "xterm-256color", "RUST_BACKTRACE": "0"},
        "rows": 50,
        "columns": 120,
        "steps": steps,
    });
    let mut python = Command::new("python3")
        .arg(TERMINAL)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(order.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown = answer["shown"].as_str().unwrap().to_owned();
    assert!(
        answer["failed"].is_null(),
        "{} was not shown: {shown}",
        answer["failed"]
    );
    (answer["code"].as_i64().unwrap(), shown)
}

fn events(up: &Up) -> Vec<Value> {
    let listed = up.json(&["event", "list"]);
    listed["events"].as_array().cloned().unwrap_or_default()
}

/// Everything up to the question whether to store it.
const PATROL: [(&str, &str); 13] = [
    ("? Loại hoạt động", "tuan tra\r"),
    ("? Ngày ", "3/3/2026\r"),
    ("? Ngày cuối", "\r"),
    ("? Đơn vị ta", "ben cau"),
    ("tayninh-ben-cau · ", DOWN_ENTER),
    ("> Đơn vị ta tayninh-ben-cau", ""),
    ("? Đơn vị bạn", "svay rieng"),
    (
        "kh-svayrieng-sector · ",
        "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}kh-svayrieng-sector\r",
    ),
    ("> Đơn vị bạn kh-svayrieng-sector", ""),
    ("? Đơn vị bạn", "\r"),
    ("? Lượt người", "300\r"),
    ("? Từ mốc", "110\r"),
    ("? Đến mốc", "111\r"),
];

#[test]
fn an_event_is_logged_in_a_vietnamese_conversation() {
    let Some(up) = office() else { return };
    let steps = [
        &PATROL[..],
        &[
            ("? quãng đường tuần tra (km)", "15,8\r"),
            ("? Địa điểm", "Mốc 110, xã Long Thuận\r"),
            ("? Nội dung", "Tuần tra song phương đợt 1\r"),
            ("? Lưu thành bản nháp?", "có\r"),
        ],
    ]
    .concat();
    let (code, shown) = typed(&up, &["event", "log"], &steps);
    assert_eq!(code, 0, "{shown}");
    let asked_again = shown.rsplit_once("? Lưu thành bản nháp?").unwrap().0;
    for part in [
        "Cảnh báo: Lượt người 300",
        "patrol_km=15.8",
        "vn-kh-110",
        "Tuần tra song phương đợt 1",
    ] {
        assert!(
            asked_again.contains(part),
            "{part} is not shown before it is stored: {shown}"
        );
    }
    let logged = events(&up);
    assert_eq!(logged.len(), 1);
    let event = &logged[0];
    assert_eq!(event["eventType"], "eventTypes/joint-patrol");
    assert_eq!(event["startDate"], "2026-03-03");
    assert_eq!(event["homeUnit"], "units/tayninh-ben-cau");
    assert_eq!(event["partnerUnits"], json!(["units/kh-svayrieng-sector"]));
    assert_eq!(
        (&event["persons"], &event["phase"]),
        (&json!("300"), &json!("PHASE_HELD"))
    );
    assert_eq!(event["quantities"], json!({"patrol_km": "15.8"}));
    assert_eq!(event["place"], json!({"vi": "Mốc 110, xã Long Thuận"}));
    assert_eq!(event["markerTo"], "markers/vn-kh-111");
    assert_eq!(event["reviewState"], "REVIEW_STATE_DRAFT");
}

#[test]
fn a_conversation_that_is_broken_off_stores_nothing() {
    let Some(up) = office() else { return };
    for (key, last) in [("\u{3}", "? quãng đường"), ("\u{1b}", "? quãng đường")] {
        let steps = [&PATROL[..], &[(last, key)]].concat();
        let (code, shown) = typed(&up, &["event", "log"], &steps);
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains("Không lưu gì."), "{shown}");
    }
    let flags = [
        "event",
        "log",
        "--type",
        "JOINT_PATROL",
        "--date",
        "2026-03-03",
        "--partner",
        "kh-svayrieng-sector",
    ];
    let given = [
        "--persons",
        "5",
        "--marker-from",
        "110",
        "--marker-to",
        "111",
        "--quantity",
        "patrol_km=1",
    ];
    let texts = ["--place", "Mốc 110", "--summary", "Tuần tra", "--to", "2026-03-03"];
    let arguments = [&flags[..], &given, &texts].concat();
    let refused = [
        ("? Đơn vị ta", "tay\r"),
        ("Chọn một đơn vị trong danh sách", "\u{7f}\u{7f}\u{7f}tayninh-ben-cau\r"),
        ("? Lưu thành bản nháp?", "k\r"),
    ];
    let (code, shown) = typed(&up, &arguments, &refused);
    assert_eq!(code, 1, "{shown}");
    assert!(events(&up).is_empty(), "nothing is stored");
}

#[test]
fn where_nobody_can_be_asked_the_missing_flags_are_named() {
    let up = Up::start();
    let output = up.run(&["event", "log", "--type", "AID"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("--date, --unit") && !told.contains("--type"), "{told}");
}

//! The journal as a clerk and a chief work with it: the real command against a server that took in the sample.

#[allow(dead_code, reason = "the tests of the command need more of a server than these")]
#[path = "process/up.rs"]
mod up;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, Instant},
};

use icalendar::{Calendar, CalendarComponent, Component, EventLike};
use serde_json::Value;
use up::{BANGGIAO, SAMPLE, Up};

/// A server with the sample, and a chief who may approve.
struct Office {
    up: Up,
    chief: PathBuf,
}

impl Office {
    fn open() -> Self {
        let up = Up::start();
        let imported = up.run(&["import", SAMPLE]);
        assert!(imported.status.success(), "{}", told(&imported));
        let chief = up.folder.path().join("chief.token");
        let office = Self { up, chief };
        office.shown(&["principal", "create", "chief", "--display-name", "Tham mưu trưởng"]);
        for role in ["approver", "recorder"] {
            office.shown(&[
                "grant",
                "create",
                "--principal",
                "chief",
                "--role",
                role,
                "--unit",
                "mr7",
            ]);
        }
        let issued = Command::new(BANGGIAO)
            .args(["token", "issue", "--principal", "chief", "--data-dir"])
            .arg(office.up.folder.path())
            .output()
            .unwrap();
        fs::write(&office.chief, issued.stdout).unwrap();
        office
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

    fn refused(&self, arguments: &[&str], code: i32, word: &str) {
        let output = self.up.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(word), "{arguments:?}: {}", told(&output));
    }

    /// As the chief, whose grants the journal learns of within a moment.
    fn chief(&self, arguments: &[&str]) -> Output {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let output = self.up.run_with(&self.chief, arguments);
            if output.status.success() || !told(&output).contains("PERMISSION_DENIED") || Instant::now() > end {
                return output;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn decided(&self, arguments: &[&str]) {
        let output = self.chief(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
    }

    /// A planned joint patrol of Bến Cầu, and its name.
    fn plan(&self, day: &str, more: &[&str]) -> String {
        let flags = [
            "event",
            "log",
            "--type",
            "JOINT_PATROL",
            "--date",
            day,
            "--unit",
            "tayninh-ben-cau",
            "--partner",
            "kh-svayrieng-sector",
            "--planned",
        ];
        short(&self.json(&[&flags[..], more].concat())["name"])
    }

    fn names(&self, arguments: &[&str]) -> Vec<String> {
        let listed = self.json(arguments);
        let events = listed["events"].as_array().cloned().unwrap_or_default();
        events.iter().map(|event| short(&event["name"])).collect()
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn short(name: &Value) -> String {
    name.as_str().unwrap().trim_start_matches("events/").to_owned()
}

#[test]
fn an_event_goes_from_plan_to_result_and_every_step_is_seen() {
    let office = Office::open();
    let plan = office.plan("2024-05-06", &["--head-name", "Nguyễn Văn A", "--summary", "kế hoạch"]);
    assert!(
        office
            .names(&["event", "unreported", "--unit", "tayninh"])
            .contains(&plan)
    );

    office.shown(&["event", "submit", &plan]);
    let waiting = ["event", "waiting", "--at", "tayninh", "--type", "joint-patrol"];
    let csv = office.shown(&[&waiting[..], &["--output", "csv"]].concat());
    assert!(csv.contains(&format!("{plan},0,tayninh,")), "{csv}");
    assert_eq!(office.names(&waiting), [plan.as_str()]);
    assert!(
        office
            .names(&[&waiting[..], &["--since", "2024-01-01"]].concat())
            .is_empty()
    );

    office.refused(&["event", "return", &plan], 2, "--reason");
    office.decided(&["event", "return", &plan, "--reason-code", "wrong-figures"]);
    let returned = ["event", "list", "--returned-for", "WRONG_FIGURES"];
    assert_eq!(office.names(&returned), [plan.as_str()]);

    let held = office.up.run(&[
        "event",
        "hold",
        &plan,
        "--persons",
        "300",
        "--marker-from",
        "110",
        "--marker-to",
        "112",
        "--quantity",
        "patrol_km=15.8",
        "--place",
        "Mốc 110, Bến Cầu",
        "--head-level",
        "district",
        "--participants=",
        "--output",
        "json",
    ]);
    assert!(held.status.success(), "{}", told(&held));
    assert!(
        told(&held).contains("Warning: Persons 300: more than is usual (200 at most)."),
        "{}",
        told(&held)
    );
    let event: Value = serde_json::from_slice(&held.stdout).unwrap();
    assert_eq!(
        (&event["phase"], &event["reviewState"]),
        (&"PHASE_HELD".into(), &"REVIEW_STATE_DRAFT".into())
    );
    assert_eq!(
        event["headOfDelegation"]["name"], "Nguyễn Văn A",
        "the other parts of the head stay"
    );
    assert!(!office.names(&["event", "unreported"]).contains(&plan));
    for flags in [
        &["--warning", "unusually-many", "--partner-country", "kh"][..],
        &[
            "--marker-from",
            "109",
            "--marker-to",
            "111",
            "--text",
            "ben cau nguyen van",
            "--from",
            "2024-05-06",
        ],
    ] {
        assert_eq!(
            office.names(&[&["event", "list", "--to", "2024-05-06"], flags].concat()),
            [plan.as_str()]
        );
    }

    let corrected = ["event", "correct", &plan, "--persons", "30", "--reason", "đếm lại"];
    office.shown(&corrected);
    let diff = office.shown(&["event", "diff", &plan, "--output", "csv"]);
    assert!(
        diff.starts_with("field,before,after\npersons,300,30\nwarnings,"),
        "{diff}"
    );
    let diff = office.shown(&["event", "diff", &plan, "--from", "1", "--to", "5"]);
    for part in ["Before (revision 1)", "Persons", "Quantities (patrol_km)", "PLANNED"] {
        assert!(diff.contains(part), "{part} is not in {diff}");
    }

    let second = office.plan("2026-06-01", &[]);
    for event in [&plan, &second] {
        office.shown(&["event", "submit", event]);
    }
    office.refused(&["event", "approve", &plan, &second], 1, "SELF_APPROVAL");
    office.decided(&["event", "approve", &plan, &second]);
    let approved = [
        "event",
        "list",
        "--state",
        "approved",
        "--type",
        "joint-patrol",
        "--unit",
        "tayninh-ben-cau",
    ];
    let approved = office.names(&[&approved[..], &["--from", "2024-05-06"]].concat());
    assert!(approved.contains(&plan) && approved.contains(&second), "{approved:?}");

    office.refused(&["event", "cancel", &second], 2, "--reason");
    office.shown(&["event", "cancel", &second, "--reason-code", "weather"]);
    assert_eq!(office.names(&["event", "list", "--cancelled-for", "weather"]), [second]);
}

#[test]
fn twins_are_found_and_decided() {
    let office = Office::open();
    let flags = ["--to", "2026-06-02", "--persons", "20"];
    let (first, second) = (office.plan("2026-06-01", &flags), office.plan("2026-06-01", &flags));
    let pairs = |event: &str| {
        let listed = office.json(&["event", "duplicates", "--event", event]);
        listed["possibleDuplicates"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((pairs(&first), pairs(&second)), (1, 1));
    let table = office.shown(&["event", "duplicates", "--from", "2026-06-01", "--output", "csv"]);
    assert!(
        table.contains(&format!("1,{first},")) && table.contains(&format!("1,{second},")),
        "{table}"
    );
    let submitted = office.up.run(&["event", "submit", &first]);
    assert!(
        told(&submitted).contains(&format!("may be the same event as {second}")),
        "{}",
        told(&submitted)
    );

    let resolve = ["event", "resolve", &first, &second, "--reason", "hai đội khác nhau"];
    office.refused(&resolve, 2, "--same");
    office.shown(&[&resolve[..], &["--distinct"]].concat());
    assert_eq!(pairs(&first), 0);

    let third = office.plan("2026-06-01", &flags);
    let merged = office.json(&["event", "resolve", &second, &third, "--same", "--reason", "ghi hai lần"]);
    assert_eq!(merged["event"]["name"], format!("events/{second}"));
    assert_eq!(merged["other"]["phase"], "PHASE_CANCELLED");
}

#[test]
fn the_catalogue_grows() {
    let office = Office::open();
    let create = [
        "event-type",
        "create",
        "BORDER_FAIR",
        "--name-vi",
        "Hội chợ biên giới",
        "--name-en",
        "Border fair",
        "--group",
        "border",
        "--needs",
        "persons,partner-units",
        "--forbids",
        "direction,markers",
        "--quantity",
        "stalls:1:gian hàng:whole:max=50",
        "--plausible-persons",
        "500",
    ];
    office.shown(&create);
    office.refused(&create, 1, "ALREADY_EXISTS");
    let listed = office.shown(&["event-type", "list"]);
    let line = listed.lines().find(|line| line.starts_with("border-fair")).unwrap();
    assert!(
        line.contains("Persons; Partner units") || line.contains("Partner units; Persons"),
        "{line}"
    );
    assert!(line.contains("stalls") && !line.contains("Markers"), "{line}");

    let log = [
        "event",
        "log",
        "--type",
        "border-fair",
        "--date",
        "2024-05-06",
        "--unit",
        "tayninh-ben-cau",
    ];
    office.refused(&log, 1, "NEEDED_BY_TYPE");
    let more = [
        "--partner",
        "kh-svayrieng-sector",
        "--persons",
        "40",
        "--quantity",
        "stalls=60",
    ];
    let logged = office.up.run(&[&log[..], &more].concat());
    assert!(told(&logged).contains("Quantities (stalls) 60"), "{}", told(&logged));

    let updated = office.json(&[
        "event-type",
        "update",
        "border-fair",
        "--name-vi",
        "Phiên chợ",
        "--discontinue",
    ]);
    assert_eq!(
        (&updated["names"]["en"], &updated["revision"]),
        (&"Border fair".into(), &2.into())
    );
    let first = office.json(&["event-type", "get", "border-fair", "--revision", "1"]);
    assert_eq!(first["names"]["vi"], "Hội chợ biên giới");
    assert!(
        !office.up.run(&[&log[..], &more].concat()).status.success(),
        "it is discontinued"
    );
    office.shown(&["event-type", "update", "border-fair", "--discontinue=false"]);
    office.shown(&[&log[..], &more].concat());
}

#[test]
fn plans_are_a_calendar_that_others_read() {
    let office = Office::open();
    let place = "Cửa khẩu quốc tế Mộc Bài, xã Lợi Thuận, huyện Bến Cầu, tỉnh Tây Ninh; nhà khách \\ phòng họp số 1";
    let plan = office.plan("2026-02-27", &["--to", "2026-02-28", "--place", place]);
    // Texts are written in the language of the flags, and these tests speak English.
    let dropped = office.plan("2026-03-05", &[]);
    let happened = office.plan("2026-03-06", &[]);
    for event in [&plan, &dropped] {
        office.shown(&["event", "submit", event]);
        office.decided(&["event", "approve", event]);
    }
    office.shown(&["event", "cancel", &dropped, "--reason-code", "postponed"]);
    let open = office.plan("2026-03-07", &[]);
    office.shown(&[
        "event",
        "hold",
        &happened,
        "--persons",
        "4",
        "--marker-from",
        "110",
        "--marker-to",
        "111",
    ]);

    let path = office.up.folder.path().join("plan.ics");
    let asked = [
        "event",
        "calendar",
        "--unit",
        "tayninh-ben-cau",
        "--from",
        "2026-02-01",
        "--to",
        "2026-03-31",
    ];
    office.shown(&[&asked[..], &["--to-file", path.to_str().unwrap()]].concat());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, office.shown(&asked), "a file holds what stdout gives");
    assert!(
        !text.replace("\r\n", "").contains(['\r', '\n']),
        "every line ends in CR LF"
    );
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    assert!(text.contains("\r\n "), "something was folded");

    let calendar: Calendar = text.parse().unwrap();
    let entries: Vec<_> = calendar
        .components
        .iter()
        .filter_map(|component| match component {
            CalendarComponent::Event(event) => Some(event),
            _ => None,
        })
        .collect();
    let find = |event: &str| {
        let uid = entries
            .iter()
            .find(|entry| entry.get_uid().unwrap().starts_with(&format!("{event}@")));
        *uid.unwrap_or_else(|| panic!("{event} is not in {text}"))
    };
    let entry = find(&plan);
    let value = |name: &str| entry.property_value(name).unwrap().to_owned();
    assert_eq!(
        (value("DTSTART"), value("DTEND")),
        ("20260227".into(), "20260301".into())
    );
    assert_eq!((value("STATUS"), value("SEQUENCE")), ("CONFIRMED".into(), "3".into()));
    assert_eq!(entry.get_location().unwrap(), place);
    assert!(
        entry.get_summary().unwrap().starts_with("Joint patrol: "),
        "{:?}",
        entry.get_summary()
    );
    assert_eq!(find(&open).property_value("STATUS"), Some("TENTATIVE"));
    assert_eq!(find(&dropped).property_value("STATUS"), Some("CANCELLED"));
    assert!(!text.contains(&happened), "what was held is planned no more");
    office.refused(&[&asked[..], &["--output", "json"]].concat(), 2, "form of its own");
}

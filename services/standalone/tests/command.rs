//! The command as an office runs it: real processes, one that serves and many that ask.

#[path = "process/up.rs"]
mod up;

use std::{
    fs,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use up::{BANGGIAO, SAMPLE, Up};

#[test]
fn an_office_imports_asks_and_shuts_down() {
    let mut up = Up::start();
    let imported = up.json(&["import", SAMPLE]);
    let accepted: u64 = imported["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["accepted"].as_u64())
        .sum();
    assert_eq!(accepted, 239 + 6 + 7 + 180 + 159 + 4259 + 20);

    let again = up.run(&["import", SAMPLE]);
    assert_eq!(
        again.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("figures.csv"),
        "what is left alone is named"
    );

    let asked = [
        "figures",
        "--unit",
        "tayninh",
        "--from",
        "2024-01-01",
        "--to",
        "2024-06-30",
        "--indicator",
    ];
    let four = "delegations-sent,persons-sent,delegations-received,persons-received";
    let figures = up.json(&[&asked[..], &[four]].concat());
    let values: Vec<&str> = figures["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["value"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["12", "100", "19", "317"]);
    let explained = up.json(&[
        "explain",
        "--unit",
        "tayninh",
        "--from",
        "2024-01-01",
        "--to",
        "2024-06-30",
        "--indicator",
        "delegations-received",
    ]);
    assert_eq!(explained["contributions"].as_array().unwrap().len(), 19);

    let empty = up.folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let refused = up.run_with(&empty, &["whoami"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("UNAUTHENTICATED"));
    assert_eq!(up.run(&["figures"]).status.code(), Some(2), "asked wrongly");

    let second = Command::new(BANGGIAO)
        .args(["up", "--lang", "en", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(up.folder.path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&second.stderr).contains("another banggiao"),
        "the reason is told"
    );

    assert!(up.terminate() < Duration::from_secs(10));
}

/// What is wrong is named, what is right goes in, and what is mended goes in afterwards.
#[test]
fn a_damaged_folder_is_taken_as_far_as_it_is_sound_and_the_rest_when_it_is_mended() {
    let up = Up::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::copy(format!("{SAMPLE}/units.csv"), path("units.csv")).unwrap();
    let header = "persons,reference,type,start_date,end_date,home_unit,partner_units,state,summary_vi,direction,\
                  co_home_units,place_vi,delegations,programmes,agreement,marker_from,marker_to,quantities\r\n";
    let row = |reference: &str, persons: &str, unit: &str, summary: &str| {
        format!("{persons},{reference},DIPLOMATIC_EVENT,2024-05-01,2024-05-01,{unit},,APPROVED,{summary},,,,,,,,,\r\n")
    };
    let mut text = vec![0xef, 0xbb, 0xbf];
    text.extend(header.as_bytes());
    text.extend(row("D-1", "5", "tayninh", "sound").as_bytes());
    text.extend(row("D-2", "200000", "nowhere", "two faults").as_bytes());
    text.extend(row("D-3", "5", "tayninh", "\"open").as_bytes());
    text.extend(row("D-4", "5", "tayninh", "sound").as_bytes());
    text.extend(row("D-1", "6", "tayninh", "the reference again").as_bytes());
    let events = path("events.csv");
    fs::write(&events, &text).unwrap();
    // One line more, of two gigabytes; the file has no blocks for them on disk.
    let sparse = fs::OpenOptions::new().append(true).open(&events).unwrap();
    sparse.set_len(text.len() as u64 + (2 << 30)).unwrap();
    drop(sparse);

    let rejects = path("rejects.csv");
    let arguments = [
        "import",
        folder.path().to_str().unwrap(),
        "--rejects",
        rejects.to_str().unwrap(),
    ];
    let refused = up.run(&arguments);
    let told = String::from_utf8_lossy(&refused.stdout).into_owned() + &String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    for named in [
        "events.csv:3",
        "persons",
        "home_unit",
        "events.csv:4",
        "quotation mark",
        "events.csv:6",
        "events.csv:7",
        "more than 1 MiB",
    ] {
        assert!(told.contains(named), "{named} is not in {told}");
    }
    let persons = [
        "figures",
        "--unit",
        "mr7",
        "--from",
        "2024-01-01",
        "--to",
        "2024-12-31",
        "--sum",
        "persons",
    ];
    assert_eq!(up.json(&persons)["cells"][0]["value"], "10", "the sound rows are in");

    let mended = fs::read_to_string(&rejects)
        .unwrap()
        .replace("200000,D-2", "7,D-2")
        .replace("nowhere", "longan")
        .replace("\"open", "closed")
        .replace("6,D-1,", "6,D-5,");
    fs::write(&events, mended).unwrap();
    fs::remove_file(path("units.csv")).unwrap();
    let taken = up.run(&["import", events.to_str().unwrap()]);
    assert_eq!(
        taken.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    assert_eq!(
        up.json(&persons)["cells"][0]["value"],
        "28",
        "and so are the mended ones"
    );
}

#[test]
fn asked_to_end_during_an_import_it_ends_in_time_and_goes_on_later() {
    let mut up = Up::start();
    let token = up.folder.path().join("admin.token");
    let mut import = Command::new(BANGGIAO)
        .args(["import", SAMPLE, "--server", &up.address, "--token-file"])
        .arg(&token)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(900));
    assert!(up.terminate() < Duration::from_secs(10));
    import.wait().unwrap();

    let up = Up::on(Arc::clone(&up.folder));
    let imported = up.json(&["import", SAMPLE]);
    let files = imported["files"].as_array().unwrap();
    let count = |what: &str| files.iter().filter_map(|file| file[what].as_u64()).sum::<u64>();
    assert_eq!((count("accepted") + count("repeated"), count("rejected")), (4870, 0));
    assert_eq!(
        imported["logIndex"], "4285",
        "each row is there once, behind six reorganisations"
    );
}

#[test]
fn a_command_sees_what_the_command_before_it_wrote() {
    let up = Up::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let units = "id,country,kind,parent,name_vi,name_en,name_km,start_date,end_date\n\
                 tayninh,VN,PROVINCIAL_COMMAND,,Tây Ninh,,,1976-05-02,\n";
    assert_eq!(
        up.run(&["import", &file("units.csv", units.to_owned())]).status.code(),
        Some(0)
    );
    for round in 1..=100 {
        let events = format!(
            "reference,type,start_date,end_date,direction,home_unit,co_home_units,partner_units,place_vi,delegations,\
             persons,programmes,agreement,marker_from,marker_to,quantities,state,summary_vi\n\
             R-{round},DELEGATION_VISIT,2024-05-02,,INBOUND,tayninh,,,,1,3,,,,,,APPROVED,Đoàn {round}\n"
        );
        let imported = up.run(&["import", &file("events.csv", events)]);
        assert_eq!(
            imported.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&imported.stderr)
        );
        let asked = [
            "figures",
            "--unit",
            "tayninh",
            "--period",
            "civil/2024",
            "--indicator",
            "delegations-received",
        ];
        assert_eq!(
            up.json(&asked)["cells"][0]["value"],
            round.to_string(),
            "after round {round}"
        );
    }
}

#[cfg(unix)]
#[test]
fn keys_and_tokens_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let up = Up::start();
    for name in ["admin.token", "signing.key", "journal.token", "reporting.token"] {
        let mode = fs::metadata(up.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let issued = Command::new(BANGGIAO)
        .args(["token", "issue", "--principal", "reporting", "--data-dir"])
        .arg(up.folder.path())
        .output()
        .unwrap();
    let token = up.folder.path().join("mine.token");
    fs::write(&token, issued.stdout).unwrap();
    let output = up.run_with(&token, &["whoami", "--output", "json"]);
    let who: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(who["principal"]["name"], "principals/reporting");
    assert_eq!(up.run(&["health"]).status.code(), Some(0));
}

#[test]
fn the_demonstration_ends_by_itself_when_told() {
    let output = Command::new(BANGGIAO)
        .args(["demo", "--exit", "--lang", "vi"])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("8.797"),
        "the persons received by Military Region 7, as Vietnamese writes them"
    );
}

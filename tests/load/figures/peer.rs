//! DuckDB beside us, on the same events. Its rows have the province of the first home unit already, so it does less: it neither
//! knows the hierarchy of the day nor events of several units.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    process::Command,
    time::Duration,
};

use banggiao_contracts::journal::v1::EventRevision;

use super::data;

/// Where DuckDB is installed.
const FOLDER: &str = "/tmp/banggiao-duckdb";

/// The events as rows for DuckDB.
pub struct Rows(BufWriter<File>);

impl Rows {
    pub fn create(path: &Path) -> Self {
        let mut file = BufWriter::new(File::create(path).expect("a file"));
        writeln!(file, "day,province,type,direction,delegations,persons").expect("a line");
        Self(file)
    }

    pub fn add(&mut self, revision: &EventRevision) {
        let event = revision.event.as_ref().expect("an event");
        let province = data::province(data::home(event));
        let told = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let (day, kind, direction) = (&event.start_date, &event.event_type, event.direction);
        let (delegations, persons) = (told(event.delegations), told(event.persons));
        writeln!(self.0, "{day},{province},{kind},{direction},{delegations},{persons}").expect("a line");
    }

    pub fn end(mut self) {
        self.0.flush().expect("rows");
    }
}

/// Its median, and the sums over everything; nothing where it cannot be had.
pub fn median(rows: &Path, asked: usize) -> Option<(Duration, Vec<String>)> {
    let python = installed()?;
    let output = Command::new(python)
        .arg("-c")
        .arg(include_str!("peer.py"))
        .arg(rows)
        .arg(asked.to_string())
        .output();
    let output = output.ok().filter(|output| {
        let fine = output.status.success();
        if !fine {
            println!("SKIPPED: {}", String::from_utf8_lossy(&output.stderr));
        }
        fine
    })?;
    let text = String::from_utf8(output.stdout).expect("text");
    let (seconds, sums) = text.trim().split_once('\n').expect("two lines");
    let seconds = seconds.parse().expect("seconds");
    Some((
        Duration::from_secs_f64(seconds),
        sums.split(' ').map(str::to_owned).collect(),
    ))
}

fn installed() -> Option<String> {
    let python = format!("{FOLDER}/bin/python");
    let works = || {
        let tried = Command::new(&python).args(["-c", "import duckdb"]).status();
        tried.is_ok_and(|status| status.success())
    };
    if !Path::new(&python).exists() || !works() {
        println!("installing DuckDB into {FOLDER}");
        let _ = Command::new("python3").args(["-m", "venv", FOLDER]).status();
        let pip = format!("{FOLDER}/bin/pip");
        let _ = Command::new(pip).args(["install", "--quiet", "duckdb"]).status();
    }
    let works = works();
    if !works {
        println!("SKIPPED: DuckDB cannot be had from PyPI");
    }
    works.then_some(python)
}

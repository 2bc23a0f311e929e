//! How fast a report is computed: the first half of a year for a region of 2,000 units, by child unit, event type and
//! direction, with the year before beside it; beside DuckDB on the same events. And how much memory an event takes, and how
//! long the memory takes to be rebuilt from the store.
//!
//! By hand: `cargo bench -p banggiao-reporting --bench figures`; some minutes. `EVENTS=1000000,5000000` for other numbers of events.
//! DuckDB comes from PyPI into a folder of its own under /tmp; where it cannot be had, it is skipped aloud.
//!
//! The figures are private to reporting, and the tests' package may not know reporting. So this stands here with the other
//! benchmarks and is built as one of reporting's own; `banggiao_reporting::bench` is a door that leads past the network and
//! the token, and nowhere else.

#[path = "figures/data.rs"]
mod data;
#[path = "figures/peer.rs"]
mod peer;

use std::{env, fs, process::Command, time::Duration};

use banggiao_contracts::reporting::v1 as pb;
use banggiao_model::date;
use banggiao_reporting::bench::{self, Bench};
use data::Events;

/// So often is each question asked; the median counts.
const ASKED: usize = 31;
/// Tells a process of its own how many events it shall measure.
const ALONE: &str = "BANGGIAO_BENCH_EVENTS";
/// So many events are stored and rebuilt.
const STORED: u64 = 1_000_000;

fn question() -> pb::QueryFiguresRequest {
    let sums = [pb::EventSum::Events, pb::EventSum::Delegations, pb::EventSum::Persons];
    let measures = sums.map(|sum| pb::Measure {
        source: Some(pb::measure::Source::Events(pb::EventMeasure {
            sum: sum.into(),
            ..pb::EventMeasure::default()
        })),
        ..pb::Measure::default()
    });
    let keys = [
        pb::GroupKey::ChildUnit,
        pb::GroupKey::EventType,
        pb::GroupKey::Direction,
    ];
    pb::QueryFiguresRequest {
        unit: "units/region".to_owned(),
        measures: measures.into(),
        start_date: data::WINDOW.0.to_owned(),
        end_date: data::WINDOW.1.to_owned(),
        group_by: keys.map(Into::into).into(),
        compare: pb::Comparison::PreviousYear.into(),
        ..pb::QueryFiguresRequest::default()
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// What this process holds in memory, in bytes.
fn resident_bytes() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or_default() * 4096.0
}

fn measure(count: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = folder.path().join("events.csv");
    let events = Events::new(count);
    let mut written = peer::Rows::create(&rows);
    let before = resident_bytes();
    let mut bench = Bench::new(&data::changes());
    for number in 0..count {
        let revisions = events.revisions(number);
        bench.take(&revisions);
        written.add(&revisions[0]);
    }
    bench.shrink_to_fit();
    written.end();
    #[allow(clippy::cast_precision_loss, reason = "a figure for reading")]
    let bytes = (resident_bytes() - before) / count as f64;

    let today = date::parse("2025-12-31").expect("a day");
    let ask = |first| bench.answer(("administrator", today), &question(), first);
    let (answer, _) = ask(false);
    let asked = env::var("ASKED").map_or(ASKED, |asked| asked.parse().expect("a number"));
    let first = median((0..asked).map(|_| ask(true).1).collect());
    let ours = median((0..asked).map(|_| ask(false).1).collect());
    let totals: Vec<String> = answer
        .totals
        .iter()
        .flat_map(|total| [total.value.clone(), total.comparison_value.clone().unwrap_or_default()])
        .collect();
    let (theirs, ratio) = match peer::median(&rows, ASKED) {
        None => ("-".to_owned(), "-".to_owned()),
        Some((theirs, sums)) => {
            assert_eq!(sums, totals, "both add up the same events");
            let ratio = |ours: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
            (millis(theirs), format!("{:.1} / {:.1}", ratio(first), ratio(ours)))
        }
    };
    println!(
        "{count:>10} {:>10} {:>10} {theirs:>10} {ratio:>15} {bytes:>13.1} {:>7} {:>10}",
        millis(first),
        millis(ours),
        answer.cells.len(),
        totals[0]
    );
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn main() {
    if let Ok(count) = env::var(ALONE) {
        measure(count.parse().expect("a number"));
        return;
    }
    let counts = env::var("EVENTS").unwrap_or_else(|_| "1000000,5000000,10000000".to_owned());
    println!(
        "events of {} years, half a year of them asked for with the year before",
        data::YEARS
    );
    println!("ours: asked for the first time, and again, with sums of whole months kept; ratio: DuckDB by each");
    println!("    events      first      again     DuckDB           ratio   bytes/event   cells     events");
    let program = env::current_exe().expect("this program");
    for count in counts.split(',') {
        // Each in a process of its own, so that memory is measured from nothing.
        let status = Command::new(&program).env(ALONE, count).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{count} events are measured"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("reporting.db").display());
    let events = Events::new(STORED);
    let first = (0..STORED).map(|number| {
        let mut revisions = events.revisions(number);
        let revision = revisions.swap_remove(0);
        data::at(revision, number)
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let took = runtime.block_on(bench::rebuild(&url, &data::changes(), first));
    println!("rebuilt from SQLite: {STORED} events in {:.1} s", took.as_secs_f64());
}

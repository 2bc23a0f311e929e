//! How what came of checking is told: what was checked, with which key, and whatever does not fit.

use super::evidence::{self, Checked, Evidence, Figure, Opened};
use super::examination::Report;
use super::words;
use crate::error::Error;
use crate::globals::Lang;
use crate::names;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use banggiao_contracts::reporting::v1::measure::Source;
use banggiao_ledger::hex;
use banggiao_ledger::key_change::Term;
use serde_json::json;

/// The outcome of checking a log.
pub fn report(report: &Report, shape: Output, lang: Lang) -> Result<(), Error> {
    let mut findings: Vec<String> = report.findings.iter().map(|finding| words::of(finding, lang)).collect();
    findings.extend(report.unreadable.iter().map(|entry| {
        lang.pick(
            format!("entry {entry} is malformed"),
            format!("mục {entry} không đúng dạng"),
        )
    }));
    findings.extend(report.given_up.iter().map(|(size, kept)| {
        lang.pick(
            format!(
                "entries {}\u{2013}{size}, which were signed, were given up by a recovery",
                kept + 1
            ),
            format!("các mục {}\u{2013}{size} đã ký bị bỏ khi khai báo khôi phục", kept + 1),
        )
    }));
    findings.extend(report.false_changes.iter().map(|entry| {
        lang.pick(
            format!("entry {entry}: the change of keys is not signed by the keys before and after it, or not believed"),
            format!("mục {entry}: việc đổi khóa không do khóa trước và khóa sau cùng ký, hoặc không đáng tin"),
        )
    }));
    findings.extend(report.out_of_term.iter().map(|size| {
        lang.pick(
            format!("the checkpoint of {size} entries is signed by a key that did not sign for the log then"),
            format!("điểm chốt {size} mục do khóa không có hiệu lực lúc đó ký"),
        )
    }));
    if !report.not_sound.is_empty() {
        let why = &report.not_sound;
        findings.push(lang.pick(
            format!("the journal takes nothing in: {why}"),
            format!("nhật ký không nhận thêm gì: {why}"),
        ));
    }
    let seconds = report.took.as_secs_f64();
    if shape == Output::Json {
        let value = json!({
            "origin": report.origin,
            "entries": report.entries.to_string(),
            "root": report.root,
            "verifierKey": report.key,
            "keyIsGiven": report.key_is_given,
            "since": report.since.iter().map(u64::to_string).collect::<Vec<_>>(),
            "keys": report.terms.iter().map(|term| json!({
                "verifierKey": term.key.to_string(),
                "firstTreeSize": term.first.to_string(),
                "lastTreeSize": term.last.map(|last| last.to_string()),
            })).collect::<Vec<_>>(),
            "findings": findings,
        });
        output::data(&format!("{value:#}"))?;
    } else {
        let mut rows = vec![
            (lang.pick("Log", "Nhật ký"), report.origin.clone()),
            (lang.pick("Entries", "Số mục"), report.entries.to_string()),
            (lang.pick("Root", "Gốc"), report.root.clone()),
            (lang.pick("Key", "Khóa"), report.key.clone()),
        ];
        for Term { key, first, last } in &report.terms {
            let last = last.map_or_else(String::new, |last| last.to_string());
            let sizes = format!("{first}\u{2013}{last}");
            rows.push((lang.pick("Signed", "Đã ký"), format!("{sizes}: {key}")));
        }
        for size in &report.since {
            rows.push((lang.pick("Held against", "So với"), size.to_string()));
        }
        rows.push((lang.pick("Took", "Thời gian"), format!("{seconds:.2} s")));
        print(&rows, shape, lang)?;
    }
    verdict(
        &findings,
        report.is_whole(),
        report.key_is_given,
        lang.pick("everything fits", "mọi thứ đều khớp"),
        lang,
    )
}

/// The outcome of checking evidence.
pub fn evidence(evidence: &Evidence, checked: &Checked, shape: Output, lang: Lang) -> Result<(), Error> {
    let in_words = |(record, why): &(String, String)| match record.is_empty() {
        true => why.clone(),
        false => format!("{}: {why}", names::short(record)),
    };
    let findings: Vec<String> = checked.findings.iter().map(in_words).collect();
    let value = evidence
        .figure
        .as_ref()
        .and_then(|figure| figure.response.cell.as_ref());
    if shape == Output::Json {
        let value = json!({
            "origin": checked.origin,
            "entries": checked.size.to_string(),
            "root": checked.root,
            "verifierKey": checked.key,
            "keyIsGiven": checked.key_is_given,
            "records": evidence.proofs.len(),
            "value": value.map(|cell| cell.value.clone()),
            "findings": findings,
        });
        output::data(&format!("{value:#}"))?;
    } else {
        print(&rows(evidence, checked, lang), shape, lang)?;
    }
    verdict(
        &findings,
        findings.is_empty(),
        checked.key_is_given,
        lang.pick("proved", "đã chứng minh"),
        lang,
    )
}

fn rows(evidence: &Evidence, checked: &Checked, lang: Lang) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(figure) = &evidence.figure {
        let asked = &figure.request;
        let what = match (&figure.indicator, asked.measures.first()) {
            (Some(indicator), _) => names::short(&indicator.name),
            (None, Some(measure)) => measure.label.clone(),
            (None, None) => String::new(),
        };
        let days = match asked.period.is_empty() {
            true => format!("{} \u{2013} {}", asked.start_date, asked.end_date),
            false => asked.period.clone(),
        };
        rows.push((lang.pick("Figure", "Chỉ tiêu"), what));
        rows.push((lang.pick("Counts", "Tính"), counts(figure)));
        rows.push((lang.pick("Unit", "Đơn vị"), names::short(&asked.unit)));
        rows.push((lang.pick("Period", "Kỳ"), days));
        let cell = figure.response.cell.clone().unwrap_or_default();
        rows.push((lang.pick("Value", "Số liệu"), crate::number::grouped(&cell.value, lang)));
    }
    if let (None, Some(entry)) = (
        &evidence.figure,
        evidence.proofs.first().and_then(|proof| proof.entry.as_ref()),
    ) {
        match evidence::content(entry, &evidence::record(entry)) {
            Some(Opened::Report(report)) => {
                rows.push((lang.pick("Report", "Báo cáo"), entry.id.clone()));
                rows.push((lang.pick("Digest", "Mã băm"), hex(&report.digest)));
                rows.push((lang.pick("Issued", "Phát hành"), moment(report.issue_time)));
                rows.push((lang.pick("Entered", "Ghi vào sổ"), moment(report.create_time)));
            }
            Some(Opened::Event(_)) | None => {
                rows.push((lang.pick("Event", "Sự kiện"), entry.id.clone()));
                rows.push((lang.pick("Revision", "Lần ghi"), entry.revision.to_string()));
            }
        }
        rows.push((lang.pick("Entry", "Mục"), entry.log_index.to_string()));
    }
    rows.push((lang.pick("Records", "Bản ghi"), evidence.proofs.len().to_string()));
    rows.push((lang.pick("Log", "Nhật ký"), checked.origin.clone()));
    rows.push((lang.pick("Entries", "Số mục"), checked.size.to_string()));
    rows.push((lang.pick("Root", "Gốc"), checked.root.clone()));
    rows.push((lang.pick("Key", "Khóa"), checked.key.clone()));
    rows
}

/// A moment, in universal time.
fn moment(time: Option<prost_types::Timestamp>) -> String {
    let time = time.and_then(|time| jiff::Timestamp::new(time.seconds, 0).ok());
    time.map_or_else(String::new, |time| time.to_string())
}

/// What is counted, by the definition that was proved and not by its name.
fn counts(figure: &Figure) -> String {
    let of_indicator = figure
        .indicator
        .as_ref()
        .and_then(|indicator| indicator.measure.as_ref());
    let measure = of_indicator.or(figure.request.measures.first());
    let Some(Source::Events(measure)) = measure.and_then(|measure| measure.source.as_ref()) else {
        return String::new();
    };
    let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_ascii_lowercase();
    let mut words = vec![
        word(measure.sum().as_str_name(), "EVENT_SUM_"),
        measure.quantity.clone(),
    ];
    for filter in measure.filter.iter().chain(&figure.request.narrow_events) {
        if filter.direction != 0 {
            words.push(word(filter.direction().as_str_name(), "DIRECTION_"));
        }
        let lists = [
            &filter.event_types,
            &filter.programmes,
            &filter.partner_countries,
            &filter.partner_units,
        ];
        words.extend(lists.into_iter().flatten().map(|name| names::short(name)));
    }
    let group = figure
        .request
        .group
        .iter()
        .map(|(key, value)| format!("{key}={}", names::short(value)));
    words.extend(group);
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

fn print(rows: &[(&'static str, String)], shape: Output, lang: Lang) -> Result<(), Error> {
    let mut table = Table::new(vec![
        Column::new("field", lang.pick("Field", "Mục")),
        Column::new("value", lang.pick("Value", "Nội dung")),
    ]);
    for (field, value) in rows {
        table.push(vec![Cell::text(*field), Cell::text(value)]);
    }
    output::data(&match shape {
        Output::Csv => table.csv()?,
        Output::Table | Output::Json => table.render(lang, output::width()),
    })
}

/// The last word, on stderr: it fails unless everything fits.
fn verdict(findings: &[String], fits: bool, key_is_given: bool, whole: &str, lang: Lang) -> Result<(), Error> {
    if !key_is_given {
        output::note(lang.pick(
            "the key came with what was checked; whoever has it from elsewhere gives it with --key",
            "khóa đi kèm dữ liệu được kiểm tra; ai có khóa từ nguồn khác thì dùng --key",
        ));
    }
    if fits {
        output::note(whole);
        return Ok(());
    }
    const SHOWN: usize = 50;
    for finding in findings.iter().take(SHOWN) {
        output::note(finding);
    }
    if findings.len() > SHOWN {
        let more = findings.len() - SHOWN;
        output::note(&lang.pick(format!("and {more} more"), format!("và {more} chỗ khác")));
    }
    Err(Error::Reported)
}

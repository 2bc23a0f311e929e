//! A report as a document, in a language: the one shape from which every format is made.

use std::collections::{BTreeMap, HashMap};

use banggiao_contracts::reporting::v1::{self as pb, report_part::Content};
use banggiao_documents::{Block, Column, Document, Format, Row, Table};
use banggiao_model::{date, decimal};
use banggiao_rpc::{Violations, wire};

use crate::domain::{Error, checked};

mod words;

use words::Words;

/// The form and the language that are asked for.
///
/// # Errors
/// [`Error::Invalid`] with every fault.
pub fn asked(request: &pb::RenderReportRequest) -> Result<(Format, &'static str), Error> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let format = match wire::enumeration(request.format, "format", &mut scope) {
        pb::DocumentFormat::Unspecified => {
            scope.required("format");
            None
        }
        pb::DocumentFormat::Text => Some(Format::Text),
        pb::DocumentFormat::Markdown => Some(Format::Markdown),
    };
    let language = match request.language.as_str() {
        "" | "vi" => Some("vi"),
        "en" => Some("en"),
        other => {
            scope.invalid("language", format!("{other:?} is none of vi, en"));
            None
        }
    };
    checked(format.zip(language), violations)
}

/// The document that a report is.
pub fn of(report: &pb::Report, language: &'static str) -> Document {
    let content = report.content.clone().unwrap_or_default();
    let words = Words::new(&content, language);
    let days = (day(&report.start_date, language), day(&report.end_date, language));
    let mut document = Document::new(words.text(&content.titles));
    document.subtitle.push(words.called(&report.unit));
    document.subtitle.push(words.pick(
        &format!("Từ {} đến {}", days.0, days.1),
        &format!("{} to {}", days.0, days.1),
    ));
    document.subtitle.extend(standing(report, &words));
    for part in &content.parts {
        if !part.titles.is_empty() {
            document.blocks.push(Block::Heading(words.text(&part.titles)));
        }
        match &part.content {
            Some(Content::Narrative(narrative)) => {
                document.blocks.push(Block::Paragraph(words.text(&narrative.text)));
            }
            Some(Content::Table(table)) => figures(table, &words, &mut document.blocks),
            Some(Content::Records(records)) => document.blocks.push(Block::Table(list(records, &words))),
            None => {}
        }
    }
    if report.withheld {
        document.blocks.push(Block::Note(words.pick(
            "Một số hồ sơ không được tính vì người đọc không có quyền xem.",
            "Some records are not counted, since the reader may not read them.",
        )));
    }
    document.footer = provenance(report, &content, &words);
    document
}

/// Where the report stands: a draft, or what was signed when and by whom.
fn standing(report: &pb::Report, words: &Words<'_>) -> Vec<String> {
    if report.number == 0 {
        return vec![words.pick("DỰ THẢO", "DRAFT")];
    }
    let mut lines = vec![words.pick(
        &format!("Số {}/{}", report.number, report.number_year),
        &format!("No. {}/{}", report.number, report.number_year),
    )];
    if !report.document_number.is_empty() {
        lines[0] = format!("{} ({})", lines[0], report.document_number);
    }
    for (other, vi, en) in [
        (&report.supersedes, "Thay thế", "Corrects"),
        (&report.superseded_by, "Đã được thay thế bởi", "Corrected by"),
    ] {
        if !other.is_empty() {
            lines.push(format!("{} {other}", words.pick(vi, en)));
        }
    }
    lines
}

/// A table of figures: without groups a row for each measure, otherwise a row for each group.
fn figures(table: &pb::ReportTable, words: &Words<'_>, blocks: &mut Vec<Block>) {
    let shown = if table.group_by.is_empty() {
        by_measure(table, words)
    } else {
        by_group(table, words)
    };
    blocks.push(Block::Table(shown));
    if table.totals.iter().any(|total| total.overlapping) {
        blocks.push(Block::Note(words.pick(
            "Tổng cộng nhỏ hơn tổng các dòng vì một hồ sơ có thể thuộc nhiều dòng; tổng chỉ tính mỗi hồ sơ một lần.",
            "The total is less than the sum of the rows, since a record may stand in several; the total counts it once.",
        )));
    }
    for unplaced in &table.unplaced {
        let unit = words.called(&unplaced.unit);
        let count = unplaced.record_count;
        blocks.push(Block::Note(words.pick(
            &format!("{count} hồ sơ của {unit} không xác định được đơn vị, không được tính."),
            &format!("{count} records of {unit} could not be placed and are not counted."),
        )));
    }
}

fn by_measure(table: &pb::ReportTable, words: &Words<'_>) -> Table {
    let compares = !table.comparison_start_date.is_empty();
    let aims = table.cells.iter().any(|cell| cell.target_value.is_some());
    let mut columns = vec![
        Column::left(words.pick("Chỉ tiêu", "Indicator")),
        Column::left(words.pick("Đơn vị tính", "Counted in")),
        Column::right(words.pick("Trong kỳ", "Figure")),
    ];
    if compares {
        columns.push(Column::right(words.pick("Kỳ so sánh", "Before")));
    }
    if aims {
        columns.push(Column::right(words.pick("Mục tiêu", "Target")));
    }
    let row = |measure: &pb::ReportMeasure| {
        let cell = table.cells.iter().find(|cell| cell.indicator == measure.indicator);
        let cell = cell.cloned().unwrap_or_default();
        let number = |value: &str| words.number(value);
        let mut cells = vec![
            words.measure(measure),
            words.text(&measure.unit_of_count),
            number(&cell.value),
        ];
        if compares {
            cells.push(number(cell.comparison_value.as_deref().unwrap_or_default()));
        }
        if aims {
            cells.push(number(cell.target_value.as_deref().unwrap_or_default()));
        }
        Row::body(cells)
    };
    Table {
        columns,
        rows: table.measures.iter().map(row).collect(),
        caption: String::new(),
    }
}

fn by_group(table: &pb::ReportTable, words: &Words<'_>) -> Table {
    let keys: Vec<pb::GroupKey> = table
        .group_by
        .iter()
        .filter_map(|key| pb::GroupKey::try_from(*key).ok())
        .collect();
    let mut columns: Vec<Column> = keys.iter().map(|key| Column::left(words.key(*key))).collect();
    columns.extend(
        table
            .measures
            .iter()
            .map(|measure| Column::right(words.measure(measure))),
    );
    let of = |cell: &pb::Cell| -> Vec<String> {
        let name = |key: &pb::GroupKey| key.as_str_name().trim_start_matches("GROUP_KEY_").to_lowercase();
        keys.iter()
            .map(|key| cell.group.get(&name(key)).cloned().unwrap_or_default())
            .collect()
    };
    // By group, then by measure: what the cell says.
    let mut groups: BTreeMap<Vec<String>, HashMap<&str, &str>> = BTreeMap::new();
    for cell in &table.cells {
        let of_group = groups.entry(of(cell)).or_default();
        of_group.insert(&cell.indicator, &cell.value);
    }
    let mut rows = Vec::with_capacity(groups.len() + 1);
    for (group, values) in groups {
        let mut cells: Vec<String> = group.iter().map(|value| words.called(value)).collect();
        for measure in &table.measures {
            cells.push(words.number(values.get(measure.indicator.as_str()).copied().unwrap_or("0")));
        }
        rows.push(Row::body(cells));
    }
    let mut cells = vec![String::new(); keys.len()];
    if let Some(first) = cells.first_mut() {
        *first = words.pick("Tổng cộng", "Total");
    }
    cells.extend(table.totals.iter().map(|total| words.number(&total.value)));
    rows.push(Row::total(cells));
    Table {
        columns,
        rows,
        caption: String::new(),
    }
}

/// Records, each in a row: of agreements with their titles and days.
fn list(records: &pb::ReportRecords, words: &Words<'_>) -> Table {
    let agreements = !records.agreements.is_empty();
    let mut columns = vec![
        Column::left(words.pick("Ngày", "Date")),
        Column::left(words.pick("Đơn vị ta", "Home unit")),
        Column::left(words.pick("Đơn vị bạn", "Partner")),
        Column::left(if agreements {
            words.pick("Thỏa thuận", "Agreement")
        } else {
            words.pick("Số hồ sơ", "Reference")
        }),
    ];
    columns.push(if agreements {
        Column::left(words.pick("Hết hạn", "Ends"))
    } else {
        Column::right(
            records
                .measure
                .as_ref()
                .map_or_else(String::new, |measure| words.text(&measure.unit_of_count)),
        )
    });
    let units = |units: &[String]| {
        let names: Vec<String> = units.iter().map(|unit| words.called(unit)).collect();
        names.join(", ")
    };
    let lines: HashMap<&str, &pb::AgreementLine> = records
        .agreements
        .iter()
        .map(|line| (line.agreement.as_str(), line))
        .collect();
    let row = |record: &pb::Contribution| {
        let (what, last) = match lines.get(record.resource.as_str()) {
            Some(line) => (words.text(&line.titles), day(&line.end_date, words.language)),
            None => (record.reference.clone(), words.number(&record.amount)),
        };
        Row::body(vec![
            day(&record.date, words.language),
            units(&record.home_units),
            units(&record.partner_units),
            what,
            last,
        ])
    };
    let mut rows: Vec<Row> = records.records.iter().map(row).collect();
    if let Some(total) = &records.total {
        let mut cells = vec![words.pick("Tổng cộng", "Total"), String::new(), String::new()];
        if agreements {
            cells.extend([words.number(&total.value), String::new()]);
        } else {
            cells.extend([String::new(), words.number(&total.value)]);
        }
        rows.push(Row::total(cells));
    }
    Table {
        columns,
        rows,
        caption: String::new(),
    }
}

/// From what the report was computed, so that it can be computed again.
fn provenance(report: &pb::Report, content: &pb::ReportContent, words: &Words<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "{}; {} {}, {} {}",
        report.name,
        words.pick("vị trí sổ", "log position"),
        content.log_index,
        words.pick("vị trí danh mục", "registry position"),
        content.registry_position,
    )];
    let used: Vec<String> = content
        .definitions
        .iter()
        .map(|used| {
            format!(
                "{} r{}",
                used.name.rsplit('/').next().unwrap_or_default(),
                used.revision
            )
        })
        .collect();
    lines.push(format!(
        "{}: {}",
        words.pick("Định nghĩa", "Definitions"),
        used.join(", ")
    ));
    if !report.digest.is_empty() {
        lines.push(format!("SHA-256 {}", report.digest));
    }
    lines
}

fn day(text: &str, language: &str) -> String {
    date::parse(text).map_or_else(|_| String::new(), |day| date::written(day, language))
}

impl Words<'_> {
    /// A number as the language writes it.
    fn number(&self, value: &str) -> String {
        decimal::written(value, self.language)
    }
}

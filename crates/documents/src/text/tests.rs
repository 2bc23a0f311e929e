//! What the plain text of documents looks like, and that no content breaks it.

use super::*;
use crate::document::{Column, Row, RowKind};
use proptest::prelude::*;

fn document(table: Table) -> Document {
    Document {
        title: "Báo cáo sáu tháng".into(),
        subtitle: vec!["Tây Ninh · 2024-01-01 – 2024-06-30".into()],
        blocks: vec![
            Block::Heading("1. Đoàn vào".into()),
            Block::Paragraph("Trong kỳ đã đón 19 đoàn.\n\nTăng 4 đoàn.".into()),
            Block::Table(table),
            Block::Note("Không tính bản ghi không được xem.".into()),
        ],
        footer: vec!["Vị trí sổ 1.024".into()],
    }
}

fn sample() -> Table {
    Table {
        columns: vec![
            Column::left("Đơn vị"),
            Column::right("Số đoàn"),
            Column::right("Lượt người"),
        ],
        rows: vec![
            Row::group("Bộ Chỉ huy Quân sự tỉnh Tây Ninh và các đơn vị trực thuộc"),
            Row::body(vec!["Tây Ninh".into(), "12".into(), "8.797".into()]),
            Row::body(vec!["Tân Biên".into(), "7".into()]).at_depth(1),
            Row::total(vec!["Tổng".into(), "19".into(), "8.797".into(), "beyond".into()]),
        ],
        caption: "Bảng 1".into(),
    }
}

#[test]
fn a_document_reads_from_its_title_to_where_it_comes_from() {
    let expected = "\
Báo cáo sáu tháng
═════════════════
Tây Ninh · 2024-01-01 – 2024-06-30

1. Đoàn vào
───────────

Trong kỳ đã đón 19 đoàn.

Tăng 4 đoàn.

Bảng 1
Đơn vị      Số đoàn  Lượt người
───────────────────────────────
Bộ Chỉ huy Quân sự tỉnh Tây
Ninh và các đơn vị trực thuộc
Tây Ninh         12       8.797
  Tân Biên        7
───────────────────────────────
Tổng             19       8.797

  Không tính bản ghi không được xem.

"
    .to_owned()
        + &"─".repeat(COLUMNS_MAX)
        + "\nVị trí sổ 1.024\n";
    assert_eq!(text(&document(sample())), expected);
}

#[test]
fn a_table_that_is_too_wide_breaks_words_apart_and_then_goes_on_below() {
    let mut wide = Table {
        columns: vec![Column::left("Đơn vị"), Column::left("Tên")],
        rows: vec![Row::body(vec!["a".repeat(120), "tỉnh ".repeat(40)])],
        ..Table::default()
    };
    let lines = table::table(&wide, COLUMNS_MAX);
    assert!(lines.iter().all(|line| width(line) <= COLUMNS_MAX), "{lines:#?}");
    assert_eq!(
        lines[2],
        format!("{}  {}", "a".repeat(49), "tỉnh ".repeat(10).trim_end())
    );
    wide.columns.extend((0..12).map(|_| Column::right("1.234.567.890")));
    let lines = table::table(&wide, COLUMNS_MAX);
    assert_eq!(lines.iter().filter(|line| line.contains("Đơn vị")).count(), 4);
    assert!(lines.iter().all(|line| width(line) <= COLUMNS_MAX), "{lines:#?}");
}

#[test]
fn a_table_without_columns_or_rows_breaks_nothing() {
    assert!(table::table(&Table::default(), COLUMNS_MAX).is_empty());
    let empty = Table {
        columns: vec![Column::left("Đơn vị")],
        ..Table::default()
    };
    assert_eq!(table::table(&empty, COLUMNS_MAX), ["Đơn vị", "──────"]);
    assert_eq!(text(&Document::default()), "\n");
}

fn visible(text: &str) -> Vec<char> {
    let mut visible: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != '─').collect();
    visible.sort_unstable();
    visible
}

proptest! {
    #[test]
    fn no_content_breaks_a_table(
        cells in prop::collection::vec(prop::collection::vec("(\\PC|[\n\t\u{1b}\u{202e}|]){0,60}", 0..5), 0..6),
        kinds in prop::collection::vec(0..3_u8, 6),
        depths in prop::collection::vec(0..20_usize, 6),
        rights in prop::collection::vec(any::<bool>(), 3),
    ) {
        let align = |right: &bool| if *right { Column::right("số") } else { Column::left("chữ") };
        let rows = cells.iter().zip(&kinds).zip(&depths).map(|((cells, kind), depth)| Row {
            cells: cells.clone(),
            kind: [RowKind::Body, RowKind::Total, RowKind::Group][usize::from(*kind)],
            depth: *depth,
        });
        let table = Table { columns: rights.iter().map(align).collect(), rows: rows.collect(), caption: String::new() };
        let lines = table::table(&table, COLUMNS_MAX);
        for line in &lines {
            prop_assert!(width(line) <= COLUMNS_MAX, "{line}");
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        // Nothing is lost, and nothing comes in, but the headings and the rules.
        let headings: String = table.columns.iter().map(|column| column.heading.as_str()).collect();
        let within = table.rows.iter().flat_map(|row| row.cells.iter().take(3)).map(|cell| plain::line(cell));
        let expected = visible(&(within.collect::<String>() + &headings));
        let mut shown = visible(&lines.concat());
        if lines.iter().filter(|line| line.is_empty()).count() == 0 {
            shown.sort_unstable();
            prop_assert_eq!(shown, expected);
        }
    }
}

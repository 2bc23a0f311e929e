//! What the Markdown of documents looks like, and that others read it as it was meant.

use super::*;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

#[test]
fn a_document_reads_from_its_title_to_where_it_comes_from() {
    let table = Table {
        columns: vec![Column::left("Đơn vị"), Column::right("Số | đoàn")],
        rows: vec![
            Row::group("Quân khu 7"),
            Row::body(vec!["Tân\nBiên".into(), "7".into()]).at_depth(1),
            Row::total(vec!["Tổng".into(), "1.234".into(), "beyond".into()]),
        ],
        caption: "Bảng 1".into(),
    };
    let document = Document {
        title: "# Báo cáo".into(),
        subtitle: vec!["Tây Ninh".into(), "2024-H1".into()],
        blocks: vec![
            Block::Heading("Đoàn\nvào #".into()),
            Block::Paragraph("- một\n1. hai\n\nba".into()),
            Block::Table(table),
            Block::Note("a\n\nb".into()),
        ],
        footer: vec!["=== joint_patrol".into()],
    };
    let expected = "\
# \\# Báo cáo

Tây Ninh\\
2024-H1

## Đoàn vào \\#

\\- một\\
1\\. hai

ba

**Bảng 1**

| Đơn vị | Số \\| đoàn |
| :--- | ---: |
| **Quân khu 7** |  |
| \u{a0}\u{a0}Tân<br>Biên | 7 |
| **Tổng** | **1.234** |

> a
>
> b

---

\\=== joint\\_patrol
";
    assert_eq!(text(&document), expected);
    assert_eq!(text(&Document::default()), "\n");
}

/// The cells of all tables, row by row, as others read them.
fn read(markdown: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => rows.last_mut().unwrap().push(String::new()),
            Event::Text(text) => rows.last_mut().unwrap().last_mut().unwrap().push_str(&text),
            Event::InlineHtml(tag) if &*tag == "<br>" => {
                rows.last_mut().unwrap().last_mut().unwrap().push('\n');
            }
            Event::Start(Tag::Table(_) | Tag::Strong) => {}
            Event::End(TagEnd::Table | TagEnd::TableHead | TagEnd::TableRow | TagEnd::TableCell | TagEnd::Strong) => {}
            other => panic!("{other:?} in {markdown}"),
        }
    }
    rows
}

/// The kinds of blocks on top, and the text in each.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(tag) => blocks.push((format!("{tag:?}"), String::new())),
            Event::Text(text) => blocks.last_mut().unwrap().1.push_str(&text),
            Event::HardBreak => blocks.last_mut().unwrap().1.push('\n'),
            Event::End(_) => {}
            other => panic!("{other:?} in {markdown}"),
        }
    }
    blocks
}

/// Any text, and often what Markdown gives a meaning.
const ANY: &str = "(\\PC|[\n\t\u{1b}|\\\\`*_~#<>&\\[\\]()!:=+.0-9-]){0,24}";

fn trimmed(text: &str) -> String {
    let lines = plain::lines(text);
    lines
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

proptest! {
    #[test]
    fn no_content_breaks_a_table(
        cells in prop::collection::vec(prop::collection::vec(ANY, 0..5), 0..6),
        headings in prop::collection::vec(ANY, 1..4),
        depth in 0..3_usize,
    ) {
        let columns = headings.len();
        let table = Table {
            columns: headings.iter().map(Column::right).collect(),
            rows: cells.iter().map(|cells| Row::body(cells.clone()).at_depth(depth)).collect(),
            caption: String::new(),
        };
        let read = read(&rows(&table));
        prop_assert_eq!(read.len(), cells.len() + 1);
        for (row, cells) in read.iter().zip(std::iter::once(&headings).chain(&cells)) {
            prop_assert_eq!(row.len(), columns);
            for (column, shown) in row.iter().enumerate() {
                let shown = shown.trim_start_matches('\u{a0}');
                let written = trimmed(cells.get(column).map_or("", String::as_str));
                prop_assert_eq!(shown, written.trim_start_matches('\u{a0}'));
            }
        }
    }

    #[test]
    fn a_sum_has_as_many_cells_as_any_row(cells in prop::collection::vec(ANY, 0..4)) {
        let table = Table {
            columns: vec![Column::left("a"), Column::right("b"), Column::right("c")],
            rows: vec![Row::total(cells)],
            caption: String::new(),
        };
        prop_assert_eq!(read(&rows(&table)).iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
    }

    #[test]
    fn no_content_breaks_headings_and_sentences(text in ANY, title in ANY) {
        let title = format!("x{title}");
        let text = trimmed(&text);
        let markdown = format!("{}\n\n{}\n\nend", heading("##", &title), paragraph(&text));
        let blocks = blocks(&markdown);
        let shown: Vec<&str> = blocks.iter().map(|(_, text)| text.as_str()).collect();
        let title = plain::line(&title);
        let expected = [title.as_str(), text.as_str(), "end"];
        prop_assert_eq!(shown, expected.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>());
        prop_assert!(blocks[0].0.starts_with("Heading") && blocks[1..].iter().all(|(kind, _)| kind == "Paragraph"));
    }
}

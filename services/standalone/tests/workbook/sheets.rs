//! Workbooks for tests: a form filled in as a spreadsheet program would, and sheets with the content of CSV files.

use banggiao_workbook::{Book, Column, Form, Kind, Sheet};
use std::{
    fmt::Write as _,
    io::{Cursor, Read as _, Write as _},
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What stands in a cell.
pub enum Cell<'a> {
    Text(&'a str),
    Number(&'a str),
    Day(i32, u32, u32),
    Error(&'a str),
}

/// What may be chosen from a page of a form.
pub fn choices(form: &[u8], page: &str) -> Vec<String> {
    let rows = Book::open(form).unwrap().read(page).unwrap();
    rows.into_iter().skip(1).map(|row| row.texts[0].clone()).collect()
}

/// The text that a clerk chooses for an id.
pub fn choice(form: &[u8], page: &str, id: &str) -> String {
    let wanted = format!("({id})");
    let found = choices(form, page).into_iter().find(|text| text.ends_with(&wanted));
    found.unwrap_or_else(|| panic!("{page} has no {id}"))
}

/// The form with rows filled in below its headings. A column that stands several times is filled from the left.
pub fn fill(form: &[u8], rows: &[&[(&str, Cell<'_>)]]) -> Vec<u8> {
    let headings = Book::open(form).unwrap().read("Events").unwrap()[1].clone();
    let named = |name: &str| {
        let wanted = format!("({name})");
        let places = headings.texts.iter().enumerate();
        places
            .filter(move |(_, text)| text.ends_with(&wanted))
            .map(|(place, _)| place)
            .collect::<Vec<_>>()
    };
    let sheet = part(form, SHEET);
    let mut added = String::new();
    for (row, cells) in (headings.number + 1..).zip(rows) {
        let mut taken = Vec::new();
        let mut written = Vec::new();
        for (name, cell) in *cells {
            let place = named(name)
                .into_iter()
                .find(|place| !taken.contains(place))
                .unwrap_or_else(|| panic!("{name}"));
            taken.push(place);
            written.push((place, xml(&address(place, row), style(&sheet, place), cell)));
        }
        written.sort();
        let cells: String = written.into_iter().map(|(_, xml)| xml).collect();
        let _ = write!(added, "<row r=\"{row}\">{cells}</row>");
    }
    change(form, |name, text| {
        if name == SHEET {
            text.replace("</sheetData>", &format!("{added}</sheetData>"))
        } else {
            text
        }
    })
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn xml(address: &str, style: &str, cell: &Cell<'_>) -> String {
    let cell = match cell {
        Cell::Text(text) => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            return format!("<c r=\"{address}\" s=\"{style}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        }
        Cell::Number(number) => ("n", (*number).to_owned()),
        Cell::Day(year, month, day) => ("n", serial(*year, *month, *day).to_string()),
        Cell::Error(error) => ("e", (*error).to_owned()),
    };
    format!(
        "<c r=\"{address}\" s=\"{style}\" t=\"{}\"><v>{}</v></c>",
        cell.0, cell.1
    )
}

/// The style of a column, which a program gives to whatever is typed into it.
fn style<'a>(sheet: &'a str, place: usize) -> &'a str {
    let value = |column: &'a str, name: &str| {
        column
            .split(name)
            .nth(1)
            .and_then(|text| text.split('"').next())
            .unwrap()
    };
    let number = |column, name| value(column, name).parse::<usize>().unwrap();
    let mut columns = sheet.split("<col ").skip(1);
    // Neighbours of one style and width share an element.
    let column = columns.find(|column| (number(column, "min=\"")..=number(column, "max=\"")).contains(&(place + 1)));
    value(column.unwrap(), "style=\"")
}

fn address(place: usize, row: u32) -> String {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number).unwrap());
    match place {
        0..26 => format!("{}{row}", letter(place)),
        _ => format!("{}{}{row}", letter(place / 26 - 1), letter(place % 26)),
    }
}

/// Days since the last of 1899, as programs count them after February 1900.
fn serial(year: i32, month: u32, day: u32) -> i64 {
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let year = i64::from(if month > 2 { year } else { year - 1 });
    let days = year * 365 + year / 4 - year / 100 + year / 400 + i64::from((153 * shifted + 2) / 5 + day - 1);
    days - 693_899
}

/// A day of a year that has 365, counted from 0, as files write it.
pub fn day(year: i32, number: i32) -> String {
    let mut left = number;
    for (month, days) in (1..).zip([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if left < days {
            return format!("{year}-{month:02}-{:02}", left + 1);
        }
        left -= days;
    }
    panic!("{number} is no day of a year")
}

/// The rows of a CSV file in cells of the kinds that a program would make of them: days, numbers, texts.
pub fn like_csv(text: &str, sheet: &str) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let column = |name: &str| Column {
        heading: name.to_owned(),
        explanation: String::new(),
        width: 12,
        kind: match name {
            "delegations" | "persons" => Kind::Whole,
            _ if name.ends_with("_date") => Kind::Date,
            _ => Kind::Text,
        },
        required: false,
    };
    let columns = reader.headers().unwrap().iter().map(column).collect();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    let form = Form {
        sheet: Sheet {
            name: sheet.to_owned(),
            columns,
            rows: rows.collect(),
            ..Sheet::default()
        },
        ..Form::default()
    };
    form.write().unwrap()
}

/// A workbook in which texts were changed by hand.
pub fn replace(bytes: &[u8], changes: &[(&str, &str)]) -> Vec<u8> {
    change(bytes, |name, text| {
        if name != "xl/sharedStrings.xml" {
            return text;
        }
        changes.iter().fold(text, |text, (from, to)| {
            let (from, to) = (format!("<t>{from}</t>"), format!("<t>{to}</t>"));
            assert!(text.contains(&from), "{from} is not in {text}");
            text.replace(&from, &to)
        })
    })
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut text = String::new();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The same file with its parts changed.
fn change(bytes: &[u8], change: impl Fn(&str, String) -> String) -> Vec<u8> {
    let names: Vec<_> = ZipArchive::new(Cursor::new(bytes))
        .unwrap()
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        writer.start_file(&*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(change(&name, part(bytes, &name)).as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

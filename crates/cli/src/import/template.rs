//! `import --template`: the entry form for events, with what the server knows today to choose from.
//!
//! It owns how columns and lists become a form. The columns' words stand in [`columns`], the asking in `lists`; what a
//! workbook looks like is the business of `banggiao_workbook`.

pub mod columns;
mod lists;

use super::kind::Kind;
use super::workbook::REMARK;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::output;
use anyhow::Context as _;
use banggiao_workbook::{Column, Form, Page, Sheet, Words};
use columns::{COLUMNS, Entry};
use lists::Catalogue;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// So many rows are made ready; an office of a district has some hundred events a year.
const EMPTY_ROWS: u32 = 2_000;

/// Writes the form.
///
/// # Errors
/// [`Error::Usage`] if the import would not know the file by its name, [`Error::Failure`] if it is there already or cannot
/// be written, otherwise as the server's lists.
pub async fn command(session: &Session, path: &Path, unit: Option<&str>, force: bool) -> Result<(), Error> {
    let wanted = format!("{}{}", Kind::Events.word(), super::kind::WORKBOOK);
    if path.file_name().is_none_or(|name| name.to_string_lossy() != wanted) {
        return Err(Error::Usage(format!(
            "{} is not known by its name when it is imported: call the form {wanted}",
            path.display()
        )));
    }
    let there = || Error::failure(format!("{} is there already; --force overwrites it", path.display()));
    // Asked before anything is fetched; whether it is still so is decided by the opening.
    if !force && path.exists() {
        return Err(there());
    }
    let catalogue = lists::fetch(session, unit).await?;
    let bytes = form(&catalogue, session.lang)
        .write()
        .map_err(|error| Error::Failure(error.into()))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!force);
    let written = options.open(path).and_then(|mut file| file.write_all(&bytes));
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(there()),
        written => written.with_context(|| format!("cannot write {}", path.display()))?,
    }
    output::note(&session.lang.pick(
        format!("{}: fill in and import it", path.display()),
        format!("{}: điền vào rồi nhập bằng lệnh import", path.display()),
    ));
    Ok(())
}

/// The form with what may be chosen.
fn form(catalogue: &Catalogue, lang: Lang) -> Form {
    let entries = || COLUMNS.iter().filter(|entry| entry.is_for(lang));
    let columns = entries().flat_map(|entry| (1..=entry.places).map(|place| column(entry, place, lang)));
    Form {
        sheet: Sheet {
            name: lang.pick("Events", Kind::Events.title_vi()).to_owned(),
            columns: columns.collect(),
            frozen_columns: 2,
            rows: Vec::new(),
            empty_rows: EMPTY_ROWS,
        },
        pages: vec![guide(catalogue, lang)],
        lists: catalogue.lists.clone(),
        words: words(lang),
    }
}

/// A column; one that stands several times is numbered.
fn column(entry: &Entry, place: u16, lang: Lang) -> Column {
    let heading = entry.heading(lang);
    let number = if entry.places > 1 {
        format!(" {place}")
    } else {
        String::new()
    };
    Column {
        heading: format!("{heading}{number}\n({})", entry.name),
        explanation: format!("{REMARK} {}", entry.explanation(lang)),
        width: entry.width,
        kind: entry.kind(),
        required: entry.required,
    }
}

/// The page for people: how to fill in, what each column holds, and the quantities of each type.
fn guide(catalogue: &Catalogue, lang: Lang) -> Page {
    let row = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut rows = vec![row(&[lang.pick("How to fill in", "Cách điền")])];
    rows.extend(columns::guide(lang).iter().map(|text| row(&[text])));
    rows.push(Vec::new());
    rows.push(match lang {
        Lang::En => row(&["Column", "Name", "Required", "What it holds", "Example"]),
        Lang::Vi => row(&["Cột", "Tên cột", "Bắt buộc", "Nội dung", "Ví dụ"]),
    });
    for entry in COLUMNS.iter().filter(|entry| entry.is_for(lang)) {
        let required = if entry.required { lang.pick("yes", "có") } else { "" };
        rows.push(row(&[
            entry.heading(lang),
            entry.name,
            required,
            entry.explanation(lang),
            entry.example,
        ]));
    }
    rows.push(Vec::new());
    rows.push(match lang {
        Lang::En => row(&["Type", "Quantity", "Measured in", "What it is"]),
        Lang::Vi => row(&["Loại sự kiện", "Khóa số lượng", "Đơn vị tính", "Ý nghĩa"]),
    });
    rows.extend(catalogue.quantities.iter().cloned());
    rows.push(Vec::new());
    rows.push(match lang {
        Lang::En => row(&["Group of ranks", "Word"]),
        Lang::Vi => row(&["Nhóm cấp bậc", "Từ khóa"]),
    });
    rows.extend(
        columns::RANKS
            .iter()
            .map(|(word, vi, en)| row(&[lang.pick(en, vi), word])),
    );
    Page {
        name: lang.pick("Guide", "Hướng dẫn").to_owned(),
        widths: vec![38, 24, 14, 74, 46],
        rows,
    }
}

fn words(lang: Lang) -> Words {
    match lang {
        Lang::En => Words::default(),
        Lang::Vi => Words {
            not_listed: "Hãy chọn trong danh sách.".to_owned(),
            not_a_date: "Hãy nhập ngày, ví dụ 31/03/2026.".to_owned(),
            not_whole: "Hãy nhập số nguyên, từ 0 trở lên.".to_owned(),
            not_a_number: "Hãy nhập một số.".to_owned(),
            date_format: "dd/mm/yyyy".to_owned(),
        },
    }
}

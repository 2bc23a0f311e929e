//! How much of a workbook is read, and the measuring of a file before it is unpacked for real.
//!
//! The reader keeps the shared texts and the styles of a workbook in memory and reserves as much as the file asks for.
//! A file of a few kilobytes could thus take all memory there is; so every part is unpacked once into nothing, and
//! counted.

use crate::Error;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// The largest file, in bytes. One with 20,000 events has some three million.
pub const FILE_BYTES_MAX: usize = 32 << 20;
/// The most rows of a sheet in which something stands.
pub const ROWS_MAX: usize = 100_000;
/// The most columns of a sheet in which something stands.
pub const COLUMNS_MAX: usize = 100;
/// The longest text of a cell, in characters: the format's own limit.
pub const TEXT_CHARS_MAX: usize = 32_767;

/// The most bytes of the texts of one sheet: a text that is shared by many cells is stored once and read many times.
pub(crate) const TEXT_BYTES_MAX: usize = 128 << 20;

/// The most parts of a file; a workbook of ten sheets has some thirty.
const PARTS_MAX: usize = 1_000;
/// The most bytes of all parts together, unpacked.
const UNPACKED_BYTES_MAX: u64 = 128 << 20;
/// The most bytes of a part other than a sheet: sheets are read cell by cell, the others are kept.
const PART_BYTES_MAX: u64 = 32 << 20;
/// The most bytes of the styles, of which each short element becomes a large value.
const STYLES_BYTES_MAX: u64 = 4 << 20;
/// The most shared texts for which memory may be reserved.
const SHARED_TEXTS_MAX: usize = 2_000_000;

/// The signature of an entry in a container's directory.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// How the format begins in which programs store a locked workbook.
const LOCKED: &[u8] = b"\xd0\xcf\x11\xe0";

/// Measures a file.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(too_large(&format!("{} MiB", FILE_BYTES_MAX >> 20)));
    }
    if bytes.starts_with(LOCKED) {
        return Err(Error::Locked);
    }
    // The directory is read into memory at once. Its signature stands in it as often as it has entries, or more often.
    let entries = bytes
        .windows(DIRECTORY_ENTRY.len())
        .filter(|window| *window == DIRECTORY_ENTRY);
    if entries.count() > PARTS_MAX {
        return Err(too_large(&format!("{PARTS_MAX} parts")));
    }
    let damaged = |error: zip::result::ZipError| Error::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.replace('\\', "/").to_ascii_lowercase();
        let limit = limit(&name).min(left);
        left -= measure(part, &name, limit)?;
    }
    Ok(())
}

/// The most bytes of a part.
fn limit(name: &str) -> u64 {
    if name.ends_with("styles.xml") {
        STYLES_BYTES_MAX
    } else if name.contains("/worksheets/") {
        UNPACKED_BYTES_MAX
    } else {
        PART_BYTES_MAX
    }
}

/// Unpacks a part into nothing, and gives its size.
fn measure(part: impl std::io::Read, name: &str, limit: u64) -> Result<u64, Error> {
    let mut part = part.take(limit + 1);
    let damaged = |error: std::io::Error| Error::Damaged(format!("{name}: {error}"));
    let size = if name.ends_with("sharedstrings.xml") {
        let mut text = Vec::new();
        let size = part.read_to_end(&mut text).map_err(damaged)? as u64;
        check_shared_texts(&text)?;
        size
    } else {
        std::io::copy(&mut part, &mut std::io::sink()).map_err(damaged)?
    };
    if size > limit {
        return Err(too_large(&format!("{} MiB in {name}", limit >> 20)));
    }
    Ok(size)
}

/// The reader reserves memory for as many shared texts as the file says that it has.
fn check_shared_texts(text: &[u8]) -> Result<(), Error> {
    if text.contains(&0) {
        return Err(Error::Damaged("the shared texts are not in UTF-8".to_owned()));
    }
    const COUNT: &[u8] = b"uniqueCount";
    let places = text.windows(COUNT.len()).enumerate();
    for (place, _) in places.filter(|(_, window)| *window == COUNT) {
        let behind = text[place + COUNT.len()..].iter();
        let value = behind.skip_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\'' | b'+'));
        let digits: String = value
            .take_while(|byte| byte.is_ascii_digit())
            .map(|byte| char::from(*byte))
            .collect();
        if !digits.is_empty() && digits.parse::<usize>().is_ok_and(|count| count <= SHARED_TEXTS_MAX) {
            continue;
        }
        if !digits.is_empty() {
            return Err(too_large(&format!("{SHARED_TEXTS_MAX} shared texts")));
        }
    }
    Ok(())
}

pub(crate) fn too_large(what: &str) -> Error {
    Error::TooLarge(format!("at most {what}"))
}

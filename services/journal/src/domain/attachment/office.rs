//! Documents of offices are packages of files in the ZIP format. Of what kind one is stands in its table of contents,
//! which is read here and nothing else is: nothing is ever unpacked.
//!
//! The reader of tables is our own, since those to be had keep a whole table in memory, however long somebody made it.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Error, MediaType, refused};

/// A table of contents is at most so long: a presentation of a thousand slides stays well below.
const TABLE_BYTES_MAX: u64 = 1024 * 1024;
/// The record that ends a package, and the longest remark after it.
const END_BYTES: usize = 22;
const REMARK_BYTES_MAX: u64 = u16::MAX as u64;
/// The fixed parts of an entry in the table, and of the header before a file's bytes.
const ENTRY_BYTES: usize = 46;
const HEADER_BYTES: usize = 30;

/// Where files of OOXML stand, and where those of its macros.
const KINDS: [(&str, MediaType); 3] = [
    ("word/", MediaType::Docx),
    ("xl/", MediaType::Xlsx),
    ("ppt/", MediaType::Pptx),
];
const OOXML_PARTS: [&str; 2] = ["[Content_Types].xml", "_rels/.rels"];
const ODF_PARTS: [&str; 2] = ["content.xml", "META-INF/manifest.xml"];
/// Programs inside a document: Visual Basic of OOXML, Basic and others of OpenDocument.
const MACROS: [fn(&str) -> bool; 3] = [
    |name| name.to_ascii_lowercase().ends_with("vbaproject.bin"),
    |name| name.starts_with("Basic/"),
    |name| name.starts_with("Scripts/"),
];

/// What kind of document a package is.
///
/// # Errors
/// [`Error::Invalid`] if it is another package, is damaged, or holds programs; the inner error if it cannot be read.
pub fn of_package(file: &mut (impl Read + Seek)) -> io::Result<Result<MediaType, Error>> {
    let Some(names) = names(file)? else {
        return Ok(Err(refused(
            "a package that is damaged, or larger than any document's,",
        )));
    };
    if names.iter().any(|name| MACROS.iter().any(|is_macro| is_macro(name))) {
        return Ok(Err(refused("a document with macros")));
    }
    let has = |parts: &[&str]| parts.iter().all(|part| names.iter().any(|name| name == part));
    let kinds = KINDS
        .iter()
        .filter(|(folder, _)| names.iter().any(|name| name.starts_with(folder)));
    let found = match kinds.map(|(_, kind)| *kind).collect::<Vec<_>>()[..] {
        [kind] if has(&OOXML_PARTS) => Some(kind),
        _ if has(&ODF_PARTS) => open_document(file)?,
        _ => None,
    };
    Ok(found.ok_or_else(|| refused("an archive")))
}

/// What an OpenDocument package says of itself: its first file is called `mimetype` and stands there uncompressed.
fn open_document(file: &mut (impl Read + Seek)) -> io::Result<Option<MediaType>> {
    let header = read_at(file, 0, HEADER_BYTES as u64)?;
    let (stored, name_len, extra_len) = (u16_at(&header, 8) == 0, u16_at(&header, 26), u16_at(&header, 28));
    let size = u32_at(&header, 18).min(100);
    let name = read_at(file, HEADER_BYTES as u64, u64::from(name_len))?;
    if !stored || name != b"mimetype" {
        return Ok(None);
    }
    let start = HEADER_BYTES as u64 + u64::from(name_len) + u64::from(extra_len);
    let said = read_at(file, start, u64::from(size))?;
    let kinds = [MediaType::Odt, MediaType::Ods];
    Ok(kinds.into_iter().find(|kind| said == kind.name().as_bytes()))
}

/// The names of the files in a package; `None` if it has no table of contents that can be read.
fn names(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<String>>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(END_BYTES as u64 + REMARK_BYTES_MAX);
    let tail = read_at(file, tail_start, length - tail_start)?;
    // The record ends with the length of the remark after it, which reaches exactly to the end.
    let ends = |start: &usize| {
        let record = &tail[*start..];
        record.starts_with(b"PK\x05\x06") && END_BYTES + usize::from(u16_at(record, 20)) == record.len()
    };
    let Some(end) = (0..=tail.len().saturating_sub(END_BYTES)).rev().find(ends) else {
        return Ok(None);
    };
    let record = &tail[end..];
    let (count, size, start) = (
        u16_at(record, 10),
        u64::from(u32_at(record, 12)),
        u64::from(u32_at(record, 16)),
    );
    if size > TABLE_BYTES_MAX || start + size != tail_start + end as u64 {
        return Ok(None);
    }
    Ok(entries(&read_at(file, start, size)?, usize::from(count)))
}

/// The names in a table of contents that has so many entries and nothing else.
fn entries(mut table: &[u8], count: usize) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while !table.is_empty() {
        let entry = table
            .get(..ENTRY_BYTES)
            .filter(|entry| entry.starts_with(b"PK\x01\x02"))?;
        let name_len = usize::from(u16_at(entry, 28));
        let length = ENTRY_BYTES + name_len + usize::from(u16_at(entry, 30)) + usize::from(u16_at(entry, 32));
        let name = table.get(ENTRY_BYTES..ENTRY_BYTES + name_len)?;
        // Programs of Windows write backslashes here and there.
        names.push(String::from_utf8_lossy(name).replace('\\', "/"));
        table = table.get(length..)?;
    }
    (names.len() == count).then_some(names)
}

/// Bytes of a file; fewer where it ends.
fn read_at(file: &mut (impl Read + Seek), start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], index: usize) -> u16 {
    let two = bytes.get(index..index + 2).and_then(|two| two.try_into().ok());
    two.map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], index: usize) -> u32 {
    let four = bytes.get(index..index + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests;

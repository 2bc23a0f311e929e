//! Small files of many kinds, made by hand.

/// A PDF of so many bytes, each time another one.
pub fn pdf(size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let numbers = (0..).flat_map(|n| banggiao_testkit::scattered(seed << 32 | n).to_le_bytes());
    bytes.extend(numbers.take(size.saturating_sub(bytes.len())));
    bytes.truncate(size);
    bytes
}

/// A package of uncompressed files.
pub fn package(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut table) = (Vec::new(), Vec::new());
    let half = |number: usize| u16::try_from(number).expect("a small file").to_le_bytes();
    let whole = |number: usize| u32::try_from(number).expect("a small file").to_le_bytes();
    for (name, content) in files {
        let start = bytes.len();
        let common = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &whole(content.len()),
            &whole(content.len()),
            &half(name.len()),
            &[0, 0],
        ]
        .concat();
        bytes.extend([b"PK\x03\x04", &common[..], name.as_bytes(), content.as_bytes()].concat());
        let rest = [&[0; 10][..], &whole(start), name.as_bytes()].concat();
        table.extend([b"PK\x01\x02\x14\0", &common[..], &rest].concat());
    }
    let (start, count) = (bytes.len(), half(files.len()));
    bytes.extend_from_slice(&table);
    bytes.extend(
        [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &whole(table.len()),
            &whole(start),
            &[0, 0],
        ]
        .concat(),
    );
    bytes
}

fn ooxml(file: &str) -> Vec<u8> {
    package(&[
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", "<R/>"),
        (file, "<x/>"),
    ])
}

fn odf(said: &str) -> Vec<u8> {
    package(&[
        ("mimetype", said),
        ("content.xml", "<x/>"),
        ("META-INF/manifest.xml", "<x/>"),
    ])
}

const ODT: &str = "application/vnd.oasis.opendocument.text";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// Files that are taken, each with what it is.
pub fn taken() -> Vec<(Vec<u8>, String)> {
    let office = |kind: &str| format!("application/vnd.openxmlformats-officedocument.{kind}");
    vec![
        (pdf(100, 1), "application/pdf".to_owned()),
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01".to_vec(),
            "image/jpeg".to_owned(),
        ),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec(),
            "image/png".to_owned(),
        ),
        (b"RIFF\x24\0\0\0WEBPVP8 \0\0\0\0".to_vec(), "image/webp".to_owned()),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec(), "image/tiff".to_owned()),
        ("Biên bản giao ban\n".as_bytes().to_vec(), "text/plain".to_owned()),
        (b"date,persons\r\n2024-03-03,12\r\n".to_vec(), "text/plain".to_owned()),
        (ooxml("word/document.xml"), office("wordprocessingml.document")),
        (ooxml("xl/workbook.xml"), office("spreadsheetml.sheet")),
        (ooxml("ppt/presentation.xml"), office("presentationml.presentation")),
        (odf(ODT), ODT.to_owned()),
        (odf(ODS), ODS.to_owned()),
    ]
}

/// Files that are refused, each with what it is.
pub fn refused() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("HTML", b"<!DOCTYPE html><html><body>x</body></html>".to_vec()),
        ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()),
        ("XML", b"<?xml version=\"1.0\"?><a/>".to_vec()),
        ("a script", b"#!/bin/sh\necho x\n".to_vec()),
        (
            "a program of Windows",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec(),
        ),
        (
            "a program of Linux",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".to_vec(),
        ),
        ("an archive", package(&[("a.txt", "x")])),
        ("an e-book", odf("application/epub+zip")),
        (
            "a program in an archive",
            package(&[("META-INF/MANIFEST.MF", "x"), ("A.class", "x")]),
        ),
        (
            "a document with macros",
            package(&[
                ("[Content_Types].xml", "<Types/>"),
                ("_rels/.rels", "<R/>"),
                ("word/document.xml", "<x/>"),
                ("word/vbaProject.bin", "x"),
            ]),
        ),
        ("half a document", {
            let mut half = ooxml("word/document.xml");
            half.truncate(half.len() / 2);
            half
        }),
        ("a tarball", b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec()),
        ("a film", b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2".to_vec()),
        ("text in another encoding", b"Bi\xean b\xe3n".to_vec()),
        ("nothing known", vec![1, 2, 3, 0, 5]),
        (
            "text that turns into something else",
            [&[b'a'; 9000][..], &[0]].concat(),
        ),
    ]
}

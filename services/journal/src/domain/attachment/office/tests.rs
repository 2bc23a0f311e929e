//! Packages, made by hand: of documents, of other things, and damaged.

use std::io::Cursor;

use super::*;

/// A package of uncompressed files.
fn package(files: &[(&str, &str)], remark: &str) -> Vec<u8> {
    let (mut bytes, mut table) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let (start, name_len) = (u32::try_from(bytes.len()).unwrap(), u16::try_from(name.len()).unwrap());
        let size = u32::try_from(content.len()).unwrap();
        let sizes = [size.to_le_bytes(), size.to_le_bytes()].concat();
        bytes.extend(
            [
                b"PK\x03\x04".as_slice(),
                &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                &sizes,
            ]
            .concat(),
        );
        bytes.extend(
            [
                &name_len.to_le_bytes()[..],
                &[0, 0],
                name.as_bytes(),
                content.as_bytes(),
            ]
            .concat(),
        );
        table.extend(
            [
                b"PK\x01\x02".as_slice(),
                &[20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                &sizes,
            ]
            .concat(),
        );
        table.extend(
            [
                &name_len.to_le_bytes()[..],
                &[0; 12],
                &start.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let (start, count) = (
        u32::try_from(bytes.len()).unwrap(),
        u16::try_from(files.len()).unwrap().to_le_bytes(),
    );
    let size = u32::try_from(table.len()).unwrap();
    bytes.extend(table);
    bytes.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size.to_le_bytes()].concat());
    bytes.extend(
        [
            &start.to_le_bytes()[..],
            &u16::try_from(remark.len()).unwrap().to_le_bytes(),
        ]
        .concat(),
    );
    bytes.extend(remark.as_bytes());
    bytes
}

fn kind(bytes: Vec<u8>) -> Option<MediaType> {
    of_package(&mut Cursor::new(bytes)).unwrap().ok()
}

const OOXML: [(&str, &str); 2] = [("[Content_Types].xml", "<Types/>"), ("_rels/.rels", "")];

#[test]
fn documents_are_told_from_archives() {
    for (file, expected) in [
        ("word/document.xml", Some(MediaType::Docx)),
        ("word\\document2.xml", Some(MediaType::Docx)),
        ("xl/workbook.xml", Some(MediaType::Xlsx)),
        ("ppt/presentation.xml", Some(MediaType::Pptx)),
        ("words/document.xml", None),
        ("a.exe", None),
    ] {
        let files = [&OOXML[..], &[(file, "x")]].concat();
        assert_eq!(kind(package(&files, "")), expected, "{file}");
        assert_eq!(
            kind(package(&files, "a remark PK\x05\x06 and more")),
            expected,
            "{file}"
        );
        assert_eq!(kind(package(&[(file, "x")], "")), None, "{file} alone");
    }
    let odf = |said: &'static str| [("mimetype", said), ("content.xml", ""), ("META-INF/manifest.xml", "")];
    for expected in [MediaType::Odt, MediaType::Ods] {
        assert_eq!(kind(package(&odf(expected.name()), "")), Some(expected));
    }
    assert_eq!(kind(package(&odf("application/epub+zip"), "")), None);
    assert_eq!(kind(package(&odf(MediaType::Odt.name())[..2], "")), None);
    assert_eq!(kind(package(&[("evil/run.jar", "")], "")), None);
}

#[test]
fn a_document_that_runs_is_refused() {
    for program in ["word/vbaProject.bin", "Basic/script-lc.xml", "Scripts/python/x.py"] {
        let files = [&OOXML[..], &[("word/document.xml", ""), (program, "")]].concat();
        assert_eq!(kind(package(&files, "")), None, "{program}");
    }
}

#[test]
fn a_package_that_is_cut_or_altered_is_refused_and_nothing_panics() {
    let whole = package(&[&OOXML[..], &[("word/document.xml", "text")]].concat(), "");
    assert_eq!(kind(whole.clone()), Some(MediaType::Docx));
    for cut in 0..whole.len() {
        assert_eq!(kind(whole[..cut].to_vec()), None, "{cut}");
    }
    for index in 0..whole.len() {
        let mut altered = whole.clone();
        altered[index] ^= 0xff;
        // Whatever comes of it.
        let _ = kind(altered);
    }
}

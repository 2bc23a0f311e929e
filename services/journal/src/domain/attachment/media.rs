//! What a document is, told from its bytes and never from what its sender says. What is not listed here is refused: what
//! somebody downloads from a colleague must not run, nor be drawn by a browser as a page.

use super::{Error, refused, text};

/// The kinds of documents that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// Portable Document Format.
    Pdf,
    /// A photograph.
    Jpeg,
    /// An image without loss.
    Png,
    /// An image from the web.
    Webp,
    /// A scan.
    Tiff,
    /// Text in UTF-8.
    Text,
    /// A Word document.
    Docx,
    /// An Excel workbook.
    Xlsx,
    /// A PowerPoint presentation.
    Pptx,
    /// An OpenDocument text.
    Odt,
    /// An OpenDocument spreadsheet.
    Ods,
}

impl MediaType {
    /// As the contract has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Text => "text/plain",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
        }
    }
}

/// What the first bytes of a document say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is this.
    Known(MediaType),
    /// It is a package of files; its table of contents, which stands at its end, says of what kind.
    Package,
}

/// Looks at the first bytes of a document. `is_text` says that they are text so far.
///
/// # Errors
/// [`Error::Invalid`] if it is none of the kinds that are taken.
pub(super) fn look(head: &[u8], is_text: bool) -> Result<Look, Error> {
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Look::Package);
    }
    let found = infer::get(head).map(|kind| kind.mime_type());
    let known = match found {
        Some("application/pdf") => MediaType::Pdf,
        Some("image/jpeg") => MediaType::Jpeg,
        Some("image/png") => MediaType::Png,
        Some("image/webp") => MediaType::Webp,
        Some("image/tiff") => MediaType::Tiff,
        // Some signatures are so short that words begin with them: BM is a bitmap, and a form's number.
        _ if is_text => match text::refusable(head) {
            Some(what) => return Err(refused(what)),
            None => MediaType::Text,
        },
        Some(other) => return Err(refused(other)),
        None => return Err(refused("content of an unknown kind")),
    };
    Ok(Look::Known(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(head: &[u8]) -> Result<Look, String> {
        let is_text = std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0'));
        look(head, is_text).map_err(|error| match error {
            Error::Invalid(violations) => violations.as_slice()[0].description.clone(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn documents_and_images_are_known_by_their_first_bytes() {
        for (head, expected) in [
            (&b"%PDF-1.7\n"[..], MediaType::Pdf),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", MediaType::Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", MediaType::Png),
            (b"RIFF\x24\0\0\0WEBPVP8 ", MediaType::Webp),
            (b"II*\0\x08\0\0\0\0\0\0\0", MediaType::Tiff),
            (b"MM\0*\0\0\0\x08\0\0\0\0", MediaType::Tiff),
            ("Biên bản làm việc".as_bytes(), MediaType::Text),
            (b"BM01: minutes", MediaType::Text),
            (b"date,persons\n2024-03-03,12\n", MediaType::Text),
        ] {
            assert_eq!(looked(head), Ok(Look::Known(expected)), "{head:?}");
        }
        assert_eq!(looked(b"PK\x03\x04\x14\0"), Ok(Look::Package));
    }

    #[test]
    fn what_runs_or_is_drawn_as_a_page_is_refused() {
        for head in [
            &b"MZ\x90\0\x03\0\0\0\x04\0\0\0"[..],
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0",
            b"#!/bin/sh\nrm -rf /\n",
            b"<!DOCTYPE html><html></html>",
            b"  <html><script>alert(1)</script>",
            b"\xef\xbb\xbf<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<!-- x --><svg/>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"{\\rtf1\\ansi}",
            b"%!PS-Adobe-3.0",
            b"GIF89a\x01\0\x01\0",
            b"\x1f\x8b\x08\0\0\0\0\0",
            b"7z\xbc\xaf\x27\x1c\0\x04",
            b"Rar!\x1a\x07\x01\0",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2",
            b"\0\x01\x02\x03",
            b"PK\x05\x06\0\0\0\0",
        ] {
            let why = looked(head).expect_err("it is refused");
            assert!(why.contains("is not taken"), "{head:?}: {why}");
        }
    }
}

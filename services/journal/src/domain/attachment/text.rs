//! Plain text in UTF-8, looked at piece by piece as it comes in.

/// Control characters that stand in text: tab, line feed, form feed, carriage return.
const LAYOUT: [char; 4] = ['\t', '\n', '\u{c}', '\r'];

/// Whether what came so far is text.
#[derive(Debug, Default)]
pub(super) struct Text {
    broken: bool,
    /// The first bytes of a character whose last ones are still to come.
    open: Vec<u8>,
}

impl Text {
    /// Looks at the next bytes. What was no text once is none any more, and is not looked at.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        let joined;
        let bytes = if self.open.is_empty() {
            bytes
        } else {
            joined = [&self.open, bytes].concat();
            self.open.clear();
            &joined
        };
        let (valid, rest) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &bytes[bytes.len()..]),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                self.broken = error.error_len().is_some();
                (std::str::from_utf8(valid).unwrap_or_default(), rest)
            }
        };
        self.broken |= valid.contains(|character: char| character.is_control() && !LAYOUT.contains(&character));
        self.open.extend_from_slice(rest);
    }

    /// It is text so far; its last character may be cut.
    pub(super) fn is_sound(&self) -> bool {
        !self.broken
    }

    /// It is text as a whole.
    pub(super) fn is_whole(&self) -> bool {
        !self.broken && self.open.is_empty()
    }
}

/// What a text that is not taken begins with: what a browser draws as a page, a shell runs, or an office unpacks.
pub(super) fn refusable(head: &[u8]) -> Option<&'static str> {
    let text = head
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(head)
        .trim_ascii_start();
    let found = [
        (&b"<"[..], "markup, as HTML, SVG and XML,"),
        (b"#!", "a script"),
        (b"{\\rtf", "rich text"),
        (b"%!PS", "PostScript"),
    ];
    found
        .into_iter()
        .find_map(|(start, what)| text.starts_with(start).then_some(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[&[u8]]) -> Text {
        let mut text = Text::default();
        for piece in pieces {
            text.take(piece);
        }
        text
    }

    #[test]
    fn a_character_may_be_cut_anywhere() {
        let whole = "Tân Biên — 2,5 km\r\n\u{1f1fb}\u{1f1f3}".as_bytes();
        for cut in 0..whole.len() {
            let (first, last) = whole.split_at(cut);
            assert!(text(&[first, last]).is_whole(), "{cut}");
        }
        let bytewise: Vec<&[u8]> = whole.chunks(1).collect();
        assert!(text(&bytewise).is_whole());
        let cut = text(&["Tâ".as_bytes(), &"ế".as_bytes()[..2]]);
        assert!(cut.is_sound() && !cut.is_whole());
    }

    #[test]
    fn other_bytes_are_no_text() {
        for piece in [
            &b"a\0b"[..],
            b"\xff\xfea\0",
            b"\xc3(",
            b"\x1b[31m",
            "a\u{85}".as_bytes(),
        ] {
            assert!(!text(&[b"good ", piece, b" good"]).is_sound(), "{piece:?}");
        }
    }
}

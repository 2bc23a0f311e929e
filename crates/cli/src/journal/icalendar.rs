//! Calendars as RFC 5545 writes them: escaping, folding, lines that end in CR LF.
//!
//! It owns the form and must not know what is in a calendar. The crate for this, `icalendar`, folds the last line of a
//! value to 76 octets where the standard allows 75, and brings a second library of dates along; the form itself is small.

/// The most octets of a line without its end (RFC 5545, section 3.1).
const OCTETS_MAX: usize = 75;

/// A calendar under construction.
#[derive(Debug)]
pub(super) struct Calendar {
    text: String,
}

impl Calendar {
    /// A calendar without entries, by the program that makes it.
    pub(super) fn new(program: &str) -> Self {
        let mut calendar = Self { text: String::new() };
        calendar.plain("BEGIN", "VCALENDAR");
        calendar.plain("VERSION", "2.0");
        calendar.text("PRODID", program);
        calendar.plain("CALSCALE", "GREGORIAN");
        calendar.plain("METHOD", "PUBLISH");
        calendar
    }

    /// A property whose value has a form of its own, as a date.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        fold(&mut self.text, &format!("{name}:{value}"));
    }

    /// A property that is a text; nothing if the text is empty.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            fold(&mut self.text, &format!("{name}:{}", escaped(value)));
        }
    }

    /// The whole calendar.
    pub(super) fn finish(mut self) -> String {
        self.plain("END", "VCALENDAR");
        self.text
    }
}

/// A text in which nothing is taken for the grammar of the file (section 3.3.11). Signs that no calendar may hold become
/// blanks.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' | '\r' => escaped.push_str("\\n"),
            control if control.is_control() && control != '\t' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Writes a line, folded between characters: each further line begins with a blank that counts.
fn fold(out: &mut String, line: &str) {
    let mut octets = 0;
    for character in line.chars() {
        if octets + character.len_utf8() > OCTETS_MAX {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(character);
        octets += character.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_75_octets_between_characters() {
        for length in [1, 74, 75, 76, 149, 150, 151, 223, 224, 225] {
            for sign in ["a", "ế", "ក"] {
                let line = sign.repeat(length);
                let mut folded = String::new();
                fold(&mut folded, &line);
                assert!(folded.ends_with("\r\n"));
                let lines: Vec<_> = folded.trim_end_matches("\r\n").split("\r\n").collect();
                assert!(lines.iter().all(|line| line.len() <= OCTETS_MAX), "{length} × {sign}");
                assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
                assert_eq!(folded.replace("\r\n ", "").trim_end(), line);
            }
        }
    }

    #[test]
    fn what_somebody_wrote_does_not_become_grammar() {
        let mut calendar = Calendar::new("-//x//EN");
        calendar.text("SUMMARY", "a;b,c\\d\r\nEND:VCALENDAR\u{1b}[2J");
        calendar.text("LOCATION", "");
        let text = calendar.finish();
        assert!(
            text.contains("SUMMARY:a\\;b\\,c\\\\d\\nEND:VCALENDAR [2J\r\n"),
            "{text}"
        );
        assert!(!text.contains("LOCATION") && text.matches("\r\nEND:VCALENDAR\r\n").count() == 1);
    }
}

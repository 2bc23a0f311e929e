//! Where the rows of a CSV file begin and end, and where its quotation marks leave that in doubt.
//!
//! It owns the rules of RFC 4180 on quotation marks, which readers of CSV take lightly: one that stands astray would join
//! several rows into one. Such a row is cut off at the end of the line where the fault began, and the next line is the
//! beginning of a row again, so that no good row is lost with a bad one. Reading the fields is left to others.

use std::ops::Range;

/// One row, or what there is of it if it is damaged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The physical line on which it begins, from 1.
    pub(super) line: u64,
    /// Where it stands in the file, without the last line end.
    pub(super) bytes: Range<usize>,
    /// Why its fields cannot be told apart.
    pub(super) damage: Option<String>,
}

/// The rows of a file in order. Blank lines are lines but no rows.
#[derive(Debug)]
pub(super) struct Cuts<'a> {
    bytes: &'a [u8],
    left_out: &'a [usize],
    at: usize,
    line: u64,
    columns: Option<usize>,
}

/// A place in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    line: u64,
}

/// A row that cannot be read: where that began, and what is wrong.
#[derive(Debug)]
struct Damage {
    began: Place,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A quotation mark inside a field that does not begin with one.
    Stray,
    /// Something else than a separator or a line end follows the quotation mark that closes a field on this line.
    TextBehind(u64),
    /// A line that was too long to be read.
    TooLong,
    /// The file ends inside quotation marks.
    Open,
    /// This line inside quotation marks looks like a row of its own.
    RowInside(u64),
    /// A row over several lines has so many fields, and should have so many.
    Fields(usize, usize),
}

impl<'a> Cuts<'a> {
    /// `left_out` are the places of lines that were too long to be read, in order.
    pub(super) fn new(bytes: &'a [u8], left_out: &'a [usize]) -> Self {
        Self {
            bytes,
            left_out,
            at: 0,
            line: 1,
            columns: None,
        }
    }

    /// From here on a row has so many fields.
    pub(super) fn expect(&mut self, columns: usize) {
        self.columns = Some(columns);
    }

    fn here(&self) -> Place {
        Place {
            at: self.at,
            line: self.line,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Goes over a line end: CRLF, LF, or CR alone.
    fn end_line(&mut self) {
        let crlf = self.bytes[self.at..].starts_with(b"\r\n");
        self.at += if crlf { 2 } else { 1 };
        self.line += 1;
    }

    /// What is left of the line.
    fn rest_of_line(&self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        &rest[..length.unwrap_or(rest.len())]
    }

    /// Goes to the end of a row.
    fn row(&mut self) -> Result<(), Damage> {
        let start = self.here();
        let mut fields = 1;
        self.field()?;
        while self.peek() == Some(b',') {
            self.at += 1;
            self.field()?;
            fields += 1;
        }
        if self.left_out.iter().any(|place| (start.at..self.at).contains(place)) {
            return Err(Damage {
                began: start,
                what: What::TooLong,
            });
        }
        match self.columns {
            // Marks that are astray in pairs look like a long field, which takes the separators of its lines with it.
            Some(columns) if fields != columns && self.line > start.line => Err(Damage {
                began: start,
                what: What::Fields(fields, columns),
            }),
            _ => Ok(()),
        }
    }

    /// Goes to the end of a field: a separator, a line end, or the end of the file.
    fn field(&mut self) -> Result<(), Damage> {
        let began = self.here();
        let damage = |what| Err(Damage { began, what });
        if self.peek() != Some(b'"') {
            let rest = self.rest_of_line();
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'"'));
            self.at += length.unwrap_or(rest.len());
            return if self.peek() == Some(b'"') {
                damage(What::Stray)
            } else {
                Ok(())
            };
        }
        self.at += 1;
        loop {
            match self.peek() {
                None => return damage(What::Open),
                Some(b'"') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'"') => self.at += 1,
                        None | Some(b',' | b'\r' | b'\n') => return Ok(()),
                        Some(_) => return damage(What::TextBehind(self.line)),
                    }
                }
                Some(b'\r' | b'\n') => {
                    self.end_line();
                    if self.columns.is_some_and(|columns| is_row(self.rest_of_line(), columns)) {
                        return damage(What::RowInside(self.line));
                    }
                }
                Some(_) => self.at += 1,
            }
        }
    }
}

/// Whether a line that stands inside quotation marks looks like a row of its own: as many separators as a row has, none
/// followed by a blank as commas in prose are, and some before the next quotation mark. The last line of a real field
/// over several lines has only those of the fields behind it.
fn is_row(line: &[u8], columns: usize) -> bool {
    let separators = line.iter().filter(|byte| **byte == b',').count();
    let prose = line.windows(2).any(|pair| pair == b", ");
    let quoted = line.iter().position(|byte| *byte == b'"').unwrap_or(line.len());
    separators > 0 && separators + 1 == columns && !prose && line[..quoted].contains(&b',')
}

impl Iterator for Cuts<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        while let Some(b'\r' | b'\n') = self.peek() {
            let start = self.here();
            self.end_line();
            if self.left_out.contains(&start.at) {
                return Some(Cut {
                    line: start.line,
                    bytes: start.at..start.at,
                    damage: Some(What::TooLong.told(start.line, start.line)),
                });
            }
        }
        self.peek()?;
        let start = self.here();
        let damage = self.row().err().map(|Damage { began, what }| {
            Place {
                at: self.at,
                line: self.line,
            } = began;
            self.at += self.rest_of_line().len();
            what.told(start.line, began.line)
        });
        Some(Cut {
            line: start.line,
            bytes: start.at..self.at,
            damage,
        })
    }
}

impl What {
    /// In words, for a row that begins on `row` with a fault that began on `began`.
    fn told(&self, row: u64, began: u64) -> String {
        let on = |line: u64| {
            if line == row {
                String::new()
            } else {
                format!(" on line {line}")
            }
        };
        let begun = on(began);
        match self {
            Self::Stray => format!("a quotation mark{begun} stands inside a field that does not begin with one"),
            Self::TextBehind(line) => {
                format!(
                    "a field{begun} begins with a quotation mark, and text follows the one that closes it{}",
                    on(*line)
                )
            }
            Self::TooLong => "a line has more than 1 MiB, and is not read".to_owned(),
            Self::Open => format!("a quotation mark{begun} is not closed"),
            Self::RowInside(line) => {
                format!("a quotation mark{begun} is not closed before line {line}, which looks like a row of its own")
            }
            Self::Fields(fields, columns) => format!("the row has {fields} fields, the header has {columns}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a file with three columns: line, text, and whether it is sound.
    fn cuts(text: &str) -> Vec<(u64, &str, bool)> {
        let mut cuts = Cuts::new(text.as_bytes(), &[]);
        cuts.expect(3);
        cuts.map(|cut| (cut.line, &text[cut.bytes], cut.damage.is_none()))
            .collect()
    }

    fn damage(text: &str) -> Vec<String> {
        let mut cuts = Cuts::new(text.as_bytes(), &[]);
        cuts.expect(3);
        cuts.filter_map(|cut| cut.damage).collect()
    }

    #[test]
    fn sound_rows_are_cut_at_their_ends() {
        assert_eq!(
            cuts("1,2,3\r\n\r\n\"4\",\"\",\"a \"\"b\"\", c\"\n5,\"x\r\ny, z\n\",6\r7,8,9"),
            [
                (1, "1,2,3", true),
                (3, "\"4\",\"\",\"a \"\"b\"\", c\"", true),
                (4, "5,\"x\r\ny, z\n\",6", true),
                (7, "7,8,9", true),
            ]
        );
        assert_eq!(cuts("\"one\ntwo\",2,3"), [(1, "\"one\ntwo\",2,3", true)]);
        assert_eq!(cuts("\n\r\n"), []);
        // The wrong number of fields on one line is not a matter of quotation marks.
        assert_eq!(
            cuts("1\n1,2,3,4\n,,"),
            [(1, "1", true), (2, "1,2,3,4", true), (3, ",,", true)]
        );
    }

    #[test]
    fn every_kind_of_damage_is_told() {
        for (text, reason) in [
            (
                "1,2,a \"b\"",
                "a quotation mark stands inside a field that does not begin with one",
            ),
            (
                "1, \"2\",3",
                "a quotation mark stands inside a field that does not begin with one",
            ),
            (
                "1,2,\"a\"b",
                "a field begins with a quotation mark, and text follows the one that closes it",
            ),
            (
                "1,2,\"a\" ",
                "a field begins with a quotation mark, and text follows the one that closes it",
            ),
            (
                "1,\"x\ny\",\"z\na\"b",
                "a field on line 2 begins with a quotation mark, and text follows the one that closes it on line 3",
            ),
            ("1,2,\"a", "a quotation mark is not closed"),
            ("1,2,\"", "a quotation mark is not closed"),
            (
                "1,2,\"a\n3,4,5\n6,7,\"\n",
                "a quotation mark is not closed before line 2, which looks like a row of its own",
            ),
            ("1,\"x\ny\"\n", "the row has 2 fields, the header has 3"),
        ] {
            assert_eq!(damage(text)[0], reason, "{text:?}");
        }
    }

    #[test]
    fn reading_goes_on_behind_the_line_where_the_fault_began() {
        assert_eq!(
            cuts("1,2,\"a\nx, y\n3,\"4\",5\n6,7,8\n"),
            [
                (1, "1,2,\"a", false),
                (2, "x, y", true),
                (3, "3,\"4\",5", true),
                (4, "6,7,8", true)
            ]
        );
        // The first field is sound; the second is not, and takes only the line on which it begins.
        assert_eq!(
            cuts("1,\"x\ny\",\"z\n3,4,5\n"),
            [(1, "1,\"x\ny\",\"z", false), (3, "3,4,5", true)]
        );
        // Two stray marks that close each other, in the last column and in another one.
        for text in ["1,2,\"a\n3,4,5\n6,7,b\"\n8,9,0\n", "1,\"2,a\n3,4,5\n6,7\",b\n8,9,0\n"] {
            let sound: Vec<_> = cuts(text).into_iter().map(|(line, _, sound)| (line, sound)).collect();
            assert_eq!(sound, [(1, false), (2, true), (3, false), (4, true)], "{text:?}");
        }
        // The same without a row between.
        for text in ["1,2,\"a\n6,7,\"\n", "1,2,\"a\n6,7,b\"\n", "1,\"2,a\n6,7\",b\n"] {
            assert!(cuts(text).iter().all(|(_, _, sound)| !sound), "{text:?}");
        }
    }

    #[test]
    fn many_damaged_lines_take_no_long_time() {
        for line in ["1,2,\"a\n", "y\",\"\n", "x\"\"\n", "\"\"\"\n", "1,\"\n", "\"a\"\",b\n"] {
            let text = format!("1,2,\"a\n{}", line.repeat(200_000));
            assert!(!cuts(&text).is_empty());
        }
    }
}

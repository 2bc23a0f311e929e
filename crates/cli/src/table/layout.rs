//! Which columns a terminal has room for, and how narrow each may become.
//!
//! It owns that nothing is cut in the middle of a word: dates, ids and codes stay whole, and where there is no room for
//! all columns, those that only tell details are left out.

/// A column is wide enough if its texts are broken into about so many lines,
const LINES: usize = 3;
/// and in any case if it has the larger of these widths; the smaller it should have even for short texts.
const LINE_WIDTH: std::ops::RangeInclusive<usize> = 20..=40;
/// The blanks between two columns: one and the padding.
const GAP: usize = 1 + PADDING as usize;
/// The blanks that belong to a column, behind its text.
pub(super) const PADDING: u16 = 2;

/// What the layout has to know of a column.
#[derive(Debug)]
pub(super) struct Need {
    /// The width without which a word would be cut.
    pub(super) word: usize,
    /// The width in which its texts read well.
    pub(super) line: usize,
    /// The width in which nothing is broken.
    pub(super) whole: usize,
    /// How readily it is left out; 0: never.
    pub(super) detail: u8,
}

/// The width in which a text reads well. Khmer signs that take no place of their own are counted, which only leaves more
/// room.
pub(super) fn line(text: &str) -> usize {
    let length = text.chars().count();
    // What the ends of lines leave blank, half a word each, comes on top.
    let broken = (length / LINES + 4).clamp(*LINE_WIDTH.start(), *LINE_WIDTH.end());
    longest_word(text).max(length.min(broken))
}

/// The words of a text. A no-break blank is part of one, as between a branch of a tree and what hangs on it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| character.is_whitespace() && character != '\u{a0}')
        .filter(|word| !word.is_empty())
}

/// The longest word of a text; a heading may be broken after each.
pub(super) fn longest_word(text: &str) -> usize {
    words(text).map(|word| word.chars().count()).max().unwrap_or(0)
}

/// Whether columns of these widths stand side by side in a terminal.
fn fits(widths: impl Iterator<Item = usize>, terminal: u16) -> bool {
    let all: usize = widths.map(|width| width + GAP).sum();
    all <= usize::from(terminal) + 1
}

/// How wide each column is: as its texts read well, or if there is no room for that, as no word is cut; the rest of the room
/// is shared out. Nothing if words must be cut.
pub(super) fn widths(needs: &[&Need], terminal: u16) -> Option<Vec<usize>> {
    let lines = || needs.iter().map(|need| need.line);
    let mut widths: Vec<usize> = if fits(lines(), terminal) {
        lines().collect()
    } else {
        needs.iter().map(|need| need.word).collect()
    };
    let all: usize = widths.iter().map(|width| width + GAP).sum();
    let mut room = (usize::from(terminal) + 1).checked_sub(all)?;
    while room > 0 {
        // The narrowest grows first: it has the most lines to save.
        let wanting = widths
            .iter_mut()
            .zip(needs)
            .filter(|(width, need)| **width < need.whole);
        let Some((narrowest, _)) = wanting.min_by_key(|(width, _)| **width) else {
            break;
        };
        *narrowest += 1;
        room -= 1;
    }
    Some(widths)
}

/// The columns to be shown: all if they have room, else without those that are left out most readily, until they have.
pub(super) fn shown(needs: &[Need], width: Option<u16>) -> Vec<usize> {
    let mut columns: Vec<usize> = (0..needs.len()).collect();
    let Some(width) = width else { return columns };
    while !fits(columns.iter().map(|column| needs[*column].line), width) {
        let least = columns
            .iter()
            .enumerate()
            .max_by_key(|(_, column)| needs[**column].detail);
        match least {
            Some((place, column)) if needs[*column].detail > 0 => columns.remove(place),
            _ => break,
        };
    }
    columns
}

/// The lines of a text that is broken between words; a word that is longer than a line has one of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text as lines no longer than the terminal, if there is one.
pub(crate) fn wrapped(text: &str, width: Option<u16>) -> String {
    width.map_or_else(|| text.to_owned(), |width| wrap(text, width.into()).join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(line: usize, detail: u8) -> Need {
        Need {
            word: line / 2,
            line,
            whole: line * 2,
            detail,
        }
    }

    #[test]
    fn details_go_until_the_rest_has_room() {
        let needs = [need(10, 0), need(10, 1), need(10, 2), need(10, 1), need(10, 0)];
        assert_eq!(shown(&needs, None), [0, 1, 2, 3, 4]);
        assert_eq!(shown(&needs, Some(64)), [0, 1, 2, 3, 4]);
        assert_eq!(shown(&needs, Some(63)), [0, 1, 3, 4]);
        assert_eq!(shown(&needs, Some(40)), [0, 1, 4], "of equals the last");
        assert_eq!(shown(&needs, Some(5)), [0, 4], "what is no detail stays in any case");
    }

    #[test]
    fn lines_become_shorter_before_words_are_cut() {
        let needs = [&need(10, 0), &need(20, 0)];
        assert_eq!(
            widths(&needs, 80),
            Some(vec![20, 40]),
            "what is more than all is left blank"
        );
        assert_eq!(widths(&needs, 40), Some(vec![15, 20]));
        assert_eq!(widths(&needs, 35), Some(vec![10, 20]));
        assert_eq!(widths(&needs, 34), Some(vec![15, 14]));
        assert_eq!(widths(&needs, 19), None);
    }

    #[test]
    fn words_are_not_cut_and_sentences_are_broken() {
        assert_eq!(line("minutes-2024-kampongcham-sector"), 31);
        assert_eq!(line("Tây Ninh"), 8);
        assert_eq!(line(&"tỉnh ".repeat(6)), 20);
        assert_eq!(line(&"tỉnh ".repeat(18)), 34);
        assert_eq!(line(&"tỉnh ".repeat(50)), 40);
        assert_eq!(wrap("a bc  def ghijkl", 6), ["a bc", "def", "ghijkl"]);
        assert_eq!(wrap("├─\u{a0}ab cd", 4), ["├─\u{a0}ab", "cd"]);
    }
}

//! How wide a text is on a screen or a page of equal characters, and where it is broken.
//!
//! Vietnamese tone marks and Khmer signs below a letter take no place of their own, others take two: what counts is the
//! width of a text as a whole, never the number of its characters.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The places that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The places that the longest word of a text takes.
pub(super) fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(width).max().unwrap_or(0)
}

/// The lines of a text, broken between words; a word that is longer than a line is cut.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if width(&longer) <= most {
                *line = longer;
                continue;
            }
        }
        lines.extend(cut(word, most));
    }
    lines
}

/// A word in pieces that are no wider than a line. Signs that take no place of their own stay with their letter, and a
/// letter that is wider than a whole line has one of its own.
fn cut(word: &str, most: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in word.chars() {
        let Some(piece) = pieces.last_mut() else { break };
        piece.push(character);
        if width(piece) <= most {
            continue;
        }
        let letter = piece
            .char_indices()
            .rfind(|(_, character)| character.width() != Some(0));
        if let Some((at, _)) = letter.filter(|(at, _)| *at > 0) {
            let rest = piece.split_off(at);
            pieces.push(rest);
        }
    }
    pieces
}

/// A text with blanks before or behind it, so that it takes so many places.
pub(super) fn padded(text: &str, places: usize, right: bool) -> String {
    let blanks = " ".repeat(places.saturating_sub(width(text)));
    if right {
        format!("{blanks}{text}")
    } else {
        format!("{text}{blanks}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_without_a_place_of_their_own_are_not_counted() {
        // Composed and decomposed, "Tây Ninh" looks the same.
        assert_eq!((width("Tây Ninh"), width("Ta\u{302}y Ninh")), (8, 8));
        assert!(width("ខេត្ត") < "ខេត្ត".chars().count());
        assert_eq!(width("日本"), 4);
        assert_eq!(padded("Ta\u{302}y", 5, true), "  Ta\u{302}y");
        assert_eq!(padded("日本", 5, false), "日本 ");
    }

    #[test]
    fn texts_are_broken_between_words_and_words_only_if_they_must() {
        assert_eq!(wrap("a bc  def ghijkl", 6), ["a bc", "def", "ghijkl"]);
        assert_eq!(wrap("ab cdefghi", 4), ["ab", "cdef", "ghi"]);
        assert_eq!(wrap("a\u{302}a\u{302}a\u{302}", 2), ["a\u{302}a\u{302}", "a\u{302}"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
        assert!(wrap(" ", 4).is_empty());
    }
}

//! Texts from many hands, made harmless: what is no sign to be read becomes a blank.

/// Whether a character acts upon others instead of being read: control characters, which terminals obey, and those that
/// turn the direction of writing, by which a line would be read in another order than it was written.
fn acts(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The lines of a text, without blanks at their ends. Line and paragraph separators end a line as a line break does.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let breaks = |character: char| matches!(character, '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let lines = text.split(breaks);
    lines
        .map(|line| {
            let plain: String = line.chars().map(|c| if acts(c) { ' ' } else { c }).collect();
            plain.trim().to_owned()
        })
        .collect()
}

/// A text as one line.
pub(crate) fn line(text: &str) -> String {
    let lines = lines(text);
    lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_upon_its_neighbours() {
        assert_eq!(line("a\u{1b}[2Jb\r\n c\u{202e}d\u{2028}e"), "a [2Jb c d e");
        assert_eq!(lines(" a \n\nb"), ["a", "", "b"]);
        assert_eq!(line("ខេត្ត Tây Ninh"), "ខេត្ត Tây Ninh", "signs of scripts stay");
    }
}

//! Text: folding it for search, and checking what people wrote before it is kept.
//!
//! It owns the folding that search columns and queries share; both must use [`fold`], or they will not meet. What a
//! search compares beyond that is in [`search`]. It must not know which field a text belongs to.

mod abbreviation;
pub mod search;
mod spelling;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::is_nfc;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More characters than the field takes.
    #[error("the text has {chars} characters; at most {chars_max} are taken")]
    TooLong {
        /// How many characters it has.
        chars: usize,
        /// How many the field takes.
        chars_max: usize,
    },
    /// A control character, as a line break in a title.
    #[error("the text holds the control character U+{:04X} at character {index}", u32::from(*character))]
    Control {
        /// The character.
        character: char,
        /// Where it stands, counted in characters from 0.
        index: usize,
    },
    /// The text is not in Unicode normal form C, so that two equal words would differ in their bytes.
    #[error("the text is not in Unicode normal form C")]
    NotNormalised,
}

/// Folds a text for search: case and Latin diacritics go, so that `tay ninh` finds `Tây Ninh` and `dong` finds `Đồng`.
///
/// Only U+0300 to U+036F are stripped after decomposition: Khmer and Lao vowels and signs are marks as well, and
/// stripping them would destroy the word. `đ` has no decomposition and is replaced by hand. Folding a folded text
/// changes nothing.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfd()
        .filter(|character| !('\u{300}'..='\u{36f}').contains(character))
        .flat_map(char::to_lowercase)
        .map(|character| if character == 'đ' { 'd' } else { character })
        .collect()
}

/// Checks a text of one line: at most `chars_max` characters, none of them a control character, normal form C.
///
/// # Errors
/// The first [`Error`], length before content.
pub fn check(text: &str, chars_max: usize) -> Result<(), Error> {
    check_characters(text, chars_max, false)
}

/// Checks a text that may have several lines: as [`check`], but `\n` is taken.
///
/// # Errors
/// The first [`Error`], length before content.
pub fn check_lines(text: &str, chars_max: usize) -> Result<(), Error> {
    check_characters(text, chars_max, true)
}

fn check_characters(text: &str, chars_max: usize, lines: bool) -> Result<(), Error> {
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(Error::TooLong { chars, chars_max });
    }
    let refused = |character: &char| character.is_control() && !(lines && *character == '\n');
    if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| refused(character)) {
        return Err(Error::Control { character, index });
    }
    if is_nfc(text) {
        Ok(())
    } else {
        Err(Error::NotNormalised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_loses_its_diacritics() {
        for (text, folded) in [
            ("Bộ Chỉ huy Quân sự tỉnh Đồng Nai", "bo chi huy quan su tinh dong nai"),
            ("Bà Rịa - Vũng Tàu", "ba ria - vung tau"),
            ("ĐẶNG đẹp ƯƠNG ơn", "dang dep uong on"),
            ("Ta\u{302}y Ninh", "tay ninh"),
            ("Kratié", "kratie"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn khmer_and_lao_stay_whole() {
        for text in [
            "រដ្ឋបាលខេត្តត្បូងឃ្មុំ",
            "តំបន់ប្រតិបត្តិការសឹករងកំពង់ចាម",
            "ກອງທັບປະຊາຊົນລາວ",
            "ទា\u{200b}ហាន",
        ] {
            assert_eq!(fold(text), text);
        }
    }

    #[test]
    fn what_is_kept_is_checked() {
        assert_eq!(check("Tây Ninh", 8), Ok(()));
        assert_eq!(check("Tây Ninh", 7), Err(Error::TooLong { chars: 8, chars_max: 7 }));
        assert_eq!(check("Ta\u{302}y Ninh", 20), Err(Error::NotNormalised));
        assert_eq!(
            check("a\nb", 20),
            Err(Error::Control {
                character: '\n',
                index: 1
            })
        );
        assert_eq!(check_lines("a\nb", 20), Ok(()));
        assert_eq!(
            check_lines("a\r\nb", 20),
            Err(Error::Control {
                character: '\r',
                index: 1
            })
        );
        assert_eq!(
            check_lines("ab\0", 20),
            Err(Error::Control {
                character: '\0',
                index: 2
            })
        );
        assert_eq!(check("តំបន់ប្រតិបត្តិការ", 40), Ok(()));
        let shown = check("a\u{7}", 9).unwrap_err().to_string();
        assert_eq!(shown, "the text holds the control character U+0007 at character 1");
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,30}") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}

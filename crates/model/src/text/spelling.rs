//! Writing any text in ASCII letters, digits and blanks alone, so that a text without marks is a part of another exactly
//! if its spelling is a part of the other's spelling, and one with marks is the beginning of a word exactly if its
//! spelling is.
//!
//! Trigram indexes differ in what they take for a letter: PostgreSQL asks the database's locale, and in the locale `C`
//! sees nothing in Khmer. Of ASCII letters all think alike. What is spelled is never shown to anyone.

use unicode_normalization::UnicodeNormalization as _;

/// Marks of Vietnamese, and the capital letter that each is spelled with. `X` and `A` to `P` are taken by [`code`], and
/// `Z` by the stroke of `đ`.
const MARKS: [(char, char); 8] = [
    ('\u{300}', 'Q'),
    ('\u{301}', 'R'),
    ('\u{302}', 'S'),
    ('\u{303}', 'T'),
    ('\u{306}', 'U'),
    ('\u{309}', 'V'),
    ('\u{31b}', 'W'),
    ('\u{323}', 'Y'),
];

/// Spells a text in lower case.
///
/// Small letters, digits and blanks stand for themselves. Marks go before the letter that they stand on, so that `qua`
/// is no part of `quân`, which is spelled `quSan`. Every other unit of UTF-16 is `X` and four letters.
pub(super) fn spell(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len() + text.len() / 2);
    let mut letter = 0;
    for character in text.nfd() {
        match character {
            '\u{300}'..='\u{36f}' => spelled.insert_str(letter, &mark(character)),
            _ => {
                letter = spelled.len();
                match character {
                    'a'..='z' | '0'..='9' | ' ' => spelled.push(character),
                    'đ' => spelled.push_str("Zd"),
                    _ => spelled.push_str(&code(character)),
                }
            }
        }
    }
    spelled
}

fn mark(character: char) -> String {
    match MARKS.iter().find(|(mark, _)| *mark == character) {
        Some((_, capital)) => capital.to_string(),
        None => code(character),
    }
}

fn code(character: char) -> String {
    let mut code = String::new();
    for unit in character.encode_utf16(&mut [0; 2]) {
        code.push('X');
        for shift in [12, 8, 4, 0] {
            let nibble = (*unit >> shift).to_le_bytes()[0] & 0xf;
            code.push(char::from(b'A' + nibble));
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn spellings_are_readable_enough() {
        for (text, spelled) in [
            ("quân sự", "quSan sYWu"),
            ("đồng nai", "ZdQSong nai"),
            ("229 12", "229 12"),
            ("ខេ", "XBHIBXBHMB"),
            ("A", "XAAEB"),
        ] {
            assert_eq!(spell(text), spelled);
        }
    }

    #[test]
    fn letters_are_not_mistaken_for_each_other() {
        for (whole, part) in [
            ("quân", "qua"),
            ("tân biên", "tan"),
            ("ខេត្ត", "b"),
            ("ខេត្ត", "bhi"),
            ("đỏ", "do"),
        ] {
            assert!(!spell(whole).contains(&spell(part)), "{part} in {whole}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_ascii_and_keeps_parts(text in "[a-zà-ýắằẳẵặếềểễệđក-៓ກ-ໝ0-9 ]{1,20}", from in 0_usize..20, take in 1_usize..20) {
            let spelled = spell(&text);
            proptest::prop_assert!(spelled.bytes().all(|byte| byte == b' ' || byte.is_ascii_alphanumeric()));
            let part: String = text.chars().skip(from).take(take).collect();
            // Signs of another script behind a Latin letter go between the letter and its marks when it is decomposed.
            // Nobody writes so, and a part that ends there is none of the decomposed text.
            let decomposed = |text: &str| text.nfd().collect::<String>();
            proptest::prop_assume!(decomposed(&text).contains(&decomposed(&part)));
            proptest::prop_assert!(spelled.contains(&spell(&part)));
        }

        #[test]
        fn only_parts_are_found(text in "[abXខេត្ ]{1,8}", part in "[abXខេត្ ]{1,3}") {
            proptest::prop_assert_eq!(spell(&text).contains(&spell(&part)), text.contains(&part));
        }

        #[test]
        fn only_beginnings_are_found(text in "[aăâấdđ ]{1,8}", part in " [aăâấdđ]{1,3}") {
            let text = format!(" {text}");
            proptest::prop_assert_eq!(spell(&text).contains(&spell(&part)), text.contains(&part));
        }
    }
}

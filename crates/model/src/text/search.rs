//! What a search compares: not texts as they were written, but their words, without regard to case, to where a tone
//! mark was put, to abbreviations and to punctuation. With diacritics in the *exact* form, without in the *folded* one.
//!
//! Texts and queries go through the same gate, but a query may ask for less than what a text offers: see
//! [`written`] and [`asked`].

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::{abbreviation, fold, spelling::spell};

/// One word in the forms that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Lower case, normal form C, one way of placing tone marks.
    pub exact: String,
    /// The same without Latin diacritics; never empty.
    pub folded: String,
}

impl Word {
    fn new(exact: String) -> Option<Self> {
        let folded = fold(&exact);
        (!folded.is_empty()).then_some(Self { exact, folded })
    }

    /// The exact form in ASCII letters and digits alone: a word begins with another exactly if its spelling begins with
    /// the other's spelling, on every database and in every locale.
    #[must_use]
    pub fn exact_spelling(&self) -> String {
        spell(&self.exact)
    }

    /// The folded form in ASCII letters and digits alone: a word is a part of another exactly if its spelling is.
    #[must_use]
    pub fn folded_spelling(&self) -> String {
        spell(&self.folded)
    }
}

/// The exact normal form of a text: lower case, normal form C, without the invisible characters that some writers put
/// between Khmer words, and with one way of placing tone marks, so that `hoà` and `hòa` are the same.
#[must_use]
pub fn exact(text: &str) -> String {
    let visible = text.chars().filter(|character| !invisible(*character));
    let mut characters: Vec<char> = visible.flat_map(char::to_lowercase).nfd().collect();
    for place in 2..characters.len() {
        if let [vowel, tone, next] = characters[place - 2..=place]
            && tone_belongs_to_next(vowel, tone, next)
            && !characters.get(place + 1).is_some_and(|after| is_combining_mark(*after))
        {
            characters.swap(place - 1, place);
        }
    }
    characters.into_iter().nfc().collect()
}

/// The words by which a text is found. An abbreviation is followed by all that it may stand for.
#[must_use]
pub fn written(text: &str) -> Vec<Word> {
    words(text, |abbreviation| abbreviation.written().map(str::to_owned).collect())
}

/// The words that a query asks for. An abbreviation asks for the words that it stands for in any case, so that
/// `BCHQS` finds the command of a province and that of a district.
#[must_use]
pub fn asked(text: &str) -> Vec<Word> {
    words(text, |abbreviation| abbreviation.asked().map(str::to_owned).collect())
}

fn words(text: &str, expand: impl Fn(abbreviation::Abbreviation) -> Vec<String>) -> Vec<Word> {
    let exact = exact(text);
    let mut words = Vec::new();
    for word in exact.split(|character: char| !(character.is_alphanumeric() || is_combining_mark(character))) {
        let folded = fold(word);
        // `QK7` is written for `QK 7`; other letters before digits, as in `K71`, are a name.
        let letters = folded.trim_end_matches(|character: char| character.is_ascii_digit());
        match abbreviation::find(letters) {
            Some(found) => {
                words.extend(expand(found).iter().map(|word| self::exact(word)));
                words.push(folded[letters.len()..].to_owned());
            }
            None => words.push(word.to_owned()),
        }
    }
    words.into_iter().filter_map(Word::new).collect()
}

/// Zero-width blanks and joiners, and the soft hyphen: they show where a line may break, and nobody types them.
fn invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// The old way puts the tone of `oa`, `oe` and `uy` on the second letter (`hoà`, `thuý`), the new way on the first
/// unless a consonant follows (`hòa`, `thúy`, but `hoàn`). The second letter is right in either way after `qu`, so it
/// is where the exact form has it. `ia` and `ua` are left alone: there `gi` and `qu` make a difference (`giá`, `mía`).
fn tone_belongs_to_next(vowel: char, tone: char, next: char) -> bool {
    matches!((vowel, next), ('o', 'a' | 'e') | ('u', 'y'))
        && matches!(tone, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(words: &[Word]) -> String {
        let words: Vec<&str> = words.iter().map(|word| word.folded.as_str()).collect();
        words.join(" ")
    }

    fn exact_words(words: &[Word]) -> String {
        let words: Vec<&str> = words.iter().map(|word| word.exact.as_str()).collect();
        words.join(" ")
    }

    #[test]
    fn a_tone_mark_may_stand_on_either_letter() {
        for (old, new) in [
            ("hoà", "hòa"),
            ("Hoà Thành", "HÒA THÀNH"),
            ("thuý", "thúy"),
            ("khoẻ", "khỏe"),
            ("uý", "úy"),
            ("Uỷ ban", "Ủy ban"),
            ("quý", "qúy"),
            ("Đức Hoa\u{300}", "đức ho\u{300}a"),
            ("xoá", "xóa"),
            ("loè", "lòe"),
        ] {
            assert_eq!(exact(old), exact(new), "{old} {new}");
        }
    }

    #[test]
    fn other_vowels_keep_their_tone() {
        for text in [
            "giá", "gía", "quá", "qúa", "của", "mía", "bùa", "hoàn", "nguyễn", "huệ", "hòn", "toại", "ngoài", "quỳnh",
            "thuở", "tuyến", "hoắc", "khuấy",
        ] {
            assert_eq!(exact(text), text);
        }
        assert_ne!(exact("hoa"), exact("hoà"));
        assert_ne!(exact("hoá"), exact("hoà"));
    }

    #[test]
    fn an_abbreviation_stands_for_its_words_however_it_is_typed() {
        for (query, words) in [
            ("BĐBP Tây Ninh", "bộ đội biên phòng tây ninh"),
            ("bdbp", "bộ đội biên phòng"),
            ("chqs tay ninh", "chỉ huy quân sự tay ninh"),
            ("QK7", "quân khu 7"),
            ("qk 7", "quân khu 7"),
            ("TP.HCM", "thành phố hồ chí minh"),
            ("TPHCM", "thành phố hồ chí minh"),
            ("tp. hồ chí minh", "thành phố hồ chí minh"),
            ("UBND tỉnh", "uỷ ban nhân dân tỉnh"),
            ("Uỷ ban", "uỷ ban"),
            ("TKQS Svay Riêng", "tiểu khu quân sự svay riêng"),
            ("K71", "k71"),
            ("22-NQ/TW", "22 nq tw"),
            ("229/12", "229 12"),
            ("127(1)", "127 1"),
        ] {
            assert_eq!(exact_words(&asked(query)), words, "{query}");
        }
        assert_eq!(folded(&asked("BCHQS")), "chi huy quan su");
        assert_eq!(folded(&written("BCHQS")), "bo ban chi huy quan su");
    }

    #[test]
    fn khmer_and_lao_are_words_as_they_are() {
        for text in ["រដ្ឋបាលខេត្តត្បូងឃ្មុំ", "តំបន់ប្រតិបត្តិការសឹករងកំពង់ចាម", "ກອງທັບປະຊາຊົນລາວ"]
        {
            let words = written(text);
            assert_eq!((words.len(), exact_words(&words)), (1, text.to_owned()));
            assert_eq!(words[0].exact, words[0].folded);
        }
        assert_eq!(exact("ទា\u{200b}ហាន"), "ទាហាន");
    }

    #[test]
    fn nothing_but_words_is_left() {
        for text in ["", "  ", "%_*\"'\0-()", "\u{200b}", "\u{301}\u{302}", "…—"] {
            assert_eq!(asked(text), [], "{text:?}");
        }
        assert_eq!(folded(&asked("a\0b \"NEAR(c* OR d)\" 100%")), "a b near c or d 100");
    }

    proptest::proptest! {
        #[test]
        fn forms_are_stable(text in "\\PC{0,30}|[oauyeqgi\u{300}\u{301}\u{309}àáỏủýHT ]{0,12}") {
            let once = exact(&text);
            proptest::prop_assert_eq!(&exact(&once), &once);
            for form in [written, asked] {
                let words = form(&text);
                proptest::prop_assert_eq!(&form(&exact_words(&words)), &words);
                for word in &words {
                    proptest::prop_assert_eq!(&fold(&word.exact), &word.folded);
                    proptest::prop_assert!(word.exact_spelling().bytes().all(|byte| byte.is_ascii_alphanumeric()));
                }
            }
        }

        #[test]
        fn a_text_is_found_by_itself(text in "(BCHQS|bđbp|QK7|TP\\.HCM|Tây Ninh|hoà|ខេត្ត|22-NQ/TW| |,){0,8}") {
            let words = written(&text);
            proptest::prop_assert!(asked(&text).iter().all(|word| words.contains(word)));
        }
    }
}

//! How well a text matches a query, and the number that keeps texts in order.
//!
//! Everything here compares spellings: ASCII letters, digits and blanks, one blank before, between and behind the words.
//! A pattern is looked for as a part of a spelling and in no other way.

use std::{collections::BTreeSet, fmt, str::FromStr};

use banggiao_model::text::search::{self, Word};

/// A query is read so far; nobody types more to find a name.
const QUERY_CHARS_MAX: usize = 200;
/// The words of a query that are looked at.
const WORDS_MAX: usize = 16;
/// A spelling is kept so far, which is enough for 300 letters of Vietnamese and 260 of Khmer.
const SPELLING_MAX: usize = 1_300;
/// The greatest length that is told apart from greater ones.
const LENGTH_MAX: usize = 2_047;
/// Bits of a row's number below those of its length: so many that no two texts of a country have the same.
const DIGEST_BITS: u32 = 52;

/// How well a text matches, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The words of the query stand together in the text, with the diacritics that were typed.
    ExactPhrase,
    /// They stand together, diacritics apart.
    Phrase,
    /// Each word of the query begins a word of the text.
    Beginnings,
    /// Each word is somewhere in the text.
    Parts,
}

const RANKS: [Rank; 4] = [Rank::ExactPhrase, Rank::Phrase, Rank::Beginnings, Rank::Parts];

/// Where a hit stands among all hits of its query: by rank, then by the text's length, which puts a text that is the
/// query and nothing else before all others of its rank, then by a digest. It can be written down and read back, so
/// that a page can begin where another ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(super) rank: Rank,
    pub(super) number: i64,
}

impl Place {
    /// How well the text matches.
    pub fn rank(self) -> Rank {
        self.rank
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.rank as usize, self.number)
    }
}

/// The text is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not the place of a hit")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (rank, number) = text.split_once('.').ok_or(NoPlace)?;
        let rank: usize = rank.parse().map_err(|_| NoPlace)?;
        Ok(Self {
            rank: *RANKS.get(rank).ok_or(NoPlace)?,
            number: number.parse().map_err(|_| NoPlace)?,
        })
    }
}

/// The spellings of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelling {
    pub exact: String,
    pub folded: String,
    length: usize,
}

impl Spelling {
    /// The spellings by which a text is found; none if there is no word in it.
    pub fn of(text: &str) -> Option<Self> {
        let words = search::written(text);
        let length: usize = words.iter().map(|word| word.folded.chars().count() + 1).sum();
        (length > 0).then(|| Self {
            exact: kept(spell(&words, Word::exact_spelling)),
            folded: kept(spell(&words, Word::folded_spelling)),
            length: length.min(LENGTH_MAX),
        })
    }

    /// The number of the row: the order of texts of one rank, wherever the same texts are put in. It holds the length and
    /// a digest.
    pub fn number(&self, resource: &str, text: &str) -> i64 {
        let length = i64::try_from(self.length).unwrap_or(0);
        length << DIGEST_BITS | digest(&[resource, text])
    }
}

/// FNV-1a over 64 bits, of which the upper ones are kept.
fn digest(parts: &[&str]) -> i64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let digest = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from(digest >> (u64::BITS - DIGEST_BITS)).unwrap_or(0)
}

/// What is kept of a spelling, with the blank that ends its last word.
fn kept(mut spelling: String) -> String {
    spelling.truncate(SPELLING_MAX - 1);
    spelling + " "
}

/// A blank before each word, so that a word's beginning can be told.
fn spell(words: &[Word], form: impl Fn(&Word) -> String) -> String {
    words.iter().flat_map(|word| [" ".to_owned(), form(word)]).collect()
}

/// Which spelling a pattern is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Exact,
    Folded,
}

/// What a text must hold to be of a rank, if it is of none before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub rank: Rank,
    pub form: Form,
    /// Each is of three letters or more, its blanks counted.
    pub parts: Vec<String>,
}

impl Pattern {
    fn matches(&self, exact: &str, folded: &str) -> bool {
        let spelling = match self.form {
            Form::Exact => exact,
            Form::Folded => folded,
        };
        self.parts.iter().all(|part| spelling.contains(part.as_str()))
    }
}

/// What a query asks for: a pattern for each rank that a text can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked(Vec<Pattern>);

impl Asked {
    /// Reads a query. Without words in it there are no patterns, and nothing is found.
    pub fn of(query: &str) -> Self {
        let query: String = query.chars().take(QUERY_CHARS_MAX).collect();
        let mut words = search::asked(&query);
        words.truncate(WORDS_MAX);
        let Some(last) = words.last() else {
            return Self(Vec::new());
        };
        // The last word may still be in the typing, but of a single letter every other word is the beginning.
        let end = if last.folded_spelling().len() == 1 { " " } else { "" };
        let phrase = |rank, form, spelled: String| Pattern {
            rank,
            form,
            parts: vec![spelled + end],
        };
        let each = |rank, part: fn(&Word) -> String| Pattern {
            rank,
            form: Form::Folded,
            parts: words.iter().map(part).collect::<BTreeSet<_>>().into_iter().collect(),
        };
        let (exact, folded) = (
            spell(&words, Word::exact_spelling),
            spell(&words, Word::folded_spelling),
        );
        let mut patterns = vec![
            phrase(Rank::Phrase, Form::Folded, folded.clone()),
            each(Rank::Beginnings, beginning),
            each(Rank::Parts, part),
        ];
        // What asks for the same as the pattern before finds nothing new.
        patterns.dedup_by(|pattern, before| pattern.parts == before.parts);
        // Whoever types no diacritics says nothing about them.
        if exact != folded {
            patterns.insert(0, phrase(Rank::ExactPhrase, Form::Exact, exact));
        }
        Self(patterns)
    }

    /// The patterns, best rank first.
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    /// How well a text matches that has these spellings.
    pub fn rank(&self, exact: &str, folded: &str) -> Option<Rank> {
        let pattern = self.0.iter().find(|pattern| pattern.matches(exact, folded))?;
        Some(pattern.rank)
    }
}

/// The beginning of a word; a single letter is the whole word.
fn beginning(word: &Word) -> String {
    let spelled = word.folded_spelling();
    let end = if spelled.len() == 1 { " " } else { "" };
    format!(" {spelled}{end}")
}

/// Any part of a word, unless the part is too short for that.
fn part(word: &Word) -> String {
    let spelled = word.folded_spelling();
    if spelled.len() < 3 { beginning(word) } else { spelled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_can_be_written_down() {
        for rank in RANKS {
            let number = Spelling::of("Tây Ninh").unwrap().number("units/tayninh", "Tây Ninh");
            let place = Place { rank, number };
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for text in ["", "1", "4.1", "1.", ".1", "x.1", "1.9223372036854775808", "-1.1"] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
    }

    #[test]
    fn shorter_texts_have_lower_numbers() {
        let number = |text: &str| Spelling::of(text).unwrap().number("units/x", text);
        assert!(number("K71") < number("Đội K71"));
        assert!(number("x") > 0 && number(&"x".repeat(5_000)) > number(&"x".repeat(2_000)));
        assert_ne!(number("K71"), number("K72"));
    }

    #[test]
    fn every_part_says_something() {
        for query in ["o", "k7", "Đỏ", "ខ", "qk 7", "a b c", "😀 x", "𝔞"] {
            for pattern in Asked::of(query).patterns() {
                assert!(pattern.parts.iter().all(|part| part.len() >= 3), "{query}: {pattern:?}");
            }
        }
        assert_eq!(Asked::of(" %_* ").patterns(), []);
        for (query, ranks) in [
            ("Tây Ninh", 4),
            ("tay ninh", 3),
            ("Tây", 3),
            ("tay", 2),
            ("Đỏ", 2),
            ("k7", 1),
            ("ខេ", 2),
        ] {
            assert_eq!(Asked::of(query).patterns().len(), ranks, "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_bounded(query in "\\PC{0,300}") {
            for pattern in Asked::of(&query).patterns() {
                proptest::prop_assert!(pattern.parts.len() <= WORDS_MAX);
                let alphabet = |byte: u8| byte == b' ' || byte.is_ascii_alphanumeric();
                proptest::prop_assert!(pattern.parts.iter().all(|part| part.bytes().all(alphabet)));
            }
        }

        #[test]
        fn a_text_is_found_by_itself(text in "[a-zàéỏđĐK0-9ខេត្ត/(). -]{1,40}") {
            let (asked, spelling) = (Asked::of(&text), Spelling::of(&text));
            let rank = spelling.and_then(|spelling| asked.rank(&spelling.exact, &spelling.folded));
            proptest::prop_assert_eq!(rank.is_some(), !asked.patterns().is_empty());
        }
    }
}

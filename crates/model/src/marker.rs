//! Numbers of boundary markers (số hiệu mốc giới): their grammar, their order along the border, and their ids.
//!
//! A main marker is `N`, or `N(1)` to `N(3)` where two or three stand around one point; an auxiliary marker (mốc phụ)
//! is `N/M`, likewise with `(1)` to `(3)`. Where a marker stands and who looks after it is not known here.

use std::fmt;
use std::str::FromStr;

/// The highest main number: no border of the region has half as many markers.
pub const MAIN_MAX: u16 = 9_999;

/// The highest number of an auxiliary marker behind one main marker.
pub const SEQ_MAX: u16 = 999;

/// The most markers around one point.
pub const SUB_MAX: u8 = 3;

/// What is wrong with a marker number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a marker number: those read 65, 127(1), 229/12 or 171/1(2)")]
pub struct Error(pub String);

/// The number of a boundary marker. It sorts along the border: main number, then auxiliary number, then sub-number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    main: u16,
    seq: Option<u16>,
    sub: Option<u8>,
}

impl Number {
    /// Reads a number such as `65`, `127(1)`, `229/12` or `171/1(2)`. There is one way to write each: no blanks, no
    /// leading zeros.
    ///
    /// # Errors
    /// [`Error`] if the text is anything else, or beyond [`MAIN_MAX`], [`SEQ_MAX`] or [`SUB_MAX`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(|| Error(text.chars().take(40).collect()))
    }

    fn read(text: &str) -> Option<Self> {
        let (stem, sub) = match text.strip_suffix(')') {
            Some(opened) => {
                let (stem, sub) = opened.split_once('(')?;
                (stem, Some(u8::try_from(positive(sub, u16::from(SUB_MAX))?).ok()?))
            }
            None => (text, None),
        };
        let (main, seq) = match stem.split_once('/') {
            Some((main, seq)) => (main, Some(positive(seq, SEQ_MAX)?)),
            None => (stem, None),
        };
        Some(Self {
            main: positive(main, MAIN_MAX)?,
            seq,
            sub,
        })
    }

    /// The main number, from 1.
    #[must_use]
    pub fn main(self) -> u16 {
        self.main
    }

    /// The auxiliary number, from 1; absent for a main marker.
    #[must_use]
    pub fn seq(self) -> Option<u16> {
        self.seq
    }

    /// Which of the markers around one point, 1 to 3; absent for one that stands alone.
    #[must_use]
    pub fn sub(self) -> Option<u8> {
        self.sub
    }

    /// The id of the marker of this number on a border: `65` on `VN-KH` gives `vn-kh-65`, `229/12` gives
    /// `vn-kh-229-12`, `127(1)` gives `vn-kh-127-s1` and `171/1(2)` gives `vn-kh-171-1-s2`.
    ///
    /// The `s` keeps `127(1)` apart from `127/1`. The border is two country codes in any case; it is the caller who
    /// knows which borders there are.
    #[must_use]
    pub fn id(self, border: &str) -> String {
        let mut id = format!("{}-{}", border.to_ascii_lowercase(), self.main);
        if let Some(seq) = self.seq {
            id.push_str(&format!("-{seq}"));
        }
        if let Some(sub) = self.sub {
            id.push_str(&format!("-s{sub}"));
        }
        id
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.main)?;
        if let Some(seq) = self.seq {
            write!(formatter, "/{seq}")?;
        }
        if let Some(sub) = self.sub {
            write!(formatter, "({sub})")?;
        }
        Ok(())
    }
}

impl FromStr for Number {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// A number from 1 to `max` without leading zeros or sign.
fn positive(text: &str, max: u16) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number <= max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::valid_id;
    use std::collections::BTreeSet;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn the_four_forms_have_ids() {
        for (text, id) in [
            ("65", "vn-kh-65"),
            ("229/12", "vn-kh-229-12"),
            ("127(1)", "vn-kh-127-s1"),
            ("171/1(2)", "vn-kh-171-1-s2"),
        ] {
            assert_eq!(number(text).id("VN-KH"), id);
            assert_eq!(number(text).to_string(), text);
            assert!(valid_id(id));
        }
    }

    #[test]
    fn there_is_one_way_to_write_a_number() {
        for text in [
            "",
            "0",
            "065",
            "65 ",
            " 65",
            "+65",
            "-65",
            "65()",
            "65(0)",
            "65(4)",
            "65(01)",
            "65(1",
            "65/",
            "/1",
            "65/0",
            "65/1/2",
            "65(1)/2",
            "65(1)(2)",
            "65/01",
            "10000",
            "65/1000",
            "99999999999",
            "６５",
        ] {
            assert!(Number::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_sort_along_the_border() {
        let sorted = [
            "60", "65", "65(1)", "65(2)", "65/1", "65/1(1)", "65/2", "65/12", "66", "171/1(1)", "232",
        ];
        assert!(sorted.windows(2).all(|pair| number(pair[0]) < number(pair[1])));
    }

    #[test]
    fn ids_do_not_collide() {
        let mut ids = BTreeSet::new();
        for main in 1..=30_u16 {
            for seq in [None, Some(1), Some(2), Some(3), Some(11), Some(12)] {
                for sub in [None, Some(1), Some(2), Some(3)] {
                    assert!(ids.insert(Number { main, seq, sub }.id("VN-KH")));
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(
            main in 1..=MAIN_MAX,
            seq in proptest::option::of(1..=SEQ_MAX),
            sub in proptest::option::of(1..=SUB_MAX),
        ) {
            let number = Number { main, seq, sub };
            proptest::prop_assert_eq!(Number::parse(&number.to_string()), Ok(number));
        }

        #[test]
        fn what_is_read_is_written(text in "[0-9/()]{0,8}") {
            if let Ok(number) = Number::parse(&text) {
                proptest::prop_assert_eq!(number.to_string(), text);
            }
        }
    }
}

//! The abbreviations (chữ viết tắt) that people of the field write instead of the words.
//!
//! To add one, add a line here and raise [`EDITION`](super::search::EDITION). Left out on purpose is whatever is a word
//! as well (`CA` is công an, but also the middle of Cà Mau) or means two things (`QĐ` is quân đội in a name, and quyết
//! định in the number of a decision).

/// One abbreviation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Abbreviation {
    /// As people type it, folded.
    short: &'static str,
    /// Words of which one may stand before the others; which of them, only the writer knows.
    either: &'static str,
    /// The words that it stands for in any case.
    always: &'static str,
}

impl Abbreviation {
    /// The words by which a text that holds the abbreviation shall be found.
    pub(super) fn written(self) -> impl Iterator<Item = &'static str> {
        self.either
            .split(' ')
            .chain(self.always.split(' '))
            .filter(|word| !word.is_empty())
    }

    /// The words that a query with the abbreviation asks for: only those that every such text has.
    pub(super) fn asked(self) -> impl Iterator<Item = &'static str> {
        self.always.split(' ')
    }
}

/// The abbreviation that a folded word is.
pub(super) fn find(folded: &str) -> Option<Abbreviation> {
    TABLE.iter().find(|abbreviation| abbreviation.short == folded).copied()
}

const fn one(short: &'static str, always: &'static str) -> Abbreviation {
    choice(short, "", always)
}

const fn choice(short: &'static str, either: &'static str, always: &'static str) -> Abbreviation {
    Abbreviation { short, either, always }
}

/// A province has a *bộ* chỉ huy and a district a *ban* chỉ huy; both are written BCH.
const TABLE: [Abbreviation; 30] = [
    choice("bch", "bộ ban", "chỉ huy"),
    choice("bchqs", "bộ ban", "chỉ huy quân sự"),
    choice("bchbp", "bộ ban", "chỉ huy biên phòng"),
    choice("bchbdbp", "bộ ban", "chỉ huy bộ đội biên phòng"),
    one("chqs", "chỉ huy quân sự"),
    one("chbp", "chỉ huy biên phòng"),
    one("bdbp", "bộ đội biên phòng"),
    one("dbp", "đồn biên phòng"),
    one("btl", "bộ tư lệnh"),
    one("btlqk", "bộ tư lệnh quân khu"),
    one("qk", "quân khu"),
    one("tk", "tiểu khu"),
    one("tkqs", "tiểu khu quân sự"),
    one("ckqs", "chi khu quân sự"),
    one("qs", "quân sự"),
    one("qp", "quốc phòng"),
    one("dnqp", "đối ngoại quốc phòng"),
    one("bqp", "bộ quốc phòng"),
    one("bttm", "bộ tổng tham mưu"),
    one("qdnd", "quân đội nhân dân"),
    one("qdndvn", "quân đội nhân dân việt nam"),
    one("qdhg", "quân đội hoàng gia"),
    one("qdhgcpc", "quân đội hoàng gia campuchia"),
    one("cpc", "campuchia"),
    one("ubnd", "ủy ban nhân dân"),
    one("hdnd", "hội đồng nhân dân"),
    one("tp", "thành phố"),
    one("tx", "thị xã"),
    one("hcm", "hồ chí minh"),
    one("tphcm", "thành phố hồ chí minh"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn every_abbreviation_is_found_and_none_stands_in_the_words_of_another() {
        for (place, entry) in TABLE.iter().enumerate() {
            assert_eq!(fold(entry.short), entry.short);
            let first = TABLE.iter().position(|other| other.short == entry.short);
            assert_eq!(first, Some(place), "{} is there twice", entry.short);
            for word in entry.written() {
                assert!(find(&fold(word)).is_none(), "{word} of {} is one itself", entry.short);
            }
            assert!(entry.asked().all(|word| entry.written().any(|other| other == word)));
        }
    }
}

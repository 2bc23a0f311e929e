//! What is found, and what is not.

use super::fixture::{Texts, document, sample};
use crate::search::{Collection, Query};

/// A query, and the resources that must be among its hits.
const FINDS: [(&str, &[&str]); 36] = [
    // Without diacritics, in any case, and with some of them.
    ("bo chi huy quan su tinh dong nai", &["units/dongnai"]),
    ("ĐỒNG NAI", &["units/dongnai"]),
    ("Dong nai", &["units/dongnai", "agreements/tw-h07"]),
    ("đuc hue", &["units/longan-duc-hue"]),
    ("ta\u{302}y ninh", &["units/tayninh"]),
    // The tone mark in the old and the new place.
    ("Hoà Thành", &["units/tayninh-hoa-thanh"]),
    ("Hòa Thành", &["units/tayninh-hoa-thanh"]),
    ("Đức Hoà", &["units/longan-duc-hoa"]),
    ("Thạnh Hoá", &["units/longan-thanh-hoa"]),
    ("Uỷ ban nhân dân", &["units/tayninh-ubnd"]),
    // Abbreviations.
    ("UBND Tây Ninh", &["units/tayninh-ubnd"]),
    ("BCHQS Tân Biên", &["units/tayninh-tan-bien"]),
    ("bchqs tay ninh", &["units/tayninh", "units/tayninh-tay-ninh"]),
    ("chqs tay ninh", &["units/tayninh", "units/tayninh-tay-ninh"]),
    ("BCH Long An", &["units/longan"]),
    ("qk7", &["units/mr7", "units/mr7-hq"]),
    ("QK 7", &["units/mr7", "units/mr7-hq"]),
    ("BTL QK7", &["units/mr7-hq"]),
    ("TP.HCM", &["units/hcmc"]),
    ("BTL TPHCM", &["units/hcmc"]),
    ("TKQS Svay Riêng", &["units/kh-svayrieng-sector"]),
    ("TK Kratie", &["units/kh-kratie-sector"]),
    ("QĐND Lào", &["units/lpa"]),
    // Any order, beginnings, parts.
    ("ninh tay", &["units/tayninh"]),
    ("ba ria vung tau", &["units/brvt"]),
    ("ung Tau", &["units/brvt"]),
    // Short ones.
    ("K7", &["units/k70", "units/k71", "units/k72", "units/k73"]),
    ("65", &["markers/vn-kh-65"]),
    ("5", &["units/div5"]),
    ("Gò", &["units/tayninh-go-dau"]),
    // Numbers and ids.
    ("22-NQ/TW", &["programmes/nq-22"]),
    ("22 nq", &["programmes/nq-22"]),
    ("tayninh-tan-bien", &["units/tayninh-tan-bien"]),
    // Khmer: the whole name, a province within it, two letters of it.
    ("រដ្ឋបាលខេត្តត្បូងឃ្មុំ", &["units/kh-tboungkhmum-admin"]),
    ("ត្បូងឃ្មុំ", &["units/kh-tboungkhmum-admin", "units/kh-tboungkhmum-police"]),
    ("ខេ", &["units/kh-tboungkhmum-admin"]),
];

#[test]
fn what_people_type_finds_what_they_mean() {
    let mut texts = Texts::default();
    let written_short = [
        document("units/a1", &["BCHQS huyện Cư Jút"]),
        document("units/a2", &["Đồn BĐBP Bu Prăng, QK5"]),
        document("markers/vn-kh-229-12", &["229/12"]),
        document("units/a3", &["កងទ័ព\u{200b}ជើងគោក"]),
        document("units/a4", &["xã Đỏ"]),
    ];
    texts.replace(&sample());
    texts.replace(&written_short);
    for (query, expected) in FINDS {
        let found = texts.resources(query);
        for resource in expected {
            assert!(
                found.contains(&(*resource).to_owned()),
                "{query}: {resource} not in {found:?}"
            );
        }
    }
    for (query, resource) in [
        ("ban chỉ huy quân sự cư jut", "units/a1"),
        ("bo doi bien phong", "units/a2"),
        ("bdbp", "units/a2"),
        ("quân khu 5", "units/a2"),
        ("229/12", "markers/vn-kh-229-12"),
        ("229 12", "markers/vn-kh-229-12"),
        ("ទ័ពជើង", "units/a3"),
        ("Đỏ", "units/a4"),
        ("do", "units/a4"),
    ] {
        let found = texts.resources(query);
        assert!(found.contains(&resource.to_owned()), "{query}: {found:?}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut texts = Texts::default();
    texts.replace(&sample());
    for query in [
        "Tây Nunh",
        "Đồng Nai Long An Kratie",
        // Khmer without its vowels is another word.
        "រដបាល",
        "ខតត",
        // A single letter is a whole word, and two are a beginning.
        "y",
        "yn",
        "tay ninh yn",
        "229/9",
    ] {
        assert_eq!(texts.resources(query), Vec::<String>::new(), "{query}");
    }
    let marker = document("markers/vn-kh-22", &["22"]);
    texts.replace(&[marker]);
    let found = texts.resources("229");
    assert!(!found.contains(&"markers/vn-kh-22".to_owned()));
}

#[test]
fn nothing_that_is_typed_does_harm() {
    let mut texts = Texts::default();
    texts.replace(&sample());
    let long = "quân sự ".repeat(10_000);
    for query in [
        "",
        " ",
        "%",
        "_",
        "%%%",
        "*",
        "\"",
        "\"\"\"",
        "'",
        "''; DROP TABLE search_text; --",
        "\\",
        "\0",
        "a\0b",
        "-",
        "--",
        "(",
        ")",
        "NEAR(",
        "NEAR(tay ninh, 2)",
        "tay AND",
        "OR",
        "NOT tay",
        "tay NOT",
        "folded : tay",
        "{exact folded} : x",
        "^tay",
        "tay*",
        "tay + ninh",
        "t%y",
        "t_y",
        "?",
        "$1",
        "😀",
        "\u{202e}",
        "\u{301}",
        "\u{feff}",
        "𝔞𝔟",
        "ﬁ",
        "İ",
        &long,
    ] {
        let query = Query {
            text: query.to_owned(),
            limit: 50,
            ..Query::default()
        };
        assert!(texts.0.find(&query).len() <= 50, "{query:?}");
    }
    for nothing in ["", "%", "*", "\"", "\0", "_ - %", "t%y", "t_y"] {
        assert_eq!(texts.hits(nothing), [], "{nothing:?}");
    }
    let quoted = texts.resources("\"tay\" (ninh)*");
    assert_eq!(quoted, texts.resources("tay ninh"));
    let none = Query {
        text: "tay ninh".to_owned(),
        ..Query::default()
    };
    assert_eq!(texts.0.find(&none), [], "a page of nothing");
}

#[test]
fn only_the_collections_that_are_asked_for() {
    let mut texts = Texts::default();
    texts.replace(&sample());
    let all = texts.hits("quan");
    for collections in [
        &[Collection::Unit][..],
        &[Collection::Agreement],
        &[Collection::Programme, Collection::Unit],
        &[Collection::Marker],
    ] {
        let query = Query {
            text: "quan".to_owned(),
            collections: collections.to_vec(),
            limit: 1_000,
            after: None,
        };
        let mut expected = all.clone();
        expected.retain(|hit| collections.contains(&hit.collection));
        assert_eq!(texts.0.find(&query), expected, "{collections:?}");
    }
}

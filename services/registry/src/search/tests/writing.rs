//! Putting texts in and taking them out.

use std::slice;

use super::fixture::{Texts, document, sample};

#[test]
fn texts_are_replaced() {
    let mut texts = Texts::default();
    let old = document("units/tayninh", &["Tây Ninh", "Tay Ninh", "Tây Ninh", "", " - "]);
    texts.replace(&[old.clone(), document("units/longan", &["Long An"])]);
    let count = |texts: &Texts| texts.0.fresh.rows().count();
    assert_eq!(
        count(&texts),
        3,
        "a text that is there twice is one, and one without words is none"
    );
    texts.replace(slice::from_ref(&old));
    assert_eq!(count(&texts), 3);

    let renamed = document("units/tayninh", &["Tỉnh mới"]);
    texts.replace(&[old.clone(), renamed]);
    assert_eq!(texts.resources("tây ninh"), Vec::<String>::new());
    assert_eq!(texts.resources("tinh moi"), ["units/tayninh"]);
    assert_eq!(texts.resources("long an"), ["units/longan"]);

    texts.replace(&[document("units/tayninh", &[])]);
    assert_eq!(texts.resources("tinh moi"), Vec::<String>::new());
    texts.replace(&[]);
    texts.replace(&[old, document("units/longan", &[])]);
    assert_eq!(texts.resources("tây ninh"), ["units/tayninh"]);
}

/// The same answers, whether texts came at once, one after the other, or twice.
#[test]
fn it_does_not_matter_how_texts_came() {
    let mut documents = sample();
    for number in 0..3_000 {
        let name = format!("Ban CHQS xã Số {number}");
        documents.push(document(&format!("units/x{number}"), &[&name]));
    }
    let (mut at_once, mut slowly, mut twice) = (Texts::default(), Texts::default(), Texts::default());
    at_once.replace(&documents);
    for chunk in documents.chunks(700) {
        slowly.replace(chunk);
    }
    let wrong: Vec<_> = documents
        .iter()
        .map(|right| document(&right.resource, &["nhầm"]))
        .collect();
    twice.replace(&wrong);
    for chunk in documents.chunks(300) {
        twice.replace(chunk);
    }
    for query in ["tay ninh", "chqs xa", "số 2999", "xa 12", "nhầm", "k7"] {
        let expected = at_once.hits(query);
        assert_eq!(slowly.hits(query), expected, "{query}");
        assert_eq!(twice.hits(query), expected, "{query}");
    }
}

#[test]
fn a_long_text_is_found_by_its_beginning() {
    // Letters that differ, so that nothing can be compressed.
    let letters = |first: u32, count: u32| -> String {
        let code = |place: u32| char::from_u32(first + place * 7_919 % 20_000);
        (0..count).filter_map(code).collect()
    };
    let mut texts = Texts::default();
    for text in [letters(0x4e00, 300), letters(0x20000, 300), "ấ ".repeat(2_000)] {
        texts.replace(&[document("units/long", &[&text])]);
        let beginning: String = text.chars().take(100).collect();
        assert_eq!(texts.resources(&beginning), ["units/long"]);
    }
}

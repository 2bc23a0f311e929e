//! The order of hits: what the texts say when all of them are ranked and sorted.

use std::collections::{BTreeMap, HashMap};

use super::fixture::{Texts, document, sample};
use crate::search::{Index, LIMIT_MAX, Place, Query, Rank, rank::Asked};

/// What is asked, and the text that is the best hit, if the sample has one that is better than all others.
const QUERIES: [(&str, &str); 28] = [
    ("Quân khu 7", "Quân khu 7"),
    ("quan khu 7", "Quân khu 7"),
    ("QK7", "Quân khu 7"),
    ("tây ninh", "Sở Ngoại vụ tỉnh Tây Ninh"),
    ("tay ninh", "tayninh-tay-ninh"),
    ("Tân Biên", "Ban Chỉ huy Quân sự huyện Tân Biên"),
    ("đồng nai", "Bộ Chỉ huy Quân sự tỉnh Đồng Nai"),
    ("Hoà Thành", "Ban Chỉ huy Quân sự thị xã Hòa Thành"),
    ("bdbp", ""),
    ("k7", ""),
    ("K71", "k71"),
    ("đội K71", "Đội K71"),
    ("65", "65"),
    ("1", ""),
    ("lu doan 1", "Lữ đoàn 1"),
    ("Lữ đoàn", ""),
    ("quan su", ""),
    ("quân sự", ""),
    ("su quan", ""),
    ("thoa thuan ket nghia", ""),
    ("an", ""),
    ("uan", ""),
    ("kratie", "Kratié"),
    ("svay", ""),
    ("bchqs long an", ""),
    ("22-NQ/TW", "22-NQ/TW"),
    ("រដ្ឋបាលខេត្តក្រចេះ", "រដ្ឋបាលខេត្តក្រចេះ"),
    ("ខេត្ត", ""),
];

/// Every text read and ranked, and the best of each resource sorted.
fn expected(texts: &Texts, query: &str) -> Vec<(Place, String)> {
    let asked = Asked::of(query);
    let mut best: HashMap<String, Place> = HashMap::new();
    let Index { settled, fresh, stale } = &texts.0;
    for (shelf, count) in [(settled, true), (fresh, false)] {
        for row in shelf.rows().filter(|row| !(count && stale.contains(&*row.resource))) {
            let (exact, folded) = shelf.spellings(row);
            let Some(rank) = asked.rank(exact, folded) else {
                continue;
            };
            let place = Place {
                rank,
                number: row.number,
            };
            best.entry(row.resource.to_string())
                .and_modify(|best| *best = place.min(*best))
                .or_insert(place);
        }
    }
    let places: BTreeMap<Place, String> = best.into_iter().map(|(resource, place)| (place, resource)).collect();
    places.into_iter().collect()
}

/// Enough of the same words that a count of them does not end soon.
fn fill(texts: &mut Texts) {
    let mut documents = sample();
    for number in 0..6_000 {
        let title = format!("Thỏa thuận kết nghĩa quân sự {number} - Sự quân {}", number % 7);
        documents.push(document(
            &format!("agreements/x{number}"),
            &[&title, &format!("x{number}")],
        ));
    }
    documents.push(document("units/kratie", &["Kratie"]));
    texts.replace(&documents);
    // One that is put in later, and one that is called otherwise now.
    texts.replace(&[
        document("units/kratie", &["Kratié"]),
        document("agreements/x7", &["Thỏa thuận về quân sự"]),
    ]);
    assert!(texts.0.fresh.rows().count() > 0 && texts.0.settled.rows().count() > 6_000);
}

#[test]
fn hits_come_in_the_order_of_their_places() {
    let mut texts = Texts::default();
    fill(&mut texts);
    for (query, first) in QUERIES {
        let mut expected = expected(&texts, query);
        let found = texts.hits(query);
        expected.truncate(LIMIT_MAX);
        let places: Vec<(Place, String)> = found.iter().map(|hit| (hit.place, hit.resource.clone())).collect();
        assert_eq!(places, expected, "{query}");
        if !first.is_empty() {
            assert_eq!(found[0].text, first, "{query}");
        }
    }
}

#[test]
fn the_same_diacritics_come_first() {
    let mut texts = Texts::default();
    let documents = [
        document("units/a", &["Huyện Tan Biên"]),
        document("units/b", &["Ban Chỉ huy Quân sự huyện Tân Biên"]),
        document("units/c", &["Tấn Biển"]),
        document("units/d", &["Biên giới Tân Châu"]),
        document("units/e", &["Xatân Lộbiên"]),
        document("units/f", &["Tân Biên"]),
    ];
    texts.replace(&documents);
    let found = texts.hits("Tân Biên");
    let ranks: Vec<(&str, Rank)> = found
        .iter()
        .map(|hit| (hit.resource.as_str(), hit.place.rank()))
        .collect();
    let expected = [
        ("units/f", Rank::ExactPhrase),
        ("units/b", Rank::ExactPhrase),
        ("units/c", Rank::Phrase),
        ("units/a", Rank::Phrase),
        ("units/d", Rank::Beginnings),
        ("units/e", Rank::Parts),
    ];
    assert_eq!(ranks, expected);
    // Whoever types none leaves the diacritics open, and the shorter text is the better one.
    let open = texts.resources("tan bien");
    assert_eq!(open[2..], ["units/a", "units/b", "units/d", "units/e"]);
}

#[test]
fn pages_hold_every_hit_once() {
    let mut texts = Texts::default();
    fill(&mut texts);
    for (query, size) in [
        ("quân sự", 190),
        ("quan su", 333),
        ("tay ninh", 1),
        ("Tây Ninh", 7),
        ("svay rieng", 3),
        ("su quan", 700),
        ("an", 64),
    ] {
        let expected: Vec<Place> = expected(&texts, query).into_iter().map(|(place, _)| place).collect();
        let mut page = Query {
            text: query.to_owned(),
            limit: size,
            ..Query::default()
        };
        let mut seen = Vec::new();
        loop {
            let found = texts.0.find(&page);
            let Some(last) = found.last() else { break };
            assert!(found.len() <= size);
            page.after = last.place.to_string().parse().ok();
            seen.extend(found.into_iter().map(|hit| hit.place));
        }
        assert_eq!(seen, expected, "{query}");
    }
}

//! The order of hits: what the rows say when all of them are read and sorted, on either database.

use std::collections::{BTreeMap, HashMap};

use banggiao_store::Store;
use sea_orm::EntityTrait;

use super::fixture::{document, find, hits, replace, resources, sample};
use crate::store::search::{Place, Query, Rank, rank::Asked, table::Entity};

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

/// Numbers are the same wherever the same texts are put in, so one expectation holds for both databases.
async fn expected(store: &Store, query: &str) -> Vec<(Place, String)> {
    let asked = Asked::of(query);
    let mut best: HashMap<String, Place> = HashMap::new();
    for row in Entity::find().all(store.reader()).await.unwrap() {
        if let Some(rank) = asked.rank(&row.exact, &row.folded) {
            let place = Place {
                rank,
                number: row.number,
            };
            best.entry(row.resource)
                .and_modify(|best| *best = place.min(*best))
                .or_insert(place);
        }
    }
    let places: BTreeMap<Place, String> = best.into_iter().map(|(resource, place)| (place, resource)).collect();
    places.into_iter().collect()
}

/// Enough of the same words that a count of them does not end soon.
async fn fill(store: &Store) {
    let mut documents = sample();
    for number in 0..1_500 {
        let title = format!("Thỏa thuận kết nghĩa quân sự {number} - Sự quân {}", number % 7);
        documents.push(document(
            &format!("agreements/x{number}"),
            &[&title, &format!("x{number}")],
        ));
    }
    documents.push(document("units/kratie", &["Kratié"]));
    replace(store, &documents).await;
}

pub async fn hits_come_in_the_order_of_their_places(store: &Store) {
    fill(store).await;
    for (query, first) in QUERIES {
        let mut expected = expected(store, query).await;
        let found = hits(store, query).await;
        expected.truncate(1_000);
        let places: Vec<(Place, String)> = found.iter().map(|hit| (hit.place, hit.resource.clone())).collect();
        assert_eq!(places, expected, "{query}");
        if !first.is_empty() {
            assert_eq!(found[0].text, first, "{query}");
        }
    }
}

pub async fn the_same_diacritics_come_first(store: &Store) {
    let documents = [
        document("units/a", &["Huyện Tan Biên"]),
        document("units/b", &["Ban Chỉ huy Quân sự huyện Tân Biên"]),
        document("units/c", &["Tấn Biển"]),
        document("units/d", &["Biên giới Tân Châu"]),
        document("units/e", &["Xatân Lộbiên"]),
        document("units/f", &["Tân Biên"]),
    ];
    replace(store, &documents).await;
    let found = hits(store, "Tân Biên").await;
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
    let open = resources(store, "tan bien").await;
    assert_eq!(open[2..], ["units/a", "units/b", "units/d", "units/e"]);
}

pub async fn pages_hold_every_hit_once(store: &Store) {
    fill(store).await;
    for (query, size) in [
        ("quân sự", 190),
        ("quan su", 333),
        ("tay ninh", 1),
        ("Tây Ninh", 7),
        ("svay rieng", 3),
        ("su quan", 700),
        ("an", 64),
    ] {
        let expected: Vec<Place> = expected(store, query)
            .await
            .into_iter()
            .map(|(place, _)| place)
            .collect();
        let mut page = Query {
            text: query.to_owned(),
            limit: size,
            ..Query::default()
        };
        let mut seen = Vec::new();
        loop {
            let found = find(store, &page).await.unwrap();
            let Some(last) = found.last() else { break };
            assert!(found.len() <= size);
            page.after = last.place.to_string().parse().ok();
            seen.extend(found.into_iter().map(|hit| hit.place));
        }
        assert_eq!(seen, expected, "{query}");
    }
}

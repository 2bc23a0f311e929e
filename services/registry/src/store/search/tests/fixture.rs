//! The sample border as documents, and short ways to put them in and ask for them.

use banggiao_store::{Error, Store};

use crate::store::{
    migration::Migrator,
    search::{self, Collection, Document, Hit, Query},
};

const UNITS: &str = include_str!("../../../../../standalone/sample/units.csv");
const AGREEMENTS: &str = include_str!("../../../../../standalone/sample/agreements.csv");
const PROGRAMMES: &str = include_str!("../../../../../standalone/sample/programmes.csv");
const MARKERS: &str = include_str!("../../../../../standalone/sample/markers.csv");

pub async fn open(url: &str) -> Store {
    Store::open::<Migrator>(url).await.unwrap()
}

pub fn document(resource: &str, texts: &[&str]) -> Document {
    let collection = match resource.split_once('/').unwrap().0 {
        "units" => Collection::Unit,
        "agreements" => Collection::Agreement,
        "programmes" => Collection::Programme,
        _ => Collection::Marker,
    };
    Document {
        resource: resource.to_owned(),
        collection,
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
    }
}

/// Everything that the sample gives a name or a number.
pub fn sample() -> Vec<Document> {
    let mut documents = Vec::new();
    for (rows, collection, columns) in [
        (UNITS, "units", &[0, 4, 5, 6][..]),
        (AGREEMENTS, "agreements", &[0, 2]),
        (PROGRAMMES, "programmes", &[0, 1, 2]),
    ] {
        for row in csv::Reader::from_reader(rows.as_bytes()).records() {
            let row = row.unwrap();
            let texts: Vec<&str> = columns.iter().map(|column| &row[*column]).collect();
            documents.push(document(&format!("{collection}/{}", &row[0]), &texts));
        }
    }
    for row in csv::Reader::from_reader(MARKERS.as_bytes()).records() {
        let row = row.unwrap();
        let id = row[1].replace(['/', '('], "-").replace(')', "");
        documents.push(document(&format!("markers/vn-kh-{id}"), &[&row[1]]));
    }
    documents
}

pub async fn replace(store: &Store, documents: &[Document]) {
    let documents = documents.to_vec();
    let replace = store.tx("search.replace", move |tx| {
        let documents = documents.clone();
        async move { search::replace(&tx, &documents).await }
    });
    replace.await.unwrap();
}

pub async fn find(store: &Store, query: &Query) -> Result<Vec<Hit>, Error> {
    search::find(store.reader(), query).await
}

/// All hits of a text.
pub async fn hits(store: &Store, text: &str) -> Vec<Hit> {
    let query = Query {
        text: text.to_owned(),
        limit: search::LIMIT_MAX,
        ..Query::default()
    };
    find(store, &query).await.unwrap()
}

/// The resources that a text finds.
pub async fn resources(store: &Store, text: &str) -> Vec<String> {
    hits(store, text).await.into_iter().map(|hit| hit.resource).collect()
}

//! The sample border as documents, and short ways to put them in and ask for them.

use crate::search::{Collection, Document, Hit, Index, LIMIT_MAX, Query};

const UNITS: &str = include_str!("../../../../standalone/sample/units.csv");
const AGREEMENTS: &str = include_str!("../../../../standalone/sample/agreements.csv");
const PROGRAMMES: &str = include_str!("../../../../standalone/sample/programmes.csv");
const MARKERS: &str = include_str!("../../../../standalone/sample/markers.csv");

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

/// What can be found, and how it is put in.
#[derive(Debug, Default)]
pub struct Texts(pub Index);

impl Texts {
    pub fn replace(&mut self, documents: &[Document]) {
        self.0 = self.0.with(documents);
    }

    /// All hits of a text.
    pub fn hits(&self, text: &str) -> Vec<Hit> {
        self.0.find(&Query {
            text: text.to_owned(),
            limit: LIMIT_MAX,
            ..Query::default()
        })
    }

    /// The resources that a text finds.
    pub fn resources(&self, text: &str) -> Vec<String> {
        self.hits(text).into_iter().map(|hit| hit.resource).collect()
    }
}

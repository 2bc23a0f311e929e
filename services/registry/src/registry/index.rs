//! What is found by searching: the texts of units, agreements, programmes and markers, as the directory has them.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_directory::Directory;
use banggiao_model::hierarchy::Key;

use crate::search::{Collection, Document};

/// The texts of everything that differs between two directories: of everything, where the first one is empty.
pub(super) fn changed(before: &Directory, after: &Directory) -> Vec<Document> {
    let (old, new) = (before.hierarchy(), after.hierarchy());
    let same = |key: &Key| {
        key.index() < old.len()
            && std::ptr::eq(old.unit(*key), new.unit(*key))
            && match (before.unit_record(*key), after.unit_record(*key)) {
                (Some(before), Some(after)) => Arc::ptr_eq(&before.details, &after.details),
                _ => false,
            }
    };
    let units = new.keys().filter(|key| !same(key));
    let mut documents: Vec<Document> = units.map(|key| unit(after, key)).collect();
    let agreements = differing(before.agreements(), after.agreements());
    documents.extend(agreements.map(|agreement| {
        let texts = agreement.resource.title.values().chain([&agreement.resource.number]);
        document(&agreement.resource.name, Collection::Agreement, texts)
    }));
    let programmes = differing(before.programmes(), after.programmes());
    documents.extend(programmes.map(|programme| {
        let texts = programme.title.values().chain([&programme.number]);
        document(&programme.name, Collection::Programme, texts)
    }));
    let markers = differing(before.markers(), after.markers());
    documents.extend(markers.map(|marker| document(&marker.name, Collection::Marker, [&marker.number])));
    documents
}

/// The entries of the newer table that the older one has not. Entries are shared as long as they are the same.
fn differing<'a, T>(
    before: &'a BTreeMap<String, Arc<T>>,
    after: &'a BTreeMap<String, Arc<T>>,
) -> impl Iterator<Item = &'a T> {
    let mut older = before.iter().peekable();
    after.iter().filter_map(move |(key, entry)| {
        while older.next_if(|(old, _)| *old < key).is_some() {}
        let same = older
            .next_if(|(old, _)| *old == key)
            .is_some_and(|(_, old)| Arc::ptr_eq(old, entry));
        (!same).then_some(&**entry)
    })
}

/// A unit is found by all the names that it ever had, and by its aliases.
fn unit(directory: &Directory, key: Key) -> Document {
    let unit = directory.hierarchy().unit(key);
    let names = unit.versions().iter().flat_map(|version| version.names.values());
    let aliases = directory
        .unit_record(key)
        .into_iter()
        .flat_map(|record| &record.details.aliases);
    document(&unit.id().name(), Collection::Unit, names.chain(aliases))
}

fn document<'a>(name: &str, collection: Collection, texts: impl IntoIterator<Item = &'a String>) -> Document {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    Document {
        resource: name.to_owned(),
        collection,
        texts: texts.cloned().collect(),
    }
}

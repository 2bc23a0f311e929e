//! What is found by searching: the texts of units, agreements, programmes and markers, kept in the transaction that
//! changes them.

use std::{collections::BTreeSet, sync::Arc};

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::Directory;
use banggiao_model::{hierarchy::Key, name};
use banggiao_store::Tx;

use super::Registry;
use crate::{
    domain::Error,
    store::search::{self, Collection, Document},
};

/// So many resources are indexed in one transaction.
const CHUNK: usize = 500;

/// Brings the index up to changes that were just folded in.
pub(super) async fn keep(tx: &Tx, before: &Directory, after: &Directory, changes: &[pb::Change]) -> Result<(), Error> {
    let mut documents = Vec::new();
    let mut units: BTreeSet<Key> = BTreeSet::new();
    for resource in changes.iter().filter_map(|change| change.resource.as_ref()) {
        match resource {
            Resource::Unit(pb::Unit { name, .. }) | Resource::UnitCorrection(pb::UnitCorrection { unit: name, .. }) => {
                units.extend(name::collection_id(name, "units").and_then(|id| after.hierarchy().key_of(id)));
            }
            Resource::Reorganization(_) | Resource::ReorganizationRevocation(_) => units.extend(renamed(before, after)),
            Resource::Agreement(pb::Agreement { name, .. })
            | Resource::AgreementAction(pb::AgreementAction { agreement: name, .. }) => {
                let found = name::collection_id(name, "agreements").and_then(|id| after.agreements().get(id));
                documents.extend(found.map(|found| agreement(&found.resource)));
            }
            Resource::Programme(resource) => documents.push(programme(resource)),
            Resource::Marker(resource) => documents.push(marker(resource)),
            Resource::UnitKind(_)
            | Resource::Principal(_)
            | Resource::Grant(_)
            | Resource::RevokedGrant(_)
            | Resource::Target(_)
            | Resource::Section(_) => {}
        }
    }
    documents.extend(units.into_iter().map(|key| unit(after, key)));
    search::replace(tx, &documents).await?;
    // An index that is still being made stays marked so, whoever writes meanwhile.
    if search::indexed_position(tx).await? == before.position() {
        search::set_indexed_position(tx, after.position()).await?;
    }
    Ok(())
}

/// Indexes everything, if the index is not that of this database or of this program. Another process may write
/// meanwhile; then it begins again.
pub(super) async fn catch_up(registry: &Arc<Registry>) -> Result<(), Error> {
    loop {
        let directory = registry.now();
        if search::indexed_position(registry.store.reader()).await? == directory.position() {
            return Ok(());
        }
        tracing::info!(position = directory.position(), "the search index is made anew");
        let hierarchy = directory.hierarchy();
        let agreements = directory.agreements().values();
        let mut documents: Vec<Document> = hierarchy.keys().map(|key| unit(&directory, key)).collect();
        documents.extend(agreements.map(|found| agreement(&found.resource)));
        documents.extend(directory.programmes().values().map(|found| programme(found)));
        documents.extend(directory.markers().values().map(|found| marker(found)));
        let mut chunks = documents.chunks(CHUNK).peekable();
        while let Some(chunk) = chunks.next() {
            let position = directory.position();
            let complete = chunks.peek().is_none();
            if !write_chunk(registry, chunk.to_vec(), position, complete).await? {
                break;
            }
        }
    }
}

/// Writes a part of the index of a position; gives whether that is still the newest one. If not, the newest directory is
/// published.
async fn write_chunk(
    registry: &Arc<Registry>,
    chunk: Vec<Document>,
    position: i64,
    complete: bool,
) -> Result<bool, Error> {
    let work = {
        let registry = Arc::clone(registry);
        move |tx: Tx| {
            let (registry, chunk) = (Arc::clone(&registry), chunk.clone());
            async move {
                // Who writes the index holds the head, so that writers do not meet.
                let (_, newest) = registry.at_head(&tx).await?;
                if newest.position() == position {
                    search::replace(&tx, &chunk).await?;
                    if complete {
                        search::set_indexed_position(&tx, position).await?;
                    }
                }
                Ok::<_, Error>(newest)
            }
        }
    };
    let newest = registry.store.tx("registry.index", work).await?;
    if newest.position() == position {
        return Ok(true);
    }
    registry.publish(&newest);
    Ok(false)
}

/// The units whose names differ, and those that are new.
fn renamed(before: &Directory, after: &Directory) -> Vec<Key> {
    let (old, new) = (before.hierarchy(), after.hierarchy());
    let same = |key: &Key| key.index() < old.len() && std::ptr::eq(old.unit(*key), new.unit(*key));
    new.keys().filter(|key| !same(key)).collect()
}

/// A unit is found by all the names that it ever had, and by its aliases.
fn unit(directory: &Directory, key: Key) -> Document {
    let unit = directory.hierarchy().unit(key);
    let mut texts: Vec<String> = Vec::new();
    let names = unit.versions().iter().flat_map(|version| version.names.values());
    let aliases = directory
        .unit_record(key)
        .into_iter()
        .flat_map(|record| &record.details.aliases);
    for text in names.chain(aliases) {
        if !text.is_empty() && !texts.contains(text) {
            texts.push(text.clone());
        }
    }
    Document {
        resource: unit.id().name(),
        collection: Collection::Unit,
        texts,
    }
}

fn agreement(agreement: &pb::Agreement) -> Document {
    document(
        &agreement.name,
        Collection::Agreement,
        agreement.title.values().chain([&agreement.number]),
    )
}

fn programme(programme: &pb::Programme) -> Document {
    document(
        &programme.name,
        Collection::Programme,
        programme.title.values().chain([&programme.number]),
    )
}

fn marker(marker: &pb::Marker) -> Document {
    document(&marker.name, Collection::Marker, [&marker.number])
}

fn document<'a>(name: &str, collection: Collection, texts: impl IntoIterator<Item = &'a String>) -> Document {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    Document {
        resource: name.to_owned(),
        collection,
        texts: texts.cloned().collect(),
    }
}

//! What the resources in a report were called at its positions.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{date::Date, name};

/// Names by resource.
#[derive(Debug)]
pub struct Labels<'a> {
    directory: &'a Directory,
    /// Units are called as on this day, or as they were last before they ended.
    on: Option<Date>,
    names: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a> Labels<'a> {
    /// None yet.
    pub fn new(directory: &'a Directory, on: Option<Date>) -> Self {
        Self {
            directory,
            on,
            names: BTreeMap::new(),
        }
    }

    /// Whatever resource it is, if it is one that has names.
    pub fn any(&mut self, resource: &str) {
        self.unit(resource);
        self.programme(resource);
    }

    /// A unit, by its resource name.
    pub fn unit(&mut self, unit: &str) {
        let hierarchy = self.directory.hierarchy();
        let key = name::collection_id(unit, "units").and_then(|id| hierarchy.key_of(id));
        let Some(key) = key.filter(|_| !self.names.contains_key(unit)) else {
            return;
        };
        let known = hierarchy.unit(key);
        let then = self.on.and_then(|day| known.version_on(day));
        if let Some(version) = then.or_else(|| known.versions().last()) {
            self.names.insert(unit.to_owned(), (*version.names).clone());
        }
    }

    /// A programme, by its resource name.
    pub fn programme(&mut self, programme: &str) {
        let id = name::collection_id(programme, "programmes");
        if let Some(known) = id.and_then(|id| self.directory.programmes().get(id)) {
            self.names.insert(programme.to_owned(), known.title.clone());
        }
    }

    /// What a resource was called in a language, or else in Vietnamese.
    pub fn name(&self, resource: &str, language: &str) -> Option<String> {
        let names = self.names.get(resource)?;
        names.get(language).or_else(|| names.get("vi")).cloned()
    }

    /// All of them, by resource.
    pub fn list(self) -> Vec<pb::ResourceLabel> {
        let labels = self.names.into_iter();
        labels.map(|(name, names)| pb::ResourceLabel { name, names }).collect()
    }
}

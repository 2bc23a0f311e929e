//! Definitions: what an installation decides as data, indicators, periods and templates of reports. None is ever edited;
//! each has all its revisions, so that what was computed by one can be computed by it again.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1 as pb;
use banggiao_model::name;
use prost::Message;

use super::Error;

/// A kind of definition.
pub trait Definition: Message + Default + Clone + Send + Sync + 'static {
    /// How its names begin, as `indicators`.
    const COLLECTION: &'static str;

    /// Its resource name.
    fn name(&self) -> &str;
    /// The number of its revision.
    fn revision(&self) -> i32;
    /// Says which revision it is, and who wrote it when.
    fn written(&mut self, revision: i32, author: String, time: Option<prost_types::Timestamp>);
    /// Gives it its etag.
    fn set_etag(&mut self, etag: String);
    /// The shelf on which its kind stands.
    fn shelf(definitions: &Definitions) -> &Shelf<Self>;
}

macro_rules! definition {
    ($resource:ty, $collection:literal, $shelf:ident) => {
        impl Definition for $resource {
            const COLLECTION: &'static str = $collection;

            fn name(&self) -> &str {
                &self.name
            }

            fn revision(&self) -> i32 {
                self.revision
            }

            fn written(&mut self, revision: i32, author: String, time: Option<prost_types::Timestamp>) {
                (self.revision, self.author, self.create_time) = (revision, author, time);
            }

            fn set_etag(&mut self, etag: String) {
                self.etag = etag;
            }

            fn shelf(definitions: &Definitions) -> &Shelf<Self> {
                &definitions.$shelf
            }
        }
    };
}

definition!(pb::Indicator, "indicators", indicators);
definition!(pb::Period, "calendars", periods);
definition!(pb::ReportTemplate, "reportTemplates", templates);

/// All definitions of a kind, by id, each with its revisions in order.
#[derive(Debug, Clone)]
pub struct Shelf<D>(BTreeMap<String, Vec<D>>);

impl<D> Default for Shelf<D> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<D: Definition> Shelf<D> {
    /// Puts the next revision on the shelf.
    pub fn put(&mut self, revision: D) {
        let id = id_of::<D>(revision.name()).to_owned();
        self.0.entry(id).or_default().push(revision);
    }

    /// The newest revision, by id.
    #[must_use]
    pub fn newest(&self, id: &str) -> Option<&D> {
        self.0.get(id)?.last()
    }

    /// A revision, by id and number.
    #[must_use]
    pub fn revision(&self, id: &str, number: i32) -> Option<&D> {
        self.0.get(id)?.iter().find(|revision| revision.revision() == number)
    }

    /// The newest revisions, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &D)> {
        self.0
            .iter()
            .filter_map(|(id, revisions)| Some((id.as_str(), revisions.last()?)))
    }
}

/// Everything that is defined, as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    /// Indicators.
    pub indicators: Shelf<pb::Indicator>,
    /// Periods that somebody recorded or changed, by calendar and id as `campaign/2023-2024`.
    pub periods: Shelf<pb::Period>,
    /// Templates of reports.
    pub templates: Shelf<pb::ReportTemplate>,
}

/// The id under which a definition of that name stands on its shelf; of a period with its calendar.
#[must_use]
pub fn id_of<D: Definition>(name: &str) -> String {
    let id = name
        .strip_prefix(D::COLLECTION)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(name);
    id.replacen("/periods/", "/", 1)
}

/// The revisions by which something is computed: the newest, or those that an issued report names.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'a> {
    /// Everything that is defined.
    pub definitions: &'a Definitions,
    /// By name: the revision to take. What is not named is not there.
    pub pinned: Option<&'a BTreeMap<String, i32>>,
}

impl<'a> Edition<'a> {
    /// The newest revisions.
    #[must_use]
    pub fn newest(definitions: &'a Definitions) -> Self {
        Self {
            definitions,
            pinned: None,
        }
    }

    /// The revision of a definition to go by.
    #[must_use]
    pub fn get<D: Definition>(&self, id: &str) -> Option<&'a D> {
        let shelf = D::shelf(self.definitions);
        match self.pinned {
            None => shelf.newest(id),
            Some(pinned) => {
                let name = &shelf.newest(id)?.name();
                shelf.revision(id, *pinned.get(*name)?)
            }
        }
    }

    /// The indicator of that name (`indicators/joint-patrols`), or of that bare id or code in any case.
    #[must_use]
    pub fn indicator(&self, text: &str) -> Option<&'a pb::Indicator> {
        self.get(&name::code_to_id(text.strip_prefix("indicators/").unwrap_or(text)))
    }

    /// The indicator that a measure is called by; none for one that was defined where it was asked for.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<&'a pb::Indicator> {
        label
            .starts_with("indicators/")
            .then(|| self.indicator(label))
            .flatten()
    }
}

/// Refuses to go on from a revision that is not the newest.
///
/// # Errors
/// [`Error::StaleEtag`]; an empty etag goes on from whatever there is.
pub fn check_etag(given: &str, newest: &str) -> Result<(), Error> {
    if given.is_empty() || given == newest {
        return Ok(());
    }
    Err(Error::StaleEtag {
        given: given.to_owned(),
        newest: newest.to_owned(),
    })
}

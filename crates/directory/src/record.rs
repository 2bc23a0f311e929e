//! The records of a directory, besides the units, which the hierarchy holds.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::{registry::v1 as pb, r#type::v1::GeoPoint};
use banggiao_model::{
    level::{self, Level},
    permission,
};
use banggiao_rpc::wire;

/// When something was recorded, and where it was last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Registry position of the last change.
    pub position: i64,
    /// Time of recording.
    pub time: prost_types::Timestamp,
}

/// What is true of a unit whatever the day.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// Other ways in which it is written or was called.
    pub aliases: Vec<String>,
    /// Where it is, in words.
    pub locality: String,
    /// Whom to reach there.
    pub contacts: Vec<pb::Contact>,
    /// Where it is on the ground.
    pub point: Option<GeoPoint>,
}

/// What is recorded of a unit besides its history.
#[derive(Debug, Clone)]
pub struct UnitRecord {
    /// When it was recorded and last changed.
    pub recorded: Recorded,
    /// What is true of it whatever the day.
    pub details: Arc<Details>,
}

/// Kinds of units by code, shipped ones first, then those of the installation.
#[derive(Debug, Clone)]
pub struct Kinds(BTreeMap<Arc<str>, (Level, pb::UnitKind)>);

impl Default for Kinds {
    fn default() -> Self {
        let shipped = level::KINDS.iter().map(|kind| {
            let names = [("vi", kind.name_vi), ("en", kind.name_en)];
            let shown = pb::UnitKind {
                code: kind.code.to_owned(),
                level: wire::level_pb(kind.level).into(),
                names: names.map(|(language, name)| (language.into(), name.into())).into(),
            };
            (Arc::from(kind.code), (kind.level, shown))
        });
        Self(shipped.collect())
    }
}

impl Kinds {
    /// The level of a kind; absent for a code that is none.
    #[must_use]
    pub fn level(&self, code: &str) -> Option<(Arc<str>, Level)> {
        let (code, (level, _)) = self.0.get_key_value(code)?;
        Some((Arc::clone(code), *level))
    }

    /// All kinds, by code.
    pub fn iter(&self) -> impl Iterator<Item = &pb::UnitKind> {
        self.0.values().map(|(_, kind)| kind)
    }

    /// Adds a kind.
    pub(crate) fn add(&mut self, level: Level, kind: pb::UnitKind) {
        self.0.insert(Arc::from(kind.code.as_str()), (level, kind));
    }
}

/// The key of a target: programme, indicator, unit and period.
pub type TargetKey = (String, String, String, String);

/// The key of a target.
#[must_use]
pub fn target_key(target: &pb::Target) -> TargetKey {
    let part = String::clone;
    (
        part(&target.programme),
        part(&target.indicator),
        part(&target.unit),
        part(&target.period),
    )
}

/// A grant as recorded, and as permission reads it.
#[derive(Debug, Clone)]
pub struct Grant {
    /// As recorded.
    pub resource: pb::Grant,
    /// As permission reads it.
    pub grant: Arc<permission::Grant>,
}

//! The fold: how each change alters the directory.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_model::{
    date::Date,
    hierarchy::{self, Change, Hierarchy, Key},
    name::{self, UnitId},
    permission::{self, Action, Scope},
};
use banggiao_rpc::{Violations, wire as shared};

use crate::{
    record::{Agreement, Grant, Recorded},
    wire,
};

/// A change that does not fit. Of a change that was recorded it means that the feed is damaged, or newer than this
/// program; of a draft it is the registry's answer.
#[derive(Debug, thiserror::Error)]
#[error("change {position} of the registry cannot be applied: {fault}")]
pub struct Error {
    /// Position of the change.
    pub position: i64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a change.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It contradicts the history of the units.
    #[error("{}", joined(.0))]
    History(Vec<hierarchy::Violation>),
    /// It does not read as what it must be.
    #[error("{0}")]
    Malformed(String),
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self::Malformed(why)
    }
}

type Table<T> = Arc<BTreeMap<String, Arc<T>>>;

/// The registry's content as of a position. A clone shares everything until one of the two changes.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    epoch: i64,
    position: i64,
    hierarchy: Hierarchy,
    units: Arc<Vec<Recorded>>,
    reorganizations: Arc<Vec<Arc<pb::Reorganization>>>,
    agreements: Table<Agreement>,
    programmes: Table<pb::Programme>,
    markers: Table<pb::Marker>,
    principals: Table<pb::Principal>,
    grants: Table<Grant>,
    grants_by_principal: Arc<BTreeMap<String, Vec<permission::Grant>>>,
}

impl Directory {
    /// Position of the last change folded in; 0 before the first.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Epoch of the last change.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The units and their history.
    #[must_use]
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// When a unit was recorded, and the position at which it was last changed.
    #[must_use]
    pub fn unit_recorded(&self, unit: Key) -> Option<Recorded> {
        self.units.get(unit.index()).copied()
    }

    /// The reorganisations in the order in which they were recorded.
    #[must_use]
    pub fn reorganizations(&self) -> &[Arc<pb::Reorganization>] {
        &self.reorganizations
    }

    /// The agreements by id.
    #[must_use]
    pub fn agreements(&self) -> &BTreeMap<String, Arc<Agreement>> {
        &self.agreements
    }

    /// The programmes by id.
    #[must_use]
    pub fn programmes(&self) -> &BTreeMap<String, Arc<pb::Programme>> {
        &self.programmes
    }

    /// The boundary markers by id.
    #[must_use]
    pub fn markers(&self) -> &BTreeMap<String, Arc<pb::Marker>> {
        &self.markers
    }

    /// The principals by id.
    #[must_use]
    pub fn principals(&self) -> &BTreeMap<String, Arc<pb::Principal>> {
        &self.principals
    }

    /// The grants that were not revoked, by id.
    #[must_use]
    pub fn grants(&self) -> &BTreeMap<String, Arc<Grant>> {
        &self.grants
    }

    /// What a principal may reach by an action today: the one door to permission. It is always decided on the newest
    /// hierarchy, never on the day that a request asks about.
    #[must_use]
    pub fn scope(&self, principal: &str, action: Action, today: Date) -> Scope {
        let grants = self.grants_by_principal.get(principal).map_or(&[][..], Vec::as_slice);
        permission::scope(action, grants, &self.hierarchy, today)
    }

    /// Folds in the next change. If it does not fit, the directory is as it was.
    ///
    /// # Errors
    /// If the change is not the next one, or contradicts what is there.
    pub fn apply(&mut self, change: &pb::Change) -> Result<(), Error> {
        let fail = |fault: Fault| Error {
            position: change.position,
            fault,
        };
        if change.position != self.position + 1 {
            return Err(fail(format!("it comes after position {}", self.position).into()));
        }
        let recorded = Recorded {
            position: change.position,
            time: change.record_time.unwrap_or_default(),
        };
        match change
            .resource
            .as_ref()
            .ok_or_else(|| fail("it holds nothing that this version knows".to_owned().into()))?
        {
            Resource::Unit(unit) => self.unit(unit, recorded).map_err(fail)?,
            Resource::Reorganization(acts) => self.reorganization(acts, recorded).map_err(fail)?,
            Resource::Agreement(agreement) => {
                let id = bare(&agreement.name, "agreements").map_err(|why| fail(why.into()))?;
                let agreement = self.agreement(agreement).map_err(fail)?;
                Arc::make_mut(&mut self.agreements).insert(id, Arc::new(agreement));
            }
            Resource::Programme(programme) => {
                insert(&mut self.programmes, "programmes", &programme.name, programme).map_err(fail)?;
            }
            Resource::Marker(marker) => insert(&mut self.markers, "markers", &marker.name, marker).map_err(fail)?,
            Resource::Principal(principal) => {
                insert(&mut self.principals, "principals", &principal.name, principal).map_err(fail)?;
            }
            Resource::Grant(grant) => self.grant(grant).map_err(fail)?,
            Resource::RevokedGrant(name) => self.revoke(name).map_err(fail)?,
        }
        self.position = change.position;
        self.epoch = change.epoch;
        Ok(())
    }

    fn unit(&mut self, unit: &pb::Unit, recorded: Recorded) -> Result<(), Fault> {
        let mut violations = Violations::new();
        let id = UnitId::from_name(&unit.name).map_err(|error| error.to_string())?;
        let seed = wire::unit_seed(Some(id), unit, &mut violations.root());
        let seed = seed
            .filter(|_| violations.is_empty())
            .ok_or_else(|| listed(&violations))?;
        self.change(&Change::Unit(seed), recorded)?;
        Arc::make_mut(&mut self.units).push(recorded);
        Ok(())
    }

    fn reorganization(&mut self, text: &pb::Reorganization, recorded: Recorded) -> Result<(), Fault> {
        let mut violations = Violations::new();
        let id = bare(&text.name, "reorganizations")?;
        let acts = wire::reorganization(&id, text, &mut violations.root());
        let acts = acts
            .filter(|_| violations.is_empty())
            .ok_or_else(|| listed(&violations))?;
        let before = self.hierarchy.clone();
        self.change(&Change::Reorganization(acts), recorded)?;
        let units = Arc::make_mut(&mut self.units);
        for key in before.keys() {
            if before.unit(key).versions() != self.hierarchy.unit(key).versions() {
                units[key.index()].position = recorded.position;
            }
        }
        Arc::make_mut(&mut self.reorganizations).push(Arc::new(text.clone()));
        Ok(())
    }

    fn change(&mut self, change: &Change, recorded: Recorded) -> Result<(), Fault> {
        let position = u64::try_from(recorded.position).map_err(|error| error.to_string())?;
        self.hierarchy.apply(position, change).map_err(Fault::History)
    }

    /// An agreement with its parties and days at hand.
    ///
    /// # Errors
    /// If it names a unit that is not there, or a day that is none.
    fn agreement(&self, agreement: &pb::Agreement) -> Result<Agreement, Fault> {
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let mut parties = |names: &[String], field: &str| -> Vec<Key> {
            let units = shared::units(names, field, &mut scope);
            for unit in units.iter().filter(|unit| self.hierarchy.key(unit).is_none()) {
                scope.unknown(field, &unit.name());
            }
            units.iter().filter_map(|unit| self.hierarchy.key(unit)).collect()
        };
        let home_units = parties(&agreement.home_units, "home_units");
        let partner_units = parties(&agreement.partner_units, "partner_units");
        let sign_date = shared::day(&agreement.sign_date, "sign_date", &mut scope);
        let (start, end) = shared::days(&agreement.start_date, &agreement.end_date, &mut scope);
        let level = shared::level(agreement.level, "level", &mut scope);
        if !violations.is_empty() {
            return Err(listed(&violations).into());
        }
        Ok(Agreement {
            kind: agreement.kind(),
            level: level.unwrap_or(banggiao_model::level::Level::Other),
            home_units,
            partner_units,
            sign_date,
            start: start.or(sign_date),
            end,
            resource: agreement.clone(),
        })
    }

    fn grant(&mut self, grant: &pb::Grant) -> Result<(), Fault> {
        let mut violations = Violations::new();
        let id = bare(&grant.name, "grants")?;
        let parsed = wire::grant(grant, &mut violations.root());
        let (_, parsed) = parsed
            .filter(|_| violations.is_empty())
            .ok_or_else(|| listed(&violations))?;
        let record = Grant {
            resource: grant.clone(),
            grant: Arc::new(parsed),
        };
        Arc::make_mut(&mut self.grants).insert(id, Arc::new(record));
        self.index_grants();
        Ok(())
    }

    fn revoke(&mut self, name: &str) -> Result<(), Fault> {
        Arc::make_mut(&mut self.grants).remove(&bare(name, "grants")?);
        self.index_grants();
        Ok(())
    }

    /// Grants change seldom and are read on every call.
    fn index_grants(&mut self) {
        let mut index: BTreeMap<String, Vec<permission::Grant>> = BTreeMap::new();
        for record in self.grants.values() {
            if let Some(principal) = name::collection_id(&record.resource.principal, "principals") {
                index
                    .entry(principal.to_owned())
                    .or_default()
                    .push((*record.grant).clone());
            }
        }
        self.grants_by_principal = Arc::new(index);
    }
}

fn insert<T: Clone>(table: &mut Table<T>, collection: &str, name: &str, resource: &T) -> Result<(), Fault> {
    Arc::make_mut(table).insert(bare(name, collection)?, Arc::new(resource.clone()));
    Ok(())
}

fn bare(name: &str, collection: &str) -> Result<String, String> {
    let id = name::collection_id(name, collection);
    id.map(str::to_owned)
        .ok_or_else(|| format!("{name:?} is not of the form {collection}/{{id}}"))
}

fn listed(violations: &Violations) -> String {
    joined(violations.as_slice())
}

fn joined(violations: &[impl ToString]) -> String {
    violations
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

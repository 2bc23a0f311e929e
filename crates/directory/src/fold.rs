//! The fold: how each change alters the directory.

mod agreements;
mod reorganizations;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_model::{
    date::Date,
    hierarchy::{self, Change, Hierarchy, Key},
    name::{self, UnitId},
    permission::{self, Action, Role},
};
use banggiao_rpc::{Scope, Violations, wire as shared};

use crate::{
    agreement::{Action as Done, Agreement},
    record::{Details, Grant, Kinds, Recorded, TargetKey, UnitRecord, target_key},
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

/// What a principal may approve: for itself, and as the substitute of others.
#[derive(Debug, Clone, Default)]
pub struct ApproverScopes {
    /// By its own grants.
    pub own: permission::Scope,
    /// For others, by their ids: what it was given for them, and what they may approve themselves. It takes both.
    pub standing_in: Vec<(Arc<str>, [permission::Scope; 2])>,
}

type Table<T> = Arc<BTreeMap<String, Arc<T>>>;

/// The registry's content as of a position. A clone shares everything until one of the two changes.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    epoch: i64,
    position: i64,
    hierarchy: Hierarchy,
    units: Arc<Vec<UnitRecord>>,
    kinds: Arc<Kinds>,
    reorganizations: Arc<Vec<Arc<pb::Reorganization>>>,
    agreements: Table<Agreement>,
    programmes: Table<pb::Programme>,
    targets: Arc<BTreeMap<TargetKey, Arc<pb::Target>>>,
    markers: Table<pb::Marker>,
    sections: Table<pb::Section>,
    principals: Table<pb::Principal>,
    grants: Table<Grant>,
    revoked_tokens: Table<pb::Token>,
    /// Everybody who ever administered everything, by id.
    administrators: Arc<BTreeSet<String>>,
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

    /// What is recorded of a unit besides its history.
    #[must_use]
    pub fn unit_record(&self, unit: Key) -> Option<&UnitRecord> {
        self.units.get(unit.index())
    }

    /// The kinds of units.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
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

    /// The targets of programmes, by programme, indicator, unit and period.
    #[must_use]
    pub fn targets(&self) -> &BTreeMap<TargetKey, Arc<pb::Target>> {
        &self.targets
    }

    /// The sections of borders by id.
    #[must_use]
    pub fn sections(&self) -> &BTreeMap<String, Arc<pb::Section>> {
        &self.sections
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

    /// Everybody who ever administered everything, by id, whatever became of it.
    #[must_use]
    pub fn administrators_ever(&self) -> &BTreeSet<String> {
        &self.administrators
    }

    /// The tokens that were revoked, by id.
    #[must_use]
    pub fn revoked_tokens(&self) -> &BTreeMap<String, Arc<pb::Token>> {
        &self.revoked_tokens
    }

    /// Whether a principal is let in with a token: neither was disabled or revoked. A principal that is not known here
    /// is let in, and may do nothing.
    #[must_use]
    pub fn admits(&self, principal: &str, token: &str) -> bool {
        let disabled = self.principals.get(principal).is_some_and(|known| known.disabled);
        !disabled && !self.revoked_tokens.contains_key(token)
    }

    /// What a principal may reach by an action today: the one door to permission. It is always decided on the newest
    /// hierarchy, never on the day that a request asks about.
    #[must_use]
    pub fn scope(&self, principal: &str, action: Action, today: Date) -> permission::Scope {
        let grants = self.grants_of(principal);
        if grants.iter().all(|grant| grant.substitute_for.is_none()) {
            return permission::scope(action, grants, &self.hierarchy, today);
        }
        // Whoever stands in for somebody has no more than that one has today.
        let grants = grants.iter().filter(|grant| match &grant.substitute_for {
            None => true,
            Some(one) => self.own_approver_grants(one).any(|own| own.holds_on(today)),
        });
        let grants: Vec<permission::Grant> = grants.cloned().collect();
        permission::scope(action, &grants, &self.hierarchy, today)
    }

    fn own_approver_grants(&self, principal: &str) -> impl Iterator<Item = &permission::Grant> {
        let grants = self.grants_of(principal).iter();
        grants.filter(|own| own.role == Role::Approver && own.substitute_for.is_none())
    }

    /// What a principal may approve today for itself, and what for each of those it stands in for, by their ids.
    #[must_use]
    pub fn approver_scopes(&self, principal: &str, today: Date) -> ApproverScopes {
        let scope = |substituted: Option<&Arc<str>>| {
            let grants = self.grants_of(principal).iter();
            let grants = grants.filter(|grant| grant.substitute_for.as_ref() == substituted);
            let grants: Vec<permission::Grant> = grants.cloned().collect();
            permission::scope(Action::ApproveEvent, &grants, &self.hierarchy, today)
        };
        let grants = self.grants_of(principal).iter();
        let substituted: BTreeSet<&Arc<str>> = grants.filter_map(|grant| grant.substitute_for.as_ref()).collect();
        let standing_in = substituted.into_iter().map(|one| {
            let own: Vec<permission::Grant> = self.own_approver_grants(one).cloned().collect();
            let of_one = permission::scope(Action::ApproveEvent, &own, &self.hierarchy, today);
            (Arc::clone(one), [scope(Some(one)), of_one])
        });
        ApproverScopes {
            own: scope(None),
            standing_in: standing_in.collect(),
        }
    }

    /// The grants that give a principal anything, whatever the day.
    #[must_use]
    pub fn grants_of(&self, principal: &str) -> &[permission::Grant] {
        self.grants_by_principal.get(principal).map_or(&[][..], Vec::as_slice)
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
            Resource::UnitCorrection(correction) => self.correction(correction, recorded).map_err(fail)?,
            Resource::UnitKind(kind) => self.kind(kind).map_err(fail)?,
            Resource::Reorganization(acts) => self.reorganization(acts, recorded).map_err(fail)?,
            Resource::ReorganizationRevocation(revocation) => self.revocation(revocation, recorded).map_err(fail)?,
            Resource::Agreement(agreement) => self.agreement(agreement).map_err(fail)?,
            Resource::AgreementAction(action) => self.agreement_action(action).map_err(fail)?,
            Resource::Target(target) => self.target(target),
            Resource::Section(section) => {
                insert(&mut self.sections, "sections", &section.name, section).map_err(fail)?;
            }
            Resource::Programme(programme) => {
                insert(&mut self.programmes, "programmes", &programme.name, programme).map_err(fail)?;
            }
            Resource::Marker(marker) => insert(&mut self.markers, "markers", &marker.name, marker).map_err(fail)?,
            Resource::Principal(principal) => {
                insert(&mut self.principals, "principals", &principal.name, principal).map_err(fail)?;
                self.index_grants();
            }
            Resource::Grant(grant) => self.grant(grant).map_err(fail)?,
            Resource::RevokedGrant(name) => self.revoke(name).map_err(fail)?,
            Resource::RevokedToken(token) => {
                insert(&mut self.revoked_tokens, "tokens", &token.name, token).map_err(fail)?;
            }
        }
        self.position = change.position;
        self.epoch = change.epoch;
        Ok(())
    }

    fn unit(&mut self, unit: &pb::Unit, recorded: Recorded) -> Result<(), Fault> {
        let id = UnitId::from_name(&unit.name).map_err(|error| error.to_string())?;
        let (seed, details) = read(|scope| {
            let seed = wire::unit_seed(Some(id), unit, &self.kinds, scope);
            seed.zip(Some(wire::details_of_unit(unit, scope)))
        })?;
        self.change(&Change::Unit(seed), recorded)?;
        self.enter(recorded, details);
        Ok(())
    }

    /// A unit that the hierarchy has taken gets its record.
    fn enter(&mut self, recorded: Recorded, details: Details) {
        let details = Arc::new(details);
        Arc::make_mut(&mut self.units).push(UnitRecord { recorded, details });
    }

    fn kind(&mut self, kind: &pb::UnitKind) -> Result<(), Fault> {
        let level = read(|scope| shared::level(kind.level, "level", scope))?;
        Arc::make_mut(&mut self.kinds).add(level, kind.clone());
        Ok(())
    }

    fn change(&mut self, change: &Change, recorded: Recorded) -> Result<(), Fault> {
        let position = u64::try_from(recorded.position).map_err(|error| error.to_string())?;
        if let Change::Unit(_) = change {
            // A unit that begins changes no other. There are thousands of them, and a copy to compare with is not free.
            return self.hierarchy.apply(position, change).map_err(Fault::History);
        }
        let before = self.hierarchy.clone();
        self.hierarchy.apply(position, change).map_err(Fault::History)?;
        let units = Arc::make_mut(&mut self.units);
        for (key, unit) in before.keys().zip(units.iter_mut()) {
            let (old, new) = (before.unit(key), self.hierarchy.unit(key));
            if !std::ptr::eq(old, new) && old.versions() != new.versions() {
                unit.recorded.position = recorded.position;
            }
        }
        Ok(())
    }

    fn grant(&mut self, grant: &pb::Grant) -> Result<(), Fault> {
        let id = bare(&grant.name, "grants")?;
        let (principal, parsed) = read(|scope| wire::grant(grant, scope))?;
        if parsed.role == Role::Administrator && parsed.unit.is_none() && !grant.proposed {
            Arc::make_mut(&mut self.administrators).insert(principal);
        }
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
        for record in self.grants.values().filter(|record| !record.resource.proposed) {
            if let Some(principal) = name::collection_id(&record.resource.principal, "principals") {
                // Whoever is disabled keeps its grants, and they give nothing.
                if self.principals.get(principal).is_some_and(|known| known.disabled) {
                    continue;
                }
                index
                    .entry(principal.to_owned())
                    .or_default()
                    .push((*record.grant).clone());
            }
        }
        self.grants_by_principal = Arc::new(index);
    }
}

/// Reads what was recorded; a fault in it is a fault of the feed.
fn read<T>(parse: impl FnOnce(&mut Scope<'_>) -> Option<T>) -> Result<T, Fault> {
    let mut violations = Violations::new();
    let read = parse(&mut violations.root());
    read.filter(|_| violations.is_empty())
        .ok_or_else(|| Fault::Malformed(listed(&violations)))
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

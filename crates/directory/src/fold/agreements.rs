//! Agreements and what is done to them.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, AgreementActionKind as Kind};
use banggiao_model::{hierarchy::Key, level::Level};
use banggiao_rpc::{Scope, wire as shared};

use super::{Directory, Done, Fault, bare, read, target_key};
use crate::{agreement::Agreement, wire};

impl Directory {
    /// An agreement as recorded, or as corrected: what was done to it stays done.
    pub(super) fn agreement(&mut self, agreement: &pb::Agreement) -> Result<(), Fault> {
        let id = bare(&agreement.name, "agreements")?;
        let mut record = self.read_agreement(agreement)?;
        if let Some(before) = self.agreements.get(&id) {
            record.actions.clone_from(&before.actions);
            if before.is_settled() {
                // From then on its days are a matter of its actions.
                record.first_end = before.first_end;
            }
        }
        Arc::make_mut(&mut self.agreements).insert(id, Arc::new(record));
        Ok(())
    }

    fn read_agreement(&self, agreement: &pb::Agreement) -> Result<Agreement, Fault> {
        read(|scope| {
            let home_units = self.known_units(&agreement.home_units, "home_units", scope);
            let partner_units = self.known_units(&agreement.partner_units, "partner_units", scope);
            let sign_date = shared::day(&agreement.sign_date, "sign_date", scope);
            let (start, end) = shared::days(&agreement.start_date, &agreement.end_date, scope);
            let level = shared::level(agreement.level, "level", scope);
            Some(Agreement {
                kind: agreement.kind(),
                level: level.unwrap_or(Level::Other),
                home_units,
                partner_units,
                sign_date,
                start: start.or(sign_date),
                end,
                first_end: end,
                actions: Vec::new(),
                resource: agreement.clone(),
            })
        })
    }

    fn known_units(&self, names: &[String], field: &str, scope: &mut Scope<'_>) -> Vec<Key> {
        let units = shared::units(names, field, scope);
        for unit in units.iter().filter(|unit| self.hierarchy.key(unit).is_none()) {
            scope.unknown(field, &unit.name());
        }
        units.iter().filter_map(|unit| self.hierarchy.key(unit)).collect()
    }

    pub(super) fn agreement_action(&mut self, action: &pb::AgreementAction) -> Result<(), Fault> {
        let id = bare(&action.agreement, "agreements")?;
        let before = self.agreements.get(&id).map(Arc::clone);
        let before = before.ok_or_else(|| format!("{} is not there", action.agreement))?;
        let done = self.read_action(action)?;
        let mut resource = before.resource.clone();
        match done.kind {
            Kind::Signed | Kind::Amended => {
                let (new, mask) = (action.amended.clone().unwrap_or_default(), &action.update_mask);
                let paths = mask.as_ref().map_or(&[][..], |mask| &mask.paths);
                resource = wire::AGREEMENT_FIELDS.lay_over(resource, &new, paths);
            }
            Kind::Extended => resource.end_date.clone_from(&action.end_date),
            Kind::Unspecified
            | Kind::Suspended
            | Kind::Resumed
            | Kind::Terminated
            | Kind::Withdrawn
            | Kind::Succeeded => {}
        }
        resource.etag = action.registry_position.to_string();
        resource.registry_position = action.registry_position;
        let mut after = self.read_agreement(&resource)?;
        if done.kind == Kind::Extended {
            after.first_end = before.first_end;
        }
        after.actions.clone_from(&before.actions);
        after.actions.push(Arc::new(done));
        Arc::make_mut(&mut self.agreements).insert(id, Arc::new(after));
        Ok(())
    }

    fn read_action(&self, action: &pb::AgreementAction) -> Result<Done, Fault> {
        read(|scope| {
            let date = shared::required_day(&action.date, "date", scope);
            let end = shared::day(&action.end_date, "end_date", scope);
            let mut unit = |name: &String, field| self.known_units(std::slice::from_ref(name), field, scope).pop();
            let succession = if action.kind() == Kind::Succeeded {
                unit(&action.from_unit, "from_unit").zip(unit(&action.to_unit, "to_unit"))
            } else {
                None
            };
            Some(Done {
                kind: action.kind(),
                date: date?,
                end,
                succession,
                resource: action.clone(),
            })
        })
    }

    /// A target is set anew; without a value there is none any more.
    pub(super) fn target(&mut self, target: &pb::Target) {
        let targets = Arc::make_mut(&mut self.targets);
        if target.value.is_empty() {
            targets.remove(&target_key(target));
        } else {
            targets.insert(target_key(target), Arc::new(target.clone()));
        }
    }
}

//! Reorganisations, their revocation, and corrections of units.

use std::sync::Arc;

use banggiao_contracts::registry::v1 as pb;
use banggiao_model::hierarchy::Change;

use super::{Details, Directory, Fault, Recorded, bare, read};
use crate::wire;

impl Directory {
    pub(super) fn reorganization(&mut self, text: &pb::Reorganization, recorded: Recorded) -> Result<(), Fault> {
        let id = bare(&text.name, "reorganizations")?;
        let acts = read(|scope| wire::reorganization(&id, text, &self.kinds, scope))?;
        // Units that the acts establish get their keys in the order of the acts.
        let established = text.acts.iter().filter_map(wire::established);
        let details = established
            .map(|unit| read(|scope| Some(wire::details_of_unit(unit, scope))))
            .collect::<Result<Vec<Details>, _>>()?;
        self.change(&Change::Reorganization(acts), recorded)?;
        for details in details {
            self.enter(recorded, details);
        }
        Arc::make_mut(&mut self.reorganizations).push(Arc::new(text.clone()));
        Ok(())
    }

    pub(super) fn revocation(
        &mut self,
        revocation: &pb::ReorganizationRevocation,
        recorded: Recorded,
    ) -> Result<(), Fault> {
        let reorganization = bare(&revocation.reorganization, "reorganizations")?;
        self.change(&Change::Revocation { reorganization }, recorded)?;
        for acts in Arc::make_mut(&mut self.reorganizations) {
            if acts.name == revocation.reorganization {
                Arc::make_mut(acts).revocation = Some(revocation.clone());
            }
        }
        Ok(())
    }

    pub(super) fn correction(&mut self, text: &pb::UnitCorrection, recorded: Recorded) -> Result<(), Fault> {
        let (unit, correction, details) = read(|scope| wire::correction(text, &self.kinds, scope))?;
        let key = self
            .hierarchy
            .key(&unit)
            .ok_or_else(|| format!("{unit} is not there"))?;
        if let Some(correction) = correction {
            self.change(&Change::Correction(correction), recorded)?;
        }
        let record = &mut Arc::make_mut(&mut self.units)[key.index()];
        record.recorded.position = recorded.position;
        record.details = Arc::new(details);
        Ok(())
    }
}

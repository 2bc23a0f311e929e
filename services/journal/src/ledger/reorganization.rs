//! Reorganisations of units as the registry told of them: each stands in the log before whatever was written in knowledge
//! of it, so that it is proved for ever on which organisation a record and a signed report rest.

use std::sync::{Mutex, PoisonError};

use banggiao_contracts::{
    journal::v1::{self as pb, ledger_reorganization::Change},
    registry::v1 as registry,
};
use banggiao_directory::Directory;
use banggiao_ledger::Kind;
use banggiao_store::Session;
use prost::Message;

use super::New;
use crate::{domain::Error, store::revision};

/// What the registry did to its units and the log does not know yet, in the registry's order.
#[derive(Debug, Clone, Default)]
pub struct Unheard {
    changes: Vec<pb::LedgerReorganization>,
    /// How many the log knows.
    known: i32,
}

impl Unheard {
    /// What becomes an entry each; nothing the second time.
    pub fn take(&mut self) -> impl Iterator<Item = New<'static>> + use<> {
        let first = self.known;
        let changes = std::mem::take(&mut self.changes);
        self.known = first.saturating_add(i32::try_from(changes.len()).unwrap_or(i32::MAX));
        changes.into_iter().zip(first..).map(|(change, before)| New {
            kind: Kind::Reorganization,
            id: revision::REORGANIZATION,
            number: before.saturating_add(1),
            content: change.encode_to_vec(),
            principal: "",
            request: None,
            part: 0,
            registry_position: change.registry_position,
        })
    }
}

/// Up to which registry position it is known that the log has everything, and in which of its epochs.
#[derive(Debug, Default)]
pub struct Heard(Mutex<(i64, i64)>);

impl Heard {
    /// What the directory tells and the log of this epoch does not know. As a rule nothing has happened since this was asked
    /// last, and the database is not asked.
    ///
    /// # Errors
    /// If the database is away, or the last such entry does not read.
    pub async fn unheard(&self, tx: &impl Session, epoch: i64, directory: &Directory) -> Result<Unheard, Error> {
        let reached = directory.position();
        let heard = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = if heard.0 == epoch { heard.1 } else { 0 };
        if reached <= heard {
            return Ok(Unheard::default());
        }
        let mut unheard = Unheard {
            changes: after(directory, heard),
            known: 0,
        };
        if !unheard.changes.is_empty()
            && let Some(newest) = revision::newest_of(tx, Kind::Reorganization, revision::REORGANIZATION).await?
        {
            let known = decoded(&newest)?.registry_position;
            if reached < known {
                tracing::warn!(reached, known, "the registry tells of less than the log has heard of");
            }
            unheard.changes.retain(|change| change.registry_position > known);
            unheard.known = newest.number;
        }
        if unheard.changes.is_empty() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (epoch, reached);
        }
        Ok(unheard)
    }
}

/// What was done to units after a position, in order.
fn after(directory: &Directory, position: i64) -> Vec<pb::LedgerReorganization> {
    let told = |at: i64, change: Change| pb::LedgerReorganization {
        registry_epoch: directory.epoch(),
        registry_position: at,
        change: Some(change),
    };
    let mut changes = Vec::new();
    for reorganization in directory.reorganizations() {
        if reorganization.registry_position > position {
            let as_recorded = registry::Reorganization {
                revocation: None,
                ..(**reorganization).clone()
            };
            changes.push(told(as_recorded.registry_position, Change::Reorganization(as_recorded)));
        }
        let revocation = reorganization.revocation.as_ref();
        if let Some(revocation) = revocation.filter(|revocation| revocation.registry_position > position) {
            changes.push(told(
                revocation.registry_position,
                Change::Revocation(revocation.clone()),
            ));
        }
    }
    changes.sort_by_key(|change| change.registry_position);
    changes
}

fn decoded(model: &revision::Model) -> Result<pb::LedgerReorganization, Error> {
    pb::LedgerReorganization::decode(model.content.as_slice()).map_err(|error| model.damaged(&error).into())
}

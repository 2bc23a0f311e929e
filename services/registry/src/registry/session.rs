//! Changes under way: what is drafted behind the locked head, until it is stored.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, changes};
use banggiao_runtime::Seams;
use banggiao_store::{Tx, head};

use crate::domain::Error;

/// Changes under way: each is folded in as soon as it is drafted, so that the next sees it.
pub(super) struct Session {
    pub(super) directory: Directory,
    pub(super) position: i64,
    pub(super) epoch: i64,
    pub(super) author: String,
    pub(super) time: prost_types::Timestamp,
    pub(super) micros: i64,
    pub(super) changes: Vec<pb::Change>,
}

impl Session {
    pub(super) fn open(seams: &Seams, author: &str, directory: Directory, epoch: i64) -> Self {
        let now = seams.clock.now();
        let time = prost_types::Timestamp {
            seconds: now.as_second(),
            nanos: now.subsec_nanosecond(),
        };
        let position = directory.position();
        Self {
            directory,
            position,
            epoch,
            author: author.to_owned(),
            time,
            micros: now.as_microsecond(),
            changes: vec![],
        }
    }

    /// Gives the resource its place, folds it in, and says at which position.
    pub(super) fn record(&mut self, mut resource: Resource) -> Result<i64, Error> {
        let position = self.position + 1;
        stamp(&mut resource, position, self.time, &self.author);
        let change = pb::Change {
            position,
            epoch: self.epoch,
            record_time: Some(self.time),
            author: self.author.clone(),
            resource: Some(resource),
        };
        self.directory.apply(&change).map_err(|error| {
            let field = match &change.resource {
                Some(Resource::Unit(_) | Resource::UnitCorrection(_)) => "unit",
                Some(Resource::Reorganization(_)) => "reorganization",
                _ => "",
            };
            Error::from(error).within(field)
        })?;
        self.position = position;
        self.changes.push(change);
        Ok(position)
    }

    pub(super) async fn store(&self, tx: &Tx, head: &mut head::Model) -> Result<(), Error> {
        if self.changes.is_empty() {
            return Ok(());
        }
        changes::append(tx, &self.changes).await?;
        head.position = self.position;
        // Recorded times never run backwards, whatever the clock does.
        head.recorded_at = head.recorded_at.max(self.micros);
        Ok(head::advance(tx, head).await?)
    }
}

/// Where, when and by whom something was recorded is nobody's to say but the registry's.
fn stamp(resource: &mut Resource, position: i64, time: prost_types::Timestamp, author: &str) {
    let etag = position.to_string();
    match resource {
        Resource::Unit(unit) => {
            (unit.registry_position, unit.create_time, unit.etag) = (position, Some(time), etag);
        }
        Resource::Reorganization(acts) => {
            (acts.registry_position, acts.create_time) = (position, Some(time));
            author.clone_into(&mut acts.author);
        }
        Resource::Agreement(agreement) => {
            (agreement.registry_position, agreement.etag) = (position, etag);
            agreement.create_time.get_or_insert(time);
        }
        Resource::Programme(programme) => {
            (programme.registry_position, programme.etag) = (position, etag);
            programme.create_time.get_or_insert(time);
        }
        Resource::Marker(marker) => {
            (marker.registry_position, marker.etag) = (position, etag);
            marker.create_time.get_or_insert(time);
        }
        Resource::Principal(principal) => {
            (principal.registry_position, principal.etag) = (position, etag);
            principal.create_time.get_or_insert(time);
        }
        Resource::Grant(grant) => {
            grant.registry_position = position;
            grant.create_time.get_or_insert(time);
        }
        Resource::RevokedToken(token) => {
            (token.registry_position, token.revoke_time) = (position, Some(time));
            author.clone_into(&mut token.revoked_by);
        }
        Resource::ReorganizationRevocation(revocation) => {
            (revocation.registry_position, revocation.create_time) = (position, Some(time));
            author.clone_into(&mut revocation.author);
        }
        Resource::AgreementAction(action) => {
            (action.registry_position, action.create_time) = (position, Some(time));
            author.clone_into(&mut action.author);
        }
        Resource::Target(target) => {
            (target.registry_position, target.create_time) = (position, Some(time));
            author.clone_into(&mut target.author);
        }
        Resource::Section(section) => (section.registry_position, section.create_time) = (position, Some(time)),
        Resource::RevokedGrant(_) | Resource::UnitCorrection(_) | Resource::UnitKind(_) => {}
    }
}

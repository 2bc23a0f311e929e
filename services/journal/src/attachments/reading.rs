//! Who may read an attachment, and name it: whoever uploaded it, and whoever an event shows it to.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::identity::Caller;

use super::Readable;
use crate::{
    domain::{Error, attachment, command::Authority, filter::Order},
    journal::Journal,
    store::{self, attachment::upload, revision},
};

/// So many events, or revisions of one, are looked at before the next ones are read.
const CHUNK: u64 = 100;

impl Journal {
    /// An attachment that the caller may read.
    ///
    /// # Errors
    /// [`Error::NoSuchAttachment`] for those who may read everything, [`Error::Denied`] for all others, whether it is
    /// hidden or absent.
    pub async fn attachment(&self, caller: &Caller, digest: &str) -> Result<Readable, Error> {
        let directory = self.follower().now();
        let refused = || {
            if self.scope(caller, Action::ReadEvent, &directory).is_everything() {
                Error::NoSuchAttachment(attachment::name_of(digest))
            } else {
                Error::Denied
            }
        };
        let db = self.store().reader();
        let row = store::attachment::find(db, digest).await?.ok_or_else(refused)?;
        let uploaded_at = upload::find(db, digest, &caller.principal).await?;
        // Who may no longer record has no business with what he or she did not get to record.
        let of_own = uploaded_at.is_some() && !self.scope(caller, Action::RecordEvent, &directory).is_empty();
        if of_own || self.shows(caller, digest, &directory).await? {
            Ok(Readable { row, uploaded_at })
        } else {
            Err(refused())
        }
    }

    /// Digests of those attachments among the ones that events name, which the caller may name: those that the caller
    /// uploaded or may read.
    pub async fn nameable<'a>(
        &self,
        caller: &Caller,
        authority: &Authority,
        events: impl IntoIterator<Item = &'a pb::Event>,
    ) -> Result<BTreeSet<String>, Error> {
        let named = attachment::named(events);
        if named.is_empty() {
            return Ok(named);
        }
        let db = self.store().reader();
        let stored = store::attachment::stored(db, &named).await?;
        let mut nameable = if self.scope(caller, Action::RecordEvent, &authority.directory).is_empty() {
            BTreeSet::new()
        } else {
            upload::of_principal(db, &stored, &caller.principal).await?
        };
        for digest in stored {
            if !nameable.contains(&digest) && self.shows(caller, &digest, &authority.directory).await? {
                nameable.insert(digest);
            }
        }
        Ok(nameable)
    }

    /// Whether an event shows the attachment to the caller, who may read its newest revision, and one that names it.
    async fn shows(&self, caller: &Caller, digest: &str, directory: &Directory) -> Result<bool, Error> {
        let scope = self.scope(caller, Action::ReadEvent, directory);
        let name = attachment::name_of(digest);
        let db = self.store().reader();
        let mut after = None;
        loop {
            let condition = store::filter::naming(digest, &scope, directory.hierarchy());
            let rows = store::event::list(db, condition, Order::Newest, after.as_ref(), CHUNK).await?;
            for row in &rows {
                if self.event_shows(caller, row, &name).await? {
                    return Ok(true);
                }
            }
            match rows.last() {
                Some(last) => after = Some(last.key(Order::Newest)),
                None => return Ok(false),
            }
        }
    }

    async fn event_shows(&self, caller: &Caller, row: &store::event::Model, name: &str) -> Result<bool, Error> {
        let db = self.store().reader();
        let names = |event: &pb::Event| event.attachments.iter().any(|given| given.attachment == name);
        let newest = revision::at(db, &[row.log_index]).await?.remove(&row.log_index);
        let newest = newest.ok_or(banggiao_store::Error::Missing("a newest revision"))?;
        match self.shown_event(caller, &newest).await? {
            Some(event) if names(&event) => return Ok(true),
            Some(_) => {}
            None => return Ok(false),
        }
        let mut after = 0;
        loop {
            let models = revision::of_event(db, &row.id, after, CHUNK).await?;
            for model in &models {
                if self
                    .shown_event(caller, model)
                    .await?
                    .is_some_and(|event| names(&event))
                {
                    return Ok(true);
                }
            }
            match models.last() {
                Some(last) => after = last.number,
                None => return Ok(false),
            }
        }
    }
}

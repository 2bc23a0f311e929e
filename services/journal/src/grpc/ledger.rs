//! `LedgerService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::journal::v1::{self as pb, ledger_service_server::LedgerService};
use banggiao_ledger::{Hash, Node, proof};
use banggiao_model::permission::Action;
use banggiao_rpc::{
    Violations, audit, feed,
    identity::{Authenticate, Caller},
    request::RequestId,
    wire,
};
use banggiao_store::head;
use prost::Message;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, status::refuse};
use crate::{
    domain::{Error, checked},
    journal::Journal,
    ledger::{self, Declared, Signed},
    store::{node, revision, tree},
};

/// So many entries are read at once.
const READ_ENTRIES: u64 = 1000;
/// A declaration has no longer reason.
const REASON_MAX: usize = 500;

#[tonic::async_trait]
impl LedgerService for Calls {
    async fn get_checkpoint(
        &self,
        request: Request<pb::GetCheckpointRequest>,
    ) -> Result<Response<pb::Checkpoint>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let mut violations = Violations::new();
        let min = wire::position(request.get_ref().min_log_index, "min_log_index", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let signed = self.journal.ledger().checkpoint(min).await.map_err(refuse)?;
        Ok(Response::new(shown(&signed)))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<pb::GetInclusionProofRequest>,
    ) -> Result<Response<pb::GetInclusionProofResponse>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let id = wire::required_id(&request.event, "events", "event", &mut scope);
        wire::position(request.revision.into(), "revision", &mut scope);
        let size = wire::position(request.tree_size, "tree_size", &mut scope);
        let id = checked(id, violations).map_err(refuse)?;
        let (caller, number) = (&authorized.caller, request.revision);
        let (model, revision) = self.journal.revision(caller, &id, number).await.map_err(refuse)?;
        let mut entry = entry(&model);
        // What the caller may not see of the event stands in the bytes, too.
        if let Some(event) = revision.event {
            let seen = self.journal.reader(caller).shown(event.clone()).await;
            if seen == event {
                open(&mut entry, model);
            }
        }
        let leaf = ledger::unsigned(entry.log_index - 1);
        let (size, checkpoint) = self.size(size, leaf + 1).await.map_err(refuse)?;
        let Some(path) = proof::inclusion(leaf, size) else {
            let (entry, field) = (entry.log_index, "tree_size");
            return Err(DOMAIN.invalid_field(
                banggiao_rpc::violation::reason::INVALID_FIELD,
                field,
                format!("the log of {size} entries does not hold entry {entry} yet"),
            ));
        };
        let hashes = self.hashes(path).await.map_err(refuse)?;
        Ok(Response::new(pb::GetInclusionProofResponse {
            entry: Some(entry),
            tree_size: signed(size),
            hashes,
            checkpoint,
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<pb::GetConsistencyProofRequest>,
    ) -> Result<Response<pb::GetConsistencyProofResponse>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let old = wire::position(request.old_tree_size, "old_tree_size", &mut scope);
        let new = wire::position(request.new_tree_size, "new_tree_size", &mut scope);
        if new != 0 && old > new {
            scope.invalid("old_tree_size", format!("{old} is larger than {new}"));
        }
        checked(Some(()), violations).map_err(refuse)?;
        let (size, checkpoint) = self.size(new, old).await.map_err(refuse)?;
        let path = proof::consistency(old, size).unwrap_or_default();
        let hashes = self.hashes(path).await.map_err(refuse)?;
        Ok(Response::new(pb::GetConsistencyProofResponse {
            new_tree_size: signed(size),
            hashes,
            checkpoint,
        }))
    }

    type ListEntriesStream = Pin<Box<dyn Stream<Item = Result<pb::ListEntriesResponse, Status>> + Send>>;

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<Self::ListEntriesStream>, Status> {
        let authorized = self.authorize(&request, Action::ReadFeed).await?;
        let listing = Listing {
            journal: Arc::clone(&self.journal),
            auth: self.auth.clone(),
            caller: authorized.caller,
            with_content: request.into_inner().include_content,
        };
        listing.may_read()?;
        let head = head::read(self.journal.store().reader()).await;
        let head = head.map_err(|error| refuse(error.into()))?;
        let ledger = self.journal.ledger();
        let (signed, not_sound) = match ledger.checkpoint(ledger::unsigned(head.position)).await {
            // Of all logs those want to be looked at.
            Err(Error::Frozen(why) | Error::DamagedLog(why)) => (ledger.kept().await, why.to_string()),
            signed => (signed, String::new()),
        };
        Ok(Response::new(listing.stream(head, signed.map_err(refuse)?, not_sound)))
    }

    async fn recover_log(
        &self,
        request: Request<pb::RecoverLogRequest>,
    ) -> Result<Response<pb::LedgerRecovery>, Status> {
        let authorized = self.authorize_everywhere(&request, Action::ManageAccess).await?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let id = RequestId::take("RecoverLog", &mut request, |r| &mut r.request_id, &mut scope);
        if request.reason.trim().is_empty() {
            scope.required("reason");
        }
        let reason = wire::line(&request.reason, REASON_MAX, "reason", &mut scope);
        checked(Some(()), violations).map_err(refuse)?;
        audit::about("ledger");
        let declared = Declared {
            principal: Arc::clone(&authorized.caller.principal),
            reason,
            request: id.map(|id| (id.id, id.digest)),
        };
        let recovery = self.journal.ledger().recover(declared).await.map_err(refuse)?;
        self.journal.moved(feed::Head {
            epoch: recovery.epoch,
            position: recovery.log_index,
        });
        Ok(Response::new(recovery))
    }
}

impl Calls {
    /// The size that was asked for, or else that of a checkpoint of at least so many entries, which comes with it.
    async fn size(&self, asked: u64, at_least: u64) -> Result<(u64, Option<pb::Checkpoint>), Error> {
        if asked == 0 {
            let signed = self.journal.ledger().checkpoint(at_least).await?;
            return Ok((signed.checkpoint.size, Some(shown(&signed))));
        }
        let reached = ledger::unsigned(self.journal.watch_head().borrow().position);
        if asked > reached {
            return Err(Error::Short { wanted: asked, reached });
        }
        Ok((asked, None))
    }

    async fn hashes(&self, path: Vec<std::ops::Range<u64>>) -> Result<Vec<Vec<u8>>, Error> {
        let hashes = tree::hashes(self.journal.store().reader(), path).await?;
        Ok(hashes.iter().map(|hash: &Hash| hash.to_vec()).collect())
    }
}

/// The log on its way to whoever checks it.
struct Listing {
    journal: Arc<Journal>,
    auth: Authenticate,
    caller: Caller,
    with_content: bool,
}

impl Listing {
    /// The log may take long to send, and the right to read it may be lost meanwhile.
    fn may_read(&self) -> Result<(), Status> {
        self.auth.still(&self.caller)?;
        let directory = self.journal.follower().now();
        let everything = |action| self.journal.scope(&self.caller, action, &directory).is_everything();
        let content = || everything(Action::ReadEvent) && everything(Action::ReadAgreement);
        let entries = !self
            .journal
            .scope(&self.caller, Action::ReadFeed, &directory)
            .is_empty();
        if entries && (!self.with_content || content()) {
            Ok(())
        } else {
            Err(DOMAIN.denied())
        }
    }

    fn stream(
        self,
        head: head::Model,
        signed: Signed,
        not_sound: String,
    ) -> <Calls as LedgerService>::ListEntriesStream {
        let size = signed.checkpoint.size;
        Box::pin(async_stream::try_stream! {
            let first = pb::ListEntriesResponse { checkpoint: Some(shown(&signed)), not_sound, ..Default::default() };
            yield first;
            let mut after = 0;
            while ledger::unsigned(after) < size {
                self.may_read()?;
                let limit = READ_ENTRIES.min(size - ledger::unsigned(after));
                let read = self.read(after, limit).await.map_err(refuse)?;
                // A log that ends too early is told from the checkpoint.
                let Some(last) = read.last().and_then(|message| message.entries.last()) else { break };
                after = last.log_index;
                for message in read { yield message }
            }
            if ledger::unsigned(head.position) == size && ledger::unsigned(after) == size {
                let last = pb::ListEntriesResponse { head: head.tree.unwrap_or_default(), ..Default::default() };
                yield last;
            }
        })
    }

    /// The entries after a position, in messages; what is kept of the tree over them is in the last.
    async fn read(&self, after: i64, limit: u64) -> Result<Vec<pb::ListEntriesResponse>, Error> {
        let db = self.journal.store().reader();
        let models = revision::after(db, after, limit).await?;
        let last = models.last().map_or(after, |model| model.log_index);
        let entries = models.into_iter().map(|model| {
            let mut entry = entry(&model);
            if self.with_content {
                open(&mut entry, model);
            }
            entry
        });
        let batches = feed::batches(entries.collect(), Message::encoded_len);
        let message = |entries| pb::ListEntriesResponse {
            entries,
            ..pb::ListEntriesResponse::default()
        };
        let mut messages: Vec<_> = batches.into_iter().map(message).collect();
        let over = node::over(db, ledger::unsigned(after)..ledger::unsigned(last)).await?;
        let nodes = over.into_iter().map(|(Node { level, index }, hash)| pb::LedgerNode {
            level: level.into(),
            index: signed(index),
            hash,
        });
        if let Some(message) = messages.last_mut() {
            message.nodes.extend(nodes);
        }
        Ok(messages)
    }
}

/// An entry without its content.
fn entry(model: &revision::Model) -> pb::LedgerEntry {
    // A salt of another length commits to nothing, which whoever checks finds.
    let salt: [u8; 32] = model.salt.as_slice().try_into().unwrap_or_default();
    pb::LedgerEntry {
        log_index: model.log_index,
        epoch: model.epoch,
        kind: model.kind.into(),
        id: model.event_id.clone(),
        revision: model.number,
        commitment: banggiao_ledger::commitment(&salt, &model.content).to_vec(),
        leaf_hash: model.leaf_hash.clone(),
        salt: Vec::new(),
        content: Vec::new(),
    }
}

/// Shows what the entry commits to.
fn open(entry: &mut pb::LedgerEntry, model: revision::Model) {
    entry.salt = model.salt;
    entry.content = model.content;
}

fn shown(signed: &Signed) -> pb::Checkpoint {
    pb::Checkpoint {
        note: signed.note.clone(),
        origin: signed.checkpoint.origin.clone(),
        epoch: signed.epoch,
        tree_size: self::signed(signed.checkpoint.size),
        root_hash: signed.checkpoint.root.to_vec(),
        verifier_key: signed.key.to_string(),
    }
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

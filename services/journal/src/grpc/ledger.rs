//! `LedgerService`.

use std::{pin::Pin, sync::Arc};

use banggiao_contracts::journal::v1::{self as pb, ledger_service_server::LedgerService};
use banggiao_ledger::{Hash, Kind, Node, proof};
use banggiao_model::permission::Action;
use banggiao_rpc::{
    Scope, Violations, audit, feed,
    identity::{Authenticate, Caller},
    request::RequestId,
    wire,
};
use banggiao_store::head;
use prost::Message;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Authorized, Calls, DOMAIN, status::refuse};
use crate::{
    domain::{Error, checked},
    journal::Journal,
    ledger::{self, Declared, Issued, Signed, Step},
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
        let entry = match request.get_ref().report.is_empty() {
            true => self.entry_of_event(&request).await?,
            false => self.entry_of_report(&request).await?,
        };
        let size = ledger::unsigned(request.get_ref().tree_size);
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
        let declared = declared(
            &authorized,
            "RecoverLog",
            &mut request,
            |r: &mut pb::RecoverLogRequest| (&mut r.reason, &mut r.request_id),
        )?;
        let recovery = self.journal.ledger().recover(declared, request.new_key).await;
        let recovery = recovery.map_err(refuse)?;
        self.grown(recovery.epoch, recovery.log_index);
        Ok(Response::new(recovery))
    }

    async fn list_log_keys(
        &self,
        request: Request<pb::ListLogKeysRequest>,
    ) -> Result<Response<pb::ListLogKeysResponse>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let terms = self.journal.ledger().terms().await.map_err(refuse)?;
        let keys = terms.all().iter().map(|term| pb::LedgerKey {
            verifier_key: term.key.to_string(),
            first_tree_size: signed(term.first),
            last_tree_size: term.last.map_or(0, signed),
        });
        Ok(Response::new(pb::ListLogKeysResponse { keys: keys.collect() }))
    }

    async fn rotate_log_key(
        &self,
        request: Request<pb::RotateLogKeyRequest>,
    ) -> Result<Response<pb::LedgerKeyChange>, Status> {
        let authorized = self.authorize_everywhere(&request, Action::ManageAccess).await?;
        let declared = declared(
            &authorized,
            "RotateLogKey",
            &mut request.into_inner(),
            |r: &mut pb::RotateLogKeyRequest| (&mut r.reason, &mut r.request_id),
        )?;
        self.change_keys(Step::Rotate, declared).await
    }

    async fn retire_log_key(
        &self,
        request: Request<pb::RetireLogKeyRequest>,
    ) -> Result<Response<pb::LedgerKeyChange>, Status> {
        let authorized = self.authorize_everywhere(&request, Action::ManageAccess).await?;
        let declared = declared(
            &authorized,
            "RetireLogKey",
            &mut request.into_inner(),
            |r: &mut pb::RetireLogKeyRequest| (&mut r.reason, &mut r.request_id),
        )?;
        self.change_keys(Step::Retire, declared).await
    }

    async fn enter_report(
        &self,
        request: Request<pb::EnterReportRequest>,
    ) -> Result<Response<pb::LedgerReport>, Status> {
        let authorized = self.authorize_everywhere(&request, Action::EnterReport).await?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let id = report_id(&request.report, &mut scope);
        digest(&request.digest, &mut scope);
        for (position, field) in [
            (request.journal_epoch, "journal_epoch"),
            (request.report_log_index, "report_log_index"),
            (request.registry_position, "registry_position"),
        ] {
            wire::position(position, field, &mut scope);
        }
        let id = checked(id, violations).map_err(refuse)?;
        let directory = self.journal.follower().at_least(request.registry_position).await;
        let issued = Issued {
            id,
            report: pb::LedgerReport {
                report: request.report,
                digest: request.digest,
                journal_epoch: request.journal_epoch,
                report_log_index: request.report_log_index,
                registry_position: request.registry_position,
                issue_time: request.issue_time,
                ..pb::LedgerReport::default()
            },
            principal: Arc::clone(&authorized.caller.principal),
            directory: directory.map_err(|behind| refuse(behind.into()))?,
        };
        let known = *self.journal.watch_head().borrow();
        let entered = self.journal.ledger().enter(issued, known).await.map_err(refuse)?;
        self.grown(entered.epoch, entered.log_index);
        Ok(Response::new(entered))
    }
}

/// Who declares what of the log, with a reason: `fields` finds reason and id in the request.
fn declared<R: Message>(
    authorized: &Authorized,
    method: &str,
    request: &mut R,
    fields: impl Fn(&mut R) -> (&mut String, &mut String),
) -> Result<Declared, Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let id = RequestId::take(method, request, |request| fields(request).1, &mut scope);
    let reason = fields(request).0;
    if reason.trim().is_empty() {
        scope.required("reason");
    }
    let reason = wire::line(reason, REASON_MAX, "reason", &mut scope);
    checked(Some(()), violations).map_err(refuse)?;
    audit::about("ledger");
    Ok(Declared {
        principal: Arc::clone(&authorized.caller.principal),
        reason,
        request: id.map(|id| (id.id, id.digest)),
    })
}

/// The id of a report among the entries, where those of other entries stand as well: `r` and digits.
fn report_id(name: &str, scope: &mut Scope<'_>) -> Option<String> {
    let id = wire::required_id(name, "reports", "report", scope)?;
    let digits = id.strip_prefix('r').unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        scope.invalid("report", format!("{name:?} is not the name of a report"));
        return None;
    }
    Some(id)
}

/// Checks that a digest is one.
fn digest(digest: &[u8], scope: &mut Scope<'_>) {
    match digest.len() {
        32 => {}
        0 => scope.required("digest"),
        _ => scope.invalid("digest", "must have 32 bytes"),
    }
}

impl Calls {
    /// The log has grown by an entry that did not come through the sequencer.
    fn grown(&self, epoch: i64, position: i64) {
        self.journal.moved(feed::Head { epoch, position });
    }

    async fn change_keys(&self, step: Step, declared: Declared) -> Result<Response<pb::LedgerKeyChange>, Status> {
        let known = *self.journal.watch_head().borrow();
        let change = self.journal.ledger().change_keys(step, declared, known).await;
        let (change, epoch) = change.map_err(refuse)?;
        self.grown(epoch, change.log_index);
        Ok(Response::new(change))
    }

    /// The entry of a revision, opened if the caller may see all of it.
    async fn entry_of_event(&self, request: &Request<pb::GetInclusionProofRequest>) -> Result<pb::LedgerEntry, Status> {
        let authorized = self.authorize(request, Action::ReadEvent).await?;
        let request = request.get_ref();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let id = wire::required_id(&request.event, "events", "event", &mut scope);
        wire::position(request.revision.into(), "revision", &mut scope);
        wire::position(request.tree_size, "tree_size", &mut scope);
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
        Ok(entry)
    }

    /// The entry of a report, for whoever knows its digest: reporting tells it to those who may read the report.
    async fn entry_of_report(
        &self,
        request: &Request<pb::GetInclusionProofRequest>,
    ) -> Result<pb::LedgerEntry, Status> {
        self.authorize(request, Action::ReadReference).await?;
        let request = request.get_ref();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        if !request.event.is_empty() {
            scope.invalid("event", "cannot be asked for together with a report");
        }
        if request.revision != 0 {
            scope.invalid("revision", "is told by the digest");
        }
        let id = report_id(&request.report, &mut scope);
        digest(&request.digest, &mut scope);
        wire::position(request.tree_size, "tree_size", &mut scope);
        let id = checked(id, violations).map_err(refuse)?;
        let db = self.journal.store().reader();
        let entries = revision::of_kind(db, Kind::Report, &id).await;
        for model in entries.map_err(|error| refuse(error.into()))? {
            if ledger::entered(&model).map_err(refuse)?.digest == request.digest {
                let mut entry = entry(&model);
                open(&mut entry, model);
                return Ok(entry);
            }
        }
        Err(DOMAIN.not_found("reports", &request.report))
    }

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
            // Without those nobody could tell by which keys the log is to be believed.
            let of_keys = model.is(Kind::KeyChange) || model.is(Kind::Recovery);
            if self.with_content || of_keys {
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
    let former = signed.keys.split_last().map(|(_, former)| former).unwrap_or_default();
    pb::Checkpoint {
        note: signed.note.clone(),
        origin: signed.checkpoint.origin.clone(),
        epoch: signed.epoch,
        tree_size: self::signed(signed.checkpoint.size),
        root_hash: signed.checkpoint.root.to_vec(),
        verifier_key: signed.keys.last().map_or_else(String::new, ToString::to_string),
        former_verifier_keys: former.iter().map(ToString::to_string).collect(),
    }
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

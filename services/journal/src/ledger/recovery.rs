//! Declaring that a frozen log goes on from where it stands.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::{Checkpoint, Entry, Kind};
use banggiao_store::{Tx, head};
use prost::Message;
use uuid::Uuid;

use super::{Ledger, State, tree_of};
use crate::{
    domain::Error,
    sequencer::timestamp,
    store::{checkpoint, node, revision},
};

/// Who declares what.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Id of the principal.
    pub principal: Arc<str>,
    /// Why.
    pub reason: String,
    /// Id and digest of the request.
    pub request: Option<(Uuid, [u8; 32])>,
}

impl Ledger {
    /// Begins a new epoch with the declaration as its first entry.
    ///
    /// # Errors
    /// [`Error::NotFrozen`] if the log is sound, [`Error::DamagedLog`] if what is kept of it contradicts itself; or those of
    /// the database.
    pub async fn recover(&self, declared: Declared) -> Result<pb::LedgerRecovery, Error> {
        if let Some(answer) = self.repeated(&declared).await? {
            return Ok(answer);
        }
        match self.examine().await? {
            State::Sound if self.state() == State::Sound => return Err(Error::NotFrozen),
            State::Sound | State::Frozen(_) => {}
            State::Damaged(why) => return Err(Error::DamagedLog(why)),
        }
        let last = self.last_checkpoint().await?;
        let epoch = head::read(self.store.reader()).await?.epoch;
        let (seams, now) = (self.seams.clone(), self.seams.clock.now().as_microsecond());
        let declaration = self
            .store
            .tx("log.recover", move |tx| {
                let (declared, last, salt) = (declared.clone(), last.clone(), seams.salt());
                async move { declare(&tx, &declared, (epoch, &last), now, salt).await }
            })
            .await?;
        // What was signed before is of another epoch from here on; nothing more is needed for the log to be sound.
        // It is signed at once, in the place of what does not read.
        let mut newest = self.newest.lock().await;
        *newest = None;
        self.sign(&head::read(self.store.reader()).await?).await?;
        drop(newest);
        let state = self.examine().await?;
        self.enter(state);
        Ok(declaration)
    }

    async fn repeated(&self, declared: &Declared) -> Result<Option<pb::LedgerRecovery>, Error> {
        let Some((id, digest)) = declared.request else {
            return Ok(None);
        };
        let found = revision::of_request(self.store.reader(), &declared.principal, id).await?;
        match found {
            None => Ok(None),
            Some(model) if model.request_digest.as_deref() == Some(&digest) => Ok(Some(recovery(&model)?)),
            Some(_) => Err(Error::RequestIdReused),
        }
    }

    /// The later of the two checkpoints that are kept, if any; and its epoch.
    pub(super) async fn last_checkpoint(&self) -> Result<Last, Error> {
        let kept = checkpoint::newest(self.store.reader()).await?.map(|kept| kept.note);
        let outside = self.high_water.read()?;
        let mut last = Last::default();
        for note in kept.into_iter().chain(outside) {
            let Ok(checkpoint) = Checkpoint::from_text(&note) else {
                continue;
            };
            let epoch = self.epoch_of(&checkpoint.origin).unwrap_or_default();
            if (epoch, checkpoint.size) >= (last.epoch, last.size) {
                let key = self.key(epoch.max(1))?;
                let is_ours = Checkpoint::verified(&note, key.public()).is_ok();
                last = Last {
                    epoch,
                    size: checkpoint.size,
                    note,
                    key: if is_ours {
                        key.public().to_string()
                    } else {
                        String::new()
                    },
                };
            }
        }
        Ok(last)
    }
}

/// The last that is known of the log as it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Last {
    pub epoch: i64,
    pub size: u64,
    pub note: String,
    pub key: String,
}

async fn declare(
    tx: &Tx,
    declared: &Declared,
    (epoch, last): (i64, &Last),
    now: i64,
    salt: [u8; 32],
) -> Result<pb::LedgerRecovery, Error> {
    let mut head = head::lock(tx).await?;
    if head.epoch != epoch {
        // Somebody else has just declared one.
        return Err(Error::NotFrozen);
    }
    let mut tree = tree_of(&head)?;
    let kept = head.position;
    head.epoch = head.epoch.max(last.epoch) + 1;
    head.recorded_at = head.recorded_at.max(now);
    head.position += 1;
    let declaration = pb::LedgerRecovery {
        epoch: head.epoch,
        kept_log_index: kept,
        last_checkpoint: last.note.clone(),
        last_verifier_key: last.key.clone(),
        reason: declared.reason.clone(),
        principal: format!("principals/{}", declared.principal),
        create_time: Some(timestamp(head.recorded_at)),
        log_index: 0,
    };
    let content = declaration.encode_to_vec();
    let number = i32::try_from(head.epoch).unwrap_or(i32::MAX);
    let kind = Kind::Recovery;
    let leaf = Entry::new(
        kind,
        revision::RECOVERY,
        u32::try_from(number).unwrap_or_default(),
        &salt,
        &content,
    )
    .leaf_hash();
    let mut nodes = Vec::new();
    tree.push(leaf, |node, hash| nodes.push((node, hash)));
    head.tree = Some(tree.to_bytes());
    let model = revision::Model {
        log_index: head.position,
        epoch: head.epoch,
        kind: i16::from(kind.number()),
        event_id: revision::RECOVERY.to_owned(),
        number,
        content,
        salt: salt.to_vec(),
        leaf_hash: leaf.to_vec(),
        principal: declared.principal.to_string(),
        request_id: declared.request.map(|(id, _)| id),
        request_part: 0,
        request_digest: declared.request.map(|(_, digest)| digest.to_vec()),
        registry_position: 0,
        recorded_at: head.recorded_at,
    };
    let declaration = recovery(&model)?;
    revision::insert(tx, vec![model]).await?;
    node::insert(tx, nodes).await?;
    head::advance(tx, &head).await?;
    Ok(declaration)
}

/// The declaration that an entry holds, with its place in the log.
///
/// # Errors
/// If the stored bytes do not decode.
pub fn recovery(model: &revision::Model) -> Result<pb::LedgerRecovery, Error> {
    let damaged = |error: prost::DecodeError| {
        banggiao_store::Error::Damaged(format!("entry {} of the log: {error}", model.log_index))
    };
    let mut recovery = pb::LedgerRecovery::decode(model.content.as_slice()).map_err(damaged)?;
    recovery.log_index = model.log_index;
    Ok(recovery)
}

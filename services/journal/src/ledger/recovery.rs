//! Declaring that a frozen log goes on from where it stands.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::{Checkpoint, Kind, PublicKey, checkpoint::origin};
use banggiao_rpc::feed;
use banggiao_store::{Tx, head};
use prost::Message;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Growth, Ledger, New, State, signers, timestamp, unsigned};
use crate::{
    domain::Error,
    store::{checkpoint, revision},
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

/// What a new epoch begins with.
#[derive(Debug, Clone)]
struct Beginning {
    /// The epoch that ends.
    ended: i64,
    last: Last,
    /// What signs from here on, by the name of the log in its first epoch.
    key: PublicKey,
}

impl Ledger {
    /// Begins a new epoch with the declaration as its first entry. With a new key the log need not be frozen, and the
    /// former key's secret is destroyed: others may have it.
    ///
    /// # Errors
    /// [`Error::NotFrozen`] if the log is sound and the key stays, [`Error::DamagedLog`] if what is kept of it contradicts
    /// itself; or those of the database and of the files with the keys.
    pub async fn recover(&self, declared: Declared, new_key: bool) -> Result<pb::LedgerRecovery, Error> {
        let turn = match (self.keys.turn().await, new_key) {
            (Ok(turn), _) => Some(turn),
            (Err(error), true) => return Err(error),
            // Where nobody can write, the key stays, and the log can go on.
            (Err(_), false) => None,
        };
        let found = self.examine().await?;
        if let Some(model) = self.repeated(self.store.reader(), &declared).await? {
            self.arrange(turn.as_ref()).await?;
            return recovery(&model);
        }
        let is_sound = found == State::Sound && self.state() == State::Sound;
        match found {
            State::Sound if is_sound && !new_key => return Err(Error::NotFrozen),
            State::Sound | State::Frozen(_) => {}
            State::Damaged(why) => return Err(Error::DamagedLog(why)),
        }
        if is_sound {
            // What the former key is to be believed for.
            let head = head::read(self.store.reader()).await?;
            self.checkpoint(unsigned(head.position)).await?;
        }
        let mut newest = self.newest.lock().await;
        let ended = head::read(self.store.reader()).await?.epoch;
        let beginning = Beginning {
            ended,
            last: self.last_checkpoint().await?,
            key: match &turn {
                Some(turn) if new_key => self.keys.make(turn, 1)?.public().clone(),
                _ => self.goes_on_with(ended).await?,
            },
        };
        let (seams, now) = (self.seams.clone(), self.seams.clock.now().as_microsecond());
        let declaration = self
            .store
            .tx("log.recover", move |tx| {
                let (declared, beginning, salt) = (declared.clone(), beginning.clone(), seams.salt());
                async move { declare(&tx, &declared, &beginning, now, salt).await }
            })
            .await?;
        // What was signed before is of another epoch from here on; nothing more is needed for the log to be sound.
        // It is signed at once, in the place of what does not read.
        *newest = None;
        self.sign(&head::read(self.store.reader()).await?).await?;
        drop(newest);
        let state = self.examine().await?;
        self.enter_state(state);
        self.arrange(turn.as_ref()).await?;
        Ok(declaration)
    }

    /// The key that an epoch goes on with: the newest that is here, unless the log says that another one came after it.
    async fn goes_on_with(&self, ended: i64) -> Result<PublicKey, Error> {
        let newest = self.keys.newest(ended)?.public().clone();
        let terms = self.keys.signers(self.store.reader(), ended).await?.terms;
        let is_former = terms.all().iter().rev().skip(1).any(|term| term.key == newest);
        let last = terms.all().last().filter(|last| is_former && last.key != newest);
        let held = self.keys.held(ended)?;
        let last = last.filter(|last| held.iter().any(|secret| *secret.public() == last.key));
        let key = last.map_or(&newest, |last| &last.key);
        key.named(self.keys.origin())
            .map_err(|error| Error::Broken(error.to_string()))
    }

    /// The entry that the same request made before.
    pub(super) async fn repeated(
        &self,
        db: &impl ConnectionTrait,
        declared: &Declared,
    ) -> Result<Option<revision::Model>, Error> {
        let Some((id, digest)) = declared.request else {
            return Ok(None);
        };
        let found = revision::of_request(db, &declared.principal, id).await?;
        match found {
            Some(model) if model.request_digest.as_deref() != Some(&digest) => Err(Error::RequestIdReused),
            found => Ok(found),
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
                let known = self.known_keys(epoch.max(1)).await?;
                let is_ours = Checkpoint::verified_by_any(&note, &known).is_ok();
                last = Last {
                    epoch,
                    size: checkpoint.size,
                    keys: if is_ours { signers(&note, &known) } else { Vec::new() },
                    note,
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
    /// The keys of ours that signed it.
    pub keys: Vec<PublicKey>,
}

async fn declare(
    tx: &Tx,
    declared: &Declared,
    Beginning { ended, last, key }: &Beginning,
    now: i64,
    salt: [u8; 32],
) -> Result<pb::LedgerRecovery, Error> {
    // A log that was set back is what this is for.
    let mut log = Growth::locked(tx, feed::Head::default(), now).await?;
    if log.head.epoch != *ended {
        // Somebody else has just declared one.
        return Err(Error::NotFrozen);
    }
    let epoch = log.head.epoch.max(last.epoch) + 1;
    log.head.epoch = epoch;
    let name = origin(key.name(), epoch);
    let key = key.named(&name).map_err(|error| Error::Broken(error.to_string()))?;
    let declaration = pb::LedgerRecovery {
        epoch,
        kept_log_index: log.head.position,
        last_checkpoint: last.note.clone(),
        last_verifier_key: last.keys.last().map_or_else(String::new, PublicKey::to_string),
        reason: declared.reason.clone(),
        principal: format!("principals/{}", declared.principal),
        create_time: Some(timestamp(log.head.recorded_at)),
        log_index: 0,
        verifier_key: key.to_string(),
    };
    let new = New {
        kind: Kind::Recovery,
        id: revision::RECOVERY,
        number: i32::try_from(epoch).unwrap_or(i32::MAX),
        content: declaration.encode_to_vec(),
        principal: &declared.principal,
        request: declared.request,
        part: 0,
        registry_position: 0,
    };
    let model = log.place(salt, new);
    let declaration = recovery(&model)?;
    revision::insert(tx, vec![model]).await?;
    log.put(tx).await?;
    Ok(declaration)
}

/// The declaration that an entry holds, with its place in the log.
///
/// # Errors
/// If the stored bytes do not decode.
pub fn recovery(model: &revision::Model) -> Result<pb::LedgerRecovery, Error> {
    let mut recovery = pb::LedgerRecovery::decode(model.content.as_slice()).map_err(|error| model.damaged(&error))?;
    recovery.log_index = model.log_index;
    Ok(recovery)
}

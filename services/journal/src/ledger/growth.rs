//! The log as it grows in one transaction: what stands behind the locked head, and the place that each new entry gets.

use banggiao_ledger::{Entry, Frontier, Hash, Kind, Node};
use banggiao_rpc::feed;
use banggiao_store::{Session, head};
use uuid::Uuid;

use super::tree_of;
use crate::{
    domain::Error,
    store::{node, revision},
};

/// What is to become an entry.
#[derive(Debug)]
pub struct New<'a> {
    /// What it stands for.
    pub kind: Kind,
    /// Bare id of what it is about.
    pub id: &'a str,
    /// Number of the revision, or whichever entry of that id it is.
    pub number: i32,
    /// The bytes that are kept.
    pub content: Vec<u8>,
    /// Id of the principal who asked for it.
    pub principal: &'a str,
    /// Id and digest of the request.
    pub request: Option<(Uuid, [u8; 32])>,
    /// Which entry of that request it is, from 0.
    pub part: i32,
    /// Registry position at which it was authorised.
    pub registry_position: i64,
}

/// A log under the head's lock.
#[derive(Debug, Clone)]
pub struct Growth {
    /// The head, as far as the log has grown.
    pub head: head::Model,
    /// Where the head was found.
    found: i64,
    /// The tree over the log, and what is to be kept of it that is new.
    tree: Frontier,
    nodes: Vec<(Node, Hash)>,
    /// Position and leaf hash of the first new entry.
    first: Option<(i64, Vec<u8>)>,
    /// The tree stays as it was found: a fault that the tests must be able to find.
    #[cfg(test)]
    pub tree_stays: bool,
}

impl Growth {
    /// Locks the head, which must not be before the one that is known.
    ///
    /// # Errors
    /// [`Error::Frozen`] if it is; if what is kept of the tree does not read, or the database is away.
    pub async fn locked(tx: &impl Session, known: feed::Head, now: i64) -> Result<Self, Error> {
        let mut head = head::lock(tx).await?;
        if (head.epoch, head.position) < (known.epoch, known.position) {
            let (was, is) = (known.position, head.position);
            // As when a standby takes over that had not received everything.
            let why = format!(
                "the database had {was} entries of epoch {} and has {is} of epoch {}",
                known.epoch, head.epoch
            );
            return Err(Error::Frozen(why.into()));
        }
        // Recorded times never run backwards, whatever the clock does.
        head.recorded_at = head.recorded_at.max(now);
        Ok(Self {
            found: head.position,
            tree: tree_of(&head)?,
            nodes: Vec::new(),
            first: None,
            #[cfg(test)]
            tree_stays: false,
            head,
        })
    }

    /// Gives an entry the next place.
    pub fn place(&mut self, salt: [u8; 32], new: New<'_>) -> revision::Model {
        let number = u32::try_from(new.number).unwrap_or_default();
        let leaf = Entry::new(new.kind, new.id, number, &salt, &new.content).leaf_hash();
        let nodes = &mut self.nodes;
        self.tree.push(leaf, |node, hash| nodes.push((node, hash)));
        self.head.position += 1;
        self.first.get_or_insert_with(|| (self.head.position, leaf.to_vec()));
        revision::Model {
            log_index: self.head.position,
            epoch: self.head.epoch,
            kind: i16::from(new.kind.number()),
            event_id: new.id.to_owned(),
            number: new.number,
            content: new.content,
            salt: salt.to_vec(),
            leaf_hash: leaf.to_vec(),
            principal: new.principal.to_owned(),
            request_id: new.request.map(|(id, _)| id),
            request_part: new.part,
            request_digest: new.request.map(|(_, digest)| digest.to_vec()),
            registry_position: new.registry_position,
            recorded_at: self.head.recorded_at,
        }
    }

    /// Whether nothing was placed.
    pub fn is_unchanged(&self) -> bool {
        self.head.position == self.found
    }

    /// Position and leaf hash of the first new entry.
    pub fn first(&self) -> Option<(i64, Vec<u8>)> {
        self.first.clone()
    }

    /// Keeps the tree and moves the head. Neither depends on the entries, which are stored beside.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn put(self, db: &impl Session) -> Result<head::Model, Error> {
        let tree = Some(self.tree.to_bytes());
        #[cfg(test)]
        let tree = if self.tree_stays { self.head.tree.clone() } else { tree };
        let head = head::Model { tree, ..self.head };
        node::insert(db, self.nodes).await?;
        head::advance(db, &head).await?;
        Ok(head)
    }
}

#[cfg(test)]
impl Growth {
    /// What was to be kept of the tree is not.
    pub fn forget_nodes(&mut self) {
        self.nodes.clear();
    }
}

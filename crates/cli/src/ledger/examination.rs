//! Checking a whole log as it comes, from a server or from a file.

use super::given::Trusted;
use super::{entry, given::Key};
use crate::error::Error;
use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::check::{Checker, Finding};
use banggiao_ledger::checkpoint::base;
use banggiao_ledger::{Checkpoint, Node, hex};
use std::time::Duration;

/// A log that is being checked. Memory does not grow with it but for a hash for every 256 entries.
#[derive(Debug)]
pub struct Examination<'a> {
    trusted: &'a Trusted,
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    checker: Checker,
    checkpoint: Checkpoint,
    key: Key,
    since: Vec<Checkpoint>,
    /// Epoch and last entry before it, of each recovery.
    recoveries: Vec<(i64, u64)>,
    /// Entries that cannot be entries, or are not of the epoch in which they stand.
    unreadable: Vec<i64>,
    not_sound: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The log.
    pub origin: String,
    /// How many entries it has.
    pub entries: u64,
    /// The root of the tree over them, in hexadecimal digits.
    pub root: String,
    /// The key that the signature was checked with.
    pub key: String,
    /// Whether the caller gave it, or it came with the log.
    pub key_is_given: bool,
    /// The sizes of the kept checkpoints that were held against it.
    pub since: Vec<u64>,
    /// How long it took.
    pub took: Duration,
    /// What does not fit.
    pub findings: Vec<Finding>,
    /// Kept checkpoints that speak of entries that a recovery gave up: the size, and how many entries were kept.
    pub given_up: Vec<(u64, u64)>,
    /// Entries that cannot be entries.
    pub unreadable: Vec<i64>,
    /// Why the service itself takes nothing in; empty if it does.
    pub not_sound: String,
}

impl<'a> Examination<'a> {
    /// One that has begun with nothing; what is trusted is read with the first message.
    #[must_use]
    pub fn new(trusted: &'a Trusted) -> Self {
        Self { trusted, begun: None }
    }

    /// Takes a message in.
    ///
    /// # Errors
    /// If the first holds no checkpoint that can be believed.
    pub fn take(&mut self, message: &pb::ListEntriesResponse) -> Result<(), Error> {
        let begun = match &mut self.begun {
            Some(begun) => begun,
            None => self.begun.insert(Begun::with(message, self.trusted)?),
        };
        for sent in &message.entries {
            begun.entry(sent);
        }
        for sent in &message.nodes {
            let (Ok(level), Ok(index)) = (u8::try_from(sent.level), u64::try_from(sent.index)) else {
                continue;
            };
            begun.checker.node(Node { level, index }, &sent.hash);
        }
        if !message.head.is_empty() {
            begun.checker.head(&message.head);
        }
        Ok(())
    }

    /// What came of it.
    ///
    /// # Errors
    /// If nothing was taken in.
    pub fn finish(self, took: Duration) -> Result<Report, Error> {
        let begun = self
            .begun
            .ok_or_else(|| Error::failure("the log holds no checkpoint"))?;
        let (mut given_up, mut held) = (Vec::new(), vec![begun.checkpoint.clone()]);
        for kept in &begun.since {
            let epoch = base(&kept.origin).1;
            let later = begun.recoveries.iter().filter(|(began, _)| *began > epoch);
            match later.map(|(_, last)| *last).min() {
                Some(last) if last < kept.size => given_up.push((kept.size, last)),
                _ => held.push(kept.clone()),
            }
        }
        Ok(Report {
            origin: begun.checkpoint.origin.clone(),
            entries: begun.checker.size(),
            root: hex(&begun.checkpoint.root),
            key: begun.key.key.to_string(),
            key_is_given: begun.key.is_given,
            since: begun.since.iter().map(|kept| kept.size).collect(),
            took,
            findings: begun.checker.finish(&held),
            given_up,
            unreadable: begun.unreadable,
            not_sound: begun.not_sound,
        })
    }
}

impl Begun {
    fn with(message: &pb::ListEntriesResponse, trusted: &Trusted) -> Result<Self, Error> {
        let sent = message.checkpoint.as_ref();
        let sent = sent.ok_or_else(|| Error::failure("the log does not begin with a checkpoint"))?;
        let (checkpoint, key) = trusted.believed(&sent.note, &sent.verifier_key)?;
        if !is_as_noted(sent, &checkpoint) {
            return Err(Error::failure("the checkpoint is not what its note says"));
        }
        let since = trusted.checkpoints(&key.key)?;
        let sizes = since.iter().map(|kept| kept.size).chain([checkpoint.size]);
        Ok(Self {
            checker: Checker::new(sizes),
            checkpoint,
            key,
            since,
            recoveries: Vec::new(),
            unreadable: Vec::new(),
            not_sound: message.not_sound.clone(),
        })
    }

    fn entry(&mut self, sent: &pb::LedgerEntry) {
        let number = u64::try_from(sent.log_index).unwrap_or_default();
        let Some(entry) = entry(sent) else {
            self.unreadable.push(sent.log_index);
            return;
        };
        if sent.kind() == pb::LedgerEntryKind::Recovery {
            self.recoveries.push((sent.revision.into(), number.saturating_sub(1)));
        }
        if sent.epoch != self.recoveries.last().map_or(1, |(epoch, _)| *epoch) {
            self.unreadable.push(sent.log_index);
        }
        if sent.salt.is_empty() != sent.content.is_empty() {
            self.unreadable.push(sent.log_index);
        }
        let salt: Option<&[u8; 32]> = sent.salt.as_slice().try_into().ok();
        let opened = salt.map(|salt| (salt, sent.content.as_slice()));
        self.checker.entry(number, &entry, &sent.leaf_hash, opened);
    }
}

/// Whether what stands beside a note says the same as the note.
pub fn is_as_noted(sent: &pb::Checkpoint, checkpoint: &Checkpoint) -> bool {
    let (size, epoch) = (u64::try_from(sent.tree_size), base(&checkpoint.origin).1);
    sent.origin == checkpoint.origin
        && size == Ok(checkpoint.size)
        && sent.root_hash == checkpoint.root
        && sent.epoch == epoch
}

impl Report {
    /// Whether everything fits.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty() && self.given_up.is_empty() && self.unreadable.is_empty() && self.not_sound.is_empty()
    }
}

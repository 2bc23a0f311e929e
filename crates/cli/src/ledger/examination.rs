//! Checking a whole log as it comes, from a server or from a file.

use super::entry;
use super::given::{Kept, Trust, Trusted};
use crate::error::Error;
use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::check::{Checker, Finding};
use banggiao_ledger::checkpoint::base;
use banggiao_ledger::key_change::Term;
use banggiao_ledger::{Checkpoint, KeyChange, Node, Note, PublicKey, Terms, hex};
use prost::Message as _;
use std::collections::BTreeMap;
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
    /// What the log sent first. It is believed once it is known which keys may have signed it.
    sent: pb::Checkpoint,
    trust: Trust,
    since: Vec<Kept>,
    /// Epoch and last entry before it, of each recovery.
    recoveries: Vec<(i64, u64)>,
    changes: Vec<Changed>,
    /// Entries that cannot be entries, or are not of the epoch in which they stand.
    unreadable: Vec<i64>,
    not_sound: String,
}

/// A change of keys as it stands in the log.
#[derive(Debug)]
struct Changed {
    log_index: i64,
    epoch: i64,
    note: Note,
    change: KeyChange,
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
    /// The keys of the log's last epoch, if they ever changed, with the sizes for which each signs.
    pub terms: Vec<Term>,
    /// Entries that change keys, and are not signed by whom they must be.
    pub false_changes: Vec<i64>,
    /// Sizes of checkpoints that are signed by keys that signed for other sizes only.
    pub out_of_term: Vec<u64>,
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
        let mut begun = self
            .begun
            .ok_or_else(|| Error::failure("the log holds no checkpoint"))?;
        begun.learn();
        begun.report(took)
    }
}

impl Begun {
    fn with(message: &pb::ListEntriesResponse, trusted: &Trusted) -> Result<Self, Error> {
        let sent = message.checkpoint.as_ref();
        let sent = sent.ok_or_else(|| Error::failure("the log does not begin with a checkpoint"))?;
        let trust = trusted.trust(&sent.verifier_key)?;
        let since = trusted.kept()?;
        let unverified = Checkpoint::from_text(&sent.note).map_err(|error| Error::failure(error.to_string()))?;
        if !is_as_noted(sent, &unverified) {
            return Err(Error::failure("the checkpoint is not what its note says"));
        }
        let sizes = since.iter().map(|kept| kept.checkpoint.size).chain([unverified.size]);
        Ok(Self {
            checker: Checker::new(sizes),
            sent: sent.clone(),
            trust,
            since,
            recoveries: Vec::new(),
            changes: Vec::new(),
            unreadable: Vec::new(),
            not_sound: message.not_sound.clone(),
        })
    }

    /// Whoever is believed vouches for the keys before and after his own.
    fn learn(&mut self) {
        let mut learned = true;
        while learned {
            learned = false;
            for Changed { note, change, .. } in &self.changes {
                let before: Vec<PublicKey> = self
                    .changes
                    .iter()
                    .flat_map(|other| other.change.signing.clone())
                    .collect();
                learned |= self.trust.learn(&change.origin, note, &before);
            }
        }
    }

    /// The keys of each epoch in which they changed, and the changes that are not signed by whom they must be.
    fn terms(&self) -> (BTreeMap<i64, Terms>, Vec<i64>) {
        let (mut terms, mut wrong) = (BTreeMap::new(), Vec::new());
        for Changed {
            log_index,
            epoch,
            note,
            change,
        } in &self.changes
        {
            let Some(first) = change.signing.first() else { continue };
            let of_epoch: &mut Terms = terms.entry(*epoch).or_insert_with(|| Terms::of(first.clone()));
            let until_now = of_epoch.at(change.size);
            let must: Vec<&PublicKey> = until_now.last().into_iter().chain(change.newest()).collect();
            let signed = must.iter().all(|key| note.signed_by(key).is_ok());
            let in_place = u64::try_from(*log_index - 1) == Ok(change.size) && base(&change.origin).1 == *epoch;
            if !signed || !in_place || !self.trust.has_signed(&change.origin, note) {
                wrong.push(*log_index);
            }
            of_epoch.change(change);
        }
        (terms, wrong)
    }

    fn report(self, took: Duration) -> Result<Report, Error> {
        let (checkpoint, signers) = self.trust.believed(&self.sent.note)?;
        let (terms, false_changes) = self.terms();
        let mut out_of_term = Vec::new();
        let mut in_term = |checkpoint: &Checkpoint, signers: &[PublicKey]| {
            let of_epoch = terms.get(&base(&checkpoint.origin).1);
            let holding = of_epoch.map(|terms| terms.at(checkpoint.size));
            if holding.is_some_and(|holding| !signers.iter().any(|key| holding.contains(key))) {
                out_of_term.push(checkpoint.size);
            }
        };
        in_term(&checkpoint, &signers);
        let (mut given_up, mut held) = (Vec::new(), vec![checkpoint.clone()]);
        for kept in &self.since {
            let (kept, signers) = self.trust.believed_of(kept)?;
            in_term(&kept, &signers);
            let epoch = base(&kept.origin).1;
            let later = self.recoveries.iter().filter(|(began, _)| *began > epoch);
            match later.map(|(_, last)| *last).min() {
                Some(last) if last < kept.size => given_up.push((kept.size, last)),
                _ => held.push(kept),
            }
        }
        let newest = terms.get(&base(&checkpoint.origin).1);
        Ok(Report {
            origin: checkpoint.origin.clone(),
            entries: self.checker.size(),
            root: hex(&checkpoint.root),
            key: signers.last().map_or_else(String::new, ToString::to_string),
            key_is_given: self.trust.is_given,
            since: self.since.iter().map(|kept| kept.checkpoint.size).collect(),
            took,
            findings: self.checker.finish(&held),
            given_up,
            unreadable: self.unreadable,
            terms: newest.map(|terms| terms.all().to_vec()).unwrap_or_default(),
            false_changes,
            out_of_term,
            not_sound: self.not_sound,
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
        if sent.kind() == pb::LedgerEntryKind::KeyChange {
            match changed(sent) {
                Some(change) => self.changes.push(change),
                None => self.unreadable.push(sent.log_index),
            }
        }
        let salt: Option<&[u8; 32]> = sent.salt.as_slice().try_into().ok();
        let opened = salt.map(|salt| (salt, sent.content.as_slice()));
        self.checker.entry(number, &entry, &sent.leaf_hash, opened);
    }
}

/// The change of keys that an entry holds; nothing if it does not show one.
fn changed(sent: &pb::LedgerEntry) -> Option<Changed> {
    let content = pb::LedgerKeyChange::decode(sent.content.as_slice()).ok()?;
    let note = Note::parse(&content.note).ok()?;
    let change = KeyChange::from_note(&note).ok()?;
    Some(Changed {
        log_index: sent.log_index,
        epoch: sent.epoch,
        note,
        change,
    })
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
        self.findings.is_empty()
            && self.given_up.is_empty()
            && self.unreadable.is_empty()
            && self.false_changes.is_empty()
            && self.out_of_term.is_empty()
            && self.not_sound.is_empty()
    }
}

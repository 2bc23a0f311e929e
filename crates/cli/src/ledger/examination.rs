//! Checking a whole log as it comes, from a server or from a file.

use super::entry;
use super::given::{Kept, Trust, Trusted};
use crate::error::Error;
use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::check::{Checker, Finding};
use banggiao_ledger::checkpoint::{base, origin};
use banggiao_ledger::key_change::Term;
use banggiao_ledger::{Checkpoint, KeyChange, Node, Note, PublicKey, Terms, commitment, hex};
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
    recoveries: Vec<Recovered>,
    changes: Vec<Changed>,
    /// Entries that cannot be entries, or are not of the epoch in which they stand.
    unreadable: Vec<i64>,
    not_sound: String,
}

/// A recovery as it stands in the log.
#[derive(Debug)]
struct Recovered {
    log_index: i64,
    epoch: i64,
    /// The last entry before it.
    kept: u64,
    /// The key that the epoch begins with, if the declaration tells it.
    key: Option<PublicKey>,
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
        let begun = self
            .begun
            .ok_or_else(|| Error::failure("the log holds no checkpoint"))?;
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

    /// What the log is called in an epoch.
    fn origin(&self, epoch: i64) -> String {
        origin(base(&self.sent.origin).0, epoch)
    }

    /// Whoever is believed vouches for the keys before and after his own; a key that goes on in a new epoch is still the same.
    fn learn(&mut self, terms: &BTreeMap<i64, Terms>) {
        let parties: BTreeMap<i64, Vec<PublicKey>> = terms
            .iter()
            .map(|(epoch, terms)| (*epoch, terms.all().iter().map(|term| term.key.clone()).collect()))
            .collect();
        let mut learned = true;
        while learned {
            learned = false;
            for Changed {
                note, change, epoch, ..
            } in &self.changes
            {
                let parties = parties.get(epoch).map(Vec::as_slice).unwrap_or_default();
                learned |= self.trust.learn(&change.origin, note, parties);
            }
            for recovered in &self.recoveries {
                let newest = |epoch: i64, size| terms.get(&epoch).and_then(|terms| terms.at(size).pop());
                let before = newest(recovered.epoch - 1, recovered.kept);
                let after = newest(recovered.epoch, recovered.kept + 1);
                let (Some(before), Some(after)) = (before, after) else {
                    continue;
                };
                if before.is_same(&after) && self.trust.believes(&before) != self.trust.believes(&after) {
                    learned |= self.trust.learn_key(before) | self.trust.learn_key(after);
                }
            }
        }
    }

    /// The keys of each epoch of which the log says who signs, and the entries by which somebody would sign who may not.
    fn terms(&self) -> (BTreeMap<i64, Terms>, Vec<i64>) {
        let (mut terms, mut wrong) = (BTreeMap::<i64, Terms>::new(), Vec::new());
        let (mut recoveries, mut changes) = (self.recoveries.iter().peekable(), self.changes.iter().peekable());
        while recoveries.peek().is_some() || changes.peek().is_some() {
            let at = changes.peek().map(|change| change.log_index);
            if let Some(recovered) = recoveries.next_if(|recovered| at.is_none_or(|at| recovered.log_index < at)) {
                let name = self.origin(recovered.epoch);
                let before = terms.get(&(recovered.epoch - 1));
                let goes_on = before.and_then(|terms| terms.at(recovered.kept).pop());
                let goes_on = goes_on.and_then(|key| key.named(&name).ok());
                let Some(first) = recovered.key.clone().or(goes_on) else {
                    continue;
                };
                // A key that signs no more does not come back by a recovery.
                let mut earlier = terms.values().flat_map(Terms::all);
                let is_over = earlier.any(|term| term.last.is_some() && term.key.is_same(&first));
                if is_over || first.name() != name {
                    wrong.push(recovered.log_index);
                }
                terms.insert(recovered.epoch, Terms::of(first));
            } else if let Some(Changed {
                log_index,
                epoch,
                note,
                change,
            }) = changes.next()
            {
                let Some(first) = change.signing.first() else { continue };
                let of_epoch = terms.entry(*epoch).or_insert_with(|| Terms::of(first.clone()));
                let until_now = of_epoch.at(change.size);
                let must: Vec<&PublicKey> = until_now.last().into_iter().chain(change.newest()).collect();
                let signed = must.iter().all(|key| note.signed_by(key).is_ok());
                let in_place = u64::try_from(log_index.saturating_sub(1)) == Ok(change.size);
                if !signed || !in_place || change.origin != self.origin(*epoch) {
                    wrong.push(*log_index);
                }
                of_epoch.change(change);
            }
        }
        (terms, wrong)
    }

    fn report(mut self, took: Duration) -> Result<Report, Error> {
        let (terms, mut false_changes) = self.terms();
        self.learn(&terms);
        let trust = &self.trust;
        let unbelieved = self
            .changes
            .iter()
            .filter(|changed| !trust.has_signed(&changed.change.origin, &changed.note));
        false_changes.extend(unbelieved.map(|changed| changed.log_index));
        false_changes.sort_unstable();
        false_changes.dedup();
        let (checkpoint, signers) = self.trust.believed(&self.sent.note)?;
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
            let epoch = base(&kept.origin).1;
            let later = self.recoveries.iter().filter(|recovered| recovered.epoch > epoch);
            match later.map(|recovered| recovered.kept).min() {
                Some(last) if last < kept.size => given_up.push((kept.size, last)),
                _ => {
                    in_term(&kept, &signers);
                    held.push(kept);
                }
            }
        }
        let newest = terms.get(&base(&checkpoint.origin).1);
        let due = newest.map(|terms| terms.at(checkpoint.size)).unwrap_or_default();
        let key = due.iter().rev().find(|key| signers.contains(key)).or(signers.last());
        let terms = newest.map(|terms| terms.all().to_vec()).unwrap_or_default();
        Ok(Report {
            origin: checkpoint.origin.clone(),
            entries: self.checker.size(),
            root: hex(&checkpoint.root),
            key: key.map_or_else(String::new, ToString::to_string),
            key_is_given: self.trust.is_given,
            since: self.since.iter().map(|kept| kept.checkpoint.size).collect(),
            took,
            findings: self.checker.finish(&held),
            given_up,
            unreadable: self.unreadable,
            // One key for all sizes is no news.
            terms: if terms.len() > 1 { terms } else { Vec::new() },
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
        let salt: Option<&[u8; 32]> = sent.salt.as_slice().try_into().ok();
        let opened = salt.map(|salt| (salt, sent.content.as_slice()));
        // Of what is not what was committed to, nothing is read.
        let shown = || opened.filter(|(salt, content)| commitment(salt, content) == entry.commitment);
        match sent.kind() {
            pb::LedgerEntryKind::Recovery => {
                let recovered = shown().and_then(|(_, content)| recovered(sent, content));
                if recovered.is_none() {
                    self.unreadable.push(sent.log_index);
                }
                // Also of one that cannot be read it is known that an epoch begins there.
                self.recoveries.push(recovered.unwrap_or(Recovered {
                    log_index: sent.log_index,
                    epoch: sent.revision.into(),
                    kept: number.saturating_sub(1),
                    key: None,
                }));
            }
            pb::LedgerEntryKind::KeyChange => match shown().and_then(|(_, content)| changed(sent, content)) {
                Some(change) => self.changes.push(change),
                None => self.unreadable.push(sent.log_index),
            },
            _ => {}
        }
        if sent.epoch != self.recoveries.last().map_or(1, |recovered| recovered.epoch) {
            self.unreadable.push(sent.log_index);
        }
        if sent.salt.is_empty() != sent.content.is_empty() || salt.is_none() != sent.salt.is_empty() {
            self.unreadable.push(sent.log_index);
        }
        self.checker.entry(number, &entry, &sent.leaf_hash, opened);
    }
}

/// The recovery that an entry holds; nothing if it does not read.
fn recovered(sent: &pb::LedgerEntry, content: &[u8]) -> Option<Recovered> {
    let declared = pb::LedgerRecovery::decode(content).ok()?;
    let key = match declared.verifier_key.as_str() {
        "" => None,
        key => Some(PublicKey::parse(key).ok()?),
    };
    let kept = u64::try_from(sent.log_index.saturating_sub(1)).ok()?;
    let is_here = declared.epoch == i64::from(sent.revision) && u64::try_from(declared.kept_log_index) == Ok(kept);
    is_here.then_some(Recovered {
        log_index: sent.log_index,
        epoch: declared.epoch,
        kept,
        key,
    })
}

/// The change of keys that an entry holds; nothing if it does not read.
fn changed(sent: &pb::LedgerEntry, content: &[u8]) -> Option<Changed> {
    let content = pb::LedgerKeyChange::decode(content).ok()?;
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

#[cfg(test)]
mod tests;

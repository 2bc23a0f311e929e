//! By which keys a log is believed: honest ones whoever has which key, and forged ones by somebody who has a key that he
//! should not have.

use super::*;
use banggiao_ledger::{Entry, Frontier, Kind, SecretKey};
use tempfile::TempDir;

const NAME: &str = "tayninh.banggiao.example/journal";

fn key(seed: u8, epoch: i64) -> SecretKey {
    SecretKey::new(&origin(NAME, epoch), &[seed; 32]).unwrap()
}

fn public(seed: u8, epoch: i64) -> PublicKey {
    key(seed, epoch).public().clone()
}

/// A log in the making.
#[derive(Clone, Default)]
struct Log {
    epoch: i64,
    entries: Vec<pb::LedgerEntry>,
    tree: Frontier,
}

impl Log {
    fn new() -> Self {
        Self {
            epoch: 1,
            ..Self::default()
        }
    }

    fn entry(mut self, kind: Kind, id: &str, revision: i32, content: &[u8], shown: bool) -> Self {
        let salt = [7; 32];
        let entry = Entry::new(kind, id, u32::try_from(revision).unwrap(), &salt, content);
        let leaf = entry.leaf_hash();
        self.tree.push(leaf, |_, _| {});
        self.entries.push(pb::LedgerEntry {
            log_index: i64::try_from(self.tree.size()).unwrap(),
            epoch: self.epoch,
            kind: kind.number().into(),
            id: id.to_owned(),
            revision,
            commitment: entry.commitment.to_vec(),
            leaf_hash: leaf.to_vec(),
            salt: if shown { salt.to_vec() } else { Vec::new() },
            content: if shown { content.to_vec() } else { Vec::new() },
        });
        self
    }

    fn events(mut self, count: i32) -> Self {
        for _ in 0..count {
            let number = self.entries.len();
            self = self.entry(Kind::EventRevision, &format!("e{number}"), 1, b"an event", false);
        }
        self
    }

    /// From here on these sign; the change is signed by those.
    fn change(self, signing: &[u8], by: &[u8]) -> Self {
        let change = KeyChange {
            origin: origin(NAME, self.epoch),
            size: self.tree.size(),
            signing: signing.iter().map(|seed| public(*seed, self.epoch)).collect(),
        };
        let by: Vec<SecretKey> = by.iter().map(|seed| key(*seed, self.epoch)).collect();
        let content = pb::LedgerKeyChange {
            note: change.signed(&by),
            ..pb::LedgerKeyChange::default()
        };
        self.entry(Kind::KeyChange, "key", 1, &content.encode_to_vec(), true)
    }

    /// A new epoch with this key; of one that an older version declared, the key is not told.
    fn recovery(mut self, with: Option<u8>, shown: bool) -> Self {
        self.epoch += 1;
        let content = pb::LedgerRecovery {
            epoch: self.epoch,
            kept_log_index: i64::try_from(self.tree.size()).unwrap(),
            verifier_key: with.map_or_else(String::new, |seed| public(seed, self.epoch).to_string()),
            ..pb::LedgerRecovery::default()
        };
        let number = i32::try_from(self.epoch).unwrap();
        self.entry(Kind::Recovery, "recovery", number, &content.encode_to_vec(), shown)
    }

    fn note(&self, by: &[u8]) -> String {
        let checkpoint = Checkpoint {
            origin: origin(NAME, self.epoch),
            size: self.tree.size(),
            root: self.tree.root(),
        };
        let by: Vec<SecretKey> = by.iter().map(|seed| key(*seed, self.epoch)).collect();
        checkpoint.signed(&by)
    }

    /// What comes of checking it, signed by these, for somebody who has those keys, each as it was called in an epoch, and
    /// has kept these checkpoints.
    fn examined(&self, by: &[u8], has: &[(u8, i64)], kept: &[String]) -> Result<Report, Error> {
        let folder = TempDir::new().unwrap();
        let files = kept.iter().enumerate().map(|(number, note)| {
            let file = folder.path().join(number.to_string());
            std::fs::write(&file, note).unwrap();
            file
        });
        let trusted = Trusted {
            key: has
                .iter()
                .map(|(seed, epoch)| public(*seed, *epoch).to_string())
                .collect(),
            since: files.collect(),
        };
        let sent = pb::Checkpoint {
            note: self.note(by),
            origin: origin(NAME, self.epoch),
            epoch: self.epoch,
            tree_size: i64::try_from(self.tree.size()).unwrap(),
            root_hash: self.tree.root().to_vec(),
            ..pb::Checkpoint::default()
        };
        let message = pb::ListEntriesResponse {
            checkpoint: Some(sent),
            entries: self.entries.clone(),
            ..pb::ListEntriesResponse::default()
        };
        let mut examination = Examination::new(&trusted);
        examination.take(&message)?;
        examination.finish(Duration::ZERO)
    }

    fn is_believed(&self, by: &[u8], has: &[(u8, i64)], kept: &[String]) -> bool {
        self.examined(by, has, kept).is_ok_and(|report| report.is_whole())
    }
}

/// The first key, then both, then the second, then a third in the same way.
fn twice_changed() -> Log {
    let first = Log::new()
        .events(5)
        .change(&[1, 2], &[1, 2])
        .events(5)
        .change(&[2], &[2]);
    first
        .events(5)
        .change(&[2, 3], &[2, 3])
        .events(5)
        .change(&[3], &[3])
        .events(5)
}

#[test]
fn whoever_has_any_key_of_a_log_believes_it() {
    let log = twice_changed();
    let kept = [
        Log::new().events(3).note(&[1]),
        Log::new().events(5).change(&[1, 2], &[1, 2]).events(2).note(&[1, 2]),
    ];
    for has in [&[(1, 1)][..], &[(2, 1)], &[(3, 1)], &[(1, 1), (3, 1)]] {
        let report = log.examined(&[3], has, &kept).unwrap();
        assert!(report.is_whole(), "{has:?}: {report:?}");
        assert_eq!(report.terms.len(), 3);
        assert_eq!(report.key, public(3, 1).to_string());
    }
    assert!(!log.is_believed(&[3], &[(4, 1)], &[]), "a stranger's key");
    // While both sign, the newer one is shown.
    let both = Log::new().events(5).change(&[1, 2], &[1, 2]).events(1);
    assert_eq!(
        both.examined(&[1, 2], &[(2, 1)], &[]).unwrap().key,
        public(2, 1).to_string()
    );
}

#[test]
fn a_key_is_not_believed_where_it_does_not_sign() {
    let log = twice_changed();
    for by in [1, 2] {
        let report = log.examined(&[by], &[(1, 1), (2, 1), (3, 1)], &[]).unwrap();
        assert_eq!((report.is_whole(), report.out_of_term.len()), (false, 1), "{by}");
    }
    // The second signs early, in a checkpoint that somebody shows.
    let early = Log::new().events(3).note(&[2]);
    let report = log.examined(&[3], &[(2, 1)], &[early]).unwrap();
    assert_eq!(report.out_of_term, [3]);
}

#[test]
fn a_change_that_the_keys_before_and_after_have_not_both_signed_is_found() {
    for by in [&[1][..], &[2], &[9], &[]] {
        let log = Log::new().events(5).change(&[1, 2], by).events(2);
        assert!(!log.is_believed(&[1, 2], &[(1, 1), (2, 1)], &[]), "{by:?}");
    }
    // It was signed for another place.
    let elsewhere = Log::new().events(5).change(&[1, 2], &[1, 2]);
    let content = elsewhere.entries.last().unwrap().content.clone();
    let moved = Log::new()
        .events(6)
        .entry(Kind::KeyChange, "key", 1, &content, true)
        .events(1);
    assert!(!moved.is_believed(&[1, 2], &[(1, 1)], &[]));
    let hidden = Log::new()
        .events(5)
        .entry(Kind::KeyChange, "key", 1, &content, false)
        .events(1);
    assert!(!hidden.is_believed(&[1, 2], &[(1, 1)], &[]), "what is not shown");
}

#[test]
fn a_key_that_goes_on_in_a_new_epoch_is_still_the_same() {
    let log = Log::new().events(5).recovery(Some(1), true).events(5);
    for has in [(1, 1), (1, 2)] {
        assert!(
            log.is_believed(&[1], &[has], &[Log::new().events(4).note(&[1])]),
            "{has:?}"
        );
    }
    // As it was declared before keys were told.
    let older = Log::new().events(5).recovery(None, true).events(5);
    assert!(older.is_believed(&[1], &[(1, 1)], &[]));
    // Whoever has the first key learns of the second, and so of the epoch that goes on with it; and the other way round.
    let changed = twice_changed().recovery(Some(3), true).events(5);
    for has in [(1, 1), (2, 1), (3, 2)] {
        assert!(
            changed.is_believed(&[3], &[has], &[Log::new().events(3).note(&[1])]),
            "{has:?}"
        );
    }
    assert!(!log.is_believed(&[1], &[(2, 1)], &[]));
    let hidden = Log::new().events(5).recovery(Some(1), false).events(5);
    assert!(!hidden.is_believed(&[1], &[(1, 1)], &[]), "what is not shown");
}

#[test]
fn a_key_that_others_have_ends_with_its_epoch() {
    // Whoever has both keys, since a checkpoint was kept from before, believes the new epoch by the new one only.
    let log = Log::new().events(5).recovery(Some(2), true).events(3);
    let kept = [Log::new().events(4).note(&[1])];
    let both = [(1, 1), (2, 2)];
    assert!(log.is_believed(&[2], &both, &kept));
    let forged = log.events(4);
    let report = forged.examined(&[1], &both, &kept).unwrap();
    assert_eq!((report.is_whole(), report.out_of_term.len()), (false, 1));
    assert!(
        !forged.is_believed(&[2], &[(1, 1)], &[]),
        "who has not heard of the new one"
    );
}

#[test]
fn a_key_that_was_retired_begins_no_epoch() {
    // The log until then is the true one; a thief with the first key goes on.
    let honest = Log::new()
        .events(5)
        .change(&[1, 2], &[1, 2])
        .events(5)
        .change(&[2], &[2])
        .events(5);
    let kept = [honest.note(&[2])];
    for with in [Some(1), None] {
        let forged = honest.clone().recovery(with, true).events(5);
        for has in [&[(2, 1)][..], &[(1, 1), (2, 1)]] {
            assert!(!forged.is_believed(&[1], has, &kept), "{with:?} {has:?}");
        }
    }
    let forged = honest.clone().events(5);
    assert!(!forged.is_believed(&[1], &[(2, 1)], &kept));
    // He makes himself a key, which the retired one vouches for.
    let vouched = honest.change(&[9], &[1, 9]).events(5);
    assert!(!vouched.is_believed(&[9], &[(2, 1)], &kept));
}

#[test]
fn no_place_in_a_log_makes_the_reader_fail() {
    let honest = || Log::new().events(2).change(&[1, 2], &[1, 2]).recovery(Some(2), true);
    for place in [i64::MIN, -1, 0, i64::MAX] {
        for at in [2, 3] {
            let mut log = honest();
            log.entries[at].log_index = place;
            assert!(!log.is_believed(&[2], &[(2, 1)], &[]), "{place} at {at}");
        }
    }
    assert!(honest().is_believed(&[2], &[(2, 1)], &[]));
}

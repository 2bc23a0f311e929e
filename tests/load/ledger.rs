//! How fast a whole log is checked, as `ledger verify` does it: every entry against its leaf hash, every kept hash over it,
//! the signed root; beside another implementation that only computes the root over leaves of the same length.
//!
//! `cargo bench -p banggiao-tests --bench ledger`; `ENTRIES=n` for another number than a million.

use std::{env, hint::black_box, time::Instant};

use banggiao_cli::ledger::{Examination, Trusted};
use banggiao_contracts::journal::v1::{Checkpoint, LedgerEntry, LedgerNode, ListEntriesResponse};
use banggiao_ledger::{Checkpoint as Signed, Entry, Frontier, Kind, SecretKey, commitment};

/// Entries in one message, as the journal sends them.
const MESSAGE: u64 = 250;

/// A log in the messages of `ListEntries`, with contents of this many bytes, or without.
fn log(entries: u64, content_bytes: Option<usize>) -> Vec<ListEntriesResponse> {
    let key = SecretKey::new("bench/journal", &[7; 32]).expect("a key");
    let (mut tree, mut messages) = (Frontier::default(), vec![ListEntriesResponse::default()]);
    for number in 1..=entries {
        let salt: [u8; 32] = [u8::try_from(number % 251).expect("a byte"); 32];
        let content = vec![u8::try_from(number % 241).expect("a byte"); content_bytes.unwrap_or(400)];
        let id = format!("e{number:032x}");
        let entry = Entry::new(Kind::EventRevision, &id, 1, &salt, &content);
        if number % MESSAGE == 1 {
            messages.push(ListEntriesResponse::default());
        }
        let message = messages.last_mut().expect("a message");
        let leaf = entry.leaf_hash();
        tree.push(leaf, |node, hash| {
            message.nodes.push(LedgerNode {
                level: node.level.into(),
                index: i64::try_from(node.index).expect("an index"),
                hash: hash.to_vec(),
            });
        });
        message.entries.push(LedgerEntry {
            log_index: i64::try_from(number).expect("a position"),
            epoch: 1,
            kind: 1,
            id,
            revision: 1,
            commitment: commitment(&salt, &content).to_vec(),
            leaf_hash: leaf.to_vec(),
            salt: content_bytes.map(|_| salt.to_vec()).unwrap_or_default(),
            content: content_bytes.map(|_| content).unwrap_or_default(),
        });
    }
    let origin = "bench/journal".to_owned();
    let (size, root) = (tree.size(), tree.root());
    messages[0].checkpoint = Some(Checkpoint {
        note: Signed { origin, size, root }.signed(std::slice::from_ref(&key)),
        origin: "bench/journal".to_owned(),
        epoch: 1,
        tree_size: i64::try_from(entries).expect("a size"),
        root_hash: tree.root().to_vec(),
        verifier_key: key.public().to_string(),
        former_verifier_keys: Vec::new(),
    });
    messages
}

fn main() {
    let entries: u64 = env::var("ENTRIES").map_or(1_000_000, |text| text.parse().expect("a number"));
    println!("{entries} entries");
    for (what, content_bytes) in [("commitments only", None), ("with 400 bytes of content", Some(400))] {
        let messages = log(entries, content_bytes);
        let (trusted, began) = (Trusted::default(), Instant::now());
        let mut examination = Examination::new(&trusted);
        for message in &messages {
            examination.take(message).expect("a checkpoint to believe");
        }
        let report = examination.finish(began.elapsed()).expect("a log");
        assert!(report.is_whole() && report.entries == entries);
        told(what, entries, began.elapsed().as_secs_f64());
    }
    peer(entries);
}

/// The hashes of tlog_tiles: leaf hashes and all inner hashes, kept in memory, over entries of the same length.
fn peer(entries: u64) {
    struct Kept(Vec<tlog_tiles::Hash>);
    impl tlog_tiles::HashReader for Kept {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            let at = |index: &u64| self.0[usize::try_from(*index).expect("an index")];
            Ok(indexes.iter().map(at).collect())
        }
    }
    let data: Vec<Vec<u8>> = (0..entries)
        .map(|number| {
            let mut bytes = vec![0; 92];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            bytes
        })
        .collect();
    let (mut kept, began) = (Kept(Vec::new()), Instant::now());
    for (number, bytes) in (0..).zip(&data) {
        let hashes = tlog_tiles::stored_hashes(number, bytes, &kept).expect("hashes");
        kept.0.extend(hashes);
    }
    black_box(tlog_tiles::tree_hash(entries, &kept).expect("a root"));
    told(
        "tlog_tiles, root over as many entries",
        entries,
        began.elapsed().as_secs_f64(),
    );
}

fn told(what: &str, entries: u64, seconds: f64) {
    #[allow(clippy::cast_precision_loss, reason = "a rate is told in thousands")]
    let rate = entries as f64 / seconds;
    println!("{what:<40} {rate:>12.0} entries/s");
}

//! Checking a whole log.

use banggiao_ledger::{
    Checkpoint, Entry, Frontier, Hash, Kind, Node,
    check::{Checker, Finding},
};
use proptest::prelude::*;

/// Number, entry, leaf hash, salt and content.
type KeptEntry = (u64, Entry, Hash, [u8; 32], Vec<u8>);

/// A log as it is kept.
#[derive(Clone)]
struct Kept {
    entries: Vec<KeptEntry>,
    nodes: Vec<(Node, Hash)>,
    head: Vec<u8>,
}

impl Kept {
    fn new(count: u64) -> Self {
        let (mut tree, mut entries, mut nodes) = (Frontier::default(), Vec::new(), Vec::new());
        for n in 1..=count {
            let salt = [u8::try_from(n % 251).unwrap(); 32];
            let content = format!("content {n}").into_bytes();
            let entry = Entry::new(Kind::EventRevision, &format!("e{n}"), 1, &salt, &content);
            tree.push(entry.leaf_hash(), |node, hash| nodes.push((node, hash)));
            entries.push((n, entry.clone(), entry.leaf_hash(), salt, content));
        }
        let head = tree.to_bytes();
        Self { entries, nodes, head }
    }

    fn checkpoint(&self, size: usize) -> Checkpoint {
        let mut tree = Frontier::default();
        for (_, _, leaf, ..) in &self.entries[..size] {
            tree.push(*leaf, |_, _| {});
        }
        Checkpoint {
            origin: "log".to_owned(),
            size: u64::try_from(size).unwrap(),
            root: tree.root(),
        }
    }

    fn findings(&self, checkpoints: &[Checkpoint]) -> Vec<Finding> {
        let mut checker = Checker::new(checkpoints.iter().map(|checkpoint| checkpoint.size));
        for (number, entry, leaf, salt, content) in &self.entries {
            checker.entry(*number, entry, leaf, Some((salt, content)));
        }
        for (node, hash) in &self.nodes {
            checker.node(*node, hash);
        }
        checker.head(&self.head);
        checker.finish(checkpoints)
    }
}

#[test]
fn a_whole_log_has_no_findings() {
    for size in [0, 1, 255, 256, 257, 600] {
        let kept = Kept::new(size);
        let all = usize::try_from(size).unwrap();
        assert_eq!(kept.findings(&[kept.checkpoint(all / 2), kept.checkpoint(all)]), []);
    }
}

#[test]
fn what_is_missing_doubled_swapped_or_put_in_is_named() {
    let whole = Kept::new(600);
    let checkpoints = [whole.checkpoint(300), whole.checkpoint(600)];
    let found = |change: &dyn Fn(&mut Kept)| {
        let mut kept = whole.clone();
        change(&mut kept);
        kept.findings(&checkpoints)
    };
    let dropped = found(&|kept| drop(kept.entries.remove(41)));
    assert_eq!(
        dropped[0],
        Finding::Gap {
            expected: 42,
            found: 43
        }
    );
    let cut = found(&|kept| kept.entries.truncate(599));
    assert!(
        cut.contains(&Finding::Short {
            signed: 600,
            found: 599
        }),
        "{cut:?}"
    );
    let swapped = found(&|kept| {
        kept.entries.swap(9, 19);
        (kept.entries[9].0, kept.entries[19].0) = (10, 20);
    });
    assert_eq!(
        swapped,
        [
            Finding::Node(Node { level: 8, index: 0 }),
            Finding::Head(0..512),
            Finding::Rewritten { size: 300, fits: 0 },
            Finding::Rewritten { size: 600, fits: 0 },
        ]
    );
    let missing = found(&|kept| kept.nodes.truncate(1));
    assert_eq!(missing, [Finding::Missing(Node { level: 8, index: 1 })]);
    let surplus = found(&|kept| kept.nodes.push((Node { level: 8, index: 2 }, [0; 32])));
    assert_eq!(surplus, [Finding::Surplus(Node { level: 8, index: 2 })]);
    let head = found(&|kept| kept.head.extend([0; 32]));
    assert_eq!(head, [Finding::Head(600..600)]);
}

#[test]
fn a_log_that_was_rewritten_with_all_its_hashes_is_caught_by_an_old_checkpoint() {
    let whole = Kept::new(600);
    let old = [whole.checkpoint(100), whole.checkpoint(500)];
    let mut other = whole.clone();
    other.entries[200].4 = b"something else".to_vec();
    let (mut tree, mut nodes) = (Frontier::default(), Vec::new());
    for (_, entry, leaf, salt, content) in &mut other.entries {
        *entry = Entry::new(Kind::EventRevision, &entry.id, 1, salt, content);
        *leaf = entry.leaf_hash();
        tree.push(*leaf, |node, hash| nodes.push((node, hash)));
    }
    (other.nodes, other.head) = (nodes, tree.to_bytes());
    assert_eq!(other.findings(&[]), [], "nothing in it contradicts itself");
    assert_eq!(other.findings(&old), [Finding::Rewritten { size: 500, fits: 100 }]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Any flipped bit of what is kept is found, and the row is named.
    #[test]
    fn any_flipped_bit_is_found_and_named(row in 0_usize..604, bit: prop::sample::Index) {
        let mut kept = Kept::new(600);
        let checkpoint = kept.checkpoint(600);
        let named = match row {
            0..600 => {
                let (number, entry, leaf, salt, content) = &mut kept.entries[row];
                let number = *number;
                let mut id = entry.id.clone().into_bytes();
                let mut revision = entry.revision.to_be_bytes();
                let parts: [&mut [u8]; 6] = [&mut entry.commitment, leaf, salt, content, &mut revision, &mut id];
                let length: usize = parts.iter().map(|part| part.len()).sum();
                let mut at = bit.index(length * 8);
                for part in parts {
                    if at < part.len() * 8 { part[at / 8] ^= 1 << (at % 8); break }
                    at -= part.len() * 8;
                }
                entry.revision = u32::from_be_bytes(revision);
                if let Ok(id) = String::from_utf8(id) { entry.id = id } else { return Ok(()) }
                vec![Finding::Content(number), Finding::Leaf(number)]
            }
            600..602 => {
                let (node, hash) = &mut kept.nodes[row - 600];
                let at = bit.index(256);
                hash[at / 8] ^= 1 << (at % 8);
                vec![Finding::Node(*node)]
            }
            _ => {
                let at = bit.index(kept.head.len() * 8);
                kept.head[at / 8] ^= 1 << (at % 8);
                let subtrees = banggiao_ledger::tree::subtrees(0..600);
                vec![Finding::Head(subtrees[at / 256].leaves())]
            }
        };
        let findings = kept.findings(&[checkpoint]);
        prop_assert!(named.iter().any(|named| findings.contains(named)), "{:?}", findings);
    }
}

//! Checking a whole log against what was kept of it and what was signed: every entry against its leaf hash, every kept
//! hash of the tree against those below, the trees of all signed sizes against their roots. What does not fit is named.

use std::{collections::BTreeMap, fmt, ops::Range};

use crate::{
    Checkpoint, Entry, Frontier, Hash, Node, commitment,
    tree::{KEPT_LEVELS, subtrees},
};

/// Something that does not fit. Entries are numbered from 1, as the log does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Another entry stands where this one was expected: one is missing, or one too many.
    Gap {
        /// The entry that was expected.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// The stored content of an entry is not what the entry commits to.
    Content(u64),
    /// An entry is not what its stored leaf hash was made of.
    Leaf(u64),
    /// A kept hash over these entries is not what they hash to.
    Node(Node),
    /// A kept hash over these entries is missing.
    Missing(Node),
    /// A kept hash stands where there is none.
    Surplus(Node),
    /// The stored head is not what these entries hash to.
    Head(Range<u64>),
    /// The log ends before the size of the checkpoint.
    Short {
        /// How many entries there must be.
        signed: u64,
        /// How many there are.
        found: u64,
    },
    /// Among the entries up to this size some are not those that were signed.
    Rewritten {
        /// The size of the checkpoint.
        size: u64,
        /// The size of the newest checkpoint that does fit; what was changed comes after it.
        fits: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |node: &Node| node.leaves().start + 1..node.leaves().end;
        match self {
            Self::Gap { expected, found } => write!(f, "entry {found} stands where entry {expected} was expected"),
            Self::Content(entry) => write!(f, "entry {entry}: the stored content is not what the log commits to"),
            Self::Leaf(entry) => write!(f, "entry {entry} is not what its leaf hash was made of"),
            Self::Node(node) => {
                let Range { start, end } = of(node);
                let (level, index) = (node.level, node.index);
                write!(
                    f,
                    "entries {start}\u{2013}{end} are not those that were hashed (node {index} of level {level})"
                )
            }
            Self::Missing(node) => {
                let Range { start, end } = of(node);
                write!(f, "the kept hash of entries {start}\u{2013}{end} is missing")
            }
            Self::Surplus(node) => write!(
                f,
                "a hash is kept as node {} of level {}, where there is none",
                node.index, node.level
            ),
            Self::Head(entries) if entries.is_empty() => write!(f, "the stored head is larger than the log"),
            Self::Head(entries) => {
                write!(
                    f,
                    "entries {}\u{2013}{} are not those of the stored head",
                    entries.start + 1,
                    entries.end
                )
            }
            Self::Short { signed, found } => {
                write!(f, "{signed} entries were signed, and there are {found}")
            }
            Self::Rewritten { size, fits } if fits >= size => {
                write!(f, "two checkpoints of {size} entries have other roots")
            }
            Self::Rewritten { size, fits } => {
                write!(f, "entries {}\u{2013}{size} are not those that were signed", fits + 1)
            }
        }
    }
}

/// Takes a log in, entry by entry from the first. It holds a hash for every 256 entries at most.
#[derive(Debug, Default)]
pub struct Checker {
    tree: Frontier,
    /// Kept hashes as they must be, until they are seen.
    nodes: BTreeMap<Node, Hash>,
    /// Roots at sizes that matter.
    roots: BTreeMap<u64, Option<Hash>>,
    findings: Vec<Finding>,
}

impl Checker {
    /// A checker that will be asked for checkpoints of these sizes.
    pub fn new(sizes: impl IntoIterator<Item = u64>) -> Self {
        let mut checker = Self {
            roots: sizes.into_iter().map(|size| (size, None)).collect(),
            ..Self::default()
        };
        checker.note_root();
        checker
    }

    fn note_root(&mut self) {
        if let Some(root) = self.roots.get_mut(&self.tree.size()) {
            *root = Some(self.tree.root());
        }
    }

    /// How many entries it took in.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Takes in the next entry: its number in the log, what is kept as its leaf hash, and salt and content if they are shown.
    pub fn entry(&mut self, number: u64, entry: &Entry, leaf: &[u8], opened: Option<(&[u8; 32], &[u8])>) {
        let expected = self.tree.size() + 1;
        if number != expected {
            self.findings.push(Finding::Gap {
                expected,
                found: number,
            });
        }
        if opened.is_some_and(|(salt, content)| commitment(salt, content) != entry.commitment) {
            self.findings.push(Finding::Content(number));
        }
        let hash = entry.leaf_hash();
        if hash != leaf {
            self.findings.push(Finding::Leaf(number));
        }
        let nodes = &mut self.nodes;
        self.tree.push(hash, |node, hash| {
            nodes.insert(node, hash);
        });
        self.note_root();
    }

    /// Takes in a kept hash, after the entries under it.
    pub fn node(&mut self, node: Node, kept: &[u8]) {
        match self.nodes.remove(&node) {
            Some(hash) if hash == kept => {}
            Some(_) => self.findings.push(Finding::Node(node)),
            None => self.findings.push(Finding::Surplus(node)),
        }
    }

    /// Takes in the stored roots of the complete subtrees of the head, one behind the other, if it is of this size.
    pub fn head(&mut self, kept: &[u8]) {
        let stored = kept.chunks(32).map(Some).chain(std::iter::repeat(None));
        let computed = self.tree.to_bytes();
        for ((node, hash), stored) in subtrees(0..self.tree.size())
            .iter()
            .zip(computed.chunks(32))
            .zip(stored)
        {
            if stored != Some(hash) {
                self.findings.push(Finding::Head(node.leaves()));
            }
        }
        if kept.len() > computed.len() {
            self.findings.push(Finding::Head(self.tree.size()..self.tree.size()));
        }
    }

    /// What does not fit, with these checkpoints, whose signatures have been checked and whose sizes were announced.
    #[must_use]
    pub fn finish(mut self, checkpoints: &[Checkpoint]) -> Vec<Finding> {
        let level = |node: &Node| node.level.is_multiple_of(KEPT_LEVELS);
        self.findings
            .extend(self.nodes.keys().copied().filter(level).map(Finding::Missing));
        let mut checkpoints: Vec<_> = checkpoints.iter().collect();
        checkpoints.sort_by_key(|checkpoint| checkpoint.size);
        let mut fits = 0;
        for Checkpoint { size, root, .. } in checkpoints {
            match self.roots.get(size).copied().flatten() {
                Some(computed) if computed == *root => fits = *size,
                Some(_) => {
                    let size = *size;
                    self.findings.push(Finding::Rewritten { size, fits });
                }
                None => self.findings.push(Finding::Short {
                    signed: *size,
                    found: self.tree.size(),
                }),
            }
        }
        self.findings
    }
}

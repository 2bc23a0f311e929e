//! Trees and proofs.

use banggiao_ledger::{
    Frontier, Hash, hex, leaf_hash,
    proof::{self, Error, verify_consistency, verify_inclusion},
    tree::{Node, folded, joined, subtrees},
};
use proptest::prelude::*;

use super::oracle;

/// The leaves of the published test vectors of RFC 6962 hashing (the reference implementation of Certificate
/// Transparency), and the roots of the trees over the first of them.
const INPUTS: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[
        0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
    ],
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn tree(leaves: &[Hash]) -> Frontier {
    let mut tree = Frontier::default();
    for leaf in leaves {
        tree.push(*leaf, |_, _| {});
    }
    tree
}

/// What a stretch of leaves hashes to, put together as whoever keeps the tree does it.
fn hash(leaves: &[Hash], stretch: std::ops::Range<u64>) -> Hash {
    let of = |node: Node| {
        let leaves =
            &leaves[usize::try_from(node.leaves().start).unwrap()..usize::try_from(node.leaves().end).unwrap()];
        folded(leaves.to_vec()).unwrap()
    };
    joined(&subtrees(stretch).into_iter().map(of).collect::<Vec<_>>())
}

fn hashes(leaves: &[Hash], stretches: Vec<std::ops::Range<u64>>) -> Vec<Hash> {
    stretches.into_iter().map(|stretch| hash(leaves, stretch)).collect()
}

#[test]
fn the_published_roots_come_out() {
    let leaves: Vec<Hash> = INPUTS.iter().map(|input| leaf_hash(input)).collect();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(hex(&tree(&leaves[..size]).root()), *root, "size {size}");
    }
}

#[test]
fn the_published_paths_and_proofs_come_out() {
    // From the same reference: leaf (from 0), size, path; old size, new size, proof.
    let leaves: Vec<Hash> = INPUTS.iter().map(|input| leaf_hash(input)).collect();
    let path = |leaf, size| {
        let path = hashes(&leaves, proof::inclusion(leaf, size).unwrap());
        path.iter().map(|hash| hex(hash)).collect::<Vec<_>>()
    };
    assert_eq!(path(0, 1), Vec::<String>::new());
    assert_eq!(
        path(0, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        path(5, 8),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    let proof = |old, new| {
        let proof = hashes(&leaves, proof::consistency(old, new).unwrap());
        proof.iter().map(|hash| hex(hash)).collect::<Vec<_>>()
    };
    assert_eq!(
        proof(6, 8),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_leaf_is_provable_at_every_size() {
    let leaves = oracle::leaves(140);
    for size in 1..=leaves.len() {
        let (part, length) = (&leaves[..size], u64::try_from(size).unwrap());
        let root = tree(part).root();
        assert_eq!(root, oracle::root(part));
        for (index, leaf) in part.iter().enumerate() {
            let place = u64::try_from(index).unwrap();
            let path = hashes(part, proof::inclusion(place, length).unwrap());
            assert_eq!(path, oracle::path(index, part), "{index} of {size}");
            verify_inclusion(leaf, place, length, &path, &root).unwrap();
        }
        assert_eq!(proof::inclusion(length, length), None);
    }
}

#[test]
fn every_tree_is_the_beginning_of_every_later_one() {
    let leaves = oracle::leaves(140);
    let roots: Vec<Hash> = (0..=leaves.len()).map(|size| oracle::root(&leaves[..size])).collect();
    for new in 0..=leaves.len() {
        for old in 0..=new {
            let (from, to) = (u64::try_from(old).unwrap(), u64::try_from(new).unwrap());
            let path = hashes(&leaves, proof::consistency(from, to).unwrap());
            if 0 < old && old < new {
                assert_eq!(path, oracle::proof(old, &leaves[..new]), "{old} in {new}");
            }
            verify_consistency(from, &roots[old], to, &roots[new], &path).unwrap();
        }
    }
    assert_eq!(proof::consistency(2, 1), None);
    assert_eq!(
        verify_consistency(2, &roots[2], 1, &roots[1], &[]),
        Err(Error::OutOfRange)
    );
}

#[test]
fn kept_hashes_are_those_of_every_eighth_level() {
    let leaves = oracle::leaves(70_000);
    let (mut tree, mut kept) = (Frontier::default(), Vec::new());
    for leaf in &leaves {
        tree.push(*leaf, |node, hash| kept.push((node, hash)));
    }
    assert_eq!(kept.len(), 70_000 / 256 + 1);
    for (node, hash) in &kept {
        assert!(node.level == 8 || node.level == 16);
        assert_eq!(*hash, self::hash(&leaves, node.leaves()));
    }
    let again = Frontier::from_bytes(tree.size(), &tree.to_bytes()).unwrap();
    assert_eq!(again, tree);
    assert_eq!(Frontier::from_bytes(tree.size() + 1, &tree.to_bytes()), None);
    assert_eq!(Frontier::from_bytes(tree.size(), &tree.to_bytes()[1..]), None);
    assert_eq!(Node { level: 11, index: 3 }.kept(), (8, 24..32));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// One flipped bit anywhere in a proof, a leaf or a root proves nothing any more; so does a proof that is cut or grown.
    #[test]
    fn a_flipped_bit_proves_nothing(size in 2_u64..600, leaf: prop::sample::Index, old: prop::sample::Index, bit: prop::sample::Index, grown: bool) {
        let leaves = oracle::leaves(size);
        let root = oracle::root(&leaves);
        let leaf = leaf.index(leaves.len());
        let place = u64::try_from(leaf).unwrap();
        let path = hashes(&leaves, proof::inclusion(place, size).unwrap());
        let old = old.index(leaves.len() - 1) + 1;
        let from = u64::try_from(old).unwrap();
        let old_root = oracle::root(&leaves[..old]);
        let consistency = hashes(&leaves, proof::consistency(from, size).unwrap());

        let mut altered = [&[leaves[leaf], root], path.as_slice()].concat();
        let at = bit.index(altered.len() * 256);
        altered[at / 256][at % 256 / 8] ^= 1 << (at % 8);
        prop_assert!(verify_inclusion(&altered[0], place, size, &altered[2..], &altered[1]).is_err());

        let mut altered = [&[old_root, root], consistency.as_slice()].concat();
        let at = bit.index(altered.len() * 256);
        altered[at / 256][at % 256 / 8] ^= 1 << (at % 8);
        prop_assert!(verify_consistency(from, &altered[0], size, &altered[1], &altered[2..]).is_err());

        for proof in [&path, &consistency] {
            let mut other = proof.clone();
            if grown { other.push([1; 32]); } else if other.pop().is_none() { continue }
            prop_assert!(verify_inclusion(&leaves[leaf], place, size, &other, &root).is_err() || other == path);
            prop_assert!(verify_consistency(from, &old_root, size, &root, &other).is_err() || other == consistency);
        }
    }
}

mod other_implementation {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use sha2::Sha256;

    use super::*;

    /// All sizes up to 600, and 10,000 random pairs of places: our roots and proofs are theirs, byte for byte.
    #[test]
    fn roots_and_proofs_are_byte_equal() {
        let inputs: Vec<Vec<u8>> = (0..600_u64).map(|n| n.to_be_bytes().to_vec()).collect();
        let leaves = oracle::leaves(600);
        let (mut theirs, mut ours) = (MemoryBackedTree::<Sha256, Vec<u8>>::new(), Frontier::default());
        let mut seed = 7_u64;
        let mut next = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for (input, leaf) in inputs.into_iter().zip(&leaves) {
            theirs.push(input);
            ours.push(*leaf, |_, _| {});
            let size = ours.size();
            let root = theirs.root();
            assert_eq!(ours.root(), <Hash>::try_from(root.as_bytes().as_slice()).unwrap());
            for _ in 0..17 {
                let place = next(size);
                let path = hashes(&leaves, proof::inclusion(place, size).unwrap()).concat();
                assert_eq!(theirs.prove_inclusion(usize::try_from(place).unwrap()).as_bytes(), path);
                let added = next(size);
                let proof = hashes(&leaves, proof::consistency(size - added, size).unwrap()).concat();
                assert_eq!(
                    theirs.prove_consistency(usize::try_from(added).unwrap()).as_bytes(),
                    proof
                );
            }
        }
    }
}

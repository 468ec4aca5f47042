//! Proofs that an entry is in a tree, and that one tree goes on from another (RFC 9162, sections 2.1.3 and 2.1.4).

use crate::merkle::{Hash, empty_root, leaf_hash, node_hash};

/// Hashes that a proof of a tree of 64 bits can have.
pub const PROOF_HASHES_MAX: usize = 2 * 64;

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// What it is about cannot be: an entry beyond the tree, or a tree that goes on from a larger one.
    #[error("there is no such proof: {0} of {1}")]
    Absurd(u64, u64),
    /// It has more hashes or fewer than it must have.
    #[error("the proof has {0} hashes, which is not how many it must have")]
    Length(usize),
    /// It comes to another root.
    #[error("the proof comes to another root")]
    Root,
}

/// Whatever has the hashes of a tree: its tiles, or a test's list.
pub trait Nodes {
    /// What can go wrong when one is looked up.
    type Error;

    /// The root of the perfect subtree over `2^height` leaves from `start` on, a multiple of that.
    ///
    /// # Errors
    /// What went wrong.
    fn perfect(&self, start: u64, height: u8) -> Result<Hash, Self::Error>;
}

/// The largest power of two that is smaller than `count`.
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root of the tree over `count` leaves from `start` on.
fn range<N: Nodes>(nodes: &N, start: u64, count: u64) -> Result<Hash, N::Error> {
    if count == 0 {
        return Ok(empty_root());
    }
    if count.is_power_of_two() {
        return nodes.perfect(start, count.ilog2() as u8);
    }
    let left = split(count);
    Ok(node_hash(&range(nodes, start, left)?, &range(nodes, start + left, count - left)?))
}

/// The root of a tree of a size.
///
/// # Errors
/// What went wrong when a hash was looked up.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    range(nodes, 0, size)
}

/// The proof that the entry at `index` is in the tree of `size`, which must be larger.
///
/// # Errors
/// What went wrong when a hash was looked up.
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let (mut start, mut count) = (0, size);
    let mut proof = Vec::new();
    while count > 1 {
        let left = split(count);
        if index < start + left {
            proof.push(range(nodes, start + left, count - left)?);
            count = left;
        } else {
            proof.push(range(nodes, start, left)?);
            start += left;
            count -= left;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of size `new` goes on from that of size `old`, which is not larger.
///
/// # Errors
/// What went wrong when a hash was looked up.
pub fn consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut start, mut count, mut whole) = (0, new, true);
    // Down to the subtree that ends where the old tree ended.
    while old != start + count {
        let left = split(count);
        if old <= start + left {
            proof.push(range(nodes, start + left, count - left)?);
            count = left;
        } else {
            proof.push(range(nodes, start, left)?);
            start += left;
            count -= left;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(nodes, start, count)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that an entry is in the tree of a size and root.
///
/// # Errors
/// [`ProofError`]
pub fn verify_inclusion(entry: &[u8], index: u64, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Absurd(index, size));
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf_hash(entry));
    for sibling in proof.iter().take(PROOF_HASHES_MAX) {
        if last == 0 {
            return Err(ProofError::Length(proof.len()));
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 || proof.len() > PROOF_HASHES_MAX {
        return Err(ProofError::Length(proof.len()));
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of size and root `new` goes on from that of `old`: nothing of the old one was changed or taken away.
///
/// # Errors
/// [`ProofError`]
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> Result<(), ProofError> {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        return Err(ProofError::Absurd(old_size, new_size));
    }
    if old_size == 0 || old_size == new_size {
        let equal = if old_size == 0 { *old_root == empty_root() } else { old_root == new_root };
        return match (proof.is_empty(), equal) {
            (false, _) => Err(ProofError::Length(proof.len())),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    let whole = [*old_root];
    let mut hashes = whole.iter().filter(|_| old_size.is_power_of_two()).chain(proof.iter().take(PROOF_HASHES_MAX));
    let wrong = ProofError::Length(proof.len());
    let first = hashes.next().ok_or(wrong)?;
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut one, mut two) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return Err(wrong);
        }
        if at & 1 == 1 || at == last {
            one = node_hash(sibling, &one);
            two = node_hash(sibling, &two);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            two = node_hash(&two, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 || proof.len() > PROOF_HASHES_MAX {
        return Err(wrong);
    }
    if one == *old_root && two == *new_root { Ok(()) } else { Err(ProofError::Root) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::merkle::over;
    use crate::merkle::tests::{ENTRIES, ROOTS, bytes, hash};

    struct List(Vec<Hash>);

    impl Nodes for List {
        type Error = Infallible;

        fn perfect(&self, start: u64, height: u8) -> Result<Hash, Infallible> {
            let from = usize::try_from(start).unwrap();
            Ok(over(&self.0[from..from + (1 << height)]))
        }
    }

    fn list(count: u64) -> List {
        List((0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    #[test]
    fn the_reference_tree_has_the_proofs_that_other_implementations_give() {
        let nodes = List(ENTRIES.iter().map(|entry| leaf_hash(&bytes(entry))).collect());
        // Known answers of the tests that implementations of RFC 6962 share.
        let told = |proof: &[&str]| proof.iter().map(|text| hash(text)).collect::<Vec<_>>();
        assert_eq!(
            inclusion(&nodes, 0, 8).unwrap(),
            told(&[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ])
        );
        assert_eq!(
            consistency(&nodes, 1, 8).unwrap(),
            told(&[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ])
        );
        let roots: Vec<Hash> = ROOTS.iter().map(|text| hash(text)).collect();
        for new in 1..=8 {
            for old in 1..=new {
                let proof = consistency(&nodes, old as u64, new as u64).unwrap();
                let (one, two) = ((old as u64, &roots[old - 1]), (new as u64, &roots[new - 1]));
                verify_consistency(one, two, &proof).unwrap();
            }
            for (index, entry) in ENTRIES[..new].iter().enumerate() {
                let proof = inclusion(&nodes, index as u64, new as u64).unwrap();
                verify_inclusion(&bytes(entry), index as u64, new as u64, &roots[new - 1], &proof).unwrap();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn proofs_hold_and_a_flipped_bit_or_another_place_does_not(new in 1_u64..600, at in any::<u64>(), bit in any::<usize>()) {
            let nodes = list(new);
            let (old, index) = (at % new + 1, at % new);
            let (old_root, new_root) = (root(&nodes, old).unwrap(), root(&nodes, new).unwrap());
            prop_assert_eq!(new_root, over(&nodes.0));
            let proof = consistency(&nodes, old, new).unwrap();
            verify_consistency((old, &old_root), (new, &new_root), &proof).unwrap();
            let path = inclusion(&nodes, index, new).unwrap();
            let entry = index.to_be_bytes();
            verify_inclusion(&entry, index, new, &new_root, &path).unwrap();
            prop_assert!(verify_inclusion(b"another", index, new, &new_root, &path).is_err());
            for proved in [&proof, &path] {
                let Some(bits) = (proved.len() * 256).checked_sub(1) else { continue };
                let mut flipped = proved.clone();
                let bit = bit % (bits + 1);
                flipped[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
                let holds = if std::ptr::eq(proved, &proof) {
                    verify_consistency((old, &old_root), (new, &new_root), &flipped)
                } else {
                    verify_inclusion(&entry, index, new, &new_root, &flipped)
                };
                prop_assert_eq!(holds, Err(ProofError::Root));
            }
            let longer = [proof.as_slice(), &[[0; 32]]].concat();
            prop_assert!(verify_consistency((old, &old_root), (new, &new_root), &longer).is_err());
            prop_assert!(path.is_empty() || verify_inclusion(&entry, index, new, &new_root, &path[1..]).is_err());
            let mut other = old_root;
            other[0] ^= 1;
            prop_assert!(verify_consistency((old, &other), (new, &new_root), &proof).is_err());
        }
    }

    #[test]
    fn what_cannot_be_proved_is_refused() {
        let hash = [1; 32];
        assert_eq!(verify_inclusion(b"", 1, 1, &hash, &[]), Err(ProofError::Absurd(1, 1)));
        assert_eq!(verify_consistency((2, &hash), (1, &hash), &[]), Err(ProofError::Absurd(2, 1)));
        assert_eq!(verify_consistency((0, &empty_root()), (1, &hash), &[]), Ok(()));
        assert_eq!(verify_consistency((0, &hash), (1, &hash), &[]), Err(ProofError::Root));
        assert_eq!(verify_consistency((1, &hash), (2, &hash), &[]), Err(ProofError::Length(0)));
        let long = vec![hash; 1000];
        assert_eq!(verify_inclusion(b"", 0, u64::MAX, &hash, &long), Err(ProofError::Length(1000)));
    }
}

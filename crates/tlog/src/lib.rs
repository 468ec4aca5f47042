//! A transparency log as others know it: a Merkle tree over entries, laid out as tiles, its head a signed note.
//!
//! Nothing here knows what an entry says. The formats are those of RFC 6962 and RFC 9162 (hashes, proofs) and of the C2SP
//! specifications tlog-tiles, signed-note and tlog-checkpoint, so that tools of other makers read what is published.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod grower;
mod merkle;
mod note;
mod proof;
mod published;
mod tile;

pub use grower::Grower;
pub use merkle::{Hash, empty_root, leaf_hash, node_hash};
pub use note::{Checkpoint, NOTE_BYTES_MAX, NoteError, Signer, Verifier};
pub use proof::{
    Nodes, PROOF_HASHES_MAX, ProofError, consistency, inclusion, root, verify_consistency, verify_inclusion,
};
pub use published::{CHECKPOINT, KEY, Published, PublishedError};
pub use tile::{ENTRY_BYTES_MAX, Kind, PATH_BYTES_MAX, TILE_WIDTH, Tile, bundle, entries_of};

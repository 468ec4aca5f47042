//! Checks the hash chain from its first entry to its last, and the last signed checkpoint against it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::{Entropy, Timestamp};

use crate::checkpoint;
use crate::codec;
use crate::entry::Seq;
use crate::error::{JournalError, VaultError};
use crate::files;
use crate::journal::{Head, sqlite};
use crate::keys::Keys;

const ENTRIES_AT_ONCE: usize = 1024;
/// Name of the journal's file in the data folder.
pub(crate) const FILE: &str = "vault.db";

/// What a check found in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Number of entries.
    pub entries: Seq,
    /// Hash of the last.
    pub head: [u8; 32],
    /// Entries by type.
    pub types: BTreeMap<&'static str, u64>,
    /// Place and time of the signed checkpoint that matched; `None` if there is none yet.
    pub checkpoint: Option<(Seq, Timestamp)>,
}

/// Verification reads keys and never makes one.
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) {}
}

/// Checks the journal in a data folder against itself and against the checkpoint in its keys folder.
///
/// # Errors
/// [`VaultError::Journal`] names the first entry that is wrong; [`VaultError::Checkpoint`] tells that the chain is not the
/// one that was signed, as when it was rewritten from some entry on, or cut.
pub fn verify(data_dir: &Path, keys_dir: &Path) -> Result<Report, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    let signed = if keys_dir.join("checkpoint.key").exists() {
        let keys = Keys::open(keys_dir, Arc::new(NoEntropy))?;
        checkpoint::read(&keys)?
    } else {
        None
    };
    let connection = sqlite::open_read_only(&path)?;
    let mut head = Head::default();
    let mut types = BTreeMap::new();
    let mut matched = None;
    loop {
        let entries = sqlite::read_raw(&connection, head.seq + 1, ENTRIES_AT_ONCE)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let expected = head.seq + 1;
            if entry.seq != expected {
                return Err(JournalError::corrupt(expected, "it is missing").into());
            }
            let hash = codec::chain(&head.hash, entry.seq, entry.at, &entry.body);
            if hash != entry.hash {
                return Err(JournalError::corrupt(
                    entry.seq,
                    "its hash does not follow from its bytes and the entry before",
                )
                .into());
            }
            let body =
                codec::decode(&entry.body).map_err(|error| JournalError::corrupt(entry.seq, error.to_string()))?;
            *types.entry(body.type_name()).or_insert(0) += 1;
            head = Head { seq: entry.seq, hash };
            if let Some(signed) = signed.as_ref().filter(|signed| signed.head.seq == head.seq) {
                if signed.head.hash != head.hash {
                    return Err(VaultError::Checkpoint(format!(
                        "entry {} is not the one that was signed: the journal was rewritten",
                        head.seq
                    )));
                }
                matched = Some((head.seq, signed.at));
            }
        }
    }
    if let Some(signed) = signed.filter(|signed| signed.head.seq > head.seq) {
        return Err(VaultError::Checkpoint(format!(
            "it ends at entry {}, but entry {} was signed: the journal was cut",
            head.seq, signed.head.seq
        )));
    }
    Ok(Report { entries: head.seq, head: head.hash, types, checkpoint: matched })
}

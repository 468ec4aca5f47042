//! Checks the hash chain from its first entry to its last, and the last signed checkpoint against it.

use std::collections::BTreeMap;
use std::path::Path;

use model::Timestamp;

use crate::checkpoint;
use crate::codec;
use crate::entry::Seq;
use crate::error::{JournalError, VaultError};
use crate::files;
use crate::journal::{Head, sqlite};
use crate::keys;

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
    /// Place and time of the signed checkpoint that matched; `None` only for an empty journal.
    pub checkpoint: Option<(Seq, Timestamp)>,
}

/// Checks the journal in a data folder against itself and against the checkpoint in its keys folder.
///
/// # Errors
/// [`VaultError::Journal`] names the first entry that is wrong; [`VaultError::Checkpoint`] tells that the chain is not the
/// one that was signed, as when it was rewritten from some entry on, or cut.
pub fn verify(data_dir: &Path, keys_dir: &Path) -> Result<Report, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    let no_checkpoint =
        || VaultError::Checkpoint(format!("the keys folder {} has no checkpoint to compare with", keys_dir.display()));
    // The checkpoint is read before the journal: a journal that is being written only runs ahead of it.
    let signed = match keys::checkpoint_public(keys_dir)? {
        Some(public) => checkpoint::read_in(keys_dir, &public)?,
        None => None,
    };
    let connection = sqlite::open_read_only(&path)?;
    let mut head = Head::default();
    let mut types = BTreeMap::new();
    loop {
        let entries = sqlite::read_raw(&connection, head.seq + 1, ENTRIES_AT_ONCE)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            head = sqlite::follows(&head, &entry)?;
            let name =
                codec::type_of(&entry.body).map_err(|error| JournalError::corrupt(entry.seq, error.to_string()))?;
            *types.entry(name).or_insert(0) += 1;
            if signed.as_ref().is_some_and(|signed| signed.head.seq == head.seq && signed.head.hash != head.hash) {
                return Err(VaultError::Checkpoint(format!(
                    "entry {} is not the one that was signed: the journal was rewritten",
                    head.seq
                )));
            }
        }
    }
    let Some(signed) = signed else {
        return if head.seq == 0 {
            Ok(Report { entries: 0, head: head.hash, types, checkpoint: None })
        } else {
            Err(no_checkpoint())
        };
    };
    if signed.head.seq > head.seq {
        return Err(VaultError::Checkpoint(format!(
            "it ends at entry {}, but entry {} was signed: the journal was cut",
            head.seq, signed.head.seq
        )));
    }
    Ok(Report { entries: head.seq, head: head.hash, types, checkpoint: Some((signed.head.seq, signed.at)) })
}

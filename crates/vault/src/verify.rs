//! Checks the hash chain from its first entry to its last, the last signed checkpoint against it, and that each report has
//! its source.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use model::{CaseId, Entropy, Timestamp};

use crate::acts::Change;
use crate::checkpoint::{self, Checkpoint};
use crate::codec::{self, CodecError};
use crate::entry::{Body, Seq};
use crate::error::{JournalError, VaultError};
use crate::journal::{Head, sqlite};
use crate::keys;
use crate::sealing::AtRest;
use crate::vault::redact;
use crate::{aged, erased, files};

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

struct Walked {
    head: Head,
    types: BTreeMap<&'static str, u64>,
    /// Records in the source table.
    sources: u64,
    reports: u64,
}

impl Walked {
    /// Every report has a source by now; what is left over belongs to none.
    const fn sources_belong(&self) -> Result<(), VaultError> {
        let (stored, reports) = (self.sources, self.reports);
        if stored == reports { Ok(()) } else { Err(VaultError::Sources { stored, reports }) }
    }
}

/// Checks the journal in a data folder against itself and against the checkpoint in its keys folder. Nothing is written.
///
/// # Errors
/// [`VaultError::Journal`] names the first entry that is wrong; [`VaultError::Checkpoint`] tells that the chain is not the
/// one that was signed, as when it was rewritten from some entry on, or cut; [`VaultError::NoCheckpoint`] that nothing
/// vouches for it; [`VaultError::Sources`] that the source table holds what belongs to no report.
pub fn verify(data_dir: &Path, keys_dir: &Path) -> Result<Report, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    // The checkpoint is read before the journal: a journal that is being written only runs ahead of it.
    let signed = match keys::checkpoint_public(keys_dir)? {
        Some(public) => checkpoint::read_in(keys_dir, &public)?,
        None => None,
    };
    let no_chance: Arc<dyn Entropy> = Arc::new(NoChance);
    let at_rest = AtRest::look(keys_dir, &no_chance)?;
    let walked = walk(&path, signed.as_ref(), at_rest.as_ref(), keys_dir)?;
    let head = walked.head;
    let Some(signed) = signed else {
        return if head.seq == 0 {
            Ok(Report { entries: 0, head: head.hash, types: walked.types, checkpoint: None })
        } else {
            Err(VaultError::NoCheckpoint { keys_dir: keys_dir.to_owned(), entries: head.seq })
        };
    };
    checkpoint::after_genesis(&signed.head, head.seq)?;
    if signed.head.seq > head.seq {
        return Err(VaultError::Checkpoint(format!(
            "it ends at entry {}, but entry {} was signed: the journal was cut",
            head.seq, signed.head.seq
        )));
    }
    walked.sources_belong()?;
    Ok(Report {
        entries: head.seq,
        head: head.hash,
        types: walked.types,
        checkpoint: Some((signed.head.seq, signed.at)),
    })
}

/// Checks a journal against itself alone.
pub(crate) fn chain(path: &Path, at_rest: Option<&AtRest>, keys_dir: &Path) -> Result<(), VaultError> {
    walk(path, None, at_rest, keys_dir)?.sources_belong()
}

/// Only reads: nothing is drawn.
pub(crate) struct NoChance;

impl Entropy for NoChance {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn walk(
    path: &Path,
    signed: Option<&Checkpoint>,
    at_rest: Option<&AtRest>,
    keys_dir: &Path,
) -> Result<Walked, VaultError> {
    let connection = sqlite::open_read_only(path)?;
    // One moment of the file, so that entries and sources that are written meanwhile do not come between.
    let moment = connection.unchecked_transaction().map_err(JournalError::from)?;
    if !sqlite::is_made(&moment)? {
        // Whoever made the file was ended before it had a table.
        return Ok(Walked { head: Head::default(), types: BTreeMap::new(), sources: 0, reports: 0 });
    }
    let mut head = Head::default();
    let mut types = BTreeMap::new();
    let mut cases = HashSet::new();
    let (mut redacted, mut vouched) = (BTreeMap::new(), BTreeMap::new());
    loop {
        let entries = sqlite::read_raw(&moment, head.seq + 1, ENTRIES_AT_ONCE)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            head = sqlite::follows(&head, &entry)?;
            let opened = sqlite::opened(at_rest, &entry)?;
            if opened.erased {
                redacted.insert(entry.seq, (entry.hash, redact::sha256(&opened.plain), codec::case_in(&entry.body)));
            }
            let corrupt = |error: CodecError| JournalError::corrupt(entry.seq, error.to_string());
            let name = codec::type_of(&entry.body).map_err(corrupt)?;
            *types.entry(name).or_insert(0) += 1;
            if signed.is_some_and(|signed| signed.head.seq == head.seq && signed.head.hash != head.hash) {
                return Err(VaultError::Checkpoint(format!(
                    "entry {} is not the one that was signed: the journal was rewritten",
                    head.seq
                )));
            }
            if matches!(name, "amend" | "aged") {
                let named = match codec::decode(&opened.plain).map_err(corrupt)? {
                    Body::Amend(amend) => match amend.change {
                        Change::Recall { redacted } => redacted,
                        _ => Vec::new(),
                    },
                    Body::Aged(aged) => aged.redacted,
                    _ => Vec::new(),
                };
                vouched.extend(named.into_iter().map(|named| (named.seq, (named.hash, named.left))));
            }
            if name == "report" {
                let case = codec::case_of(&entry.body).map_err(corrupt)?;
                if !cases.insert(case) {
                    return Err(JournalError::corrupt(entry.seq, "its case is that of an earlier report").into());
                }
                if !sqlite::is_filed(&moment, case)? {
                    return Err(JournalError::corrupt(entry.seq, "no source is recorded for its case").into());
                }
            }
        }
    }
    // The latest word on an entry counts: one may lose content more than once.
    // A copy that is older than its keys has no such word yet; the list beside the keys has the case.
    // It is read last: what is recalled while the journal is walked stands in it before a key is destroyed.
    let known = erased::cases_in(keys_dir)?.into_iter().chain(aged::cases_in(keys_dir)?);
    let known: HashSet<CaseId> = known.collect();
    let unknown = |seq: &Seq, (hash, left, case): &([u8; 32], [u8; 32], Option<CaseId>)| {
        vouched.get(seq) != Some(&(*hash, *left)) && !case.is_some_and(|case| known.contains(&case))
    };
    if let Some((seq, _)) = redacted.iter().find(|(seq, left)| unknown(seq, left)) {
        let why = "its content was taken out, and no later entry says that what is left of it is this";
        return Err(JournalError::corrupt(*seq, why).into());
    }
    let sources = sqlite::sources(&moment)?;
    Ok(Walked { head, types, sources, reports: cases.len() as u64 })
}

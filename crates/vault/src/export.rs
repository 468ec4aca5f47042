//! The journal as JSON lines: one entry a line, tokens and sources left out.

use std::io::Write;
use std::path::Path;

use std::sync::Arc;

use model::{Entropy, Timestamp};
use serde_json::{Value, json};

use crate::entry::Seq;
use crate::error::{JournalError, VaultError};
use crate::journal::{Head, Journal, RawEntry, sqlite};
use crate::sealing::{AtRest, Opened};
use crate::verify::{FILE, NoChance};
use crate::{files, hex};

const ENTRIES_AT_ONCE: usize = 512;

/// Writes every entry to `out`, the oldest first, in constant memory; gives their number.
///
/// Lines are `{"seq", "at" (milliseconds), "hash", "entry"}`. The sealed part of an entry (the member token) is left out:
/// no screen, log or export shows a token; and what might be told of a source is shown to the cell alone.
///
/// # Errors
/// [`JournalError`] if the journal cannot be read or `out` not written.
pub fn export(journal: &dyn Journal, out: &mut dyn Write) -> Result<Seq, JournalError> {
    let mut read = |from| {
        let entries = journal.read_raw(from, ENTRIES_AT_ONCE)?.into_iter();
        let open = |entry: RawEntry| Ok(RawEntry { body: journal.open(&entry)?.plain, ..entry });
        entries.map(open).collect()
    };
    lines(&mut read, out)
}

/// As [`export`], from a data folder that is only read: nothing is made or signed. Of the keys folder the journal's key is needed, and
/// the keys of what was sealed with one of its own. A server may have it open meanwhile.
///
/// # Errors
/// As [`export`]; each entry's hash must follow from the one before.
pub fn export_folder(data_dir: &Path, keys_dir: &Path, out: &mut dyn Write) -> Result<Seq, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    let connection = sqlite::open_read_only(&path)?;
    let no_chance: Arc<dyn Entropy> = Arc::new(NoChance);
    let at_rest = AtRest::look(keys_dir, &no_chance)?;
    let mut head = Head::default();
    let mut read = |from| {
        let entries = sqlite::read_raw(&connection, from, ENTRIES_AT_ONCE)?;
        for entry in &entries {
            head = sqlite::follows(&head, entry)?;
        }
        let open = |entry: RawEntry| {
            let Opened { plain: body, erased: redacted } = sqlite::opened(at_rest.as_ref(), &entry)?;
            Ok(RawEntry { body, redacted, ..entry })
        };
        entries.into_iter().map(open).collect()
    };
    Ok(lines(&mut read, out)?)
}

fn lines(
    read: &mut dyn FnMut(Seq) -> Result<Vec<RawEntry>, JournalError>,
    out: &mut dyn Write,
) -> Result<Seq, JournalError> {
    let mut from = 1;
    let mut count = 0;
    loop {
        let entries = read(from)?;
        let Some(last) = entries.last() else { return Ok(count) };
        from = last.seq + 1;
        for entry in entries {
            let mut body: Value = serde_json::from_slice(&entry.body)
                .map_err(|error| JournalError::corrupt(entry.seq, error.to_string()))?;
            if let Some(fields) = body.as_object_mut() {
                fields.remove("s");
                // So would a letter tell more of a source to whoever has not the page of its case.
                fields.remove("grade");
                // The key of observable keys would let a reader of the export compute them.
                fields.remove("key_seed");
            }
            let line = json!({ "seq": entry.seq, "at": Timestamp::as_millis(entry.at), "hash": hex::encode(&entry.hash), "entry": body });
            writeln!(out, "{line}").map_err(JournalError::io)?;
            count += 1;
        }
    }
}

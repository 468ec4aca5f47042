//! The journal as JSON lines: one entry a line, tokens and sources left out.

use std::io::Write;

use model::Timestamp;
use serde_json::{Value, json};

use crate::entry::Seq;
use crate::error::JournalError;
use crate::hex;
use crate::journal::Journal;

const ENTRIES_AT_ONCE: usize = 512;

/// Writes every entry to `out`, the oldest first, in constant memory; gives their number.
///
/// Lines are `{"seq", "at" (milliseconds), "hash", "entry"}`. The sealed part of an entry (the member token) is left out:
/// no screen, log or export shows a token.
///
/// # Errors
/// [`JournalError`] if the journal cannot be read or `out` not written.
pub fn export(journal: &dyn Journal, out: &mut dyn Write) -> Result<Seq, JournalError> {
    let mut from = 1;
    let mut count = 0;
    loop {
        let entries = journal.read_raw(from, ENTRIES_AT_ONCE)?;
        let Some(last) = entries.last() else { return Ok(count) };
        from = last.seq + 1;
        for entry in entries {
            let mut body: Value = serde_json::from_slice(&entry.body)
                .map_err(|error| JournalError::corrupt(entry.seq, error.to_string()))?;
            if let Some(fields) = body.as_object_mut() {
                fields.remove("s");
                // The key of observable keys would let a reader of the export compute them.
                fields.remove("key_seed");
            }
            let line = json!({ "seq": entry.seq, "at": Timestamp::as_millis(entry.at), "hash": hex::encode(&entry.hash), "entry": body });
            writeln!(out, "{line}").map_err(JournalError::io)?;
            count += 1;
        }
    }
}

//! What a start reads back of the journal into memory, and what it makes up for after a crash.

use std::sync::PoisonError;

use super::{ENTRIES_AT_ONCE, Vault};
use crate::acts::Change;
use crate::codec::{self, CodecError};
use crate::dedupe::WINDOWS_MAX;
use crate::entry::{Body, Seq};
use crate::error::{JournalError, VaultError};
use crate::keys::Keys;

impl Vault {
    /// Reads back which values each submitter has sent, and which data and rule sets are in use.
    pub(super) fn recall(&self) -> Result<(), VaultError> {
        let seed = self.key_seed();
        let oldest = self.oldest_remembered()?;
        let (mut withdrawn, mut destroyed) = (Vec::new(), Vec::new());
        let mut from: Seq = 1;
        loop {
            let entries = self.journal.read_raw(from, ENTRIES_AT_ONCE)?;
            let Some(last) = entries.last() else { break };
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            from = last.seq + 1;
            for entry in &entries {
                let corrupt = |error: CodecError| JournalError::corrupt(entry.seq, error.to_string());
                // Releases and findings are most of the bytes and tell nothing here: they are not read.
                match codec::type_of(&entry.body).map_err(corrupt)? {
                    "report" if Keys::window(entry.at) >= oldest => {}
                    "data-set" | "rule-set" | "message" | "amend" | "file" | "opened" | "feedback" | "word"
                    | "aged" => {}
                    _ => continue,
                }
                match codec::decode(&self.journal.open(entry)?.plain).map_err(corrupt)? {
                    Body::Report(report) => {
                        for item in &report.items {
                            let key = item.sighting.observable.key(seed);
                            own.note(Keys::window(report.received_at), report.token, key, report.marking);
                        }
                    }
                    Body::DataSet(set) | Body::RuleSet(set) => {
                        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
                        sets.insert(set.name, set.sha256);
                    }
                    body => {
                        self.cases.note(entry.seq, &body);
                        match body {
                            Body::Aged(aged) => destroyed.extend(aged.keys),
                            Body::Feedback(feedback) => self.feed(&feedback, entry.at)?,
                            Body::Amend(amend) => match amend.change {
                                Change::Withdraw => withdrawn.push(amend.of),
                                Change::Recall { redacted } => {
                                    self.journal.erase(&redacted.iter().map(|entry| entry.seq).collect::<Vec<_>>())?;
                                }
                                _ => {}
                            },
                            _ => {}
                        }
                    }
                }
            }
        }
        self.journal.destroy(&destroyed)?;
        withdrawn.into_iter().try_for_each(|seq| self.forget_sent(seq))
    }

    /// The oldest token window that a start reads reports of: those before it would be forgotten at once.
    fn oldest_remembered(&self) -> Result<u32, VaultError> {
        let mut end = self.journal.head().seq;
        while end > 0 {
            let from = end.saturating_sub(ENTRIES_AT_ONCE as Seq) + 1;
            let entries = self.journal.read_raw(from, usize::try_from(end - from + 1).unwrap_or(ENTRIES_AT_ONCE))?;
            for entry in entries.iter().rev() {
                let corrupt = |error: CodecError| JournalError::corrupt(entry.seq, error.to_string());
                if codec::type_of(&entry.body).map_err(corrupt)? == "report" {
                    return Ok((Keys::window(entry.at) + 1).saturating_sub(WINDOWS_MAX as u32));
                }
            }
            end = from - 1;
        }
        Ok(0)
    }
}

//! How much waits for the writer, and whether more may.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::journal::{QUEUE_BYTES_MAX, QUEUE_ENTRIES_MAX};

/// What waits for the writer.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) entries: AtomicUsize,
    bytes: AtomicUsize,
}

impl Waiting {
    /// Takes room for a batch. A batch that is larger than the queue may pass when nothing else waits.
    pub(super) fn take(&self, entries: usize, bytes: usize) -> bool {
        let before = self.entries.fetch_add(entries, Ordering::AcqRel);
        let bytes_before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let full = before + entries > QUEUE_ENTRIES_MAX || bytes_before + bytes > QUEUE_BYTES_MAX;
        if before > 0 && entries > 0 && full {
            self.give_back(entries, bytes);
            return false;
        }
        true
    }

    pub(super) fn give_back(&self, entries: usize, bytes: usize) {
        self.entries.fetch_sub(entries, Ordering::AcqRel);
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}

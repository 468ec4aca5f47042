//! The newest entries in memory, so that those who follow the journal do not read it back from disk.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::{Head, Wake};
use crate::entry::{Body, Entry, Seq};

/// Entries that are kept.
const ENTRIES_MAX: usize = 16_384;
/// Stored bytes that are kept.
const BYTES_MAX: usize = 8 * 1024 * 1024;

#[derive(Default)]
struct Kept {
    entries: VecDeque<(Arc<Entry>, usize)>,
    bytes: usize,
    head: Head,
}

/// The tail of a journal, its head, and who waits for more.
#[derive(Default)]
pub(super) struct Tail {
    kept: Mutex<Kept>,
    more: Condvar,
    wakes: RwLock<Vec<Wake>>,
}

impl Tail {
    pub(super) fn at(head: Head) -> Self {
        Self { kept: Mutex::new(Kept { head, ..Kept::default() }), ..Self::default() }
    }

    pub(super) fn push(&self, entries: impl IntoIterator<Item = (Arc<Entry>, usize)>, head: Head) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (entry, bytes) in entries {
            kept.bytes += bytes;
            kept.entries.push_back((entry, bytes));
        }
        while kept.entries.len() > ENTRIES_MAX || (kept.bytes > BYTES_MAX && kept.entries.len() > 1) {
            if let Some((_, bytes)) = kept.entries.pop_front() {
                kept.bytes -= bytes;
            }
        }
        kept.head = head;
        drop(kept);
        self.more.notify_all();
        for wake in self.wakes.read().unwrap_or_else(PoisonError::into_inner).iter() {
            wake(head.seq);
        }
    }

    /// What is left of entries whose content was taken out.
    pub(super) fn replace(&self, left: &[(Seq, Body)]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (seq, body) in left {
            if let Some((entry, _)) = kept.entries.iter_mut().find(|(entry, _)| entry.seq == *seq) {
                *entry = Arc::new(Entry { seq: *seq, at: entry.at, body: body.clone() });
            }
        }
    }

    pub(super) fn head(&self) -> Head {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).head
    }

    /// Entries from `from` on if the first of them is still kept; `None` sends the reader to the disk.
    pub(super) fn read(&self, from: Seq, max: usize) -> Option<Vec<Arc<Entry>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if from > kept.head.seq {
            return Some(Vec::new());
        }
        let first = kept.entries.front().map(|(entry, _)| entry.seq)?;
        let skip = usize::try_from(from.checked_sub(first)?).ok()?;
        Some(kept.entries.iter().skip(skip).take(max).map(|(entry, _)| Arc::clone(entry)).collect())
    }

    pub(super) fn wait(&self, after: Seq, timeout: Duration) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.more.wait_timeout_while(kept, timeout, |kept| kept.head.seq <= after);
        waited.unwrap_or_else(PoisonError::into_inner).0.head.seq > after
    }

    pub(super) fn on_append(&self, wake: Wake) {
        self.wakes.write().unwrap_or_else(PoisonError::into_inner).push(wake);
    }
}

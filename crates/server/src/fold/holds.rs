//! How much is folded under one hold of the lock: the cell's pages are answered in between.

use std::sync::Arc;

use vault::{Body, Change, Entry};

/// Entries that are folded under one hold.
const ENTRIES_MAX: usize = 32;
/// Values of these: fusion takes two milliseconds for a thousand of them, and whatever else is done with them takes about as long.
const VALUES_MAX: usize = 2_000;
/// What a report that is taken back, or changed, counts as: all that it names is looked at.
const VALUES_OF_CHANGE: usize = 1_000;

fn values(entry: &Entry) -> usize {
    match &entry.body {
        Body::Report(report) => report.items.len(),
        Body::Amend(amend) if !matches!(amend.change, Change::Consent { .. }) => VALUES_OF_CHANGE,
        _ => 0,
    }
}

/// Cuts entries into those that are folded under one hold each.
pub(super) fn holds(mut entries: &[Arc<Entry>]) -> impl Iterator<Item = &[Arc<Entry>]> {
    std::iter::from_fn(move || {
        let mut together = 0;
        let fit = |entry: &&Arc<Entry>| {
            together += values(entry);
            together <= VALUES_MAX
        };
        let fitting = entries.iter().take(ENTRIES_MAX).take_while(fit).count();
        let (hold, rest) = entries.split_at(fitting.max(1).min(entries.len()));
        entries = rest;
        (!hold.is_empty()).then_some(hold)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use model::{CaseId, Timestamp};
    use vault::AmendEntry;

    use super::*;

    fn entry(n: u64, heavy: bool) -> Arc<Entry> {
        let amend = AmendEntry { case: CaseId::from_bytes([1; 16]), of: 1, change: Change::Withdraw };
        let body = if heavy { Body::Amend(Box::new(amend)) } else { Body::Tick(Timestamp::from_millis(1)) };
        Arc::new(Entry { seq: n, at: Timestamp::from_millis(1), body })
    }

    #[test]
    fn a_hold_is_of_so_many_entries_and_so_many_values() {
        let light: Vec<_> = (0..70).map(|n| entry(n, false)).collect();
        assert_eq!(holds(&light).map(<[_]>::len).collect::<Vec<_>>(), [32, 32, 6]);
        let heavy: Vec<_> = (0..5).map(|n| entry(n, true)).collect();
        assert_eq!(holds(&heavy).map(<[_]>::len).collect::<Vec<_>>(), [2, 2, 1]);
        let mixed: Vec<_> = (0..40).map(|n| entry(n, n % 20 == 0)).collect();
        let all: Vec<u64> = holds(&mixed).flatten().map(|entry| entry.seq).collect();
        assert_eq!(all, (0..40).collect::<Vec<_>>());
        assert_eq!(holds(&[]).count(), 0);
    }
}

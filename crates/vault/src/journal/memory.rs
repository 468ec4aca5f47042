//! A journal in memory, for tests and simulation: the same semantics, no disk.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::CaseId;

use super::tail::Tail;
use super::{Done, Filed, Head, Journal, Kept, NewEntry, RawEntry, Wake};
use crate::codec;
use crate::entry::{Body, Entry, Seq};
use crate::error::JournalError;
use crate::sealing::{OpeningKeys, Pairs};

#[derive(Default)]
struct Stored {
    entries: Vec<(Arc<Entry>, RawEntry)>,
    sources: HashMap<CaseId, (Filed, Option<Pairs>)>,
    kept: BTreeMap<[u8; 32], Kept>,
}

/// The journal.
#[derive(Default)]
pub struct MemoryJournal {
    stored: Mutex<Stored>,
    tail: Tail,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Journal for MemoryJournal {
    fn append_keeping(&self, batch: Vec<NewEntry>, kept: Vec<Kept>, done: Done) -> Result<(), JournalError> {
        let bodies = batch.iter().map(|entry| codec::encode(&entry.body)).collect::<Result<Vec<_>, _>>()?;
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let mut head = self.tail.head();
        let mut seqs = Vec::with_capacity(batch.len());
        let mut fresh = Vec::with_capacity(batch.len());
        let mut rewritten = Vec::new();
        for (new, body) in batch.into_iter().zip(bodies) {
            let seq = head.seq + 1;
            head = Head { seq, hash: codec::chain(&head.hash, seq, new.at, &body) };
            let taken_out = new.body.takes_content_out();
            let entry = Arc::new(Entry { seq, at: new.at, body: new.body });
            fresh.push((Arc::clone(&entry), body.len()));
            stored
                .entries
                .push((Arc::clone(&entry), RawEntry { seq, at: new.at, hash: head.hash, body, redacted: false }));
            for (seq, left) in &new.rewrites {
                let place = usize::try_from(*seq).unwrap_or(usize::MAX) - 1;
                if let Some((known, raw)) = stored.entries.get_mut(place) {
                    *known = Arc::new(Entry { seq: *seq, at: raw.at, body: left.clone() });
                    (raw.body, raw.redacted) = (codec::encode(left)?, true);
                }
            }
            rewritten.extend(new.rewrites);
            if let Some(case) = taken_out
                && let Some((_, Some(pairs))) = stored.sources.get_mut(&case)
            {
                pairs.contact.clear();
            }
            if let Body::Aged(aged) = &entry.body
                && aged.class.has_words()
                && let Some((_, pairs)) = stored.sources.get_mut(&aged.case)
            {
                *pairs = None;
            }
            if let Some(source) = new.source {
                source.pairs.iter().for_each(|pairs| pairs.epoch.is_stored_now());
                if matches!(entry.body, Body::Opened(_)) {
                    // What was taken from it meanwhile stays away.
                    if let (Some((_, Some(held))), Some(mut pairs)) =
                        (stored.sources.get_mut(&source.case), source.pairs)
                    {
                        if held.contact.is_empty() {
                            pairs.contact.clear();
                        }
                        *held = pairs;
                    }
                } else {
                    stored.sources.insert(source.case, (Filed { way_back: source.way_back, seq }, source.pairs));
                }
            }
            seqs.push(seq);
        }
        stored.kept.extend(kept.into_iter().map(|row| (row.key, row)));
        // The lock is held until the tail knows, so that entries reach it in their order.
        self.tail.push(fresh, head);
        self.tail.replace(&rewritten);
        drop(stored);
        done(Ok(seqs));
        Ok(())
    }

    fn read(&self, from: Seq, max: usize) -> Result<Vec<Arc<Entry>>, JournalError> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
        Ok(stored.entries.iter().skip(skip).take(max).map(|(entry, _)| Arc::clone(entry)).collect())
    }

    fn read_raw(&self, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
        Ok(stored.entries.iter().skip(skip).take(max).map(|(_, raw)| raw.clone()).collect())
    }

    fn wait(&self, after: Seq, timeout: Duration) -> bool {
        self.tail.wait(after, timeout)
    }

    fn head(&self) -> Head {
        self.tail.head()
    }

    fn on_append(&self, wake: Wake) {
        self.tail.on_append(wake);
    }

    fn filed(&self, case: CaseId) -> Result<Option<Filed>, JournalError> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stored.sources.get(&case).map(|(filed, _)| *filed))
    }

    fn sealed_source(&self, case: CaseId) -> Result<Option<OpeningKeys>, JournalError> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = stored.sources.get(&case).and_then(|(_, pairs)| pairs.as_ref());
        Ok(pairs.and_then(|pairs| {
            // A recall leaves none.
            let contact = Some(pairs.contact.clone()).filter(|record| !record.is_empty());
            OpeningKeys::new(pairs.epoch.leads.clone(), pairs.sealed.clone(), contact)
        }))
    }

    fn kept(&self, key: &[u8; 32]) -> Result<Option<Kept>, JournalError> {
        Ok(self.stored.lock().unwrap_or_else(PoisonError::into_inner).kept.get(key).cloned())
    }

    fn kept_about(&self, about: &[u8; 32]) -> Result<Vec<Kept>, JournalError> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stored.kept.values().filter(|row| row.about == *about).cloned().collect())
    }

    fn kept_after(&self, key: Option<&[u8; 32]>) -> Result<Option<Kept>, JournalError> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let after = (key.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        Ok(stored.kept.range::<[u8; 32], _>(after).next().map(|(_, row)| row.clone()))
    }
}

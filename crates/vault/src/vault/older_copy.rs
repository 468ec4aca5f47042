//! A data folder that is older than its keys, as after a restore: what was recalled after it was copied has no keys any more, but members
//! were shown values of it, which its release entries still have. Until that was taken back, its report says these values again.

use std::collections::{HashMap, HashSet};

use model::{CaseId, Kind, Observable, Sighting};
use policy::NounKind;
use serde::Deserialize;

use super::Vault;
use crate::codec::{self, CodecError};
use crate::entry::{Body, Item, ReportEntry, Seq};
use crate::erased::Told;
use crate::error::{JournalError, VaultError};
use crate::journal::Filed;

/// Entries that are looked through at once.
const ENTRIES_AT_ONCE: usize = 512;

/// What an indicator says, as far as it is read here.
#[derive(Deserialize)]
struct Shown {
    kind: String,
    value: String,
}

/// A report that lost content which this copy does not know to have lost.
struct Gone {
    seq: Seq,
    report: Box<ReportEntry>,
}

impl Gone {
    /// Somebody was shown a value of it.
    fn was_shown(&mut self, observable: &Observable) {
        if !self.report.items.iter().any(|item| item.sighting.observable == *observable) {
            let sighting = Sighting::of(observable.clone());
            self.report.items.push(Item { sighting, held: None, kept: None });
        }
    }
}

impl Vault {
    /// Has reports whose keys were destroyed after this copy was made say again what was shown of them, to whom they let it be shown.
    pub(super) fn say_again(&self, erased: &HashMap<CaseId, Option<Told>>) -> Result<(), VaultError> {
        let mut gone = HashMap::new();
        let mut of: HashMap<u64, HashSet<CaseId>> = HashMap::new();
        for (case, told) in erased {
            let Some(Told { warn, lookups, beside }) = told.as_ref().filter(|_| !self.cases.is_redacted(*case)) else {
                continue;
            };
            let Some(Filed { seq, .. }) = self.journal.filed(*case)? else { continue };
            let Some(raw) = self.journal.read_raw(seq, 1)?.into_iter().next().filter(|raw| raw.seq == seq) else {
                continue;
            };
            let Some(mut report) = self.report_at(seq)? else { continue };
            if self.journal.open(&raw)?.erased {
                report.warn = *warn;
                (report.techniques, report.named) = (beside.techniques.clone(), beside.named.clone());
            }
            // What this copy can still read of it need not be said again.
            let readable = self.to_erase(*case, |_| vec![None])?.map(|erased| erased.shown).unwrap_or_default();
            let missing: Vec<u64> =
                lookups.iter().copied().filter(|lookup| !readable.contains(&(None, *lookup))).collect();
            for lookup in &missing {
                of.entry(*lookup).or_default().insert(*case);
            }
            if !missing.is_empty() {
                gone.insert(*case, Gone { seq, report });
            }
        }
        let Some(mut from) = gone.values().map(|gone| gone.seq).min() else { return Ok(()) };
        loop {
            let entries = self.journal.read_raw(from, ENTRIES_AT_ONCE)?;
            let Some(last) = entries.last() else { break };
            from = last.seq + 1;
            for entry in &entries {
                let corrupt = |error: CodecError| JournalError::corrupt(entry.seq, error.to_string());
                if codec::type_of(&entry.body).map_err(corrupt)? != "release" {
                    continue;
                }
                let Body::Release(batch) = codec::decode(&self.journal.open(entry)?.plain).map_err(corrupt)? else {
                    continue;
                };
                for object in batch.objects.iter().filter(|object| object.kind == NounKind::Indicator) {
                    let Some(cases) = of.get(&object.lookup) else { continue };
                    let Some(observable) = observable_of(&object.body) else { continue };
                    for case in cases {
                        if let Some(gone) = gone.get_mut(case).filter(|gone| gone.seq < entry.seq) {
                            gone.was_shown(&observable);
                        }
                    }
                }
            }
        }
        for Gone { seq, report } in gone.into_values() {
            self.journal.say_again(seq, Body::Report(report));
        }
        Ok(())
    }
}

/// The value that an indicator shows; `None` for one that was withdrawn.
fn observable_of(body: &str) -> Option<Observable> {
    let shown: Shown = serde_json::from_str(body).ok()?;
    Some(Observable::from_normal(shown.kind.parse::<Kind>().ok()?, shown.value))
}

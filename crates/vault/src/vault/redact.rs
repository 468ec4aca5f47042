//! Recall: the content of a report that should never have been sent is taken out of the journal. An entry says which entries
//! lost theirs and what is left of each, so that the chain stays whole and nothing else can be taken out unseen.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use model::{CaseId, GroupId, Timestamp, WhoMayBeWarned};
use policy::{NounKind, ReleaseBatch};

use super::Vault;
use crate::acts::{AmendEntry, Change, Feedback, Redacted, Word};
use crate::codec::{self, CodecError};
use crate::entry::{Body, ReportEntry, Seq};
use crate::erased::{self, Beside, Told};
use crate::error::{JournalError, VaultError};
use crate::journal::{Filed, NewEntry};

/// Entries that are looked through at once.
const ENTRIES_AT_ONCE: usize = 512;

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// What members were shown of a recalled report, as the released store must forget it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The ticks of what was shown of it: those after the report came, up to the latest that there was when it was forgotten.
    pub ticks: (Timestamp, Timestamp),
    /// Whom it had shown which values: every member (`None`) or a group, and the value's look-up key.
    pub shown: Vec<(Option<GroupId>, u64)>,
    /// Texts of the values that every member was shown, as they stand in JSON: campaigns name them, and groups have none.
    pub texts: Vec<String>,
}

/// A text between the quotes of JSON.
fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.trim_matches('"').to_owned()
}

/// What is left of an entry of a recalled case; `None` if it held nothing.
pub(crate) fn left_of(body: &Body) -> Option<Body> {
    match body {
        Body::Report(report) => {
            let mut report = report.clone();
            report.amend(&Change::Recall { redacted: Vec::new() });
            Some(Body::Report(report))
        }
        Body::Message(message) => {
            let mut message = message.clone();
            message.text = String::new();
            Some(Body::Message(message))
        }
        Body::Opened(opened) => {
            let mut opened = opened.clone();
            opened.reason = String::new();
            Some(Body::Opened(opened))
        }
        // What a case was worth stays: nobody mends a record by taking back what was false.
        Body::Feedback(feedback) => {
            let mut feedback = feedback.clone();
            if let Feedback::Limited { reason } = &mut feedback.what {
                *reason = String::new();
            }
            Some(Body::Feedback(feedback))
        }
        // What is one attack stays so, or campaigns that members were shown would change; why, and what it was called, goes.
        Body::Word(word) => {
            let mut word = word.clone();
            match &mut word.what {
                Word::Related { reason: text, .. } | Word::Named(text) => *text = String::new(),
            }
            Some(Body::Word(word))
        }
        Body::File(file) => {
            let mut file = file.clone();
            (file.name, file.kind) = (String::new(), "other".to_owned());
            (file.size, file.sha256, file.notes) = (0, [0; 32], Vec::new());
            Some(Body::File(file))
        }
        Body::Amend(amend) => match &amend.change {
            Change::Correct(correction) => {
                let mut correction = correction.clone();
                correction.title = String::new();
                correction.narrative = String::new();
                correction.added = Vec::new();
                correction.dropped = Vec::new();
                Some(Body::Amend(Box::new(AmendEntry { change: Change::Correct(correction), ..(**amend).clone() })))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The entries that show an object, and whether the latest of them withdrew it.
type Versions = (Vec<Seq>, bool);

/// Which shown objects have to go: indicators by their look-up key, unless members have the value by others' reports;
/// campaigns whose title names a value, but for their latest version.
#[derive(Default)]
struct Shown {
    indicators: HashMap<(Option<GroupId>, [u8; 16]), Versions>,
    /// The entries that name a value of it, and the latest that shows it.
    campaigns: HashMap<[u8; 16], (Vec<Seq>, Seq)>,
    /// Look-up keys of values that somebody was shown, in order.
    lookups: BTreeSet<u64>,
}

impl Shown {
    fn note(&mut self, seq: Seq, batch: &ReleaseBatch, shown: &HashSet<(Option<GroupId>, u64)>, texts: &[String]) {
        for object in &batch.objects {
            match object.kind {
                NounKind::Indicator if shown.contains(&(object.audience.group(), object.lookup)) => {
                    self.lookups.insert(object.lookup);
                    let known = self.indicators.entry((object.audience.group(), object.id)).or_default();
                    known.0.push(seq);
                    known.1 = object.body.is_empty();
                }
                NounKind::Campaign => {
                    let names = texts.iter().any(|text| object.body.contains(text.as_str()));
                    if names || self.campaigns.contains_key(&object.id) {
                        let known = self.campaigns.entry(object.id).or_default();
                        known.1 = seq;
                        if names {
                            known.0.push(seq);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The objects that lose their body, by entry.
    fn gone(self) -> BTreeMap<Seq, HashSet<[u8; 16]>> {
        let mut gone: BTreeMap<Seq, HashSet<[u8; 16]>> = BTreeMap::new();
        for ((_, id), (seqs, withdrawn)) in self.indicators {
            for seq in seqs.into_iter().filter(|_| withdrawn) {
                gone.entry(seq).or_default().insert(id);
            }
        }
        for (id, (seqs, latest)) in self.campaigns {
            for seq in seqs.into_iter().filter(|seq| *seq != latest) {
                gone.entry(seq).or_default().insert(id);
            }
        }
        gone
    }
}

impl Vault {
    /// Recalls again what was recalled after this copy of the data was made: the list of it lies beside the keys.
    pub(super) fn recall_erased(&self) -> Result<(), VaultError> {
        let erased = erased::all(&self.keys)?;
        self.say_again(&erased)?;
        // By their names, so that equal lists come to equal journals.
        let mut cases: Vec<CaseId> = erased.into_keys().collect();
        cases.sort_unstable();
        for case in cases {
            let Some(Filed { seq: of, .. }) = self.journal.filed(case)? else { continue };
            if self.cases.is_recalled(case) {
                continue;
            }
            let body = Body::Amend(Box::new(AmendEntry { case, of, change: Change::Recall { redacted: Vec::new() } }));
            let seqs = self.journal.append(vec![NewEntry::new(self.clock.now(), body.clone())])?;
            seqs.iter().for_each(|seq| self.cases.note(*seq, &body));
            self.forget_sent(of)?;
        }
        Ok(())
    }

    /// Cases that were recalled and whose content is still in the journal.
    #[must_use]
    pub fn recalled(&self) -> Vec<CaseId> {
        self.cases.recalled()
    }

    /// What of a recalled case is to be forgotten; `None` if there is no such case. `audiences` says of the look-up key of each of
    /// its values whom the case had shown it: every member (`None`) or a group.
    ///
    /// # Errors
    /// [`VaultError`] if the journal cannot be read.
    pub fn to_erase(
        &self,
        case: CaseId,
        audiences: impl Fn(u64) -> Vec<Option<GroupId>>,
    ) -> Result<Option<Erased>, VaultError> {
        let Some(Filed { seq, .. }) = self.journal.filed(case)? else { return Ok(None) };
        let Some(report) = self.report_at(seq)? else { return Ok(None) };
        let seed = self.key_seed();
        let ticks = (report.received_at, Timestamp::from_millis(i64::MAX));
        let mut erased = Erased { ticks, shown: Vec::new(), texts: Vec::new() };
        let mut add = |report: &ReportEntry| {
            for item in &report.items {
                let key = item.sighting.observable.key(seed).0;
                for audience in audiences(key) {
                    erased.shown.push((audience, key));
                    if audience.is_none() {
                        erased.texts.push(json_text(item.sighting.observable.value()));
                    }
                }
            }
        };
        add(&report);
        for seq in self.cases.entries(case) {
            let entry = self.journal.read(seq, 1)?.into_iter().next().filter(|entry| entry.seq == seq);
            if let Some(Body::Amend(amend)) = entry.as_deref().map(|entry| &entry.body)
                && let Change::Correct(correction) = &amend.change
            {
                add(&ReportEntry { items: correction.added.clone(), ..(*report).clone() });
            }
        }
        Ok(Some(erased))
    }

    /// Takes the content of a recalled case out of the journal: of its report, its thread, and of what members were shown of
    /// it and have no more. It reads the journal from the report on.
    ///
    /// # Errors
    /// [`VaultError`] if the journal cannot be read or written; nothing is taken out, then.
    pub fn redact(&self, case: CaseId, erased: &Erased) -> Result<(), VaultError> {
        let Some(Filed { seq: of, .. }) = self.journal.filed(case)? else { return Ok(()) };
        let audiences: HashSet<(Option<GroupId>, u64)> = erased.shown.iter().copied().collect();
        let mut shown = Shown::default();
        let mut from = of;
        loop {
            let entries = self.journal.read_raw(from, ENTRIES_AT_ONCE)?;
            let Some(last) = entries.last() else { break };
            from = last.seq + 1;
            for entry in &entries {
                let corrupt = |error: CodecError| JournalError::corrupt(entry.seq, error.to_string());
                if codec::type_of(&entry.body).map_err(corrupt)? == "release"
                    && let Body::Release(batch) = codec::decode(&self.journal.open(entry)?.plain).map_err(corrupt)?
                    && batch.tick > erased.ticks.0
                    && batch.tick <= erased.ticks.1
                {
                    shown.note(entry.seq, &batch, &audiences, &erased.texts);
                }
            }
        }
        // Before anything is taken out: after a crash in between it is merely done again.
        let warn = self.report_at(of)?.map_or(WhoMayBeWarned::CellOnly, |report| report.warn);
        let told = shown.lookups.iter().copied().collect();
        erased::note(&self.keys, case, &Told { warn, lookups: told, beside: Beside::default() })?;
        self.destroy_files(case, Seq::MAX)?;
        let mut rewrites = Vec::new();
        for seq in std::iter::once(of).chain(self.cases.entries(case)) {
            let entry = self.journal.read(seq, 1)?.into_iter().next().filter(|entry| entry.seq == seq);
            rewrites.extend(entry.and_then(|entry| left_of(&entry.body)).map(|left| (seq, left)));
        }
        for (seq, ids) in shown.gone() {
            let entry = self.journal.read(seq, 1)?.into_iter().next().filter(|entry| entry.seq == seq);
            if let Some(Body::Release(batch)) = entry.as_deref().map(|entry| &entry.body) {
                let mut left = batch.clone();
                for object in left.objects.iter_mut().filter(|object| ids.contains(&object.id)) {
                    object.body = String::new();
                }
                rewrites.push((seq, Body::Release(left)));
            }
        }
        let mut redacted = Vec::with_capacity(rewrites.len());
        for (seq, left) in &rewrites {
            let raw = self.journal.read_raw(*seq, 1)?.into_iter().next().filter(|raw| raw.seq == *seq);
            let raw = raw.ok_or_else(|| JournalError::corrupt(*seq, "it is missing"))?;
            redacted.push(Redacted {
                seq: *seq,
                hash: raw.hash,
                left: sha256(&codec::encode(left).map_err(JournalError::from)?),
            });
        }
        let body = Body::Amend(Box::new(AmendEntry { case, of, change: Change::Recall { redacted } }));
        let entry = NewEntry { at: self.clock.now(), body, source: None, rewrites };
        self.journal.append_kept(vec![entry], self.emptied(case)?)?;
        self.cases.redacted(case);
        // Its note of the live state speaks of what is there no more.
        crate::live::forget(&self.keys)
    }
}

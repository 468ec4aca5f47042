//! Content whose time is over is taken out of the journal: an entry says which entries lost theirs, what is left of each is vouched for, and
//! the keys are destroyed. What is left of a report is what members were shown of it, so that it goes on counting for them as before.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use model::{CaseId, Observable, Timestamp, WhoMayBeWarned};
use policy::Answer;
use policy::rho::{self, Release};

use super::Vault;
use super::redact::{left_of, sha256};
use super::retention::Retention;
use crate::acts::{AgedEntry, AmendEntry, Change, Class, Redacted};
use crate::aged::{self, Line};
use crate::ages::{Ages, Journals};
use crate::codec;
use crate::entry::{Body, Item, ReportEntry, Seq};
use crate::erased::{Beside, Told};
use crate::error::{JournalError, VaultError};
use crate::journal::{Filed, NewEntry, RawEntry};
use crate::live;
use crate::sealing::at_rest::key_of;

/// Cases of one batch: whoever writes meanwhile waits for no more than that.
pub const CASES_AT_ONCE_MAX: usize = 32;

/// Values that went by their time in this process, by case, until the fold has forgotten them.
pub(super) type AgedValues = Mutex<HashMap<CaseId, Vec<Observable>>>;

/// A class of a case's content whose time is over. In the order of these, which is that of random names, they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due {
    /// The case.
    pub case: CaseId,
    /// What of it.
    pub class: Class,
}

/// What went at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Which classes of which cases.
    pub done: Vec<Due>,
    /// Values, or tags beside a report's words, went with them: fusion counts by both, so a replay from now on comes to another state than a
    /// server that had them. Of other words it knows nothing.
    pub counted: bool,
}

/// An entry of a case as it is read, and as it is stored.
struct Part {
    seq: Seq,
    body: Body,
    raw: RawEntry,
}

/// What is about to go.
struct Going {
    entry: NewEntry,
    line: Line,
    /// Whether the list beside the keys has it.
    listed: bool,
    values: Vec<Observable>,
    /// Tags of its report go: fusion counts by them.
    tags: bool,
}

impl Going {
    /// Whether fusion counts by anything of it.
    const fn is_counted(&self) -> bool {
        self.tags || !self.values.is_empty()
    }
}

fn amends(parts: &[Part]) -> impl Iterator<Item = &AmendEntry> {
    parts.iter().filter_map(|part| if let Body::Amend(amend) = &part.body { Some(&**amend) } else { None })
}

/// All items that a case has named: those of its report, and those that corrections added.
fn items<'a>(report: &'a ReportEntry, parts: &'a [Part]) -> impl Iterator<Item = &'a Item> {
    let added = amends(parts).flat_map(|amend| match &amend.change {
        Change::Correct(correction) => correction.added.as_slice(),
        _ => &[],
    });
    report.items.iter().chain(added)
}

/// Values of a case that nobody beyond the cell was ever shown, nor will be: by none of its answers does the policy let them out. One that
/// it named in two ways, once so that it is shown, stays.
fn only_the_cells(report: &ReportEntry, parts: &[Part]) -> HashSet<Observable> {
    let wider = amends(parts).filter_map(|amend| match amend.change {
        Change::Consent { warn } if !report.outside => Some(warn),
        _ => None,
    });
    let answers: Vec<WhoMayBeWarned> = std::iter::once(report.warn).chain(wider).collect();
    let shown = |item: &Item| {
        let held = item.held.is_some();
        let released = |warn: &WhoMayBeWarned| {
            rho::release(&Answer { warn: *warn, know: report.know, marking: report.marking, held })
        };
        answers.iter().any(|warn| released(warn) != Release::Never)
    };
    let mut gone: HashSet<Observable> =
        items(report, parts).filter(|item| !shown(item)).map(|item| item.sighting.observable.clone()).collect();
    for item in items(report, parts).filter(|item| shown(item)) {
        gone.remove(&item.sighting.observable);
    }
    gone
}

/// What is left of an entry once a class of content is out of it.
fn without(body: &Body, class: Class, gone: &HashSet<Observable>) -> Body {
    let stays = |item: &Item| !gone.contains(&item.sighting.observable);
    match body {
        Body::Report(report) => {
            let mut report = report.clone();
            if class.has_words() {
                (report.title, report.narrative, report.tags) = (String::new(), String::new(), Vec::new());
            }
            report.items.retain(stays);
            Body::Report(report)
        }
        Body::Amend(amend) => {
            let mut amend = amend.clone();
            if let Change::Correct(correction) = &mut amend.change {
                if class.has_words() {
                    (correction.title, correction.narrative) = (String::new(), String::new());
                }
                correction.added.retain(stays);
                correction.dropped.retain(|observable| !gone.contains(observable));
            }
            Body::Amend(amend)
        }
        Body::Message(_) | Body::Opened(_) | Body::Feedback(_) | Body::Word(_) | Body::File(_) if class.has_words() => {
            left_of(body).unwrap_or_else(|| body.clone())
        }
        other => other.clone(),
    }
}

impl Vault {
    /// Content whose time is over at `now`, but for cases that are held. It reads the journal from its beginning.
    ///
    /// # Errors
    /// [`VaultError`] if the journal cannot be read.
    pub fn due(&self, now: Timestamp, retention: &Retention) -> Result<Vec<Due>, VaultError> {
        let journal = &*self.journal;
        let journals = Journals { read: &|from, max| journal.read_raw(from, max), open: &|raw| journal.open(raw) };
        let ages = Ages::read(&journals)?;
        let held = self.keys.folder().map(aged::held_cases).transpose()?.unwrap_or_default();
        ages.due(&journals, now, retention, &held)
    }

    /// Takes content out whose time is over: the first [`CASES_AT_ONCE_MAX`] of these. Gives what went; what was recalled or held meanwhile
    /// does not.
    ///
    /// # Errors
    /// [`VaultError`] if the journal cannot be read or written; nothing is taken out of it, then.
    pub fn age(&self, due: &[Due]) -> Result<Gone, VaultError> {
        let held = self.keys.folder().map(aged::held_cases).transpose()?.unwrap_or_default();
        let due = due.iter().take(CASES_AT_ONCE_MAX).filter(|due| !held.contains(&due.case));
        self.take_out(due.map(|due| (*due, None)))
    }

    /// Takes out again what went after this copy of the data was made, or was about to: the list of it lies beside the keys.
    pub(super) fn recall_aged(&self) -> Result<(), VaultError> {
        let mut listed = aged::all(&self.keys, &|case| !self.cases.is_recalled(case))?;
        listed.retain(|_, line| !self.cases.is_aged(line.case, line.class, line.to));
        if listed.is_empty() {
            return Ok(());
        }
        let due: Vec<(Due, Option<Seq>)> =
            listed.values().map(|line| (Due { case: line.case, class: line.class }, Some(line.to))).collect();
        self.say_again(&listed.into_values().map(|line| (line.case, Some(line.told))).collect())?;
        for some in due.chunks(CASES_AT_ONCE_MAX) {
            self.take_out(some.iter().copied())?;
        }
        Ok(())
    }

    /// The values of a case that went by their time in this process, once.
    #[must_use]
    pub fn take_aged_values(&self, case: CaseId) -> Vec<Observable> {
        self.aged_values.lock().unwrap_or_else(PoisonError::into_inner).remove(&case).unwrap_or_default()
    }

    /// With the place up to which each goes, where the list beside the keys has it.
    fn take_out(&self, due: impl Iterator<Item = (Due, Option<Seq>)>) -> Result<Gone, VaultError> {
        let (mut done, mut going, mut counted) = (Vec::new(), Vec::new(), false);
        for (due, listed) in due {
            // Two classes of one case follow each other: the second must read what the first has left.
            if done.last().is_some_and(|last: &Due| last.case == due.case) {
                self.write_out(std::mem::take(&mut going))?;
            }
            if let Some(one) = self.going(due, listed)? {
                counted |= one.is_counted();
                going.push(one);
                done.push(due);
            }
        }
        self.write_out(going)?;
        Ok(Gone { done, counted })
    }

    fn write_out(&self, going: Vec<Going>) -> Result<(), VaultError> {
        if going.is_empty() {
            return Ok(());
        }
        let (mut entries, mut lines, mut values, mut files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let counted = going.iter().any(Going::is_counted);
        for Going { entry, line, listed, values: of_it, .. } in going {
            files.extend(line.class.has_words().then_some((line.case, line.to)));
            values.extend((!of_it.is_empty()).then_some((line.case, of_it)));
            lines.extend((!listed).then_some(line));
            entries.push(entry);
        }
        // Before anything is taken out: after a crash in between the next start does the rest.
        aged::note(&self.keys, &lines)?;
        files.into_iter().try_for_each(|(case, to)| self.destroy_files(case, to))?;
        if counted {
            // Its note of the live state counts what is there no more.
            live::forget(&self.keys)?;
            self.aged_values.lock().unwrap_or_else(PoisonError::into_inner).extend(values);
        }
        let bodies: Vec<Body> = entries.iter().map(|entry: &NewEntry| entry.body.clone()).collect();
        let seqs = self.journal.append(entries)?;
        seqs.iter().zip(&bodies).for_each(|(seq, body)| self.cases.note(*seq, body));
        Ok(())
    }

    /// The entries of a case: its report, and what was said and changed after it.
    fn parts(&self, case: CaseId) -> Result<Vec<Part>, VaultError> {
        let Some(Filed { seq: of, .. }) = self.journal.filed(case)? else { return Ok(Vec::new()) };
        let mut seqs = self.cases.entries(case);
        seqs.push(of);
        seqs.sort_unstable();
        seqs.dedup();
        let mut parts = Vec::with_capacity(seqs.len());
        for seq in seqs {
            let missing = || JournalError::corrupt(seq, "it is missing");
            let entry = self.journal.read(seq, 1)?.into_iter().next().filter(|entry| entry.seq == seq);
            let raw = self.journal.read_raw(seq, 1)?.into_iter().next().filter(|raw| raw.seq == seq);
            let body = Arc::unwrap_or_clone(entry.ok_or_else(missing)?).body;
            parts.push(Part { seq, body, raw: raw.ok_or_else(missing)? });
        }
        Ok(parts)
    }

    /// What goes of a case; `None` if it was recalled, or there is no such case.
    fn going(&self, Due { case, class }: Due, listed: Option<Seq>) -> Result<Option<Going>, VaultError> {
        if self.cases.is_recalled(case) {
            return Ok(None);
        }
        let mut parts = self.parts(case)?;
        parts.retain(|part| listed.is_none_or(|listed| part.seq <= listed));
        let report =
            parts.iter().find_map(|part| if let Body::Report(report) = &part.body { Some(report) } else { None });
        let (Some(report), Some(last)) = (report, parts.last()) else { return Ok(None) };
        let only_the_cells = only_the_cells(report, &parts);
        let told = self.told(report, &parts, &only_the_cells);
        let tags = class.has_words() && !report.tags.is_empty();
        let gone = if class.has_values() { only_the_cells.clone() } else { HashSet::new() };
        let (mut rewrites, mut redacted, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for Part { seq, body, raw } in &parts {
            let opened = self.journal.open(raw)?;
            let corrupt = |error: codec::CodecError| JournalError::corrupt(*seq, error.to_string());
            let left = without(body, class, &gone);
            // Compared with what is stored: in an older copy of the data an entry may be read as more than is in it.
            if left != codec::decode(&opened.plain).map_err(corrupt)? {
                let sha256 = sha256(&codec::encode(&left).map_err(JournalError::from)?);
                redacted.push(Redacted { seq: *seq, hash: raw.hash, left: sha256 });
                keys.extend(key_of(&raw.body).map_err(corrupt)?);
                rewrites.push((*seq, left));
            } else if opened.erased {
                // Its key went with a later state of the data than this: this entry vouches for what that left.
                redacted.push(Redacted { seq: *seq, hash: raw.hash, left: sha256(&opened.plain) });
            }
        }
        let rest = !class.has_values() && !only_the_cells.is_empty();
        let (to, in_list) = (last.seq, listed.unwrap_or(last.seq));
        let aged = AgedEntry { case, class, to, listed: in_list, redacted, rest, keys };
        let body = Body::Aged(Box::new(aged));
        let entry = NewEntry { at: self.clock.now(), body, source: None, rewrites };
        let line = Line { case, class, to, told };
        Ok(Some(Going { entry, line, listed: listed.is_some(), values: gone.into_iter().collect(), tags }))
    }

    fn told(&self, report: &ReportEntry, parts: &[Part], only_the_cells: &HashSet<Observable>) -> Told {
        let seed = self.key_seed();
        let shown = items(report, parts).map(|item| &item.sighting.observable);
        let mut lookups: Vec<u64> = shown
            .filter(|observable| !only_the_cells.contains(observable))
            .map(|observable| observable.key(seed).0)
            .collect();
        lookups.sort_unstable();
        lookups.dedup();
        let beside = Beside { techniques: report.techniques.clone(), named: report.named.clone() };
        Told { warn: report.warn, lookups, beside }
    }
}

//! How old the content of cases is, as the journal tells it: what is due, and what went when. It is read without being opened, but for
//! the few entries that say of themselves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use model::{CaseId, Entropy, Timestamp};

use crate::acts::{Change, Class};
use crate::codec::{self, CodecError};
use crate::entry::{Body, Seq};
use crate::error::{JournalError, VaultError};
use crate::journal::{RawEntry, sqlite};
use crate::sealing::{AtRest, Opened};
use crate::vault::Due;
use crate::vault::retention::Retention;
use crate::verify::{FILE, NoChance};
use crate::{aged, files};

/// Entries that are read at once.
const ENTRIES_AT_ONCE: usize = 1024;
const DAY_MILLIS: i64 = 86_400_000;

/// Where entries are read from.
pub(crate) struct Journals<'a> {
    /// Entries from a place on, at most so many.
    pub(crate) read: &'a dyn Fn(Seq, usize) -> Result<Vec<RawEntry>, JournalError>,
    /// What one of them says.
    pub(crate) open: &'a dyn Fn(&RawEntry) -> Result<Opened, JournalError>,
}

struct Age {
    /// Place of its report.
    of: Seq,
    /// Place and time of the last that was said of it.
    last: (Seq, Timestamp),
    /// Whether it came from outside the partnership; unknown until somebody asks.
    outside: Option<bool>,
    recalled: bool,
    /// Up to which place each class went.
    aged: BTreeMap<Class, Seq>,
    /// Whether values are left that only the cell has; not known before its words went.
    rest: bool,
}

impl Age {
    const fn new(last: (Seq, Timestamp), outside: Option<bool>) -> Self {
        Self { of: last.0, last, outside, recalled: false, aged: BTreeMap::new(), rest: true }
    }

    /// Something was said of it. A clock that was put back makes nothing older.
    fn said(&mut self, (seq, at): (Seq, Timestamp)) {
        self.last = (seq, self.last.1.max(at));
    }

    /// Whether the time of a class is over, were the case of those that have it.
    fn is_over(&self, class: Class, now: Timestamp, retention: &Retention) -> bool {
        let kept = i64::from(retention.days(class)).saturating_mul(DAY_MILLIS);
        let over = now.as_millis().saturating_sub(self.last.1.as_millis()) >= kept;
        let nothing = class == Class::Values && !self.rest && !self.aged.contains_key(&class);
        over && !nothing && self.aged.get(&class).is_none_or(|to| *to < self.last.0)
    }

    fn is_outside(&self, journals: &Journals<'_>) -> Result<bool, VaultError> {
        if let Some(outside) = self.outside {
            return Ok(outside);
        }
        let raw = (journals.read)(self.of, 1)?.into_iter().next().filter(|raw| raw.seq == self.of);
        let raw = raw.ok_or_else(|| JournalError::corrupt(self.of, "it is missing"))?;
        let corrupt = |error: CodecError| JournalError::corrupt(self.of, error.to_string());
        let body = codec::decode(&(journals.open)(&raw)?.plain).map_err(corrupt)?;
        Ok(matches!(body, Body::Report(report) if report.outside))
    }
}

/// The ages of all cases.
pub(crate) struct Ages {
    cases: BTreeMap<CaseId, Age>,
    /// How many cases lost a class of their content, by day.
    gone: BTreeMap<(i64, Class), u64>,
}

impl Ages {
    pub(crate) fn read(journals: &Journals<'_>) -> Result<Self, VaultError> {
        let mut ages = Self { cases: BTreeMap::new(), gone: BTreeMap::new() };
        let mut from = 1;
        loop {
            let entries = (journals.read)(from, ENTRIES_AT_ONCE)?;
            let Some(last) = entries.last() else { return Ok(ages) };
            from = last.seq + 1;
            for raw in &entries {
                ages.note(raw, journals.open)?;
            }
        }
    }

    fn note(
        &mut self,
        raw: &RawEntry,
        open: &dyn Fn(&RawEntry) -> Result<Opened, JournalError>,
    ) -> Result<(), VaultError> {
        let corrupt = |error: CodecError| JournalError::corrupt(raw.seq, error.to_string());
        let last = (raw.seq, raw.at);
        let name = codec::type_of(&raw.body).map_err(corrupt)?;
        let case = match name {
            "report" | "message" | "amend" | "file" | "opened" | "feedback" | "word" => codec::case_in(&raw.body),
            "aged" => None,
            _ => return Ok(()),
        };
        if let Some(case) = case {
            self.cases.entry(case).or_insert_with(|| Age::new(last, None)).said(last);
            return Ok(());
        }
        let said = |cases: &mut BTreeMap<CaseId, Age>, case: CaseId| {
            if let Some(age) = cases.get_mut(&case) {
                age.said(last);
            }
        };
        match codec::decode(&open(raw)?.plain).map_err(corrupt)? {
            Body::Report(report) => {
                self.cases.insert(report.case, Age::new(last, Some(report.outside)));
            }
            Body::Message(message) => said(&mut self.cases, message.case),
            Body::File(file) => said(&mut self.cases, file.case),
            Body::Opened(opened) => said(&mut self.cases, opened.case),
            Body::Feedback(feedback) => said(&mut self.cases, feedback.case),
            Body::Word(word) => said(&mut self.cases, word.case),
            Body::Amend(amend) => {
                said(&mut self.cases, amend.case);
                if let Some(age) = self.cases.get_mut(&amend.case) {
                    age.recalled |= matches!(amend.change, Change::Recall { .. });
                }
            }
            Body::Aged(aged) => {
                *self.gone.entry((raw.at.as_millis().div_euclid(DAY_MILLIS), aged.class)).or_default() += 1;
                if let Some(age) = self.cases.get_mut(&aged.case) {
                    age.rest = aged.rest;
                    age.outside = Some(aged.class == Class::Letters);
                    age.aged.insert(aged.class, aged.to);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Content whose time is over at a moment.
    pub(crate) fn due(
        &self,
        journals: &Journals<'_>,
        now: Timestamp,
        retention: &Retention,
        held: &BTreeSet<CaseId>,
    ) -> Result<Vec<Due>, VaultError> {
        let mut due = Vec::new();
        for (case, age) in self.cases.iter().filter(|(case, age)| !age.recalled && !held.contains(case)) {
            let over = Class::ALL.into_iter().filter(|class| age.is_over(*class, now, retention));
            let over: Vec<Class> = over.collect();
            if over.is_empty() {
                continue;
            }
            let outside = age.is_outside(journals)?;
            let of_it = over.into_iter().filter(|class| outside == (*class == Class::Letters));
            due.extend(of_it.map(|class| Due { case: *case, class }));
        }
        Ok(due)
    }
}

/// What went of the content of cases by its time, and what is about to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Cases in all.
    pub cases: u64,
    /// How many lost a class of their content, by day since 1970.
    pub gone: BTreeMap<(i64, Class), u64>,
    /// How many lose one at the next run.
    pub due: BTreeMap<Class, u64>,
    /// How many lose one by the day that was asked for, with those.
    pub ahead: BTreeMap<Class, u64>,
    /// Cases that are held.
    pub held: BTreeSet<CaseId>,
}

/// Whether a data folder, which may be in use, has a case. Nothing is written.
///
/// # Errors
/// [`VaultError`] if the journal cannot be read.
pub fn has_case(data_dir: &Path, case: CaseId) -> Result<bool, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    let connection = sqlite::open_read_only(&path)?;
    Ok(sqlite::is_made(&connection)? && sqlite::is_filed(&connection, case)?)
}

/// Looks how old the content of cases is in a data folder that may be in use. Nothing is written.
///
/// # Errors
/// [`VaultError`] if the journal or its keys cannot be read.
pub fn look_ages(
    data_dir: &Path,
    keys_dir: &Path,
    retention: &Retention,
    now: Timestamp,
    ahead_days: u32,
) -> Result<Looked, VaultError> {
    let path = data_dir.join(FILE);
    std::fs::metadata(&path).map_err(files::at(&path))?;
    let no_chance: Arc<dyn Entropy> = Arc::new(NoChance);
    let at_rest = AtRest::look(keys_dir, &no_chance)?;
    let connection = sqlite::open_read_only(&path)?;
    let moment = connection.unchecked_transaction().map_err(JournalError::from)?;
    let held = aged::held_cases(keys_dir)?;
    if !sqlite::is_made(&moment)? {
        return Ok(Looked { held, ..Looked::default() });
    }
    let journals = Journals {
        read: &|from, max| sqlite::read_raw(&moment, from, max),
        open: &|raw| sqlite::opened(at_rest.as_ref(), raw),
    };
    let ages = Ages::read(&journals)?;
    let counts = |now| -> Result<BTreeMap<Class, u64>, VaultError> {
        let mut counts = BTreeMap::new();
        for due in ages.due(&journals, now, retention, &held)? {
            *counts.entry(due.class).or_default() += 1;
        }
        Ok(counts)
    };
    let then = now.plus_millis(i64::from(ahead_days).saturating_mul(DAY_MILLIS));
    let (due, ahead) = (counts(now)?, counts(then)?);
    Ok(Looked { cases: ages.cases.len() as u64, due, ahead, held, gone: ages.gone })
}

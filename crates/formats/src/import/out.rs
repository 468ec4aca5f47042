//! What importers share: the way out for drafts and problems, with its limits.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::num::NonZeroU32;

use model::{AttackKind, Draft, DraftIndicator, Observable, Origin, Sighting, Technique, Timestamp};

use super::{Event, ImportOptions, Problem, Summary};
use crate::limits::{DRAFT_BYTES_MAX, NARRATIVE_CHARS_MAX, TAGS_MAX, TECHNIQUES_MAX, TITLE_CHARS_MAX};
use crate::when::parse_time;

/// Bytes that a stored value takes beside its text: its kind, its time, why it is held.
const ITEM_BYTES: usize = 400;

/// The way out of an importer.
pub(super) struct Out<'s> {
    pub name: &'s str,
    pub options: &'s ImportOptions,
    pub summary: Summary,
    pub sink: &'s mut dyn FnMut(Event),
    /// Why the file cannot be read, or not to its end.
    pub broken: Option<Problem>,
}

impl Out<'_> {
    /// Hands out a draft, each value once, cut into several if it holds too many or too long ones.
    pub fn draft(&mut self, mut draft: Draft) {
        self.refuse_lossy(&mut draft.indicators);
        let read = draft.indicators.len();
        once_each(&mut draft.indicators);
        self.summary.repeated += (read - draft.indicators.len()) as u64;
        draft.title = clipped(&draft.title, TITLE_CHARS_MAX);
        if draft.title.is_empty() {
            draft.title = self.name.to_owned();
        }
        draft.narrative = clipped_text(&draft.narrative, NARRATIVE_CHARS_MAX);
        let items_max = self.options.items_max.max(1);
        loop {
            let fitting = fitting(&draft.indicators, items_max);
            if fitting >= draft.indicators.len() {
                break;
            }
            let rest = draft.indicators.split_off(fitting);
            let mut part = draft.clone();
            part.indicators.shrink_to_fit();
            self.send(part);
            draft.indicators = rest;
        }
        self.send(draft);
    }

    /// A value with U+FFFD has lost bytes on the way: it would never be met again, so it is refused.
    fn refuse_lossy(&mut self, indicators: &mut Vec<DraftIndicator>) {
        indicators.retain(|indicator| {
            let lossy = indicator.sighting.observable.value().contains('\u{fffd}');
            if lossy {
                let kind = indicator.sighting.observable.kind().as_str();
                let why = format!("the {kind} holds U+FFFD, which stands for bytes that were no UTF-8");
                self.problem(indicator.origin.line, indicator.origin.field.clone(), why);
            }
            !lossy
        });
    }

    fn send(&mut self, draft: Draft) {
        self.summary.drafts += 1;
        self.summary.indicators += draft.indicators.len() as u64;
        (self.sink)(Event::Draft(draft));
    }

    /// Tells of an object that is refused; its text is handed out unless there were too many.
    pub fn problem(&mut self, line: Option<NonZeroU32>, field: impl Into<String>, why: impl Into<String>) {
        self.summary.refused += 1;
        self.note(line, field, why);
    }

    /// Tells of something wrong for which no object is refused.
    pub fn note(&mut self, line: Option<NonZeroU32>, field: impl Into<String>, why: impl Into<String>) {
        self.summary.problems += 1;
        if self.summary.problems <= self.options.problems_max {
            (self.sink)(Event::Problem(Problem { line, field: field.into(), why: why.into() }));
        }
    }

    /// The file cannot be read, or not from here on: told at the end, however many problems there were.
    pub fn broken(&mut self, line: Option<NonZeroU32>, field: impl Into<String>, why: impl Into<String>) {
        self.broken.get_or_insert_with(|| Problem { line, field: field.into(), why: why.into() });
    }

    /// The file is of no known format.
    pub fn unknown(&mut self, line: Option<NonZeroU32>, why: impl Into<String>) {
        self.summary.unknown = true;
        self.broken(line, "", why);
    }

    /// The file breaks off at a problem that was told: nothing behind it can be read.
    pub fn broke_off(&mut self, line: Option<NonZeroU32>) {
        if self.broken.is_some() {
            return;
        }
        if (1..=self.options.problems_max).contains(&self.summary.problems) {
            // It is the file that is told of, not an object of it.
            self.summary.refused = self.summary.refused.saturating_sub(1);
            self.summary.broken = true;
        } else {
            self.broken(line, "", "broken JSON: what follows is not read");
        }
    }

    /// Ends the import.
    pub fn finish(mut self) -> Summary {
        if let Some(problem) = self.broken.take() {
            self.summary.problems += 1;
            self.summary.broken = true;
            (self.sink)(Event::Problem(problem));
        }
        self.summary
    }

    /// A time, or a problem at its place.
    pub fn time(&mut self, text: &str, line: Option<NonZeroU32>, field: &str) -> Option<Timestamp> {
        match parse_time(text) {
            Ok(time) => Some(time),
            Err(why) => {
                self.note(line, field, why);
                None
            }
        }
    }
}

/// Bytes of a text inside JSON, where some characters are written as several.
#[must_use]
pub fn json_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' => 2,
            0..=0x1f => 6,
            _ => 1,
        })
        .sum()
}

/// How many of the values, from the first on, go into one draft.
fn fitting(indicators: &[DraftIndicator], items_max: usize) -> usize {
    let mut bytes = 0;
    indicators
        .iter()
        .take(items_max)
        .position(|indicator| {
            bytes += ITEM_BYTES + json_bytes(indicator.sighting.observable.value());
            bytes > DRAFT_BYTES_MAX
        })
        .unwrap_or(items_max)
        .max(1)
}

/// Drops repetitions. Two values that only hash alike both stay: what follows counts a repetition anyway.
fn once_each(indicators: &mut Vec<DraftIndicator>) {
    let state = RandomState::new();
    let hashes: Vec<u64> = indicators.iter().map(|indicator| state.hash_one(&indicator.sighting.observable)).collect();
    let mut first: HashMap<u64, usize> = HashMap::with_capacity(hashes.len());
    let keep: Vec<bool> = hashes
        .iter()
        .enumerate()
        .map(|(index, &hash)| {
            let earlier = *first.entry(hash).or_insert(index);
            let value = |at: usize| indicators.get(at).map(|indicator| &indicator.sighting.observable);
            earlier == index || value(earlier) != value(index)
        })
        .collect();
    let mut keep = keep.into_iter();
    indicators.retain(|_| keep.next().unwrap_or(true));
}

/// One line of at most `max` characters.
pub(super) fn clipped(text: &str, max: usize) -> String {
    // Word by word, so that a long text of short words takes no room.
    let mut line = String::new();
    let mut left = max;
    for word in text.split_whitespace() {
        for c in (!line.is_empty()).then_some(' ').into_iter().chain(word.chars().filter(|c| !c.is_control())) {
            if left == 0 {
                return line;
            }
            line.push(c);
            left -= 1;
        }
    }
    line
}

fn clipped_text(text: &str, max: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(max).collect()
}

/// Adds a tag once, within the limit.
pub(super) fn add_tag(draft: &mut Draft, tag: &str) {
    let tag = clipped(tag.trim().trim_start_matches('#'), 100);
    if !tag.is_empty() && draft.tags.len() < TAGS_MAX && !draft.tags.contains(&tag) {
        draft.tags.push(tag);
    }
}

/// Adds each ATT&CK technique id that stands in `text`.
pub(super) fn add_techniques(draft: &mut Draft, text: &str) {
    if !text.contains(['T', 't']) {
        return;
    }
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')) {
        let word = word.trim_end_matches('.');
        if let Some(technique) = Technique::parse(word)
            && draft.techniques.len() < TECHNIQUES_MAX
            && !draft.techniques.contains(&technique)
        {
            draft.techniques.push(technique);
        }
    }
}

/// The closest kind of attack that words such as tags tell.
pub(super) fn attack_of(text: &str) -> Option<AttackKind> {
    const WORDS: &[(&str, AttackKind)] = &[
        ("ransom", AttackKind::Ransomware),
        ("phish", AttackKind::Phishing),
        ("smish", AttackKind::Phishing),
        ("ddos", AttackKind::Flooding),
        ("supply chain", AttackKind::SupplierBreach),
        ("scam", AttackKind::Fraud),
        ("fraud", AttackKind::Fraud),
        ("credential", AttackKind::StolenLogin),
        ("scanner", AttackKind::Scanning),
        ("bruteforce", AttackKind::Scanning),
        ("malware", AttackKind::Malware),
        ("trojan", AttackKind::Malware),
        ("stealer", AttackKind::Malware),
        ("botnet", AttackKind::Malware),
        ("cobaltstrike", AttackKind::Malware),
        ("loader", AttackKind::Malware),
        ("backdoor", AttackKind::Malware),
    ];
    let text = text.to_lowercase();
    WORDS.iter().find(|(word, _)| text.contains(word)).map(|&(_, kind)| kind)
}

/// An indicator of a draft.
pub(super) fn indicator(
    observable: Observable,
    seen_at: Option<Timestamp>,
    line: Option<NonZeroU32>,
    field: impl Into<String>,
) -> DraftIndicator {
    DraftIndicator { sighting: Sighting { observable, seen_at }, origin: Origin { line, field: field.into() } }
}

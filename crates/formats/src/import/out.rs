//! What importers share: the way out for drafts and problems, with its limits.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::num::NonZeroU32;

use model::{AttackKind, Draft, DraftIndicator, Observable, Origin, Technique, Timestamp};

use super::{Event, ImportOptions, Problem, Summary};
use crate::limits::{NARRATIVE_CHARS_MAX, TAGS_MAX, TECHNIQUES_MAX, TITLE_CHARS_MAX};
use crate::when::parse_time;

/// The way out of an importer.
pub(super) struct Out<'s> {
    pub name: &'s str,
    pub options: &'s ImportOptions,
    pub summary: Summary,
    pub sink: &'s mut dyn FnMut(Event),
}

impl Out<'_> {
    /// Hands out a draft, each value once, cut into several if it holds too many.
    pub fn draft(&mut self, mut draft: Draft) {
        once_each(&mut draft.indicators);
        draft.title = clipped(&draft.title, TITLE_CHARS_MAX);
        if draft.title.is_empty() {
            draft.title = self.name.to_owned();
        }
        draft.narrative = clipped_text(&draft.narrative, NARRATIVE_CHARS_MAX);
        let items_max = self.options.items_max.max(1);
        while draft.indicators.len() > items_max {
            let rest = draft.indicators.split_off(items_max);
            let mut part = draft.clone();
            part.indicators.shrink_to_fit();
            self.send(part);
            draft.indicators = rest;
        }
        self.send(draft);
    }

    fn send(&mut self, draft: Draft) {
        self.summary.drafts += 1;
        self.summary.indicators += draft.indicators.len() as u64;
        (self.sink)(Event::Draft(draft));
    }

    /// Hands out a problem, unless there were too many.
    pub fn problem(&mut self, line: Option<NonZeroU32>, field: impl Into<String>, why: impl Into<String>) {
        self.summary.problems += 1;
        if self.summary.problems <= self.options.problems_max {
            (self.sink)(Event::Problem(Problem { line, field: field.into(), why: why.into() }));
        }
    }

    /// A time, or a problem at its place.
    pub fn time(&mut self, text: &str, line: Option<NonZeroU32>, field: &str) -> Option<Timestamp> {
        match parse_time(text) {
            Ok(time) => Some(time),
            Err(why) => {
                self.problem(line, field, why);
                None
            }
        }
    }
}

/// Drops repetitions. Two values that only hash alike both stay: what follows counts a repetition anyway.
fn once_each(indicators: &mut Vec<DraftIndicator>) {
    let state = RandomState::new();
    let hashes: Vec<u64> = indicators.iter().map(|indicator| state.hash_one(&indicator.observable)).collect();
    let mut first: HashMap<u64, usize> = HashMap::with_capacity(hashes.len());
    let keep: Vec<bool> = hashes
        .iter()
        .enumerate()
        .map(|(index, &hash)| {
            let earlier = *first.entry(hash).or_insert(index);
            let value = |at: usize| indicators.get(at).map(|indicator| &indicator.observable);
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
    DraftIndicator { observable, seen_at, origin: Origin { line, field: field.into() } }
}

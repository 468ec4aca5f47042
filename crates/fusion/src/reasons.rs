//! Why each case is where it is, kept in few bytes.

use model::{CaseId, ObservableKey, Timestamp};

use crate::engine::Fusion;
use crate::rules::ALL;
use crate::steps::{self, Table};
use crate::{ANALYST, Reason};

/// Reasons that are kept for one case.
const PER_CASE_MAX: usize = 32;
/// Stands for the rule of a reason that is an analyst's word.
const BY_ANALYST: u8 = u8::MAX;

/// A reason, with the earlier case by its number.
#[derive(Clone, Copy)]
struct Kept {
    at: Timestamp,
    key: ObservableKey,
    other: u32,
    rule: u8,
}

/// Reasons by case.
#[derive(Default)]
pub(crate) struct Reasons(Table<Box<[Kept]>>);

impl Fusion {
    /// Keeps why a case is where it is.
    pub(crate) fn keep(&mut self, case: u32, at: Timestamp, reasons: &[Reason]) {
        let known = self.reasons.0.remove(steps::spread(case)).unwrap_or_default();
        let new = reasons.iter().filter_map(|reason| {
            let rule = ALL.iter().position(|rule| rule.name == reason.rule).and_then(|at| u8::try_from(at).ok());
            Some(Kept { at, key: reason.key, other: self.index_of(reason.other)?, rule: rule.unwrap_or(BY_ANALYST) })
        });
        let all: Box<[Kept]> = known.iter().copied().chain(new).take(PER_CASE_MAX).collect();
        if !all.is_empty() {
            self.reasons.0.insert(steps::spread(case), all);
        }
    }

    /// Forgets why a case is where it is.
    pub(crate) fn drop_reasons(&mut self, case: u32) {
        self.reasons.0.remove(steps::spread(case));
    }

    fn kept(&self, case: u32) -> &[Kept] {
        self.reasons.0.get(steps::spread(case)).map_or(&[], |kept| kept)
    }

    /// Whether one of these cases is where it is by what it shares with a case.
    pub(crate) fn leans_on(&self, cases: &[u32], on: u32) -> bool {
        cases.iter().any(|case| self.kept(*case).iter().any(|kept| kept.other == on))
    }

    /// The reasons why a case is where it is, oldest first.
    #[must_use]
    pub fn explain(&self, case: CaseId) -> Vec<(Timestamp, Reason)> {
        let kept = self.index_of(case).map_or(&[][..], |case| self.kept(case));
        let told = kept.iter().filter_map(|kept| {
            let rule = ALL.get(usize::from(kept.rule)).map_or(ANALYST, |rule| rule.name);
            Some((kept.at, Reason { rule, key: kept.key, other: self.cases.get(kept.other)?.id }))
        });
        told.collect()
    }
}

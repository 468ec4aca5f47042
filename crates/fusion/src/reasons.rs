//! Why each case is where it is, kept in few bytes.

use model::{CaseId, ObservableKey, Timestamp};

use crate::engine::Fusion;
use crate::rules::ALL;
use crate::steps::List;
use crate::{ANALYST, Reason};

/// Reasons that are kept for one case.
const PER_CASE_MAX: usize = 32;
/// Stands for the rule of a reason that is an analyst's word.
pub(crate) const BY_ANALYST: u8 = u8::MAX;

/// A reason, with the earlier case by its number.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) at: Timestamp,
    pub(crate) key: ObservableKey,
    pub(crate) other: u32,
    /// The rule by its place, or [`BY_ANALYST`].
    pub(crate) rule: u8,
}

/// Why one case is where it is.
#[derive(Default)]
struct Why {
    kept: Box<[Kept]>,
    /// How many reasons of all cases name this one.
    named: u32,
}

/// Reasons by case.
#[derive(Default)]
pub(crate) struct Reasons(List<Why>);

impl Reasons {
    /// A case more, without any.
    pub(crate) fn push(&mut self) {
        self.0.push(Why::default());
    }

    /// Keeps why a case is where it is.
    pub(crate) fn keep(&mut self, case: u32, reasons: &[Kept]) {
        let Some(why) = self.0.get_mut(case) else { return };
        let room = PER_CASE_MAX.saturating_sub(why.kept.len());
        let reasons = reasons.get(..room).unwrap_or(reasons);
        if reasons.is_empty() {
            return;
        }
        why.kept = if why.kept.is_empty() { reasons.into() } else { [&*why.kept, reasons].concat().into() };
        for reason in reasons {
            if let Some(other) = self.0.get_mut(reason.other) {
                other.named = other.named.saturating_add(1);
            }
        }
    }

    /// Forgets why a case is where it is.
    pub(crate) fn forget(&mut self, case: u32) {
        let kept = self.0.get_mut(case).map(|why| std::mem::take(&mut why.kept)).unwrap_or_default();
        for reason in kept {
            if let Some(other) = self.0.get_mut(reason.other) {
                other.named = other.named.saturating_sub(1);
            }
        }
    }

    fn of(&self, case: u32) -> &[Kept] {
        self.0.get(case).map_or(&[], |why| &why.kept)
    }

    /// Whether one of these cases is where it is by what it shares with a case.
    pub(crate) fn lean_on(&self, cases: &[u32], on: u32) -> bool {
        self.0.get(on).is_some_and(|why| why.named > 0)
            && cases.iter().any(|case| self.of(*case).iter().any(|kept| kept.other == on))
    }
}

impl Fusion {
    /// The reasons why a case is where it is, oldest first.
    #[must_use]
    pub fn explain(&self, case: CaseId) -> Vec<(Timestamp, Reason)> {
        let kept = self.index_of(case).map_or(&[][..], |case| self.reasons.of(case));
        let told = kept.iter().filter_map(|kept| {
            let rule = ALL.get(usize::from(kept.rule)).map_or(ANALYST, |rule| rule.name);
            Some((kept.at, Reason { rule, key: kept.key, other: self.cases.get(kept.other)?.id }))
        });
        told.collect()
    }
}

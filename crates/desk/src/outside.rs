//! Cases from outside the partnership, and which of them nobody of the cell has read.

use std::collections::{BTreeMap, HashMap};

use model::CaseId;
use serde::Serialize;
use utoipa::ToSchema;
use vault::Seq;

use crate::desk::{Desk, rfc3339};
use crate::sources::MINUTE_MILLIS;

/// A case from outside the partnership that nobody of the cell has claimed or answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutsideRow {
    /// Its pseudonym.
    pub case: String,
    /// The minute in which it came.
    pub at: String,
    /// Closest match, in words.
    pub attack: String,
    /// Severity.
    pub severity: String,
    /// Whether its sender took it back.
    pub withdrawn: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Outside {
    /// Each case with its place, if nobody has read it.
    cases: HashMap<CaseId, Option<Seq>>,
    unread: BTreeMap<Seq, CaseId>,
}

impl Outside {
    pub(crate) fn came(&mut self, seq: Seq, case: CaseId) {
        if self.cases.insert(case, Some(seq)).is_none() {
            self.unread.insert(seq, case);
        }
    }

    /// Somebody of the cell has read a case; of any other case this says nothing. One that its sender takes back stays until
    /// then: else whoever tells and takes back again and again would be bounded by nothing.
    pub(crate) fn read(&mut self, case: CaseId) {
        if let Some(seq) = self.cases.get_mut(&case).and_then(Option::take) {
            self.unread.remove(&seq);
        }
    }

    pub(crate) fn has(&self, case: CaseId) -> bool {
        self.cases.contains_key(&case)
    }

    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }
}

impl Desk {
    /// Cases from outside the partnership that nobody of the cell has claimed or answered.
    #[must_use]
    pub fn outside_unread(&self) -> usize {
        self.outside.unread()
    }

    /// Whether a case came from outside the partnership.
    #[must_use]
    pub fn is_outside(&self, case: CaseId) -> bool {
        self.outside.has(case)
    }

    /// The first of those that nobody has read, the longest waiting first.
    #[must_use]
    pub fn outside_rows(&self, max: usize) -> Vec<OutsideRow> {
        let row = |case: &CaseId| {
            let place = self.cases.get(case)?;
            Some(OutsideRow {
                case: case.to_string(),
                at: rfc3339(place.received_at.floor_to(MINUTE_MILLIS)),
                attack: place.attack.title().to_owned(),
                severity: place.severity.as_str().to_owned(),
                withdrawn: self.is_withdrawn(*case),
            })
        };
        self.outside.unread.values().filter_map(row).take(max).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_is_read_once() {
        let mut outside = Outside::default();
        let case = |n| CaseId::from_bytes([n; 16]);
        outside.came(5, case(1));
        outside.came(7, case(2));
        outside.read(case(1));
        outside.read(case(1));
        outside.read(case(3));
        assert_eq!((outside.unread(), outside.has(case(1)), outside.has(case(3))), (1, true, false));
    }
}

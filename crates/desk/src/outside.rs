//! Cases from outside the partnership, and how many of them nobody of the cell has read.

use std::collections::HashMap;

use model::CaseId;

/// See the module.
#[derive(Default)]
pub(crate) struct Outside {
    /// Each case with whether nobody has read it.
    cases: HashMap<CaseId, bool>,
    unread: usize,
}

impl Outside {
    pub(crate) fn came(&mut self, case: CaseId) {
        if self.cases.insert(case, true).is_none() {
            self.unread += 1;
        }
    }

    /// Somebody of the cell has read a case, or nobody needs to any more; of any other case this says nothing.
    pub(crate) fn read(&mut self, case: CaseId) {
        if let Some(unread) = self.cases.get_mut(&case)
            && std::mem::take(unread)
        {
            self.unread = self.unread.saturating_sub(1);
        }
    }

    pub(crate) fn has(&self, case: CaseId) -> bool {
        self.cases.contains_key(&case)
    }

    pub(crate) const fn unread(&self) -> usize {
        self.unread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_is_read_once() {
        let mut outside = Outside::default();
        let case = |n| CaseId::from_bytes([n; 16]);
        outside.came(case(1));
        outside.came(case(2));
        outside.read(case(1));
        outside.read(case(1));
        outside.read(case(3));
        assert_eq!((outside.unread(), outside.has(case(1)), outside.has(case(3))), (1, true, false));
    }
}

//! The cases that hold a value, and how many distinct members that is.

use crate::cluster::Distinct;
use crate::engine::Case;
use crate::small::Small;
use crate::steps::List;

/// Cases that a list of holders keeps; members beyond them are counted all the same.
pub(crate) const HOLDERS_MAX: usize = 256;
/// Holders whose members are counted anew when they are asked for: a counter of its own would be larger than the list.
const COUNTED_ANEW_MAX: usize = 16;

/// Several cases that hold a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders {
    cases: Small<u32, 3>,
    /// Their distinct members, once there are so many that counting anew would cost.
    members: Option<Box<Distinct>>,
}

impl Holders {
    pub(crate) fn cases(&self) -> &[u32] {
        self.cases.as_slice()
    }

    /// Whether there may have been more than are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.cases.len() == HOLDERS_MAX
    }

    pub(crate) fn push(&mut self, case: u32, cases: &List<Case>) {
        if !self.is_full() {
            self.cases.push(case);
        }
        if let Some(members) = &mut self.members {
            count(members, cases, case);
        } else if self.cases.len() > COUNTED_ANEW_MAX {
            self.members = Some(Box::new(distinct(self.cases(), cases)));
        }
    }

    /// Distinct counting members, in the largest token window.
    pub(crate) fn count(&self, cases: &List<Case>) -> u32 {
        self.members.as_ref().map_or_else(|| distinct(self.cases(), cases).count(), |members| members.count())
    }

    /// Takes a case out. Where the list is full there were more than it keeps, and the number of members stays: it never goes
    /// down by a case whose member may have others.
    pub(crate) fn remove(&mut self, case: u32, cases: &List<Case>) {
        let full = self.is_full();
        while let Some(at) = self.cases().iter().position(|held| *held == case) {
            self.cases.remove(at);
        }
        if !full && self.members.is_some() {
            self.members = Some(Box::new(distinct(self.cases(), cases)));
        }
    }
}

fn distinct(of: &[u32], cases: &List<Case>) -> Distinct {
    let mut members = Distinct::default();
    for case in of {
        count(&mut members, cases, *case);
    }
    members
}

/// Counts the member of a case, if it counts.
fn count(members: &mut Distinct, cases: &List<Case>, case: u32) {
    if let Some(case) = cases.get(case).filter(|case| case.counts) {
        members.add(case.window, case.token);
    }
}

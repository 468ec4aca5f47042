//! What is known of one value: the cases that hold it, how many members those are, and whether it links.

use model::{Kind, Timestamp};

use crate::cluster::Distinct;
use crate::engine::{ALONE, Case};

/// Cases that a posting list keeps; members beyond them are counted all the same.
const POSTING_CASES_MAX: usize = 256;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Links,
    Noise,
    OverCommon,
}

/// Cases that hold a value, in the order in which they came, with their distinct members.
#[derive(Clone, Debug)]
pub(crate) enum Cases {
    One(u32),
    // Most values have one case: a list in place would make each of them larger.
    Many(Box<Holders>),
}

/// Several cases that hold a value.
#[derive(Clone, Debug)]
pub(crate) struct Holders {
    cases: Vec<u32>,
    members: Distinct,
}

/// Distinct counting members of two cases.
fn both(cases: &[Case], first: u32, second: u32) -> Distinct {
    let mut members = Distinct::default();
    for case in [first, second] {
        count(&mut members, cases, case);
    }
    members
}

/// Counts the member of a case, if it counts.
pub(crate) fn count(members: &mut Distinct, cases: &[Case], case: u32) {
    if let Some(case) = cases.get(case as usize).filter(|case| case.counts) {
        members.add(case.window, case.token);
    }
}

/// Distinct counting members of one case.
fn alone(cases: &[Case], case: u32) -> u32 {
    cases.get(case as usize).map_or(0, |case| u32::from(case.counts))
}

impl Cases {
    pub(crate) fn first(&self) -> u32 {
        match self {
            Self::One(case) => *case,
            Self::Many(holders) => holders.cases.first().copied().unwrap_or(ALONE),
        }
    }

    pub(crate) fn all(&self) -> &[u32] {
        match self {
            Self::One(case) => std::slice::from_ref(case),
            Self::Many(holders) => &holders.cases,
        }
    }

    pub(crate) fn push(&mut self, case: u32, cases: &[Case]) {
        match self {
            Self::One(first) => {
                let members = both(cases, *first, case);
                *self = Self::Many(Box::new(Holders { cases: vec![*first, case], members }));
            }
            Self::Many(holders) => {
                if holders.cases.len() < POSTING_CASES_MAX {
                    holders.cases.push(case);
                }
                count(&mut holders.members, cases, case);
            }
        }
    }

    /// Takes a case out; gives how many are left. Where the list is full there were more than it keeps, and the number of
    /// members stays: it never goes down by a case whose member may have others.
    pub(crate) fn remove(&mut self, case: u32, recount: impl FnOnce(&[u32]) -> Distinct) -> usize {
        match self {
            Self::One(held) => usize::from(*held != case),
            Self::Many(holders) => {
                let full = holders.cases.len() == POSTING_CASES_MAX;
                holders.cases.retain(|held| *held != case);
                if !full {
                    holders.members = recount(&holders.cases);
                }
                holders.cases.len()
            }
        }
    }

    /// Distinct counting members, in the largest token window.
    pub(crate) fn members(&self, cases: &[Case]) -> u32 {
        match self {
            Self::One(case) => alone(cases, *case),
            Self::Many(holders) => holders.members.count(),
        }
    }
}

/// One value.
#[derive(Clone, Debug)]
pub(crate) struct Posting {
    pub(crate) cases: Cases,
    pub(crate) last_seen: Timestamp,
    pub(crate) seen: u32,
    pub(crate) kind: Kind,
    pub(crate) standing: Standing,
    /// Which lists of everyday values its standing was last asked of.
    pub(crate) lists: u16,
}

/// What cases came by without naming it: the host of their URLs.
#[derive(Clone, Debug)]
pub(crate) struct Pivot {
    pub(crate) first: u32,
    /// So many members came by it that it links nothing any more.
    pub(crate) over_common: bool,
    /// Values by which cases come by it; so many that they are not counted at the highest number.
    uses: u16,
    members: Option<Box<Distinct>>,
}

impl Pivot {
    pub(crate) const fn of(case: u32) -> Self {
        Self { first: case, over_common: false, uses: 0, members: None }
    }

    /// A case came by it; a member counts once, however many URLs and reports it has.
    pub(crate) fn add(&mut self, case: u32, cases: &[Case]) {
        self.uses = self.uses.saturating_add(1);
        if case == self.first {
            return;
        }
        match &mut self.members {
            None => self.members = Some(Box::new(both(cases, self.first, case))),
            Some(members) => count(members, cases, case),
        }
    }

    /// A value by which a case came is taken back; true if nobody comes by it any more. As long as somebody does it links to
    /// the campaign of all who ever came by it, which its first case is still in.
    pub(crate) const fn lose(&mut self) -> bool {
        if self.uses != u16::MAX {
            self.uses = self.uses.saturating_sub(1);
        }
        self.uses == 0
    }

    /// Values by which cases come by it.
    pub(crate) const fn uses(&self) -> u16 {
        self.uses
    }

    /// Distinct counting members, in the largest token window.
    pub(crate) fn members(&self, cases: &[Case]) -> u32 {
        self.members.as_ref().map_or_else(|| alone(cases, self.first), |members| members.count())
    }
}

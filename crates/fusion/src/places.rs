//! Which campaign each report is in, and the few figures of it that evidence asks for, close together.

use model::Timestamp;

use crate::cluster::Cluster;
use crate::steps::List;

/// Stands for "no cluster yet": the case is alone.
pub(crate) const ALONE: u32 = u32::MAX;
/// Set in the home of a case that is alone, whose number the rest is.
const LONE: u32 = 1 << 31;

/// Figures of a cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) last_seen: Timestamp,
    pub(crate) size: u32,
    pub(crate) oldest: u32,
    pub(crate) newest: u32,
    /// The number of the last split that it was part of, or 0.
    pub(crate) parted: u32,
}

/// The place of each case among the clusters.
#[derive(Default)]
pub(crate) struct Places {
    of: List<u32>,
    figures: List<Figures>,
    splits: u32,
}

impl Places {
    /// A case more, alone.
    pub(crate) fn push(&mut self) {
        self.of.push(ALONE);
    }

    /// The place of a case's cluster, or [`ALONE`].
    pub(crate) fn of(&self, case: u32) -> u32 {
        self.of.get(case).copied().unwrap_or(ALONE)
    }

    pub(crate) fn set(&mut self, case: u32, place: u32) {
        if let Some(held) = self.of.get_mut(case) {
            *held = place;
        }
    }

    /// The campaign that a case is in, as a number that only tells campaigns apart.
    pub(crate) fn home(&self, case: u32) -> u32 {
        match self.of(case) {
            ALONE => case | LONE,
            place => place,
        }
    }

    /// Figures of the campaign of a home; none of one that has a single report.
    pub(crate) fn figures(&self, home: u32) -> Option<&Figures> {
        if home & LONE != 0 { None } else { self.figures.get(home) }
    }

    /// Reports of the campaign of a home.
    pub(crate) fn size(&self, home: u32) -> u32 {
        self.figures(home).map_or(1, |figures| figures.size)
    }

    /// The number of the last split that the campaign of a case was part of, or 0.
    pub(crate) fn parted(&self, case: u32) -> u32 {
        self.figures(self.home(case)).map_or(0, |figures| figures.parted)
    }

    /// A campaign is split: the number of that split.
    pub(crate) const fn split(&mut self) -> u32 {
        self.splits = self.splits.saturating_add(1);
        self.splits
    }

    /// Splits up to now.
    pub(crate) const fn splits(&self) -> u32 {
        self.splits
    }

    /// A cluster is at a place, as it stands.
    pub(crate) fn note(&mut self, place: u32, cluster: &Cluster) {
        let Cluster { last_seen, oldest, newest, parted, .. } = *cluster;
        let figures = Figures { last_seen, size: cluster.count(), oldest, newest, parted };
        while self.figures.len() <= place as usize {
            self.figures.push(figures);
        }
        if let Some(held) = self.figures.get_mut(place) {
            *held = figures;
        }
    }
}

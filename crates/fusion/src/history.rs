//! How a campaign came to be what it is: what merged into it, what was split off, and when it came back.

use model::{CampaignId, CaseId, Timestamp};

/// Events of one campaign that are kept; of more, the oldest go.
const KEPT_MAX: usize = 256;
/// Days without a report after which a further one revives a campaign.
pub(crate) const REVIVED_AFTER_DAYS: f32 = 30.0;

/// What happened to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Another campaign became part of it.
    Merged,
    /// Another campaign was split off it.
    Parted,
    /// It was split off another one.
    PartedFrom,
    /// A report came after it had been quiet for a month or more.
    Revived,
    /// Several members were hit by it within hours.
    Wave,
}

/// One event of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
    /// The other campaign, by the id that it had or has; its own if there is none.
    pub other: CampaignId,
    /// Reports of the other one then; of a revival, the days that it was quiet; of a wave, the members.
    pub reports: u32,
    /// The report that brought it; none if an analyst did.
    pub case: Option<CaseId>,
    /// Number of the analyst's word that brought it.
    pub by: Option<u32>,
}

/// Events in the order of their times.
#[derive(Clone, Debug, Default)]
pub(crate) struct History(Vec<Happened>);

impl History {
    pub(crate) fn push(&mut self, happened: Happened) {
        if self.0.len() == KEPT_MAX {
            self.0.remove(0);
        }
        self.0.push(happened);
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        if other.0.is_empty() {
            return;
        }
        self.0.extend(other.0);
        self.0.sort_by_key(|happened| happened.at);
        let over = self.0.len().saturating_sub(KEPT_MAX);
        self.0.drain(..over);
    }

    /// Takes out what one report brought.
    pub(crate) fn take_of(&mut self, case: CaseId) -> Self {
        Self(self.0.extract_if(.., |happened| happened.case == Some(case)).collect())
    }

    pub(crate) fn all(&self) -> &[Happened] {
        &self.0
    }
}

impl IntoIterator for History {
    type Item = Happened;
    type IntoIter = std::vec::IntoIter<Happened>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Happened> for History {
    fn from_iter<I: IntoIterator<Item = Happened>>(events: I) -> Self {
        Self(events.into_iter().collect())
    }
}

impl Extend<Happened> for History {
    fn extend<I: IntoIterator<Item = Happened>>(&mut self, events: I) {
        self.0.extend(events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64) -> Happened {
        let (at, other) = (Timestamp::from_millis(time), CampaignId::from_bytes([0; 16]));
        Happened { at, what: What::Merged, other, reports: 1, case: None, by: None }
    }

    #[test]
    fn the_latest_events_are_kept_in_the_order_of_their_times() {
        let of = |times: std::ops::Range<i64>, step| {
            let mut history = History::default();
            times.step_by(step).for_each(|time| history.push(at(time)));
            history
        };
        let mut one = of(0..600, 2);
        let times = |history: &History| history.all().iter().map(|it| it.at.as_millis()).collect::<Vec<_>>();
        assert_eq!(times(&one), (88..600).step_by(2).collect::<Vec<_>>());
        one.absorb(of(1..600, 2));
        assert_eq!(times(&one), (344..600).collect::<Vec<_>>());
    }
}

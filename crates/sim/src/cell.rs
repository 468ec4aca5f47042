//! What the cell's people do during an exercise: claims, advisories, the posture. Ids are the server's; here are only plans.

use model::{AttackKind, Severity};

use crate::random::Random;
use crate::scenarios::SCENARIOS;

/// One act of the cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellAct {
    /// When, in milliseconds from the start.
    pub at_millis: u64,
    /// What.
    pub act: Act,
}

/// What the cell does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The analyst takes the newest report of the widest campaign that nobody has.
    Claim,
    /// The analyst writes to members about a campaign of this attack, if the wall shows one; if not, about none.
    Advise {
        /// The attack.
        attack: AttackKind,
        /// One line.
        title: String,
        /// What happens.
        summary: String,
        /// What to do, in order.
        actions: Vec<String>,
        /// How bad.
        severity: Severity,
        /// TLP, in the words of the API.
        tlp: &'static str,
    },
    /// The lead sets the posture.
    Posture {
        /// The word.
        word: &'static str,
        /// What the lead says about it.
        text: String,
    },
}

/// When the first advisories go out.
const ADVICE: [u64; 3] = [6_000, 20_000, 50_000];
/// When the lead raises the posture.
const RAISED_AT: u64 = 5_000;
/// Mean time between later advisories.
const BETWEEN_ADVICE_MILLIS: u64 = 300_000;
/// Mean time between claims: a few analysts at work, so that some of the latest reports are somebody's and most are not yet.
const BETWEEN_CLAIMS_MILLIS: u64 = 2_500;

/// An endless, ordered plan of acts.
pub struct CellDesk {
    random: Random,
    order: Vec<usize>,
    advised: usize,
    next_advice: u64,
    next_claim: u64,
    posture_set: bool,
}

impl CellDesk {
    /// The plan of a seed; its advisories follow the order in which the exercise of that seed begins its campaigns.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut order: Vec<usize> = (0..SCENARIOS.len()).collect();
        Random::new(seed).shuffle(&mut order);
        Self {
            random: Random::new(seed ^ 0x6365_6c6c),
            order,
            advised: 0,
            next_advice: ADVICE.first().copied().unwrap_or(0),
            next_claim: 4_000,
            posture_set: false,
        }
    }

    fn advise(&mut self) -> Option<CellAct> {
        let at_millis = self.next_advice;
        let scenario =
            self.order.get(self.advised % self.order.len().max(1)).and_then(|&index| SCENARIOS.get(index))?;
        self.advised += 1;
        self.next_advice = match ADVICE.get(self.advised) {
            Some(&next) => next,
            None => at_millis + self.random.around(BETWEEN_ADVICE_MILLIS).max(60_000),
        };
        let act = Act::Advise {
            attack: scenario.attack,
            title: scenario.advice.title.to_owned(),
            summary: scenario.advice.summary.to_owned(),
            actions: scenario.advice.actions.iter().map(ToString::to_string).collect(),
            severity: scenario.severity,
            tlp: "GREEN",
        };
        Some(CellAct { at_millis, act })
    }
}

impl Iterator for CellDesk {
    type Item = CellAct;

    fn next(&mut self) -> Option<CellAct> {
        if !self.posture_set && RAISED_AT <= self.next_advice.min(self.next_claim) {
            self.posture_set = true;
            let text = "Several campaigns spread between members. Check the released values today.".to_owned();
            return Some(CellAct { at_millis: RAISED_AT, act: Act::Posture { word: "raised", text } });
        }
        if self.next_advice <= self.next_claim {
            return self.advise();
        }
        let at_millis = self.next_claim;
        self.next_claim += self.random.around(BETWEEN_CLAIMS_MILLIS).max(500);
        Some(CellAct { at_millis, act: Act::Claim })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_ordered_and_repeats_for_a_seed() {
        let acts: Vec<CellAct> = CellDesk::new(4).take(200).collect();
        assert_eq!(acts, CellDesk::new(4).take(200).collect::<Vec<_>>());
        assert!(acts.is_sorted_by_key(|act| act.at_millis));
        assert_eq!(acts.iter().filter(|act| matches!(act.act, Act::Posture { .. })).count(), 1);
        let early = |act: &&CellAct| act.at_millis < 60_000 && matches!(act.act, Act::Advise { .. });
        assert_eq!(acts.iter().filter(early).count(), 3);
        assert!(acts.iter().filter(|act| matches!(act.act, Act::Claim)).count() > 100);
    }
}

//! What the cell has judged, and what each source bears because of it. It lies in memory alone: where a case meets its source is the
//! way back, which is walked when letters are drawn, and the letters leave this place one case at a time.

use std::collections::{BTreeMap, HashMap};

use model::{CaseId, OrganisationId};

use crate::acts::Verdict;
use crate::grade::{Bearers, Grade};

/// Token windows whose verdicts count, before the one for which letters are drawn: about a year.
const WINDOWS_COUNTED: u32 = 12;

/// A member as letters are counted: who, and the declared group that its cases appear under.
pub type Bearer = (OrganisationId, Option<String>);

/// Letters as they are borne within one window.
struct Drawn {
    window: u32,
    /// Whoever is not in it bears F.
    letters: HashMap<OrganisationId, Grade>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Grades {
    /// The last verdict of each window on each case.
    verdicts: HashMap<CaseId, BTreeMap<u32, Verdict>>,
    members: Vec<Bearer>,
    drawn: Option<Drawn>,
    /// Among the members of each group.
    bearers: HashMap<Option<String>, Bearers>,
}

impl Grades {
    /// The cell has judged a case.
    pub(crate) fn judged(&mut self, case: CaseId, window: u32, verdict: Verdict) {
        self.verdicts.entry(case).or_default().insert(window, verdict);
    }

    /// Who the members are from now on.
    pub(crate) fn set_members(&mut self, members: Vec<Bearer>) {
        if self.members != members {
            self.members = members;
            self.count();
        }
    }

    /// Whether letters are to be drawn for a window.
    pub(crate) fn is_due(&self, window: u32) -> bool {
        self.drawn.as_ref().is_none_or(|drawn| drawn.window != window)
    }

    /// What had been judged before a window began, and counts in it: only what was known then, so that who draws later, as after a
    /// restart, comes to the same letters. What is too old is forgotten.
    pub(crate) fn before(&mut self, window: u32) -> Vec<(CaseId, Verdict)> {
        let first = window.saturating_sub(WINDOWS_COUNTED);
        self.verdicts.retain(|_, of| of.last_key_value().is_some_and(|(last, _)| *last >= first));
        let last = |of: &BTreeMap<u32, Verdict>| of.range(first..window).next_back().map(|(_, verdict)| *verdict);
        self.verdicts.iter().filter_map(|(case, of)| Some((*case, last(of)?))).collect()
    }

    /// Letters for a window, of what was confirmed and what was false of each source.
    pub(crate) fn draw(&mut self, window: u32, outcomes: impl Iterator<Item = (OrganisationId, Verdict)>) {
        let mut sums = HashMap::<OrganisationId, (u32, u32)>::new();
        for (source, verdict) in outcomes {
            let sum = sums.entry(source).or_default();
            match verdict {
                Verdict::Confirmed => sum.0 += 1,
                Verdict::Refuted => sum.1 += 1,
                Verdict::Open => {}
            }
        }
        let letters = sums.into_iter().map(|(source, (good, bad))| (source, Grade::of(good, bad))).collect();
        self.drawn = Some(Drawn { window, letters });
        self.count();
    }

    fn count(&mut self) {
        self.bearers.clear();
        let Some(drawn) = &self.drawn else { return };
        for (member, group) in &self.members {
            let grade = drawn.letters.get(member).copied().unwrap_or(Grade::F);
            self.bearers.entry(group.clone()).or_default().count(grade);
        }
    }

    /// What may be told of the source of a case that comes within a window, and appears under a group.
    pub(crate) fn of(&self, source: OrganisationId, group: Option<&String>, window: u32) -> Grade {
        let Some(drawn) = self.drawn.as_ref().filter(|drawn| drawn.window == window) else { return Grade::Untold };
        let grade = drawn.letters.get(&source).copied().unwrap_or(Grade::F);
        self.bearers.get(&group.cloned()).map_or(Grade::Untold, |bearers| bearers.told(grade))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firm(n: u8) -> OrganisationId {
        OrganisationId::from_bytes([n; 16])
    }

    fn case(n: u8) -> CaseId {
        CaseId::from_bytes([n; 16])
    }

    fn members(many: u8, group: &str) -> Vec<Bearer> {
        (0..many).map(|n| (firm(n), Some(group.to_owned()))).collect()
    }

    #[test]
    fn only_what_was_judged_before_a_window_counts_in_it_and_only_the_last_word() {
        let mut grades = Grades::default();
        grades.judged(case(1), 40, Verdict::Confirmed);
        grades.judged(case(1), 41, Verdict::Refuted);
        grades.judged(case(2), 41, Verdict::Confirmed);
        grades.judged(case(2), 41, Verdict::Open);
        grades.judged(case(3), 20, Verdict::Confirmed);
        let told = |grades: &mut Grades, window| {
            let mut all = grades.before(window);
            all.sort_unstable_by_key(|(case, _)| *case);
            all
        };
        assert_eq!(told(&mut grades, 41), [(case(1), Verdict::Confirmed)]);
        assert_eq!(told(&mut grades, 42), [(case(1), Verdict::Refuted), (case(2), Verdict::Open)]);
        assert!(told(&mut grades, 54).is_empty(), "a year later it is forgotten");
    }

    #[test]
    fn letters_are_counted_among_those_whose_cases_look_alike() {
        let mut grades = Grades::default();
        let mut all = members(20, "energy");
        all.extend((20..29).map(|n| (firm(n), Some("water".to_owned()))));
        grades.set_members(all);
        let (energy, water) = ("energy".to_owned(), "water".to_owned());
        assert_eq!(grades.of(firm(0), Some(&energy), 7), Grade::Untold, "nothing is drawn yet");
        // Ten of energy bear B, and nine of water F, as do ten of energy.
        let good = (0..10).flat_map(|n| [(firm(n), Verdict::Confirmed); 5]);
        grades.draw(7, good);
        assert_eq!([0, 10].map(|n| grades.of(firm(n), Some(&energy), 7)), [Grade::B, Grade::F]);
        assert_eq!(grades.of(firm(20), Some(&water), 7), Grade::Untold, "nineteen bear F, of water only nine");
        assert_eq!(grades.of(firm(0), Some(&energy), 8), Grade::Untold, "they are of another window");
        assert_eq!(grades.of(firm(0), None, 7), Grade::Untold);
        // One of the ten leaves: nine bear B, and the ten others may not be told apart from them.
        grades.set_members(members(20, "energy").into_iter().skip(1).collect());
        assert_eq!([1, 10].map(|n| grades.of(firm(n), Some(&energy), 7)), [Grade::Untold; 2]);
    }

    #[test]
    fn a_newcomer_bears_what_cannot_be_judged() {
        let mut grades = Grades::default();
        grades.set_members(members(10, "energy"));
        grades.draw(7, std::iter::empty());
        assert_eq!(grades.of(firm(99), Some(&"energy".to_owned()), 7), Grade::F);
    }
}

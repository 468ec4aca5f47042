//! How reliable a source has been, as one coarse letter of the Admiralty scale, and when a letter may be told.

use std::str::FromStr;

use policy::planted::{self, Leak};

/// Members that must be able to bear what is told of the source of a case: each letter, and no letter.
pub const BEARERS_MIN: u32 = 10;
/// Cases of a source that must have been judged before it bears another letter than F.
pub const OUTCOMES_MIN: u32 = 5;
/// Least share of confirmed cases of each letter from A to D, in percent, counted with one confirmed and one false case more, so that
/// a few cases tell little: an A takes eighteen confirmed cases and no false one.
const SHARES_MIN: [(u32, Grade); 4] = [(95, Grade::A), (80, Grade::B), (60, Grade::C), (40, Grade::D)];
/// Letters of the scale.
const LETTERS: usize = 6;

/// A letter of the Admiralty scale for sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Completely reliable.
    A,
    /// Usually reliable.
    B,
    /// Fairly reliable.
    C,
    /// Not usually reliable.
    D,
    /// Unreliable.
    E,
    /// Reliability cannot be judged.
    F,
    /// Nothing may be told: too few members would bear it. It is stored as long as a letter.
    Untold,
}

impl Grade {
    const ALL: [Self; LETTERS + 1] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F, Self::Untold];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
            Self::F => "F",
            Self::Untold => "-",
        }
    }

    /// The letter, if one may be told.
    #[must_use]
    pub fn letter(self) -> Option<&'static str> {
        (self != Self::Untold).then(|| self.as_str())
    }

    /// What a source bears of which so many cases were confirmed and so many false.
    pub(crate) fn of(confirmed: u32, refuted: u32) -> Self {
        let judged = confirmed.saturating_add(refuted);
        if judged < OUTCOMES_MIN {
            return Self::F;
        }
        let share = (u64::from(confirmed) + 1) * 100 / (u64::from(judged) + 2);
        SHARES_MIN.iter().find(|(least, _)| share >= u64::from(*least)).map_or(Self::E, |(_, grade)| *grade)
    }
}

/// A text that is no grade.
#[derive(Debug)]
pub struct NoGrade;

impl FromStr for Grade {
    type Err = NoGrade;

    fn from_str(text: &str) -> Result<Self, NoGrade> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == text).ok_or(NoGrade)
    }
}

/// Which letters may be told among members whose cases look alike to the cell, and how many bear each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bearers([u32; LETTERS]);

impl Bearers {
    /// One more bears a letter.
    pub(crate) fn count(&mut self, grade: Grade) {
        if let Some(count) = self.0.get_mut(grade as usize) {
            *count += 1;
        }
    }

    /// What may be told of a source that bears a letter.
    ///
    /// That nothing is told tells something too: if ten others are told, whoever is not is one of the rest. So those of whom nothing
    /// is told are ten as well, or none: letters that few bear take the next smallest with them.
    pub(crate) fn told(&self, grade: Grade) -> Grade {
        let counts = self.0;
        let mut hidden = counts.map(|count| count < BEARERS_MIN);
        if planted::is_on(Leak::GradeAtOne) {
            hidden = [false; LETTERS];
        }
        let bear = |hidden: &[bool; LETTERS]| -> u32 {
            counts.iter().zip(hidden).filter(|(_, hidden)| **hidden).map(|(count, _)| count).sum()
        };
        while !planted::is_on(Leak::RestOfGrades) && (1..BEARERS_MIN).contains(&bear(&hidden)) {
            let told = counts.iter().enumerate().filter(|(at, _)| hidden.get(*at) == Some(&false));
            // Of those that as many bear, the one that says least.
            let Some((next, _)) = told.min_by_key(|(at, count)| (**count, LETTERS - at)) else { break };
            if let Some(one) = hidden.get_mut(next) {
                *one = true;
            }
        }
        if hidden.get(grade as usize) == Some(&false) { grade } else { Grade::Untold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearers(counts: [u32; LETTERS]) -> Bearers {
        Bearers(counts)
    }

    #[test]
    fn a_few_outcomes_say_nothing_and_many_say_little() {
        for (confirmed, refuted, grade) in [
            (0, 0, Grade::F),
            (4, 0, Grade::F),
            (5, 0, Grade::B),
            (17, 0, Grade::B),
            (18, 0, Grade::A),
            (60, 1, Grade::A),
            (4, 1, Grade::C),
            (3, 2, Grade::D),
            (2, 3, Grade::D),
            (1, 4, Grade::E),
            (0, 5, Grade::E),
            (u32::MAX, 1, Grade::A),
        ] {
            assert_eq!(Grade::of(confirmed, refuted), grade, "{confirmed} confirmed, {refuted} false");
        }
        for grade in Grade::ALL {
            assert_eq!(grade.as_str().parse::<Grade>().ok(), Some(grade));
        }
    }

    #[test]
    fn nine_bear_no_letter_and_ten_do() {
        assert_eq!(bearers([0, 0, 0, 0, 0, 9]).told(Grade::F), Grade::Untold);
        assert_eq!(bearers([0, 0, 0, 0, 0, 10]).told(Grade::F), Grade::F);
        let two = bearers([0, 10, 0, 0, 0, 10]);
        assert_eq!([two.told(Grade::B), two.told(Grade::F)], [Grade::B, Grade::F]);
        assert_eq!(two.told(Grade::A), Grade::Untold);
    }

    #[test]
    fn whoever_bears_no_letter_is_one_of_ten_too() {
        // Eleven bear F and one bears B: told of the eleven, it would be told of the one by being left out.
        let one = bearers([0, 1, 0, 0, 0, 11]);
        assert_eq!([one.told(Grade::B), one.told(Grade::F)], [Grade::Untold; 2]);
        // The smallest of those that could be told goes with it, and the other stays.
        let three = bearers([0, 1, 0, 12, 0, 30]);
        assert_eq!(
            [Grade::B, Grade::D, Grade::F].map(|grade| three.told(grade)),
            [Grade::Untold, Grade::Untold, Grade::F]
        );
        // Of two that as many bear, the one that cannot be judged goes.
        let alike = bearers([0, 10, 0, 0, 1, 10]);
        assert_eq!([alike.told(Grade::B), alike.told(Grade::F)], [Grade::B, Grade::Untold]);
    }

    #[test]
    fn in_every_partnership_each_answer_is_one_of_ten_or_of_all() {
        for seed in 0_u32..20_000 {
            let counts: [u32; LETTERS] = std::array::from_fn(|at| (seed.wrapping_mul(2_654_435_761) >> (at * 5)) % 23);
            let bearers = bearers(counts);
            let mut classes = std::collections::BTreeMap::<Grade, u32>::new();
            for (grade, count) in Grade::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
                *classes.entry(bearers.told(grade)).or_default() += count;
            }
            let small = classes.values().filter(|count| **count < BEARERS_MIN).count();
            let all = counts.iter().sum::<u32>();
            assert!(small == 0 || classes.len() == 1 && all < BEARERS_MIN, "{counts:?}: {classes:?}");
        }
    }
}

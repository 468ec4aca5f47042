//! How many firms the cell is told of, so that no number says that two given reports share a source.
//!
//! Reports of different sectors never come from one firm, and the cell sees sectors. With `reports` reports in `lanes`
//! sectors, a number of firms equal to `lanes` would say that all reports of a sector are one firm's. It is therefore shown
//! as "up to `lanes` + 1", and so is `lanes` + 1 itself, or the words would give away what the number may not.

/// A number of firms as the cell is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Firms {
    /// The number, or the most that there can be.
    pub(crate) told: u32,
    /// Whether it is only the most that there can be.
    pub(crate) at_most: bool,
}

impl Firms {
    /// What is told of `firms` firms that sent `reports` reports from `lanes` sectors.
    pub(crate) const fn of(firms: u32, reports: u32, lanes: u32) -> Self {
        let hidden = lanes.saturating_add(1);
        if reports <= lanes || firms > hidden {
            return Self { told: firms, at_most: false };
        }
        Self { told: if hidden < reports { hidden } else { reports }, at_most: true }
    }

    /// As words: `4 firms`, `up to 2 firms`.
    pub(crate) fn words(self) -> String {
        let noun = if self.told == 1 { "firm" } else { "firms" };
        format!("{}{} {noun}", if self.at_most { "up to " } else { "" }, self.told)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every way to give `lanes.len()` reports to firms, where a firm belongs to one lane.
    fn worlds(lanes: &[u32]) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = vec![vec![]];
        for (index, lane) in lanes.iter().enumerate() {
            let mut next = Vec::new();
            for world in all {
                let firms = world.iter().max().map_or(0, |most| most + 1);
                for firm in 0..=firms {
                    let fits = (0..index).all(|other| world[other] != firm || lanes[other] == *lane);
                    if fits {
                        next.push([&world[..], &[firm]].concat());
                    }
                }
            }
            all = next;
        }
        all
    }

    #[test]
    fn no_number_pairs_two_reports_in_any_small_world() {
        for lanes in [
            &[0, 0][..],
            &[0, 1],
            &[0, 0, 0],
            &[0, 0, 1],
            &[0, 0, 0, 0],
            &[0, 0, 1, 1],
            &[0, 0, 1, 2],
            &[0, 0, 0, 1, 1],
            &[0, 0, 0, 0, 0, 1],
        ] {
            let different = lanes.iter().collect::<BTreeSet<_>>().len() as u32;
            let mut told: BTreeMap<(u32, bool), Vec<Vec<usize>>> = BTreeMap::new();
            for world in worlds(lanes) {
                let firms = world.iter().collect::<BTreeSet<_>>().len() as u32;
                let shown = Firms::of(firms, lanes.len() as u32, different);
                assert!(firms <= shown.told && (shown.at_most || firms == shown.told));
                told.entry((shown.told, shown.at_most)).or_default().push(world);
            }
            for (shown, worlds) in told {
                for a in 0..lanes.len() {
                    for b in 0..a {
                        assert!(worlds.iter().any(|world| world[a] != world[b]), "{lanes:?} {shown:?}: {a} and {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn wide_campaigns_keep_their_exact_number() {
        assert_eq!(Firms::of(12, 14, 5), Firms { told: 12, at_most: false });
        assert_eq!(Firms::of(4, 4, 4), Firms { told: 4, at_most: false });
        assert_eq!(Firms::of(1, 1, 1).words(), "1 firm");
        assert_eq!(Firms::of(1, 2, 1).words(), "up to 2 firms");
        assert_eq!(Firms::of(2, 2, 1).words(), "up to 2 firms");
    }
}

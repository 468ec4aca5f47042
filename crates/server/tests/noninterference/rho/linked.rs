//! What hangs together by values, and how firms and labels are counted.

use std::collections::{BTreeMap, BTreeSet};

use model::AttackKind;

use crate::script::{Back, Op, Own, Report, Script, host_of};

/// Joins what hangs together by values with what did before: report → oldest report of its campaign. Repeated until nothing
/// changes, since worlds are small.
pub fn merge(roots: &mut BTreeMap<usize, usize>, sets: &[(usize, BTreeSet<usize>)]) {
    for (index, _) in sets {
        roots.entry(*index).or_insert(*index);
    }
    for (at, (a, values)) in sets.iter().enumerate() {
        for (b, others) in &sets[..at] {
            let (one, two) = (roots[a], roots[b]);
            if one != two && !values.is_disjoint(others) {
                let (least, other) = (one.min(two), one.max(two));
                roots.values_mut().filter(|root| **root == other).for_each(|root| *root = least);
            }
        }
    }
}

/// What links reports: their values, and the hosts of their URLs.
pub fn linked(values: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    values.into_iter().flat_map(|value| [Some(value), host_of(value)]).flatten().collect()
}

/// The value that names a firm itself, which only that firm reports; in a path or query it is on a host that many name.
pub fn own_links(report: &Report) -> Vec<usize> {
    match report.own_name {
        Some(place @ (Own::Path | Own::Query)) => vec![1_000_000 + 10 * report.firm + place as usize, 2_000_000],
        Some(place) => vec![1_000_000 + 10 * report.firm + place as usize],
        None => Vec::new(),
    }
}

/// Distinct firms in the window that has most of them: never a sum over windows.
pub fn distinct(who: &BTreeSet<(usize, i64)>) -> usize {
    let mut by_window: BTreeMap<i64, usize> = BTreeMap::new();
    for (_, window) in who {
        *by_window.entry(*window).or_default() += 1;
    }
    by_window.into_values().max().unwrap_or(0)
}

/// Labels from open to strict.
pub const LABELS: [&str; 5] = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"];

pub fn strictness(label: &str) -> usize {
    LABELS.iter().position(|known| *known == label).unwrap_or(0)
}

/// The strictest of some labels.
pub fn strictest<'a>(labels: impl IntoIterator<Item = &'a &'static str>) -> &'static str {
    labels.into_iter().max_by_key(|label| strictness(label)).copied().unwrap_or("none")
}

/// The place of a kind of attack in their list; who is not sure tells none.
pub fn attack(told: &str) -> Option<usize> {
    AttackKind::ALL.iter().position(|kind| *kind != AttackKind::NotSure && kind.as_str() == told)
}

/// The label of the oldest report of everything that each report hangs together with, whoever may see it.
pub fn hang_together(script: &Script) -> BTreeMap<usize, usize> {
    let mut sets: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for op in &script.ops {
        match op {
            Op::Report(report) => sets
                .entry(report.label)
                .or_default()
                .extend(linked(report.values.iter().copied()).into_iter().chain(own_links(report))),
            Op::Back { label, act: Back::Correct { add, .. } } => {
                sets.entry(*label).or_default().extend(linked(add.iter().copied()));
            }
            _ => {}
        }
    }
    let mut roots = BTreeMap::new();
    merge(&mut roots, &sets.into_iter().collect::<Vec<_>>());
    roots
}

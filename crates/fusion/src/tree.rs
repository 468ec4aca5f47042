//! What holds a campaign together: one link for each report but one, so that any of them can be cut and explained.

use std::collections::HashMap;

/// Stands for "no analyst said so".
pub(crate) const NO_WORD: u32 = u32::MAX;

/// A link by which two parts of a campaign became one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    /// The report that brought it.
    pub case: u32,
    /// The earlier one.
    pub other: u32,
    /// How sure it was, in nats; an analyst's word is surer than any.
    pub log_odds: f32,
    /// The analyst's word that it is, or [`NO_WORD`].
    pub word: u32,
}

/// Links between the reports of one campaign: a tree over them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    edges: Vec<Edge>,
}

impl Tree {
    pub(crate) fn push(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.edges.extend(other.edges);
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    fn neighbours(&self) -> HashMap<u32, Vec<usize>> {
        let mut of: HashMap<u32, Vec<usize>> = HashMap::with_capacity(self.edges.len() + 1);
        for (at, edge) in self.edges.iter().enumerate() {
            of.entry(edge.case).or_default().push(at);
            of.entry(edge.other).or_default().push(at);
        }
        of
    }

    /// The only way from one report to another, as places of links, in order.
    pub(crate) fn path(&self, from: u32, to: u32) -> Vec<usize> {
        let of = self.neighbours();
        let mut came: HashMap<u32, usize> = HashMap::new();
        let mut next = vec![from];
        while let Some(case) = next.pop() {
            if case == to {
                break;
            }
            for at in of.get(&case).into_iter().flatten() {
                let Some(edge) = self.edges.get(*at) else { continue };
                let there = if edge.case == case { edge.other } else { edge.case };
                if there != from && !came.contains_key(&there) {
                    came.insert(there, *at);
                    next.push(there);
                }
            }
        }
        let (mut path, mut case) = (Vec::new(), to);
        while let Some(at) = came.get(&case) {
            path.push(*at);
            let Some(edge) = self.edges.get(*at) else { break };
            case = if edge.case == case { edge.other } else { edge.case };
        }
        path.reverse();
        path
    }

    /// The weakest of these links; of equal ones the one that came last. An analyst's is weaker than none of evidence, and of
    /// several the earliest word is the weakest: the latest counts.
    pub(crate) fn weakest(&self, path: &[usize]) -> Option<usize> {
        path.iter().copied().min_by(|a, b| {
            let (Some(a), Some(b)) = (self.edges.get(*a), self.edges.get(*b)) else { return std::cmp::Ordering::Equal };
            match (a.word == NO_WORD, b.word == NO_WORD) {
                (true, false) => std::cmp::Ordering::Less,
                (false, true) => std::cmp::Ordering::Greater,
                (false, false) => a.word.cmp(&b.word),
                (true, true) => a.log_odds.total_cmp(&b.log_odds).then((b.case, b.other).cmp(&(a.case, a.other))),
            }
        })
    }

    pub(crate) fn replace(&mut self, at: usize, by: Edge) {
        if let Some(edge) = self.edges.get_mut(at) {
            *edge = by;
        }
    }

    /// The only link of a report, with its place; none if it has several or none.
    pub(crate) fn only_link(&self, of: u32) -> Option<(usize, Edge)> {
        let mut links = self.edges.iter().enumerate().filter(|(_, edge)| edge.case == of || edge.other == of);
        match (links.next(), links.next()) {
            (Some((at, link)), None) => Some((at, *link)),
            _ => None,
        }
    }

    /// Cuts the only link of a report: this tree keeps the rest.
    pub(crate) fn cut_leaf(&mut self, at: usize) {
        if at < self.edges.len() {
            self.edges.remove(at);
        }
    }

    /// Cuts a link. Gives it, the reports on the side of `from`, and the tree of those; this one keeps the rest.
    pub(crate) fn cut(&mut self, at: usize, from: u32) -> Option<(Edge, Vec<u32>, Self)> {
        if at >= self.edges.len() {
            return None;
        }
        let edge = self.edges.remove(at);
        let of = self.neighbours();
        let (mut side, mut seen) = (vec![from], std::collections::HashSet::from([from]));
        let mut place = 0;
        while let Some(case) = side.get(place).copied() {
            place += 1;
            for at in of.get(&case).into_iter().flatten() {
                let Some(edge) = self.edges.get(*at) else { continue };
                for there in [edge.case, edge.other] {
                    if seen.insert(there) {
                        side.push(there);
                    }
                }
            }
        }
        let (theirs, mine) = std::mem::take(&mut self.edges).into_iter().partition(|edge| seen.contains(&edge.case));
        self.edges = mine;
        side.sort_unstable();
        Some((edge, side, Self { edges: theirs }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(case: u32, other: u32, log_odds: f32) -> Edge {
        Edge { case, other, log_odds, word: NO_WORD }
    }

    #[test]
    fn the_weakest_link_between_two_reports_is_cut_and_nothing_else() {
        // 0 – 1 – 2 – 3, and 4 at 1.
        let mut tree = Tree { edges: vec![edge(1, 0, 5.0), edge(2, 1, 1.0), edge(3, 2, 3.0), edge(4, 1, 0.5)] };
        let path = tree.path(3, 0);
        assert_eq!(path, [2, 1, 0]);
        let weakest = tree.weakest(&path).unwrap();
        let (cut, side, theirs) = tree.cut(weakest, 3).unwrap();
        assert_eq!((cut.case, cut.other), (2, 1));
        assert_eq!(side, [2, 3]);
        assert_eq!(theirs.edges(), [edge(3, 2, 3.0)]);
        assert_eq!(tree.edges(), [edge(1, 0, 5.0), edge(4, 1, 0.5)]);
        assert!(tree.path(3, 0).is_empty());
    }

    #[test]
    fn evidence_goes_before_a_word_and_an_earlier_word_before_a_later() {
        let word = |case, other, word| Edge { case, other, log_odds: f32::INFINITY, word };
        let tree = Tree { edges: vec![word(1, 0, 3), word(2, 1, 2), edge(3, 2, 90.0), edge(4, 3, 90.0)] };
        assert_eq!(tree.weakest(&tree.path(4, 0)), Some(3));
        assert_eq!(tree.weakest(&tree.path(2, 0)), Some(1));
    }
}

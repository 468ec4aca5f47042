//! Where features with several cases have what does not fit into a posting.

use crate::places::Places;
use crate::posting::{Entry, More, Named, Posting};
use crate::steps::List;

/// Where features with several cases have the rest.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) list: List<More>,
    free: Vec<u32>,
    pub(crate) named: List<Named>,
    free_named: Vec<u32>,
}

/// Adds to a list, at a place that is free if there is one.
fn add_to<T>(list: &mut List<T>, free: &mut Vec<u32>, value: T) -> u32 {
    match free.pop().and_then(|at| list.get_mut(at).map(|place| (at, place))) {
        Some((at, place)) => {
            *place = value;
            at
        }
        None => list.push(value),
    }
}

impl Entry {
    /// Another entry is of the same campaign.
    pub(crate) fn take_in(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.roles |= other.roles;
        self.last = self.last.max(other.last);
    }
}

impl Store {
    pub(crate) fn add(&mut self, more: More) -> u32 {
        add_to(&mut self.list, &mut self.free, more)
    }

    pub(crate) fn add_named(&mut self, named: Named) -> u32 {
        add_to(&mut self.named, &mut self.free_named, named)
    }

    pub(crate) fn free(&mut self, index: u32) {
        let Some(more) = self.list.get_mut(index).map(std::mem::take) else { return };
        self.free.push(index);
        if let Some(named) = self.named.get_mut(more.named) {
            *named = Named::default();
            self.free_named.push(more.named);
        }
    }

    /// As [`crate::slots::Slots::warm`], for what postings have here and for the campaigns that they lead to: a pass for each step
    /// of the way, so that the lines of one step are waited for together.
    pub(crate) fn warm(&self, postings: &[(usize, Posting)], places: &Places, homes: &mut Vec<u32>) -> u32 {
        homes.clear();
        let spilled = || postings.iter().filter_map(|(_, posting)| posting.more(self));
        let mut sum = spilled().fold(0, |sum, more| sum ^ more.having);
        for more in spilled() {
            sum ^= self.named.get(more.named).map_or(0, |named| named.seen);
        }
        for (_, posting) in postings {
            let mut room = [Entry::default()];
            let entries = posting.entries(self, &mut room);
            homes.extend(entries.iter().map(|entry| places.home(entry.case)));
        }
        homes.iter().fold(sum, |sum, home| sum ^ places.size(*home))
    }
}

#[cfg(test)]
#[test]
fn places_that_are_free_are_used_again() {
    let mut store = Store::default();
    for _ in 0..100 {
        let named = store.add_named(Named::default());
        let mut more = More::default();
        more.named = named;
        let at = store.add(more);
        store.free(at);
    }
    assert_eq!((store.list.len(), store.named.len()), (1, 1));
}

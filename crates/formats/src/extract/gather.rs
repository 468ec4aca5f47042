//! Values as they are found: each once, the strongest reason kept, what was left out beside them.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::num::NonZeroU32;

use model::{Kind, Observable, Technique};

use super::names;
use super::{Extracted, Found, LeftOut, Mark, Place, Rule};
use crate::limits::{EXTRACT_LEFT_OUT_MAX, EXTRACT_VALUES_MAX, EXTRACT_WORDS_KEPT, TECHNIQUES_MAX};

/// Longest piece of a text that is told as left out, in characters.
const TOLD_CHARS_MAX: usize = 200;

/// How a text treats what is not defanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// It counts.
    Counts,
    /// It counts unless the text defangs its values: then it is a reference.
    UnlessDefanged,
    /// It is a reference.
    Reference,
}

struct Waiting {
    order: u64,
    observable: Observable,
    place: Place,
    line: Option<NonZeroU32>,
}

/// Collects.
#[derive(Default)]
pub(super) struct Gather {
    values: Vec<Found>,
    /// When each value was first met; those that waited come late and belong further up.
    orders: Vec<u64>,
    met: u64,
    index: HashMap<Observable, usize>,
    left: Vec<(LeftOut, Option<Observable>)>,
    left_seen: HashSet<(Rule, String)>,
    left_beyond: u64,
    beyond: u64,
    waiting: Vec<Waiting>,
    techniques: Vec<Technique>,
    words: HashSet<u64>,
    keyed: RandomState,
    /// Whether a value of the network was defanged.
    pub defanged: bool,
    /// Where the text stands that is read now.
    pub place: Place,
    /// Line that is read now.
    pub line: Option<NonZeroU32>,
}

impl Gather {
    /// Takes a value.
    pub fn take(&mut self, observable: Observable, mark: Mark) {
        self.met += 1;
        self.take_at(observable, mark, self.met);
    }

    fn take_at(&mut self, observable: Observable, mark: Mark, order: u64) {
        if let Some(found) = self.index.get(&observable).and_then(|&index| self.values.get_mut(index)) {
            found.mark = found.mark.with(mark);
            return;
        }
        if self.values.len() >= EXTRACT_VALUES_MAX {
            self.beyond += 1;
            return;
        }
        self.index.insert(observable.clone(), self.values.len());
        self.orders.push(order);
        self.values.push(Found { observable, mark, place: self.place.clone(), line: self.line });
    }

    /// Takes a value that stands there as it is, with the mark that it earns by itself.
    pub fn take_plain(&mut self, observable: Observable) {
        // Nothing new about what is there: texts repeat themselves.
        if self.values.len() >= EXTRACT_VALUES_MAX {
            // One more of what is told only as a number: what it is does not matter any more.
            self.met += 1;
            self.beyond += u64::from(!self.index.contains_key(&observable));
        } else if !self.index.contains_key(&observable) {
            let mark = names::own_mark(&observable, false);
            self.take(observable, mark);
        }
    }

    /// Takes a value that was defanged: somebody meant it.
    pub fn take_defanged(&mut self, observable: Observable) {
        if !matches!(observable.kind(), Kind::FileName | Kind::FilePath) {
            self.defanged = true;
        }
        let mark = names::own_mark(&observable, true);
        self.take(observable, mark);
    }

    /// Keeps a plain value until it is known whether the text defangs.
    pub fn wait(&mut self, observable: Observable, plain: Plain) {
        if plain == Plain::Counts {
            self.take_plain(observable);
        } else if plain == Plain::Reference {
            let text = observable.value().to_owned();
            self.leave(&text, Rule::Reference, Some(observable));
        } else if self.waiting.len() < EXTRACT_VALUES_MAX {
            self.met += 1;
            self.waiting.push(Waiting { order: self.met, observable, place: self.place.clone(), line: self.line });
        } else {
            self.beyond += 1;
        }
    }

    /// Leaves something out.
    pub fn leave(&mut self, text: &str, rule: Rule, observable: Option<Observable>) {
        if self.left.len() >= EXTRACT_LEFT_OUT_MAX {
            self.left_beyond += 1;
            return;
        }
        let text: String = text.trim().chars().take(TOLD_CHARS_MAX).collect();
        if self.left_seen.insert((rule, text.clone())) {
            let (place, line) = (self.place.clone(), self.line);
            self.left.push((LeftOut { text, rule, place, line }, observable));
        }
    }

    /// Whether a word stands there for the first time, in the place that `place` tells: one that was read tells nothing new.
    pub fn is_new(&mut self, word: &str, before: &str, place: u16) -> bool {
        if self.words.len() >= EXTRACT_WORDS_KEPT {
            return true;
        }
        let hash = self.keyed.hash_one((word, before, place));
        self.words.insert(hash)
    }

    pub fn technique(&mut self, technique: Technique) {
        if self.techniques.len() < TECHNIQUES_MAX && !self.techniques.contains(&technique) {
            self.techniques.push(technique);
        }
    }

    /// Changes the mark of a value that is there.
    pub fn remark(&mut self, change: impl Fn(&Observable) -> Option<Mark>) {
        for found in &mut self.values {
            if let Some(mark) = change(&found.observable) {
                found.mark = found.mark.with(mark);
            }
        }
    }

    /// Looks at every value.
    pub fn each(&self, mut look: impl FnMut(&Found)) {
        self.values.iter().for_each(&mut look);
    }

    /// Whether nothing more is taken.
    pub fn is_full(&self) -> bool {
        self.values.len() >= EXTRACT_VALUES_MAX && self.beyond > 10 * EXTRACT_VALUES_MAX as u64
    }

    /// Settles what waits: a text that defangs its values names others as references.
    pub fn settle(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            (self.place, self.line) = (waiting.place, waiting.line);
            if self.defanged {
                let text = waiting.observable.value().to_owned();
                self.leave(&text, Rule::Reference, Some(waiting.observable));
            } else {
                let mark = names::own_mark(&waiting.observable, false);
                self.take_at(waiting.observable, mark, waiting.order);
            }
        }
    }

    /// Hands everything out.
    pub fn finish(mut self, into: &mut Extracted) {
        self.settle();
        let index = std::mem::take(&mut self.index);
        self.left.retain(|(_, observable)| observable.as_ref().is_none_or(|one| !index.contains_key(one)));
        into.left_out = self.left.into_iter().map(|(left, _)| left).collect();
        into.left_out_beyond = self.left_beyond;
        let mut ordered: Vec<(u64, Found)> = self.orders.into_iter().zip(self.values).collect();
        ordered.sort_by_key(|(order, _)| *order);
        into.values = ordered.into_iter().map(|(_, found)| found).collect();
        into.values_beyond = self.beyond;
        into.techniques = self.techniques;
    }
}

//! Values that so many members hold that they tell nothing: such a value links no more, at a moment that the caller chooses.
//!
//! Members are counted, never reports: one member's repeats must neither stop a value from linking nor show, by the moment
//! at which it stops, how many reports the others filed.

use std::sync::Arc;

use model::{Observable, ObservableKey};

use crate::engine::Fusion;
use crate::noise::{NoiseLists, NoiseVerdict};
use crate::posting::{Posting, Standing};
use crate::{Finding, OverCommon};

impl Fusion {
    /// How many distinct members make a value over-common, from now on; what is so already stays so.
    pub const fn set_over_common(&mut self, members: u32) {
        self.config.over_common_members = members;
    }

    pub(crate) fn note_crowd(&mut self, key: ObservableKey, posting: Posting) {
        let limit = self.config.over_common_members;
        if posting.is_below(&self.store, limit) {
            return;
        }
        let named = posting.standing() == Standing::Links && posting.members(&self.store, &self.cases) >= limit;
        let out = posting.crowded_out(&self.store);
        if named || (!out && posting.comers(&self.store, &self.cases) >= limit) {
            self.crowded.insert(key);
        }
    }

    /// Values that reached that number of members since the last call. They link on until [`Fusion::stop_linking`].
    pub fn take_crowded(&mut self) -> Vec<ObservableKey> {
        std::mem::take(&mut self.crowded).into_iter().collect()
    }

    /// Lets a value link nothing from now on, if it still has that number of members; what is linked stays so.
    pub fn stop_linking(&mut self, key: ObservableKey) -> Option<Finding> {
        let limit = self.config.over_common_members;
        let mut stopped = false;
        if let Some(posting) = self.postings.get_mut(key.0) {
            if posting.standing() == Standing::Links && posting.members(&self.store, &self.cases) >= limit {
                posting.stand(Standing::OverCommon);
                stopped = true;
            }
            let comers = posting.comers(&self.store, &self.cases);
            if let Some(named) = posting.named_mut(&mut self.store)
                && !named.crowded_out
                && comers >= limit
            {
                named.crowded_out = true;
                stopped = true;
            }
        }
        stopped.then(|| {
            let why = format!("at least {limit} members name it");
            self.common.push((key, why.clone()));
            Finding::OverCommon { key, why }
        })
    }

    /// Uses other lists of everyday values from the next event on: each value is asked of them when it is next seen. What is
    /// linked stays so.
    pub fn use_noise(&mut self, lists: Arc<NoiseLists>) {
        self.config.noise = lists;
        self.lists = self.lists.wrapping_add(1);
    }

    /// Why a value is everyday by the lists in use, if it is on one.
    #[must_use]
    pub fn listed(&self, observable: &Observable) -> Option<NoiseVerdict> {
        self.config.noise.verdict_of(observable)
    }

    /// Why a value links nothing, if it does not.
    #[must_use]
    pub fn noise(&self, observable: &Observable) -> Option<NoiseVerdict> {
        self.listed(observable).or_else(|| {
            let key = observable.key(self.config.key_seed);
            self.is_over_common(key).then(|| NoiseVerdict {
                list: "over-common values".to_owned(),
                why: "so many members name it that it tells nothing".to_owned(),
            })
        })
    }

    fn is_over_common(&self, key: ObservableKey) -> bool {
        self.postings.get(key.0).is_some_and(|posting| posting.standing() == Standing::OverCommon)
    }

    /// Whether a value links nothing.
    #[must_use]
    pub fn links_nothing(&self, key: ObservableKey) -> bool {
        self.postings.get(key.0).is_some_and(|posting| posting.standing() != Standing::Links)
    }

    /// Values that link nothing, in the order in which that was found.
    pub fn over_common(&self) -> impl Iterator<Item = OverCommon> + '_ {
        self.common.iter().filter_map(|(key, why)| {
            let posting = self.postings.get(key.0)?;
            let out = posting.crowded_out(&self.store);
            if posting.standing() == Standing::Links && !out {
                return None;
            }
            let example = self.cases.get(posting.first(&self.store)?)?.id;
            Some(OverCommon { key: *key, why: why.clone(), seen: posting.seen(&self.store), example })
        })
    }
}

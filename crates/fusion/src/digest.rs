//! Canonical bytes of the engine's state: equal states give equal bytes, whatever order their maps have.

use crate::Fusion;
use crate::posting::{Entry, Standing};

/// Folds numbers into one, in their order.
struct Fold(u64);

impl Fold {
    const fn add(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = (mixed ^ (mixed >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
}

impl Fusion {
    /// Gives the state's bytes to `sink`, for a hash that shows that replay equals live.
    pub fn digest(&self, sink: &mut dyn FnMut(&[u8])) {
        for (index, case) in (0_u32..).zip(self.cases.iter()) {
            sink(case.id.as_bytes());
            sink(&case.at.as_millis().to_le_bytes());
            sink(&self.oldest_of(index).to_le_bytes());
            sink(&case.values.to_le_bytes());
            sink(&case.taken.to_le_bytes());
        }
        // Postings are added up, each hashed for itself: sorting ten million keys would take longer than making them.
        let mut sums = [0_u64; 4];
        for (key, posting) in self.postings.iter() {
            let mut one = Fold(key);
            one.add(u64::from(posting.having(&self.store)));
            one.add(u64::from(posting.seen(&self.store)));
            one.add(posting.last_seen(&self.store, &self.cases).as_millis().cast_unsigned());
            one.add(match posting.standing() {
                Standing::Links => 0,
                Standing::Noise => 1,
                Standing::OverCommon => 2,
            });
            for case in posting.holders(&self.store) {
                one.add(u64::from(*case));
            }
            for entry in posting.entries(&self.store, &mut [Entry::default()]) {
                one.add(u64::from(entry.case) << 32 | u64::from(entry.last));
                one.add(u64::from(entry.count) << 8 | u64::from(entry.roles));
            }
            one.add(u64::from(posting.comers(&self.store, &self.cases)));
            one.add(u64::from(posting.crowded_out(&self.store)));
            for (index, sum) in (1_u64..).zip(&mut sums) {
                *sum = sum.wrapping_add(one.0.wrapping_mul(index.wrapping_mul(2) | 1).rotate_left(13));
            }
        }
        for sum in sums {
            sink(&sum.to_le_bytes());
        }
        sink(&self.config.over_common_members.to_le_bytes());
        sink(&self.lists.to_le_bytes());
        sink(&self.config.networks.len().to_le_bytes());
        for key in &self.crowded {
            sink(&key.0.to_le_bytes());
        }
        for case in &self.left_out {
            sink(&case.to_le_bytes());
        }
        self.digest_heard(sink);
        for number in self.cover.numbers() {
            sink(&number.to_le_bytes());
        }
        for (key, why) in &self.common {
            sink(&key.0.to_le_bytes());
            sink(why.as_bytes());
        }
        let mut clusters: Vec<_> = self.clusters.iter().flatten().collect();
        clusters.sort_unstable_by_key(|cluster| cluster.oldest);
        for cluster in clusters {
            sink(&cluster.oldest.to_le_bytes());
            sink(&cluster.members.count().to_le_bytes());
            for alias in &cluster.aliases {
                sink(alias.as_bytes());
            }
            for edge in cluster.tree.edges() {
                sink(&edge.case.to_le_bytes());
                sink(&edge.other.to_le_bytes());
                sink(&edge.word.to_le_bytes());
            }
            for happened in cluster.history.all() {
                sink(&happened.at.as_millis().to_le_bytes());
                sink(happened.other.as_bytes());
                sink(&happened.reports.to_le_bytes());
            }
        }
        for said in self.words.all() {
            sink(said.word.one.as_bytes());
            sink(said.word.other.as_bytes());
            sink(&[u8::from(said.word.same)]);
            sink(&said.overruled_by.unwrap_or(u32::MAX).to_le_bytes());
        }
    }
}

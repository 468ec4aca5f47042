//! Canonical bytes of the engine's state: equal states give equal bytes, whatever order their maps have.

use crate::Fusion;
use crate::posting::Standing;

impl Fusion {
    /// Gives the state's bytes to `sink`, for a hash that shows that replay equals live.
    pub fn digest(&self, sink: &mut dyn FnMut(&[u8])) {
        for (index, case) in self.cases.iter().enumerate() {
            sink(case.id.as_bytes());
            sink(&case.at.as_millis().to_le_bytes());
            let oldest = self.oldest_of(u32::try_from(index).unwrap_or(u32::MAX));
            sink(&oldest.to_le_bytes());
            sink(&case.values.to_le_bytes());
        }
        let mut keys: Vec<_> = self.postings.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            let Some(posting) = self.postings.get(&key) else { continue };
            sink(&key.0.to_le_bytes());
            sink(&posting.seen.to_le_bytes());
            sink(&posting.last_seen.as_millis().to_le_bytes());
            sink(&[match posting.standing {
                Standing::Links => 0,
                Standing::Noise => 1,
                Standing::OverCommon => 2,
            }]);
            sink(&posting.cases.members(&self.cases).to_le_bytes());
            for case in posting.cases.all() {
                sink(&case.to_le_bytes());
            }
        }
        let mut pivots: Vec<_> = self.pivots.iter().collect();
        pivots.sort_unstable_by_key(|(key, _)| **key);
        for (key, pivot) in pivots {
            sink(&key.0.to_le_bytes());
            sink(&pivot.first.to_le_bytes());
            sink(&[u8::from(pivot.over_common)]);
            sink(&pivot.uses().to_le_bytes());
            sink(&pivot.members(&self.cases).to_le_bytes());
        }
        sink(&self.config.over_common_members.to_le_bytes());
        sink(&self.lists.to_le_bytes());
        for key in &self.crowded {
            sink(&key.0.to_le_bytes());
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
        }
    }
}

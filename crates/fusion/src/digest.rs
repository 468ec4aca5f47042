//! Canonical bytes of the engine's state: equal states give equal bytes, whatever order their maps have.

use crate::Fusion;
use crate::engine::Standing;

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
            for case in posting.cases.all() {
                sink(&case.to_le_bytes());
            }
        }
        let mut pivots: Vec<_> = self.pivots.iter().map(|(key, (first, seen))| (key.0, *first, *seen)).collect();
        pivots.sort_unstable();
        for (key, first, seen) in pivots {
            sink(&key.to_le_bytes());
            sink(&first.to_le_bytes());
            sink(&seen.to_le_bytes());
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

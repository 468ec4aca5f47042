//! Changed objects wait here for their tick: a tick shows a bounded number of them, the rest the next one.

use policy::NounKind;
use policy::planted::{self, Leak};
use vault::codec::{INPUT_BYTES_MAX, RELEASE_BYTES_MAX};

use crate::gate::{Gate, Text};
use crate::shared::SHARED_BYTES_MAX;
use crate::value::{QUEUED, REPOINT};

/// Objects of one release entry at most.
pub(crate) const OBJECTS_PER_TICK_MAX: usize = 20_000;
/// Stored bytes of a release entry from which on nothing more joins it, counted as the journal writes them: a body is JSON
/// within JSON, so one of quotes takes four bytes for each of them.
pub(crate) const BYTES_PER_TICK_MAX: usize = 10 * 1024 * 1024;
/// Stored bytes of the largest object that may join last. That is a text of the cell, which came in as one entry and is
/// quoted once more; the rest is for what the gate adds to it.
const OBJECT_BYTES_MAX: usize = 2 * INPUT_BYTES_MAX + 64 * 1024;
/// Stored bytes of the largest object of a group that may join last: a value, quoted twice, with its names.
const SHARED_OBJECT_BYTES_MAX: usize = 512 * 1024;
const _: () = assert!(
    BYTES_PER_TICK_MAX + OBJECT_BYTES_MAX + SHARED_BYTES_MAX + SHARED_OBJECT_BYTES_MAX <= RELEASE_BYTES_MAX,
    "a full tick is refused by the journal"
);
/// Values that are pointed to a merged campaign at one tick, so that a merge never holds up what is new.
const REPOINTED_PER_TICK_MAX: usize = 2_000;

/// Something whose released form may have changed.
pub(crate) enum Dirty {
    Value(u64),
    Campaign(u32),
    Text(Text),
    /// A planted leak.
    Tombstone([u8; 16], u64),
}

/// The same, with the place that it has in a batch.
pub(crate) struct Queued {
    pub(crate) kind: NounKind,
    pub(crate) id: [u8; 16],
    pub(crate) what: Dirty,
}

impl Gate {
    /// Puts what changed at this tick in line, in the order in which batches are: nothing of the order of arrival is left.
    pub(crate) fn line_up(&mut self) {
        let mut fresh: Vec<Queued> = std::mem::take(&mut self.fresh)
            .into_iter()
            .filter_map(|what| {
                let (kind, id) = self.identify(&what)?;
                Some(Queued { kind, id, what })
            })
            .collect();
        if !planted::is_on(Leak::InsertOrder) {
            fresh.sort_by_key(|queued| (queued.kind, queued.id));
        }
        self.queue.extend(fresh);
        self.circles.line_up();
        let mut room = OBJECTS_PER_TICK_MAX.saturating_sub(self.queue.len()).min(REPOINTED_PER_TICK_MAX);
        while room > 0 {
            let Some(key) = self.repoint.pop_front() else { break };
            let Some(value) = self.values.get_mut(&key) else { continue };
            value.clear(REPOINT);
            if value.is(QUEUED) {
                continue;
            }
            value.set(QUEUED);
            room -= 1;
            let what = Dirty::Value(key);
            if let Some((kind, id)) = self.identify(&what) {
                self.queue.push_back(Queued { kind, id, what });
            }
        }
    }

    fn identify(&self, what: &Dirty) -> Option<(NounKind, [u8; 16])> {
        Some(match what {
            Dirty::Value(key) => (NounKind::Indicator, self.values.get(key)?.id),
            Dirty::Campaign(place) => (NounKind::Campaign, self.campaigns.get(*place as usize)?.public),
            Dirty::Text(Text::Advisory(advisory)) => (NounKind::Advisory, *advisory.id.as_bytes()),
            Dirty::Text(Text::Posture { .. }) => (NounKind::Posture, self.posture_id()),
            Dirty::Tombstone(id, _) => (NounKind::Indicator, *id),
        })
    }

    /// There is one posture, so it has one id.
    fn posture_id(&self) -> [u8; 16] {
        self.vault.keys().release_id("posture", &[])
    }
}

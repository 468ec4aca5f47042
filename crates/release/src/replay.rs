//! Replay: inputs rebuild the state, release entries say what was shown; nothing that was shown is worked out again.

use std::collections::{HashMap, HashSet};

use model::Timestamp;
use policy::{Audience, NounKind, ReleaseBatch, ReleasedObject};
use released::CampaignView;
use vault::codec::object_bytes;
use vault::{Body, Entry};

use fusion::Finding;

use crate::ReleaseError;
use crate::gate::{Gate, Text};
use crate::identity::Unplaced;
use crate::queue::{BYTES_PER_TICK_MAX, Dirty, OBJECTS_PER_TICK_MAX, Queued};
use crate::value::{OPEN, QUEUED};

/// A release entry that is shorter than this was no full one, whatever the limits were when it was made: then nothing of
/// its line was left over. A longer one may have been full by limits that are no longer those of today.
const FULL_LEAST: usize = 500;

impl Gate {
    /// Takes in an entry of the past; gives what the run over all items found.
    ///
    /// `open_tick` is the tick whose release entry is still to come: it stays if the process ended in between.
    pub(crate) fn replay(
        &mut self,
        entry: &Entry,
        open_tick: &mut Option<Timestamp>,
    ) -> Result<Vec<Finding>, ReleaseError> {
        match &entry.body {
            Body::Tick(tick) => {
                self.reach(*tick)?;
                self.line_up();
                self.told = self.findings.len();
                *open_tick = Some(*tick);
            }
            Body::Release(batch) => {
                self.note(batch)?;
                self.forget_told();
                *open_tick = None;
            }
            _ => return self.take(entry),
        }
        Ok(Vec::new())
    }

    /// The findings up to the last tick are in the journal.
    pub(crate) fn forget_told(&mut self) {
        self.findings.drain(..self.told.min(self.findings.len()));
        self.told = 0;
        self.community_findings.clear();
    }

    /// What a release entry showed leaves the line.
    fn note(&mut self, batch: &ReleaseBatch) -> Result<(), ReleaseError> {
        let (objects, shared): (Vec<_>, Vec<_>) =
            batch.objects.iter().partition(|object| object.audience == Audience::Members);
        let shared: Vec<_> = shared.into_iter().map(|object| (object, self.hash(&object.body))).collect();
        self.circles.note(batch.tick, &shared);
        let mut shown: HashMap<(NounKind, [u8; 16]), &ReleasedObject> =
            objects.iter().map(|object| ((object.kind, object.id), *object)).collect();
        let told: HashSet<u64> = if self.adopted.is_empty() {
            HashSet::new()
        } else {
            objects.iter().filter(|object| object.kind == NounKind::Indicator).map(|object| object.lookup).collect()
        };
        let bytes: usize = objects.iter().map(|object| object_bytes(object)).sum();
        let full = objects.len() >= OBJECTS_PER_TICK_MAX || bytes >= BYTES_PER_TICK_MAX;
        let perhaps = objects.len() >= FULL_LEAST;
        let mut last = None;
        while let Some(Queued { kind, id, what }) = self.queue.pop_front() {
            // Two postures of one tick are one object.
            let same = last.replace((kind, id)) == Some((kind, id));
            if shown.is_empty() && !same && (full || perhaps && self.was_left_over(&what)) {
                self.queue.push_front(Queued { kind, id, what });
                break;
            }
            let object = shown.remove(&(kind, id));
            match what {
                Dirty::Value(key) => self.note_value(key, id, batch.tick, object)?,
                Dirty::Campaign(place) => self.note_campaign(place, batch.tick, object)?,
                Dirty::Text(Text::Advisory(entry)) => self.note_told(entry, batch.tick),
                Dirty::Text(Text::Posture { .. }) | Dirty::Tombstone(..) => {}
            }
        }
        // Rules may have changed since, or what led to it is erased: what was shown beside the line was shown all the same.
        for object in shown.into_values() {
            match object.kind {
                NounKind::Indicator => self.note_value(object.lookup, object.id, batch.tick, Some(object))?,
                NounKind::Campaign => self.note_beside(object, batch.tick)?,
                _ => {}
            }
        }
        self.adopt(batch.tick, &|key| told.contains(&key));
        Ok(())
    }

    /// Whether something in line would certainly have been shown, had its turn come.
    fn was_left_over(&self, what: &Dirty) -> bool {
        match what {
            Dirty::Value(key) => self.values.get(key).is_some_and(|value| {
                if value.is(OPEN) { self.texts.contains_key(key) && value.shown == 0 } else { value.shown != 0 }
            }),
            Dirty::Campaign(place) => self.campaigns.get(*place as usize).is_some_and(|campaign| {
                let part = campaign.parent != *place;
                if part { campaign.shown != 0 } else { (campaign.shown == 0) == campaign.telling.is_some() }
            }),
            Dirty::Text(_) | Dirty::Tombstone(..) => true,
        }
    }

    fn note_value(
        &mut self,
        key: u64,
        id: [u8; 16],
        tick: Timestamp,
        object: Option<&ReleasedObject>,
    ) -> Result<(), ReleaseError> {
        let told = object.is_some_and(|object| !object.body.is_empty());
        let open = self.values.get(&key).map(|value| value.is(OPEN));
        if open == Some(false) && !told {
            self.orphans.remove(&key);
            self.withdrawn(key, id);
            return Ok(());
        }
        let shown = object.map(|object| self.hash(&object.body));
        let watch_millis = self.params.watch_millis;
        self.texts.remove(&key);
        if open != Some(true) && told {
            // What told it is erased: members had it all the same, and whoever reports it after that confirms nothing.
            self.values.entry(key).or_default();
        }
        if let Some(value) = self.values.get_mut(&key) {
            value.clear(QUEUED);
            if let Some(shown) = shown {
                value.note_shown(tick, watch_millis, shown);
            }
        }
        if let Some(object) = object.filter(|_| told) {
            self.keep_labels(key, &object.body)?;
            if let Some(public) = object.campaign {
                self.keep_public_id(key, public, tick);
            }
        }
        Ok(())
    }

    /// A campaign was shown that is not in line.
    fn note_beside(&mut self, object: &ReleasedObject, tick: Timestamp) -> Result<(), ReleaseError> {
        if let Some(kept) = object.campaign {
            self.keep_merged(object.id, kept, tick);
        }
        if let Some(place) = self.public_places.get(&object.id).copied() {
            let queued = self.campaigns.get(place as usize).is_some_and(|campaign| campaign.queued);
            self.note_campaign(place, tick, Some(object))?;
            if let Some(campaign) = self.campaigns.get_mut(place as usize) {
                campaign.queued = queued;
            }
        } else if object.body.is_empty() {
            self.unplaced.remove(&object.id);
        } else {
            let (view, shown) = self.read_campaign(&object.body)?;
            self.unplaced.insert(object.id, Unplaced { shown, view });
        }
        Ok(())
    }

    /// What was shown of a campaign, with its hash.
    fn read_campaign(&self, body: &str) -> Result<(CampaignView, u64), ReleaseError> {
        let mut view: CampaignView = serde_json::from_str(body)?;
        view.updated_at = String::new();
        let shown = self.hash(&serde_json::to_string(&view)?);
        Ok((view, shown))
    }

    fn note_campaign(
        &mut self,
        place: u32,
        tick: Timestamp,
        object: Option<&ReleasedObject>,
    ) -> Result<(), ReleaseError> {
        let shown = match object {
            Some(object) if !object.body.is_empty() => {
                let (view, shown) = self.read_campaign(&object.body)?;
                self.keep_shown(place, view);
                Some(shown)
            }
            Some(_) => Some(0),
            None => None,
        };
        if let Some(campaign) = self.campaigns.get_mut(place as usize) {
            campaign.queued = false;
            if let Some(shown) = shown {
                campaign.shown = shown;
                if campaign.since == 0 {
                    campaign.since = tick.as_millis();
                }
            }
        }
        Ok(())
    }
}

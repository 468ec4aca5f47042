//! What is for sharing groups: values that wait for their tick, what each group has, and the line of its own that they are
//! shown from. Nothing here touches what every member sees.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use aws_lc_rs::digest::Context;
use model::{CaseId, GroupId, Marking, Observable, Timestamp};
use policy::rho;
use policy::{Audience, NounKind, ReleasedObject};
use released::{IndicatorView, hyphenated, rfc3339};
use vault::codec::object_bytes;

use crate::ReleaseError;
use crate::gate::{Facts, Gate};

/// Objects for groups in one release entry at most: beside those for members, whose places they never take.
pub(crate) const SHARED_PER_TICK_MAX: usize = 4_000;
/// Stored bytes of them from which on nothing more joins.
pub(crate) const SHARED_BYTES_MAX: usize = 1024 * 1024;
/// A release that shows groups fewer than this was no full one, whatever the limits were when it was made.
const FULL_LEAST: usize = 500;

/// A value of a group: its key there.
type Key = (GroupId, u64);

/// Values of one report that a group gets at a tick.
pub(crate) struct SharedPart {
    pub(crate) group: GroupId,
    pub(crate) as_of: Timestamp,
    pub(crate) facts: Arc<Facts>,
    pub(crate) items: Vec<(u64, Observable)>,
}

/// One value as those of a group have it who had joined by `as_of` and not by `before`.
struct Shared {
    id: [u8; 16],
    as_of: Timestamp,
    before: Option<Timestamp>,
    marking: Marking,
    /// Firms that wished to be named, with the reports that name each.
    names: BTreeMap<String, u32>,
    /// Release tick of its first version; `None` before.
    since: Option<Timestamp>,
    until: Timestamp,
    shown: u64,
    queued: bool,
    /// Reports by which those who have it have it.
    opens: u32,
}

struct SharedValue {
    observable: Observable,
    /// By `as_of`: their audiences follow one another and never overlap, so that each member has the value once.
    items: Vec<Shared>,
}

/// Everything that the gate knows of groups.
#[derive(Default)]
pub(crate) struct Circles {
    values: BTreeMap<Key, SharedValue>,
    pending: BTreeMap<Timestamp, Vec<SharedPart>>,
    renewals_due: BTreeMap<Timestamp, BTreeSet<Key>>,
    fresh: Vec<(Key, [u8; 16])>,
    queue: VecDeque<(Key, [u8; 16])>,
}

impl Circles {
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.pending.keys().next().into_iter().chain(self.renewals_due.keys().next()).min().copied()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue.is_empty() || !self.fresh.is_empty()
    }

    pub(crate) fn wait(&mut self, due: Timestamp, part: SharedPart) {
        self.pending.entry(due).or_default().push(part);
    }

    fn dirty(&mut self, key: Key, id: [u8; 16]) {
        let value = self.values.get_mut(&key);
        if let Some(item) = value.and_then(|value| value.items.iter_mut().find(|item| item.id == id && !item.queued)) {
            item.queued = true;
            self.fresh.push((key, id));
        }
    }

    /// Everything is looked at again: what is an everyday value has changed.
    pub(crate) fn again(&mut self) {
        let all: Vec<_> =
            self.values.iter().flat_map(|(key, value)| value.items.iter().map(|item| (*key, item.id))).collect();
        for (key, id) in all {
            self.dirty(key, id);
        }
    }

    /// Puts what changed at this tick in line, in the order in which a group's list is: nothing of the order of arrival is left.
    pub(crate) fn line_up(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_unstable_by_key(|((group, _), id)| (*group, *id));
        self.queue.extend(fresh);
    }

    fn item(&self, key: &Key, id: [u8; 16]) -> Option<(&SharedValue, &Shared)> {
        let value = self.values.get(key)?;
        value.items.iter().find(|item| item.id == id).map(|item| (value, item))
    }

    /// What a release entry showed to groups leaves the line.
    pub(crate) fn note(&mut self, tick: Timestamp, objects: &[(&ReleasedObject, u64)]) {
        let mut shown: HashMap<[u8; 16], u64> = objects.iter().map(|(object, hash)| (object.id, *hash)).collect();
        let bytes: usize = objects.iter().map(|(object, _)| object_bytes(object)).sum();
        let full = objects.len() >= SHARED_PER_TICK_MAX || bytes >= SHARED_BYTES_MAX;
        let perhaps = objects.len() >= FULL_LEAST;
        while let Some((key, id)) = self.queue.pop_front() {
            let is_new = self.item(&key, id).is_some_and(|(_, item)| item.shown == 0);
            if shown.is_empty() && (full || perhaps && is_new) {
                self.queue.push_front((key, id));
                break;
            }
            let hash = shown.remove(&id);
            let value = self.values.get_mut(&key);
            if let Some(item) = value.and_then(|value| value.items.iter_mut().find(|item| item.id == id)) {
                item.queued = false;
                if let Some(hash) = hash {
                    item.since.get_or_insert(tick);
                    item.shown = hash;
                }
            }
            self.drop_closed(&key, id);
        }
    }

    /// Values of a case that wait for their tick wait no more.
    pub(crate) fn unwait(&mut self, case: CaseId, keys: &HashSet<u64>) {
        for parts in self.pending.values_mut() {
            for part in parts.iter_mut().filter(|part| part.facts.case == case) {
                part.items.retain(|(key, _)| !keys.contains(key));
            }
            parts.retain(|part| !part.items.is_empty());
        }
        self.pending.retain(|_, parts| !parts.is_empty());
    }

    /// Whether values of a case still wait.
    pub(crate) fn waits(&self, case: CaseId, key: u64) -> bool {
        let part = |part: &SharedPart| part.facts.case == case && part.items.iter().any(|(waiting, _)| *waiting == key);
        self.pending.values().flatten().any(part)
    }

    /// A report that had told a group a value takes it back: whoever has it by no other report loses it, and it bears its firm's
    /// name no more.
    pub(crate) fn close(&mut self, group: GroupId, as_of: Timestamp, key: u64, named: Option<&str>) {
        let key = (group, key);
        let Some(value) = self.values.get_mut(&key) else { return };
        let mut closed = Vec::new();
        for item in value.items.iter_mut().filter(|item| item.before.is_none_or(|before| before < as_of)) {
            item.opens = item.opens.saturating_sub(1);
            let mut changed = item.opens == 0;
            if let Some(name) = named
                && let Some(times) = item.names.get_mut(name)
            {
                *times = times.saturating_sub(1);
                if *times == 0 {
                    item.names.remove(name);
                    changed = true;
                }
            }
            if changed {
                closed.push(item.id);
            }
        }
        for id in closed {
            self.dirty(key, id);
        }
    }

    /// Forgets an item that nobody has any more.
    fn drop_closed(&mut self, key: &Key, id: [u8; 16]) {
        let Some(value) = self.values.get_mut(key) else { return };
        value.items.retain(|item| item.id != id || item.opens > 0);
        if value.items.is_empty() {
            self.values.remove(key);
        }
    }

    pub(crate) fn digest(&self, context: &mut Context) {
        for ((group, key), value) in &self.values {
            context.update(group.as_bytes());
            context.update(&key.to_le_bytes());
            for item in &value.items {
                context.update(&item.id);
                for time in [Some(item.as_of), item.before, item.since, Some(item.until)] {
                    context.update(&time.map_or(0, Timestamp::as_millis).to_le_bytes());
                }
                context.update(&item.opens.to_le_bytes());
                context.update(&[u8::from(item.shown != 0), u8::from(item.queued)]);
                context.update(item.marking.tlp.as_str().as_bytes());
                context.update(item.marking.pap.as_str().as_bytes());
                for (name, times) in &item.names {
                    context.update(name.as_bytes());
                    context.update(&times.to_le_bytes());
                }
            }
        }
        for (due, parts) in &self.pending {
            context.update(&due.as_millis().to_le_bytes());
            for part in parts {
                context.update(part.group.as_bytes());
                context.update(part.facts.case.as_bytes());
                context.update(&(part.items.len() as u64).to_le_bytes());
            }
        }
        for (due, keys) in &self.renewals_due {
            context.update(&due.as_millis().to_le_bytes());
            for (group, key) in keys {
                context.update(group.as_bytes());
                context.update(&key.to_le_bytes());
            }
        }
        for length in [self.queue.len(), self.fresh.len()] {
            context.update(&(length as u64).to_le_bytes());
        }
    }
}

impl Gate {
    /// Opens what is due for groups at one moment.
    pub(crate) fn open_shared(&mut self, due: Timestamp, tick: Timestamp) {
        for part in self.circles.pending.remove(&due).unwrap_or_default() {
            self.came_of(part.facts.case, due);
            for (key, observable) in part.items {
                self.share(part.group, part.as_of, key, observable, &part.facts, (tick, due));
            }
        }
        for key in self.circles.renewals_due.remove(&due).unwrap_or_default() {
            let params = self.params;
            let Some(value) = self.circles.values.get_mut(&key) else { continue };
            let renewed = value.items.iter_mut().filter(|item| rho::renews_watch(tick, item.until, &params));
            let renewed: Vec<_> = renewed
                .map(|item| {
                    item.until = tick.plus_millis(params.watch_millis);
                    item.id
                })
                .collect();
            for id in renewed {
                self.circles.dirty(key, id);
            }
        }
    }

    /// One value of one report is open to a group as it stood.
    fn share(
        &mut self,
        group: GroupId,
        as_of: Timestamp,
        key: u64,
        observable: Observable,
        facts: &Facts,
        (tick, due): (Timestamp, Timestamp),
    ) {
        let key = (group, key);
        let params = self.params;
        let parts: [&[u8]; 4] = [
            group.as_bytes(),
            &as_of.as_millis().to_be_bytes(),
            observable.kind().as_str().as_bytes(),
            observable.value().as_bytes(),
        ];
        let id = self.vault.keys().release_id("shared", &parts);
        let value = self
            .circles
            .values
            .entry(key)
            .or_insert_with(|| SharedValue { observable: observable.clone(), items: Vec::new() });
        let last = value.items.last().map(|item| item.as_of);
        if last.is_none_or(|last| as_of > last) {
            // Some of the audience joined after the value was last reported: they get it now, and nobody else anything new.
            value.items.push(Shared {
                id,
                as_of,
                before: last,
                marking: Marking::OPEN,
                names: BTreeMap::new(),
                since: None,
                until: tick.plus_millis(params.watch_millis),
                shown: 0,
                queued: false,
                opens: 0,
            });
        }
        let (mut changed, mut renews) = (Vec::new(), false);
        // Whoever of an item's audience is in the report's as well: those who joined after it are told nothing of it.
        for item in value.items.iter_mut().filter(|item| item.before.is_none_or(|before| before < as_of)) {
            item.opens = item.opens.saturating_add(1);
            let marking = item.marking.join(facts.marking);
            let mut new = item.shown == 0 && !item.queued || marking != item.marking;
            item.marking = marking;
            if let Some(name) = &facts.named {
                let times = item.names.entry(name.clone()).or_default();
                *times = times.saturating_add(1);
                new |= *times == 1;
            }
            if item.until <= tick {
                item.until = tick.plus_millis(params.watch_millis);
                new = true;
            } else if rho::renews_watch(tick, item.until, &params) {
                renews = true;
            }
            if new {
                changed.push(item.id);
            }
        }
        if renews {
            self.circles.renewals_due.entry(rho::epoch_from(due, &params)).or_default().insert(key);
        }
        for id in changed {
            self.circles.dirty(key, id);
        }
    }

    /// What groups are shown at a tick; bounded.
    pub(crate) fn emit_shared(&mut self, tick: Timestamp) -> Result<Vec<ReleasedObject>, ReleaseError> {
        let mut objects = Vec::new();
        let mut bytes = 0;
        while objects.len() < SHARED_PER_TICK_MAX && bytes < SHARED_BYTES_MAX {
            let Some((key, id)) = self.circles.queue.pop_front() else { break };
            if let Some((_, item)) = self.circles.item(&key, id).filter(|(_, item)| item.opens == 0) {
                let audience = Audience::Group { group: key.0, before: item.before, as_of: item.as_of };
                let (kind, body) = (NounKind::Indicator, String::new());
                if item.shown != 0 {
                    objects.push(ReleasedObject { audience, kind, id, lookup: key.1, campaign: None, body });
                }
                self.circles.drop_closed(&key, id);
                continue;
            }
            let Some((object, hash)) = self.render_shared(tick, key, id)? else { continue };
            let value = self.circles.values.get_mut(&key);
            if let Some(item) = value.and_then(|value| value.items.iter_mut().find(|item| item.id == id)) {
                item.queued = false;
                if hash == item.shown {
                    continue;
                }
                item.shown = hash;
                item.since.get_or_insert(tick);
            }
            bytes += object_bytes(&object);
            objects.push(object);
        }
        objects.sort_by_key(|object| (object.audience.group(), object.kind, object.id));
        Ok(objects)
    }

    fn render_shared(
        &self,
        tick: Timestamp,
        key: Key,
        id: [u8; 16],
    ) -> Result<Option<(ReleasedObject, u64)>, ReleaseError> {
        let Some((value, item)) = self.circles.item(&key, id) else { return Ok(None) };
        let names: Vec<&str> = item.names.keys().map(String::as_str).collect();
        let view = IndicatorView {
            r#type: NounKind::Indicator.as_str().to_owned(),
            id: hyphenated(&id),
            kind: value.observable.kind().as_str().to_owned(),
            value: value.observable.value().to_owned(),
            tlp: item.marking.tlp.as_str().to_owned(),
            pap: item.marking.pap.as_str().to_owned(),
            released_at: rfc3339(item.since.unwrap_or(tick)),
            watch_until: Some(rfc3339(item.until)),
            block: false,
            campaign: None,
            attributed_to: if names.is_empty() { self.partnership.clone() } else { names.join(", ") },
            common: self.common_text(&value.observable),
            exercise: self.exercise,
        };
        let body = serde_json::to_string(&view)?;
        let hash = self.hash(&body);
        let audience = Audience::Group { group: key.0, before: item.before, as_of: item.as_of };
        let object = ReleasedObject { audience, kind: NounKind::Indicator, id, lookup: key.1, campaign: None, body };
        Ok(Some((object, hash)))
    }
}

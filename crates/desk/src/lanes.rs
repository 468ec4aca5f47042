//! Sector lanes: observations per slot over the last hour, and what is usual for each lane.

use model::Timestamp;

/// Slots that a lane keeps, the open one included.
pub const SLOTS: usize = 120;

/// Closed slots that must have been seen before a usual level is told.
const SLOTS_BEFORE_NORMAL: u32 = 8;

/// The least that counts as usual, in observations a slot: keeps quiet lanes from shouting at a single report.
const USUAL_FLOOR_PER_SLOT: f64 = 1.0;

/// Weight of a new slot in the usual level; slow, so that an attack does not become usual within its hour.
const USUAL_WEIGHT: f64 = 0.02;

/// One lane.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Name in data.
    pub id: String,
    /// Name that a person reads.
    pub name: String,
    /// Whether its cases may not be read here: nothing is counted in it then.
    pub walled: bool,
    slots: Vec<Option<u32>>,
    usual_per_slot: f64,
    closed: u32,
    since_tick: u32,
}

impl Lane {
    fn new(id: String, name: String) -> Self {
        Self { id, name, walled: false, slots: vec![None; SLOTS], usual_per_slot: 0.0, closed: 0, since_tick: 0 }
    }

    /// Usual observations a minute, once enough has been seen.
    #[must_use]
    pub fn normal_per_minute(&self, slot_millis: i64) -> Option<f64> {
        let per_minute = 60_000.0 / slot_millis.max(1) as f64;
        (self.closed >= SLOTS_BEFORE_NORMAL).then(|| self.usual_per_slot.max(USUAL_FLOOR_PER_SLOT) * per_minute)
    }

    /// Slots, oldest first; the last is open.
    #[must_use]
    pub fn slots(&self) -> &[Option<u32>] {
        &self.slots
    }

    fn close_slot(&mut self, next: Option<u32>) {
        if let Some(Some(count)) = self.slots.last().copied() {
            self.closed += 1;
            let count = f64::from(count);
            // The first slots are averaged; later ones move the level slowly, and a burst moves it no more than three times usual.
            let weight = USUAL_WEIGHT.max(1.0 / f64::from(self.closed));
            let bounded =
                if self.closed > SLOTS_BEFORE_NORMAL { count.min(3.0 * self.usual_per_slot + 1.0) } else { count };
            self.usual_per_slot += weight * (bounded - self.usual_per_slot);
        }
        self.slots.rotate_left(1);
        if let Some(last) = self.slots.last_mut() {
            *last = next;
        }
    }
}

/// All lanes and their common clock.
#[derive(Clone, Debug)]
pub struct Lanes {
    lanes: Vec<Lane>,
    slot_millis: i64,
    open: Option<Timestamp>,
}

impl Lanes {
    /// Lanes with these ids and names.
    #[must_use]
    pub fn new(names: Vec<(String, String)>, slot_millis: i64) -> Self {
        Self { lanes: names.into_iter().map(|(id, name)| Lane::new(id, name)).collect(), slot_millis, open: None }
    }

    /// Lanes that stay blank from here on.
    pub(crate) fn wall_off(&mut self, walled: impl Fn(&str) -> bool) {
        for lane in &mut self.lanes {
            lane.walled = walled(&lane.id);
        }
    }

    /// Index of a lane.
    #[must_use]
    pub fn index(&self, id: &str) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.id == id)
    }

    /// The lanes.
    #[must_use]
    pub fn all(&self) -> &[Lane] {
        &self.lanes
    }

    /// Name of a lane by index.
    #[must_use]
    pub fn name(&self, index: usize) -> Option<&str> {
        self.lanes.get(index).map(|lane| lane.name.as_str())
    }

    /// Length of a slot.
    #[must_use]
    pub const fn slot_millis(&self) -> i64 {
        self.slot_millis
    }

    /// Start of the open slot.
    #[must_use]
    pub fn open_slot(&self, now: Timestamp) -> Timestamp {
        self.open.unwrap_or_else(|| now.floor_to(self.slot_millis))
    }

    /// Moves the lanes on to `now`. While the platform runs, a slot without observations is zero; what it slept through is blank.
    pub fn advance(&mut self, now: Timestamp, running: bool) {
        let slot = now.floor_to(self.slot_millis);
        let Some(open) = self.open else {
            self.open = Some(slot);
            if running {
                self.open_zero();
            }
            return;
        };
        let steps = slot.millis_since(open) / self.slot_millis.max(1);
        for step in 0..steps.min(SLOTS as i64) {
            let fill = (running && (steps == 1 || step + 1 == steps)).then_some(0);
            for lane in self.lanes.iter_mut().filter(|lane| !lane.walled) {
                lane.close_slot(fill);
            }
        }
        if steps > 0 {
            self.open = Some(slot);
        }
        if running {
            self.open_zero();
        }
    }

    fn open_zero(&mut self) {
        for lane in self.lanes.iter_mut().filter(|lane| !lane.walled) {
            if let Some(last) = lane.slots.last_mut() {
                last.get_or_insert(0);
            }
        }
    }

    /// Counts observations in the slot that `at` lies in, if it is still kept; live ones also go into the next tick.
    pub fn add(&mut self, index: usize, count: u32, at: Timestamp, live: bool) {
        let Some(open) = self.open else { return };
        let back = open.millis_since(at.floor_to(self.slot_millis)) / self.slot_millis.max(1);
        let Some(lane) = self.lanes.get_mut(index).filter(|lane| !lane.walled) else { return };
        let Ok(back) = usize::try_from(back.max(0)) else { return };
        if let Some(slot) = SLOTS.checked_sub(1 + back).and_then(|slot| lane.slots.get_mut(slot)) {
            *slot = Some(slot.unwrap_or(0).saturating_add(count));
        }
        if live {
            lane.since_tick = lane.since_tick.saturating_add(count);
        }
    }

    /// Counts per lane since the last call; `None` if there were none.
    pub fn take_tick(&mut self) -> Option<Vec<u32>> {
        let counts: Vec<u32> = self.lanes.iter_mut().map(|lane| std::mem::take(&mut lane.since_tick)).collect();
        counts.iter().any(|&count| count > 0).then_some(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes() -> Lanes {
        Lanes::new(vec![("energy".into(), "Energy".into()), ("water".into(), "Water".into())], 30_000)
    }

    #[test]
    fn counts_fall_into_their_slots_and_ticks_carry_live_ones_only() {
        let mut lanes = lanes();
        lanes.advance(Timestamp::from_millis(60_000), true);
        lanes.add(0, 3, Timestamp::from_millis(61_000), true);
        lanes.add(1, 2, Timestamp::from_millis(31_000), false);
        assert_eq!(lanes.take_tick(), Some(vec![3, 0]));
        assert_eq!(lanes.take_tick(), None);
        lanes.advance(Timestamp::from_millis(90_000), true);
        assert_eq!(lanes.all()[0].slots()[SLOTS - 2..], [Some(3), Some(0)]);
        assert_eq!(lanes.all()[1].slots()[SLOTS - 3], Some(2));
    }

    #[test]
    fn sleep_is_blank_and_never_zero() {
        let mut lanes = lanes();
        lanes.advance(Timestamp::from_millis(0), true);
        lanes.advance(Timestamp::from_millis(5 * 30_000), true);
        assert_eq!(lanes.all()[0].slots()[SLOTS - 6..], [Some(0), None, None, None, None, Some(0)]);
    }

    #[test]
    fn a_burst_does_not_become_usual_at_once() {
        let mut lanes = lanes();
        let mut now = 0;
        for slot in 0..40 {
            now = slot * 30_000;
            lanes.advance(Timestamp::from_millis(now), true);
            lanes.add(0, 10, Timestamp::from_millis(now), true);
        }
        let before = lanes.all()[0].normal_per_minute(30_000).unwrap();
        assert!((before - 20.0).abs() < 1.0, "{before}");
        for slot in 1..10 {
            lanes.advance(Timestamp::from_millis(now + slot * 30_000), true);
            lanes.add(0, 100, Timestamp::from_millis(now + slot * 30_000), true);
        }
        let after = lanes.all()[0].normal_per_minute(30_000).unwrap();
        assert!(after < before * 1.6, "{before} {after}");
    }
}

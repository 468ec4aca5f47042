//! The engine: the gate between its two stores, the journal and the released store.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fusion::{Changes, Finding, Fusion, Weights};
use model::{Observable, Timestamp};
use policy::planted::{self, Leak};
use policy::{Params, ReleaseBatch, rho};
use released::{About, Writer};
use vault::codec::text_bytes;
use vault::{Body, Entry, Erased, Findings, Journal, JournalError, NewEntry, Run, Seq, Vault};

use crate::ReleaseError;
use crate::everyday::Everyday;
use crate::gate::Gate;

const ENTRIES_AT_ONCE: usize = 1024;
/// Stored bytes of findings in one entry, about: well under the journal's limit for an entry.
const FINDINGS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How often and how long the gate waits for a full journal before it gives up.
const FULL_TRIES_MAX: u32 = 2_000;
const FULL_WAIT: Duration = Duration::from_millis(5);

/// What an engine is made with.
#[derive(Clone)]
pub struct EngineConfig {
    /// No fewer distinct members than these make a value one that links nothing any more.
    pub over_common_members: u32,
    /// How fusion adds evidence up.
    pub weights: Weights,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { over_common_members: rho::OVER_COMMON_LEAST, weights: Weights::default() }
    }
}

/// A tick that lies in the journal and was not reached yet.
pub struct NotedTick {
    tick: Timestamp,
    now: Timestamp,
    place: Seq,
}

/// A tick that was reached and is not shown yet.
pub struct MadeTick {
    batch: ReleaseBatch,
    entries: Vec<NewEntry>,
}

/// The gate with its stores; one a journal.
pub struct Engine {
    vault: Arc<Vault>,
    writer: Writer,
    gate: Gate,
    applied: Seq,
    /// Findings of entries that a tick took in before the caller gave them.
    early: HashMap<Seq, Vec<Finding>>,
}

impl Engine {
    /// Opens the gate: replays the journal, and brings the released store up to it.
    ///
    /// # Errors
    /// [`ReleaseError`] if a store cannot be used, or the released store is ahead of the journal.
    pub fn open(vault: &Arc<Vault>, writer: Writer, config: EngineConfig) -> Result<Self, ReleaseError> {
        Self::open_with(vault, writer, config, &mut |_, _, _| {})
    }

    /// As [`Engine::open`]; `each` sees every entry with what the run over all items found, so that other views can be
    /// folded in the same pass.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_with(
        vault: &Arc<Vault>,
        mut writer: Writer,
        config: EngineConfig,
        each: &mut dyn FnMut(&Entry, &[Finding], &Fusion),
    ) -> Result<Self, ReleaseError> {
        let mut gate = Gate::new(Arc::clone(vault), &config);
        writer.set_about(&about(vault))?;
        let mut head = writer.head_tick()?;
        let (mut applied, mut open_tick, mut last_release) = (0, None, None);
        loop {
            let entries = vault.journal().read(applied + 1, ENTRIES_AT_ONCE)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                applied = entry.seq;
                let found = gate.replay(&entry, &mut open_tick)?;
                each(&entry, &found, &gate.all);
                if let Body::Release(batch) = &entry.body
                    && (!batch.objects.is_empty() || planted::is_on(Leak::EmptyTick))
                {
                    last_release = Some(batch.tick);
                    if head.is_none_or(|head| batch.tick > head) {
                        writer.apply(batch)?;
                        head = Some(batch.tick);
                    }
                }
            }
        }
        if let Some(head) = head.filter(|head| Some(*head) > last_release) {
            return Err(ReleaseError::Ahead(head));
        }
        let mut engine = Self { vault: Arc::clone(vault), writer, gate, applied, early: HashMap::new() };
        if let Some(tick) = open_tick {
            // The process ended between a tick and its release: the same is worked out from the same entries again.
            engine.finish(tick, tick)?;
        }
        Ok(engine)
    }

    /// Takes in the journal's next entry and gives what the run over all items found, for the cell's views.
    ///
    /// # Errors
    /// [`ReleaseError::Gap`] if it is not the next one.
    pub fn apply(&mut self, entry: &Entry) -> Result<Vec<Finding>, ReleaseError> {
        if entry.seq <= self.applied {
            return Ok(self.early.remove(&entry.seq).unwrap_or_default());
        }
        if entry.seq != self.applied + 1 {
            return Err(ReleaseError::Gap { got: entry.seq, expected: self.applied + 1 });
        }
        self.applied = entry.seq;
        match &entry.body {
            Body::Tick(_) => Err(ReleaseError::OtherGate(entry.seq)),
            // This gate's own: it knows.
            Body::Release(_) | Body::Findings(_) => Ok(Vec::new()),
            _ => self.gate.take(entry),
        }
    }

    /// Whether a tick at `now` would have anything to do.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let tick = now.floor_to(self.gate.params.tick_millis);
        tick > self.gate.last_tick && self.gate.is_due(tick)
    }

    /// Makes the release tick of `now` if anything is due: notes the tick in the journal, then what it shows, then shows it.
    /// `None` if members see nothing new.
    ///
    /// # Errors
    /// [`ReleaseError`] if a store failed; the engine must be opened anew, then.
    pub fn tick(&mut self, now: Timestamp) -> Result<Option<ReleaseBatch>, ReleaseError> {
        let Some(noted) = self.note_tick(now)? else { return Ok(None) };
        let made = self.make_tick(noted)?;
        self.store_tick(&made)?;
        self.show_tick(made)
    }

    /// First step of [`Engine::tick`], for whoever shares the engine with readers: waits for the disk, changes nothing here.
    /// The other three must follow, in order and with nothing in between.
    ///
    /// # Errors
    /// As [`Engine::tick`].
    pub fn note_tick(&self, now: Timestamp) -> Result<Option<NotedTick>, ReleaseError> {
        if !self.is_due(now) {
            return Ok(None);
        }
        let tick = now.floor_to(self.gate.params.tick_millis);
        let seqs = self.append(vec![NewEntry::new(now, Body::Tick(tick))])?;
        Ok(Some(NotedTick { tick, now, place: seqs.first().copied().unwrap_or(self.applied) }))
    }

    /// Second step: decides what the tick shows. Waits for no disk but to read.
    ///
    /// # Errors
    /// As [`Engine::tick`].
    pub fn make_tick(&mut self, noted: NotedTick) -> Result<MadeTick, ReleaseError> {
        let NotedTick { tick, now, place } = noted;
        // What was appended before the tick belongs to it, or replay would come to another state.
        self.catch_up(place)?;
        self.applied = place;
        self.gate.reach(tick)?;
        self.gate.line_up();
        self.gate.told = self.gate.findings.len();
        self.render(tick, now)
    }

    /// Third step: notes in the journal what the tick shows. Waits for the disk, changes nothing here.
    ///
    /// # Errors
    /// As [`Engine::tick`].
    pub fn store_tick(&self, made: &MadeTick) -> Result<(), ReleaseError> {
        self.append(made.entries.clone()).map(|_| ())
    }

    /// Last step: shows it to members.
    ///
    /// # Errors
    /// As [`Engine::tick`].
    pub fn show_tick(&mut self, made: MadeTick) -> Result<Option<ReleaseBatch>, ReleaseError> {
        if made.batch.objects.is_empty() {
            if planted::is_on(Leak::EmptyTick) {
                self.writer.apply(&made.batch)?;
            }
            return Ok(None);
        }
        self.writer.apply(&made.batch)?;
        Ok(Some(made.batch))
    }

    fn catch_up(&mut self, before: Seq) -> Result<(), ReleaseError> {
        while self.applied + 1 < before {
            let entries = self.vault.journal().read(self.applied + 1, ENTRIES_AT_ONCE)?;
            if entries.is_empty() {
                return Err(ReleaseError::Gap { got: before, expected: self.applied + 1 });
            }
            for entry in entries.iter().take_while(|entry| entry.seq < before) {
                let found = self.apply(entry)?;
                if !found.is_empty() {
                    self.early.insert(entry.seq, found);
                }
            }
        }
        Ok(())
    }

    /// Renders a tick that was reached, notes it in the journal, and shows it.
    fn finish(&mut self, tick: Timestamp, now: Timestamp) -> Result<Option<ReleaseBatch>, ReleaseError> {
        let made = self.render(tick, now)?;
        self.store_tick(&made)?;
        self.show_tick(made)
    }

    fn render(&mut self, tick: Timestamp, now: Timestamp) -> Result<MadeTick, ReleaseError> {
        self.gate.adopt(tick, &|_| false);
        let mut objects = self.gate.emit(tick, &self.writer)?;
        objects.extend(self.gate.emit_shared(tick)?);
        let batch = ReleaseBatch { tick, objects };
        let told = self.gate.told.min(self.gate.findings.len());
        let mut entries: Vec<NewEntry> = Vec::new();
        let all = self.gate.findings.drain(..told).collect();
        self.gate.told = 0;
        for (run, found) in [(Run::All, all), (Run::Community, std::mem::take(&mut self.gate.community_findings))] {
            for items in pieces(found) {
                entries.push(NewEntry::new(now, Body::Findings(Findings { run, items })));
            }
        }
        // An empty one too: a tick without a release entry is one that has to be made again.
        entries.push(NewEntry::new(now, Body::Release(batch.clone())));
        Ok(MadeTick { batch, entries })
    }

    fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Seq>, ReleaseError> {
        let journal: &dyn Journal = &**self.vault.journal();
        for _ in 0..FULL_TRIES_MAX {
            match journal.append(entries.clone()) {
                // Members' reports fill the queue faster than the disk empties it; the gate waits its turn.
                Err(JournalError::Full) => std::thread::sleep(FULL_WAIT),
                outcome => return Ok(outcome?),
            }
        }
        Err(JournalError::Full.into())
    }

    /// Cases of which something was released in an epoch that is over: their reporters may be told so, once each.
    pub fn take_outcomes(&mut self, now: Timestamp) -> Vec<model::CaseId> {
        let mut cases = Vec::new();
        while let Some(entry) = self.gate.outcomes_due.first_entry().filter(|entry| *entry.key() <= now) {
            cases.extend(entry.remove());
        }
        cases.sort_unstable();
        cases.dedup();
        cases
    }

    /// What members were shown of a recalled case and have no more is emptied in the released store; gives what the journal has
    /// to forget. `None` while something of it is still to be shown as withdrawn, or if there is no such case.
    ///
    /// # Errors
    /// [`ReleaseError`] if a store failed.
    pub fn erase(&mut self, case: model::CaseId) -> Result<Option<Erased>, ReleaseError> {
        if self.gate.is_in_line() {
            return Ok(None);
        }
        let Some(mut erased) = self.vault.to_erase(case, |key| self.gate.took_back_from(case, key))? else {
            return Ok(None);
        };
        // What is shown from now on is not of it; the journal is looked through a moment later.
        erased.ticks.1 = self.gate.last_tick;
        self.writer.erase(&erased.shown, &erased.texts, erased.ticks)?;
        Ok(Some(erased))
    }

    /// The run of fusion over everything, for the cell.
    #[must_use]
    pub const fn fusion_all(&self) -> &Fusion {
        &self.gate.all
    }

    /// The run of fusion over community items, which members' campaigns come from.
    #[must_use]
    pub const fn fusion_community(&self) -> &Fusion {
        &self.gate.community
    }

    /// What changed in the run over everything since the last call; the community run's changes are dropped.
    pub fn take_changes(&mut self) -> Changes {
        self.gate.community.take_changes();
        self.gate.all.take_changes()
    }

    /// Whether members have a value.
    #[must_use]
    pub fn is_released(&self, observable: &Observable) -> bool {
        self.gate.is_shown(observable.key(self.vault.key_seed()))
    }

    /// The lists of everyday values in use, now and later.
    #[must_use]
    pub fn everyday(&self) -> Everyday {
        self.gate.everyday.clone()
    }

    /// A planted leak: the released id of the campaign that the run over everything put a case in.
    #[cfg(feature = "planted-leaks")]
    #[must_use]
    pub fn leak_campaign_of(&self, case: model::CaseId) -> Option<[u8; 16]> {
        self.gate.leak_public_campaign(self.gate.all.campaign_of(case)?)
    }

    /// How many reports this engine correlated by its own rules although the journal says that others were in use when they
    /// came: what members were shown stands as it was, but the state of fusion may differ from that of then.
    #[must_use]
    pub const fn other_rules(&self) -> u64 {
        self.gate.other_rules
    }

    /// The parameters of the release policy.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.gate.params
    }

    /// Place of the last entry that was taken in.
    #[must_use]
    pub const fn applied(&self) -> Seq {
        self.applied
    }

    /// How much a digest has to read, about: values and cases of both runs.
    #[must_use]
    pub fn size(&self) -> usize {
        self.gate.values.len() + self.gate.all.len() + self.gate.community.len()
    }

    /// SHA-256 over the state of the gate and of both runs of fusion: replay comes to the same.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.gate.digest()
    }

    /// SHA-256 over the released store.
    ///
    /// # Errors
    /// [`ReleaseError`] if it cannot be read.
    pub fn released_digest(&self) -> Result<[u8; 32], ReleaseError> {
        Ok(self.writer.digest()?)
    }
}

pub(crate) fn about(vault: &Vault) -> About {
    let genesis = vault.genesis();
    About { partnership: genesis.partnership.clone(), exercise: genesis.exercise, key_seed: genesis.key_seed }
}

/// Findings in pieces that fit an entry.
fn pieces(found: Vec<String>) -> Vec<Vec<String>> {
    let mut pieces = Vec::new();
    let (mut piece, mut bytes) = (Vec::new(), 0);
    for text in found {
        let more = text_bytes(&text);
        if bytes + more > FINDINGS_BYTES_MAX && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            bytes = 0;
        }
        bytes += more;
        piece.push(text);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

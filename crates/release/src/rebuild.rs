//! Rebuilding every view from the journal: the released store from its release entries, fusion's state by replay.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use policy::ReleaseBatch;
use released::{Reader, Store, Writer};
use vault::{Body, Entry, LiveState, Seq, Vault};

use crate::ReleaseError;
use crate::engine::{EngineConfig, about};
use crate::gate::Gate;

const ENTRIES_AT_ONCE: usize = 1024;

/// What a rebuild made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Entries that were read.
    pub entries: Seq,
    /// Reports among them.
    pub reports: u64,
    /// Values in those.
    pub observations: u64,
    /// Objects that were loaded into the released store, superseded ones included.
    pub objects: u64,
    /// Digest of the store that was there before, brought up to the journal's end: a server that was killed between the
    /// append of a release and its copy had left it behind. `None` if there was none, or it could not be read.
    pub released_before: Option<[u8; 32]>,
    /// Digest of the released store as it was rebuilt.
    pub released: [u8; 32],
    /// Reports that came while other rules than this build's were in use: their correlation may differ from that of then.
    pub other_rules: u64,
    /// What a server had noted of its live state, and whether the replay had come to the same by then; `None` if this
    /// version has noted nothing of this journal.
    pub live: Option<(Seq, bool)>,
    /// Digest of the gate's state and both runs of fusion, by replay; [`crate::Engine::digest`] of the live one is equal.
    pub state: [u8; 32],
}

/// The store as it was found.
struct Before(Option<Writer>);

impl Before {
    fn open(path: &Path) -> Self {
        let readable = path.exists() && Reader::open(path).and_then(|reader| reader.digest()).is_ok();
        Self(readable.then(|| Store::open(path).ok()).flatten().map(|(writer, _)| writer))
    }

    /// Takes what it lacks, as a server does when it starts.
    fn follow(&mut self, batch: &ReleaseBatch) {
        if self.0.as_mut().is_some_and(|writer| writer.apply(batch).is_err()) {
            self.0 = None;
        }
    }

    /// Lets go of it: another file is about to take its place.
    fn end(&mut self) -> Option<[u8; 32]> {
        self.0.take().and_then(|writer| writer.digest().ok())
    }
}

struct Pass<'a> {
    vault: &'a Vault,
    before: Before,
    released_before: Option<[u8; 32]>,
    gate: Gate,
    open_tick: Option<model::Timestamp>,
    noted: Option<LiveState>,
    live: Option<(Seq, bool)>,
    next: Seq,
    ready: VecDeque<Arc<Entry>>,
    reports: u64,
    observations: u64,
    progress: &'a mut dyn FnMut(Seq),
}

impl Pass<'_> {
    /// The next batch that showed something; on the way there, every entry goes through the gate.
    fn next_batch(&mut self) -> Result<Option<ReleaseBatch>, ReleaseError> {
        loop {
            if self.ready.is_empty() {
                self.ready = self.vault.journal().read(self.next, ENTRIES_AT_ONCE)?.into();
                (self.progress)(self.next - 1);
            }
            let Some(entry) = self.ready.pop_front() else {
                self.released_before = self.released_before.or(self.before.end());
                return Ok(None);
            };
            self.next = entry.seq + 1;
            self.gate.replay(&entry, &mut self.open_tick)?;
            if let Some(noted) = self.noted.take_if(|noted| noted.seq == entry.seq) {
                self.live = Some((noted.seq, noted.digest == self.gate.digest()));
            }
            match &entry.body {
                Body::Report(report) => {
                    self.reports += 1;
                    self.observations += report.items.len() as u64;
                }
                Body::Release(batch) if !batch.objects.is_empty() => {
                    self.before.follow(batch);
                    return Ok(Some(batch.clone()));
                }
                _ => {}
            }
        }
    }
}

impl Iterator for Pass<'_> {
    type Item = Result<ReleaseBatch, ReleaseError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// Rebuilds the released store in `data_dir` and fusion's state, in one pass over the journal. The chain is not checked here:
/// [`vault::verify`] does that. Nobody else may write the released store meanwhile, which the vault's lock ensures.
///
/// `progress` is told the place of the last entry that was read, now and then.
///
/// # Errors
/// [`ReleaseError`] if a store cannot be used; the old released store is left as it was, then.
pub fn rebuild(
    vault: &Arc<Vault>,
    data_dir: &Path,
    config: EngineConfig,
    progress: &mut dyn FnMut(Seq),
) -> Result<Rebuilt, ReleaseError> {
    let path = data_dir.join(released::FILE);
    let mut pass = Pass {
        vault,
        before: Before::open(&path),
        released_before: None,
        gate: Gate::new(Arc::clone(vault), &config),
        open_tick: None,
        noted: vault.live_state()?,
        live: None,
        next: 1,
        ready: VecDeque::new(),
        reports: 0,
        observations: 0,
        progress,
    };
    let loaded = released::rebuild(&path, &about(vault), &mut pass)?;
    let released = Reader::open(&path)?.digest()?;
    Ok(Rebuilt {
        entries: pass.next - 1,
        reports: pass.reports,
        observations: pass.observations,
        objects: loaded.objects,
        released_before: pass.released_before,
        released,
        other_rules: pass.gate.other_rules,
        live: pass.live,
        state: pass.gate.digest(),
    })
}

//! The vault: journal, keys, blobs and the checkpoint together, and the way in for submissions.

mod aging;
mod cases;
mod cell_only;
mod feedback;
pub(crate) mod filing;
mod older_copy;
pub(crate) mod redact;
mod remember;
pub(crate) mod repeats;
pub(crate) mod retention;
mod sets;
pub(crate) mod sources;
pub(crate) mod words;

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use model::{CaseId, Clock, Entropy, KeySeed};
use policy::Params;

use crate::blobs::Blobs;
use crate::checkpoint::{self, Checkpointer};
use crate::dedupe::OwnItems;
use crate::entry::{Body, Entry, Genesis, ReportEntry, Seq, Submission};
use crate::error::{JournalError, VaultError};
use crate::journal::memory::MemoryJournal;
use crate::journal::{Head, Journal, NewEntry};
use crate::keys::{Keys, RETURN_KEY};
use crate::leaks;
use crate::live::{self, LiveState};
use crate::place::Place;
use crate::sealing::Sealing;
use crate::shelf::Shelf;
use repeats::{Again, Repeat};

pub(crate) use repeats::REPEAT_HOURS;

pub use aging::{CASES_AT_ONCE_MAX, Due, Gone};
pub use cases::{ACTS_PER_CASE_MAX, Act, ActDone, Acted, MESSAGE_CHARS_MAX, VALUES_ADDED_PER_CASE_MAX};

const ENTRIES_AT_ONCE: usize = 1024;

/// What a new journal begins with.
#[derive(Clone, Debug)]
pub struct GenesisIfNew {
    /// Name of the partnership.
    pub partnership: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Parameters of the release policy.
    pub params: Params,
}

/// Where a vault lies.
#[derive(Clone, Debug)]
pub struct VaultConfig {
    /// The data folder; made if absent.
    pub dir: PathBuf,
    /// The keys folder; `None` is the data folder's name with `.keys`, beside it.
    pub keys_dir: Option<PathBuf>,
    /// What a new journal begins with.
    pub genesis: GenesisIfNew,
}

/// What became of one value of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// New from this submitter.
    Accepted,
    /// The same submitter has sent it before.
    Duplicate,
}

/// Runs once a report is on disk, or failed, or was found to be there.
pub type OnceDone = Box<dyn FnOnce(Result<Result<Accepted, Again>, JournalError>) + Send>;

/// An accepted submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its case id; `None` if nothing was appended because everything in it was a duplicate.
    pub case: Option<CaseId>,
    /// One outcome a value.
    pub items: Vec<ItemOutcome>,
}

/// See the module.
pub struct Vault {
    journal: Arc<dyn Journal>,
    keys: Arc<Keys>,
    blobs: Blobs,
    genesis: Genesis,
    /// Shared with the callbacks that wait for the disk, which must not keep the vault itself alive.
    own: Arc<Mutex<OwnItems>>,
    /// Cases that something happened to after they came.
    cases: Arc<cases::Cases>,
    /// Files that came with cases.
    shelf: Arc<Shelf>,
    /// Values that went by their time, for the fold to forget.
    aged_values: aging::AgedValues,
    /// Requests that may come again.
    repeats: Arc<repeats::Repeats>,
    /// Seals who filed a case.
    sealing: Sealing,
    /// The hash of the data or rule set of each name that is in use.
    sets: Mutex<HashMap<String, [u8; 32]>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    checkpointer: Option<Checkpointer>,
    /// Held until the vault is dropped: one process has the data folder open.
    _lock: Option<File>,
}

impl Vault {
    /// Opens the vault in a data folder, making it if it is absent.
    ///
    /// # Errors
    /// [`VaultError`] if another process has it open, the keys are gone or open to others, or the journal is not the one
    /// that was signed.
    pub fn open(config: VaultConfig, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, VaultError> {
        let Place { lock, journal, keys, lost } = Place::open(&config.dir, config.keys_dir, &entropy)?;
        checkpoint::vouches(&keys, &journal)?;
        // Made without a word, another key would leave nobody who could be answered.
        if let Some(path) = lost {
            return Err(VaultError::ReturnKey(path));
        }
        Place::seal_sources(&config.dir, &keys)?;
        // Signed before the first entry, so that there is no moment with entries and without a checkpoint, and again before
        // anybody can append a second.
        checkpoint::sign(&keys, &journal, &*clock)?;
        let stores = (Blobs::at(config.dir.join("blobs")), Shelf::at(config.dir.join("files")));
        let mut vault = Self::with(Arc::new(journal), keys, stores, &config.genesis, clock, entropy, Some(lock))?;
        vault.recall()?;
        vault.recall_repeats()?;
        vault.recall_erased()?;
        vault.recall_aged()?;
        vault.sweep_files()?;
        vault.checkpoint(true)?;
        vault.checkpointer = Some(Checkpointer::start(&vault.journal, &vault.keys, &vault.clock)?);
        Ok(vault)
    }

    /// A vault that lives and dies with the process, for tests and simulation.
    ///
    /// # Errors
    /// [`VaultError`] if its keys cannot be made.
    pub fn in_memory(
        genesis: &GenesisIfNew,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, VaultError> {
        let keys = Keys::in_memory(Arc::clone(&entropy))?;
        let stores = (Blobs::in_memory(), Shelf::in_memory());
        Self::with(Arc::new(MemoryJournal::new()), keys, stores, genesis, clock, entropy, None)
    }

    fn with(
        journal: Arc<dyn Journal>,
        keys: Keys,
        (blobs, shelf): (Blobs, Shelf),
        genesis: &GenesisIfNew,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        lock: Option<File>,
    ) -> Result<Self, VaultError> {
        if journal.head().seq == 0 {
            let now = clock.now();
            let first = Genesis {
                partnership: genesis.partnership.clone(),
                exercise: genesis.exercise,
                params: genesis.params,
                key_seed: entropy.bytes(),
                made_at: now,
            };
            journal.append(vec![NewEntry::new(now, Body::Genesis(first))])?;
        }
        let first = journal.read(1, 1)?;
        let Some(Body::Genesis(genesis)) = first.first().map(|entry| entry.body.clone()) else {
            return Err(VaultError::NoGenesis);
        };
        let secret = keys.secret(RETURN_KEY)?;
        Ok(Self {
            journal,
            keys: Arc::new(keys),
            blobs,
            genesis,
            own: Arc::default(),
            cases: Arc::default(),
            shelf: Arc::new(shelf),
            aged_values: aging::AgedValues::default(),
            repeats: Arc::default(),
            sealing: Sealing::new(&secret),
            sets: Mutex::default(),
            clock,
            entropy,
            checkpointer: None,
            _lock: lock,
        })
    }

    /// The journal.
    #[must_use]
    pub const fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whose journal this is.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Key of the hash that makes observable keys.
    #[must_use]
    pub const fn key_seed(&self) -> KeySeed {
        KeySeed(self.genesis.key_seed)
    }

    /// The clock that it was given.
    #[must_use]
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The source of randomness that the vault was given.
    #[must_use]
    pub const fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    fn prepare(
        &self,
        submission: Submission,
        skip_known: bool,
        batch: &mut OwnItems,
    ) -> Result<(Option<NewEntry>, Accepted), VaultError> {
        let token = self.keys.token(submission.organisation, submission.received_at)?;
        let window = Keys::window(submission.received_at);
        let seed = self.key_seed();
        let content = &submission.report;
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        // The submitter had another token in the window before: what it sent a day ago is not new because a month began.
        let mut tokens = vec![(window, token)];
        for earlier in own.windows().into_iter().filter(|earlier| *earlier != window) {
            tokens.extend(self.keys.token_in(submission.organisation, earlier)?.map(|token| (earlier, token)));
        }
        let known = |key| {
            tokens.iter().any(|&(window, token)| own.has(window, token, key, content.marking))
                || skip_known && own.leak_others(window, key, content.marking)
        };
        let items: Vec<ItemOutcome> = content
            .items
            .iter()
            .map(|item| {
                let key = item.sighting.observable.key(seed);
                // Each value is noted for the batch, even if an earlier one has it already.
                if known(key) | !batch.note(window, token, key, content.marking) {
                    ItemOutcome::Duplicate
                } else {
                    ItemOutcome::Accepted
                }
            })
            .collect();
        drop(own);
        if skip_known && !items.is_empty() && items.iter().all(|outcome| *outcome == ItemOutcome::Duplicate) {
            return Ok((None, Accepted { case: None, items }));
        }
        let case = CaseId::from_bytes(self.entropy.bytes());
        let case = leaks::pseudonym(case, token, || self.journal.head().seq);
        let (organisation, at) = (submission.organisation, submission.received_at);
        let contact = submission.contact.clone().unwrap_or_default();
        let mut report = ReportEntry::of(submission, case, token);
        report.grade = report.grade.map(|_| self.grade_of(&report, organisation));
        let source = self.source(case, (organisation, &contact), at)?;
        let entry = NewEntry { at, body: Body::Report(Box::new(report)), source: Some(source), rewrites: Vec::new() };
        Ok((Some(entry), Accepted { case: Some(case), items }))
    }

    /// Takes submissions in, all or none; `done` runs after they are on disk, or failed.
    ///
    /// With `skip_known`, a submission whose values its submitter has all sent before appends nothing.
    ///
    /// # Errors
    /// [`VaultError`] if they could not even be queued; `done` does not run then. [`JournalError::Codec`] within it says
    /// that one of these submissions can never be stored, and nothing about the store: others may pass.
    pub fn submit_then(
        self: &Arc<Self>,
        submissions: Vec<Submission>,
        skip_known: bool,
        done: Box<dyn FnOnce(Result<Vec<Accepted>, JournalError>) + Send>,
    ) -> Result<(), VaultError> {
        self.may_send(&submissions)?;
        let mut entries = Vec::new();
        let mut accepted = Vec::with_capacity(submissions.len());
        let mut batch = OwnItems::default();
        for submission in submissions {
            let (entry, outcome) = self.prepare(submission, skip_known, &mut batch)?;
            entries.extend(entry);
            accepted.push(outcome);
        }
        if entries.is_empty() {
            done(Ok(accepted));
            return Ok(());
        }
        let own = Arc::clone(&self.own);
        let beside = leaks::beside(&entries, self.journal.head().seq);
        self.journal.append_keeping(
            entries,
            beside,
            Box::new(move |outcome| {
                let outcome = outcome.map(|_| {
                    // Only what is on disk counts as sent before.
                    own.lock().unwrap_or_else(PoisonError::into_inner).take_in(batch);
                    accepted
                });
                drop(own);
                done(outcome);
            }),
        )?;
        Ok(())
    }

    /// Takes one submission in unless it was taken in before under the same key, in which case it tells what became of it.
    ///
    /// # Errors
    /// As [`Vault::submit_then`].
    pub fn submit_once(
        self: &Arc<Self>,
        submission: Submission,
        repeat: &Repeat,
        done: OnceDone,
    ) -> Result<(), VaultError> {
        // Who was answered before is answered so again, and is no slower for it.
        if let Some(again) = self.asked_before(repeat)? {
            done(Ok(Err(again)));
            return Ok(());
        }
        self.may_send(std::slice::from_ref(&submission))?;
        let ticket = match self.begin(repeat)? {
            Ok(ticket) => ticket,
            Err(again) => {
                done(Ok(Err(again)));
                return Ok(());
            }
        };
        let mut batch = OwnItems::default();
        let (entry, accepted) = self.prepare(submission, false, &mut batch)?;
        let kept = self.kept(&ticket, repeat, accepted.case, Some(&accepted))?;
        let own = Arc::clone(&self.own);
        let entries: Vec<NewEntry> = entry.into_iter().collect();
        let mut rows = leaks::beside(&entries, self.journal.head().seq);
        rows.push(kept);
        self.journal.append_keeping(
            entries,
            rows,
            Box::new(move |outcome| {
                let outcome = outcome.map(|_| {
                    own.lock().unwrap_or_else(PoisonError::into_inner).take_in(batch);
                    Ok(accepted)
                });
                drop((own, ticket));
                done(outcome);
            }),
        )?;
        Ok(())
    }

    /// As [`Vault::submit_then`], waiting.
    ///
    /// # Errors
    /// [`VaultError`] if the submissions are not on disk.
    pub fn submit(
        self: &Arc<Self>,
        submissions: Vec<Submission>,
        skip_known: bool,
    ) -> Result<Vec<Accepted>, VaultError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.submit_then(
            submissions,
            skip_known,
            Box::new(move |outcome| {
                // The receiver is waiting below; if it is gone, nobody wants to know.
                let _ = sender.send(outcome);
            }),
        )?;
        Ok(receiver.recv().map_err(|_| JournalError::Closed)??)
    }

    /// Signs a checkpoint of the present head: now with `in_any_case`, otherwise as soon as one is due, which a thread of the
    /// vault's own sees to every second.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be written.
    pub fn checkpoint(&self, in_any_case: bool) -> Result<(), VaultError> {
        if in_any_case {
            checkpoint::sign(&self.keys, &*self.journal, &*self.clock)?;
        }
        Ok(())
    }

    /// Notes beside the checkpoint what a server had made of all entries up to `head`, as a digest.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be written.
    pub fn note_live_state(&self, head: &Head, digest: &[u8; 32]) -> Result<(), VaultError> {
        live::write(&self.keys, head, digest)
    }

    /// What was last noted so, if by this version and of this very journal.
    ///
    /// # Errors
    /// [`VaultError`] if the note cannot be read.
    pub fn live_state(&self) -> Result<Option<LiveState>, VaultError> {
        live::read(&self.keys, &*self.journal)
    }

    /// Every entry from a place on, in batches, until `each` says stop or there are no more.
    ///
    /// # Errors
    /// [`VaultError`] if they cannot be read, or what `each` returns.
    pub fn replay(&self, from: Seq, mut each: impl FnMut(&Entry) -> Result<(), VaultError>) -> Result<Seq, VaultError> {
        let mut next = from.max(1);
        loop {
            let entries = self.journal.read(next, ENTRIES_AT_ONCE)?;
            let Some(last) = entries.last() else { return Ok(next) };
            next = last.seq + 1;
            for entry in &entries {
                each(entry)?;
            }
        }
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        drop(self.checkpointer.take());
        // A journal that cannot be written has told its callers; its checkpoint is written at the next start, and the chain
        // is whole in any case.
        let _ = self.journal.flush();
        let _ = self.checkpoint(true);
    }
}

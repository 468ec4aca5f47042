//! The log as it grows: notes acts and reads as they come, and publishes them at context epochs.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Entropy, PersonId, Timestamp};
use rusqlite::Connection;
use tlog::{CHECKPOINT, Checkpoint, Grower, Hash, KEY, Published, PublishedError, TILE_WIDTH, Tile};

use super::keys::{LogKeys, SALT, SIGN, SIGNED};
use super::record::{self, PAD, Read};
use super::store::{self, Chances, Placed, State};
use super::{AuditError, EPOCHS_CAUGHT_UP_MAX, FILE, FOLDER, LEAVES_PER_EPOCH, WAITING_MAX};
use crate::entry::{Entry, Seq};
use crate::error::JournalError;
use crate::files;
use crate::journal::Journal;
use crate::keys::Keys;
use crate::vault::Vault;

/// Different reads that are told apart within an epoch; of more, one may be recorded twice.
const READS_TOLD_APART_MAX: usize = 4096;
/// Records that are read at once when tiles are made again.
const ROWS_AT_ONCE: usize = 1024;
/// Longest checkpoint of the keys folder.
const SIGNED_BYTES_MAX: u64 = 4096;

/// Acts of the journal that no leaf has yet: their places alone, for the journal has the rest.
#[derive(Default)]
struct Acts {
    waiting: VecDeque<Seq>,
    /// The last entry that was looked at.
    noted: Seq,
}

struct Inner {
    records: Connection,
    state: State,
    /// What was drawn for each growth.
    chances: Chances,
    /// The tree; `None` if what is published has to be made again.
    grower: Option<Grower>,
    /// Reads of this epoch, so that a page that is looked at again is one.
    read: HashSet<(Option<PersonId>, String)>,
    /// The epoch of those reads.
    read_at: i64,
    /// How many reads wait.
    waiting: u64,
}

/// See the module.
pub struct Audit {
    journal: Arc<dyn Journal>,
    entropy: Arc<dyn Entropy>,
    keys: LogKeys,
    /// Where the last signed head is kept, apart from the data.
    signed: Option<PathBuf>,
    published: Published,
    epoch_millis: i64,
    acts: Mutex<Acts>,
    inner: Mutex<Inner>,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn log_keys(keys: &Keys, state: &State) -> Result<LogKeys, AuditError> {
    if let Some(folder) = keys.folder()
        && state.size > 0
        && let Some(path) = [SIGN, SALT].iter().map(|name| folder.join(name)).find(|path| !path.exists())
    {
        return Err(AuditError::KeyMissing { path, leaves: state.size });
    }
    LogKeys::new(&keys.secret(SIGN)?, &keys.secret(SALT)?)
}

/// The last signed head, as the keys folder has it.
pub(super) fn signed_in(path: &Path, keys: &LogKeys) -> Result<Option<Checkpoint>, AuditError> {
    let Some(note) = files::read_capped(path, SIGNED_BYTES_MAX)? else { return Ok(None) };
    let failed = |why| AuditError::Checkpoint { name: path.display().to_string(), why };
    keys.read(&note).map(Some).map_err(failed)
}

/// Each leaf of a log with its record, in order, up to a size.
pub(super) fn each_leaf(
    records: &Connection,
    size: u64,
    each: &mut dyn FnMut(u64, Option<store::Row>) -> Result<(), AuditError>,
) -> Result<(), AuditError> {
    let (mut leaf, mut from) = (0, 0);
    while leaf < size {
        let rows = store::records(records, from, ROWS_AT_ONCE)?;
        let last = rows.len() < ROWS_AT_ONCE || rows.last().is_some_and(|row| row.leaf >= size);
        for row in rows.into_iter().filter(|row| row.leaf < size) {
            while leaf < row.leaf {
                each(leaf, None)?;
                leaf += 1;
            }
            from = leaf + 1;
            each(leaf, Some(row))?;
            leaf += 1;
        }
        if last {
            while leaf < size {
                each(leaf, None)?;
                leaf += 1;
            }
        }
        from = from.max(leaf);
    }
    Ok(())
}

/// Place of an act in the journal, and its record.
type Act = (Seq, Vec<u8>);

impl Audit {
    /// Opens the log of a vault in its data folder, making it if it is absent, and makes published again what a process that
    /// was killed left unfinished.
    ///
    /// # Errors
    /// [`AuditError`] if a key is missing or open to others, or the log is not the one that was signed: nothing more is signed
    /// then.
    pub fn open(vault: &Vault, dir: &Path) -> Result<Self, AuditError> {
        Self::with(vault, store::open(&dir.join(FILE))?, Published::at(dir.join(FOLDER)))
    }

    /// A log that lives and dies with the process.
    ///
    /// # Errors
    /// [`AuditError`]
    pub fn in_memory(vault: &Vault) -> Result<Self, AuditError> {
        Self::with(vault, store::in_memory()?, Published::in_memory())
    }

    fn with(vault: &Vault, records: Connection, published: Published) -> Result<Self, AuditError> {
        let state = store::state(&records)?;
        let waiting = store::waiting(&records)?;
        let entries = vault.journal().head().seq;
        if state.through > entries {
            return Err(AuditError::JournalBefore { entries, had: state.through });
        }
        let keys = log_keys(vault.keys(), &state)?;
        let signed = vault.keys().folder().map(|folder| folder.join(SIGNED));
        let chances = Chances::of(&records)?;
        let inner = Inner { records, state, chances, grower: None, read: HashSet::new(), read_at: 0, waiting };
        let audit = Self {
            journal: Arc::clone(vault.journal()),
            entropy: Arc::clone(vault.entropy()),
            keys,
            signed,
            published,
            epoch_millis: vault.genesis().params.epoch_millis.max(1),
            acts: Mutex::new(Acts { waiting: VecDeque::new(), noted: state.through }),
            inner: Mutex::new(inner),
        };
        audit.take_up(&mut held(&audit.inner))?;
        Ok(audit)
    }

    /// What is published, for whoever answers members.
    #[must_use]
    pub fn published(&self) -> Published {
        self.published.clone()
    }

    /// Heads that were signed before, with where each lies, and whether everything that there should be beside tiles is there.
    fn heads(&self) -> Result<(Vec<(String, Checkpoint)>, bool), AuditError> {
        let mut heads = Vec::new();
        let whole = 1 + usize::from(self.signed.is_some());
        if let Some(path) = &self.signed
            && let Some(head) = signed_in(path, &self.keys)?
        {
            heads.push((path.display().to_string(), head));
        }
        if let Some(note) = self.published.file(CHECKPOINT)? {
            let failed = |why| AuditError::Checkpoint { name: format!("{FOLDER}/{CHECKPOINT}"), why };
            match self.keys.read(&note) {
                Ok(head) => heads.push((format!("{FOLDER}/{CHECKPOINT}"), head)),
                // The one beside the keys says the same: what is published is made again from it.
                Err(_) if !heads.is_empty() => {}
                Err(why) => return Err(failed(why)),
            }
        }
        let whole = heads.len() == whole && self.published.file(KEY)?.is_some();
        Ok((heads, whole))
    }

    /// Takes up a log where it was left. Nothing is signed that does not go on from what was signed last.
    fn take_up(&self, inner: &mut Inner) -> Result<(), AuditError> {
        let (heads, whole) = self.heads()?;
        let size = inner.state.size;
        if let Some((kept, head)) = heads.iter().find(|(_, head)| head.size > size) {
            let what = FILE.to_owned();
            return Err(AuditError::RolledBack { what, says: size, kept: kept.clone(), had: head.size });
        }
        let is = |grower: &Grower, head: &Checkpoint| head.size == size && head.root == grower.root();
        if let Ok(grower) = Grower::resume(&self.published, size)
            && whole
            && heads.iter().all(|(_, head)| is(&grower, head))
        {
            inner.grower = Some(grower);
            return Ok(());
        }
        // Killed before everything was published, or a tile is not as it should be: the records have all of it.
        let (mut grower, mut failed) = (Grower::new(), None);
        let check = |grower: &Grower| match heads.iter().find(|(_, head)| head.size == grower.size()) {
            Some((name, head)) if head.root != grower.root() => {
                Err(AuditError::Rewritten { size: head.size, name: name.clone() })
            }
            _ => Ok(()),
        };
        check(&grower)?;
        each_leaf(&inner.records, size, &mut |leaf, row| {
            let body = row.as_ref().map_or(PAD, |row| &row.body);
            grower.push(self.keys.leaf(&inner.chances.at(leaf), leaf, body), &mut |tile, bytes| {
                self.write(&tile, &bytes, &mut failed)
            });
            // Heads of the last tile's epochs may still be asked for with the tiles of their time.
            if grower.size().is_multiple_of(LEAVES_PER_EPOCH) && size - grower.size() < TILE_WIDTH {
                grower.partial().iter().for_each(|(tile, bytes)| self.write(tile, bytes, &mut failed));
            }
            check(&grower)
        })?;
        failed.map_or(Ok(()), Err)?;
        self.publish(&grower)?;
        inner.grower = Some(grower);
        Ok(())
    }

    fn write(&self, tile: &Tile, bytes: &[u8], failed: &mut Option<PublishedError>) {
        if failed.is_none() {
            *failed = self.published.write(tile, bytes).err();
        }
    }

    /// Publishes the rightmost tiles and the head, in this order: what a head needs is there before it is.
    fn publish(&self, grower: &Grower) -> Result<(), AuditError> {
        for (tile, bytes) in grower.partial() {
            self.published.write(&tile, &bytes)?;
        }
        let key = format!("{}\n", self.keys.verifier());
        if self.published.file(KEY)?.is_none_or(|there| there != key.as_bytes()) {
            self.published.write_file(KEY, key.as_bytes())?;
        }
        let note = self.keys.sign(grower.size(), grower.root());
        self.published.write_file(CHECKPOINT, note.as_bytes())?;
        if let Some(path) = &self.signed {
            files::write_whole(path, note.as_bytes())?;
        }
        Ok(())
    }

    /// Notes an entry of the journal as it is folded; whatever was noted before, or is no act, is passed over.
    pub fn note(&self, entry: &Entry) {
        let mut acts = held(&self.acts);
        if entry.seq > acts.noted {
            acts.noted = entry.seq;
            if record::is_act(&entry.body) {
                acts.waiting.push_back(entry.seq);
            }
        }
    }

    /// Notes that somebody of the cell reads something; it must not be shown before this returns. What the same person reads
    /// again within an epoch is one read.
    ///
    /// # Errors
    /// [`AuditError`] if it could not be noted: it is not to be shown then.
    pub fn note_read(&self, now: Timestamp, by: Option<PersonId>, read: &Read) -> Result<(), AuditError> {
        let mut inner = held(&self.inner);
        let epoch = now.as_millis().div_euclid(self.epoch_millis);
        if inner.read_at != epoch {
            inner.read.clear();
            inner.read_at = epoch;
        }
        let told_apart = (by, format!("{read:?}"));
        if inner.read.contains(&told_apart) {
            return Ok(());
        }
        if inner.waiting >= WAITING_MAX {
            return Err(AuditError::Full);
        }
        store::wait(&inner.records, &record::of_read(&self.keys, now, by, read))?;
        inner.waiting += 1;
        if inner.read.len() < READS_TOLD_APART_MAX {
            inner.read.insert(told_apart);
        }
        Ok(())
    }

    /// Grows the log if a context epoch has begun since it grew last. How many leaves it grows by hangs on the clock alone.
    /// True if it grew.
    ///
    /// # Errors
    /// [`AuditError`]; what was not published is with the next step.
    pub fn step(&self, now: Timestamp) -> Result<bool, AuditError> {
        let mut inner = held(&self.inner);
        let inner = &mut *inner;
        if inner.grower.is_none() {
            self.take_up(inner)?;
        }
        let epoch = now.as_millis().div_euclid(self.epoch_millis);
        let Some(last) = inner.state.epoch else {
            // The first epoch is not whole: the log grows from the next on.
            inner.state.epoch = Some(epoch);
            store::add(&mut inner.records, (None, &[]), 0, &inner.state)?;
            return Ok(false);
        };
        if epoch < last {
            // The clock was ahead, and is put right: the log grows from here on, and not only when that time comes.
            inner.state.epoch = Some(epoch);
            store::add(&mut inner.records, (None, &[]), 0, &inner.state)?;
        }
        let epochs = epoch.saturating_sub(last).min(EPOCHS_CAUGHT_UP_MAX);
        if epochs <= 0 {
            return Ok(false);
        }
        let leaves = LEAVES_PER_EPOCH.saturating_mul(u64::try_from(epochs).unwrap_or(0));
        self.grow(inner, epoch, leaves)?;
        Ok(true)
    }

    /// The acts that come next, as many as there is room for, how many were taken, and how far the journal is told with them.
    fn acts(&self, max: usize) -> Result<(Vec<Act>, usize, Seq), AuditError> {
        let (seqs, through) = {
            let acts = held(&self.acts);
            let seqs: Vec<Seq> = acts.waiting.iter().copied().take(max).collect();
            // Where all are taken, everything that was looked at is told; otherwise everything before the first that is not.
            let through = acts.waiting.get(seqs.len()).map_or(acts.noted, |next| next - 1);
            (seqs, through)
        };
        let taken = seqs.len();
        let mut acts = Vec::with_capacity(taken);
        for seq in seqs {
            let (raw, entry) = (self.journal.read_raw(seq, 1)?, self.journal.read(seq, 1)?);
            let pair = raw.first().zip(entry.first()).filter(|(raw, entry)| raw.seq == seq && entry.seq == seq);
            let (raw, entry) = pair.ok_or_else(|| JournalError::corrupt(seq, "it is missing"))?;
            acts.extend(record::of_act(&self.keys, seq, entry.at, &raw.hash, &entry.body).map(|record| (seq, record)));
        }
        Ok((acts, taken, through))
    }

    fn grow(&self, inner: &mut Inner, epoch: i64, leaves: u64) -> Result<(), AuditError> {
        let first = inner.state.size;
        let room = usize::try_from(leaves).unwrap_or(0);
        let (acts, taken_acts, through) = self.acts(room)?;
        let (reads, last_read) = store::first_waiting(&inner.records, room.saturating_sub(acts.len()))?;
        let taken_reads = reads.len() as u64;
        let acts = acts.into_iter().map(|(seq, body)| (Some(seq), body));
        let bodies = acts.chain(reads.into_iter().map(|body| (None, body)));
        // Each epoch's leaves in an order that only the key tells: where a record lies does not say how many others there are.
        let mut slots: Vec<u64> = (first..first + leaves).collect();
        let chance: Hash = self.entropy.bytes();
        slots.sort_by_cached_key(|leaf| ((leaf - first) / LEAVES_PER_EPOCH, self.keys.slot(&chance, *leaf)));
        let mut placed: Vec<Placed> =
            slots.into_iter().zip(bodies).map(|(leaf, (entry, body))| Placed { leaf, entry, body }).collect();
        placed.sort_by_key(|placed| placed.leaf);
        let state = State { size: first + leaves, epoch: Some(epoch), through };
        store::add(&mut inner.records, (Some((first, &chance)), &placed), last_read, &state)?;
        inner.chances.push(first, chance);
        // From here on the records are the truth: whatever fails is made again from them.
        let grower = inner.grower.take();
        inner.state = state;
        inner.waiting = inner.waiting.saturating_sub(taken_reads);
        held(&self.acts).waiting.drain(..taken_acts);
        let Some(mut grower) = grower else { return self.take_up(inner) };
        let mut failed = None;
        let mut records = placed.iter().peekable();
        for leaf in first..first + leaves {
            let record = records.next_if(|placed| placed.leaf == leaf);
            let entry = self.keys.leaf(&chance, leaf, record.map_or(PAD, |placed| &placed.body));
            grower.push(entry, &mut |tile, bytes| self.write(&tile, &bytes, &mut failed));
        }
        failed.map_or(Ok(()), Err)?;
        self.publish(&grower)?;
        inner.grower = Some(grower);
        Ok(())
    }
}

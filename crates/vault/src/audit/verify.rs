//! Checks an audit log from one end to the other: records against tiles, tiles against signed heads, records against the
//! journal, and all of it against a checkpoint that somebody kept.

use std::path::Path;
use std::sync::Arc;

use model::Entropy;
use rusqlite::Connection;
use tlog::{
    CHECKPOINT, Checkpoint, Grower, Hash, Kind, NoteError, Published, TILE_WIDTH, Tile, entries_of, inclusion,
    verify_inclusion,
};

use super::keys::{LogKeys, SALT, SIGN, SIGNED};
use super::log::{each_leaf, signed_in};
use super::record::{self, PAD};
use super::store::{self, Chances, Row, State};
use super::{AuditError, FILE, FOLDER};
use crate::codec;
use crate::error::JournalError;
use crate::journal::{Head, sqlite};
use crate::keys;
use crate::sealing::AtRest;
use crate::verify::{FILE as JOURNAL, NoChance};

const ENTRIES_AT_ONCE: usize = 1024;

/// What a check found in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Name of the log.
    pub origin: String,
    /// Leaves that are published.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Leaves that are acts of the journal.
    pub acts: u64,
    /// Leaves that are reads.
    pub reads: u64,
    /// Leaves that are padding.
    pub padding: u64,
    /// Acts and reads that wait for their epoch.
    pub waiting: u64,
    /// Leaves of the checkpoint that was kept, if one was given.
    pub kept: Option<u64>,
}

/// One leaf with everything that shows that it is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Its place.
    pub index: u64,
    /// Its record; `None` for padding, which has neither.
    pub record: Option<Vec<u8>>,
    /// The salt that its commitment is made with.
    pub salt: Hash,
    /// Hashes from the leaf to the root.
    pub path: Vec<Hash>,
    /// The signed head of the tree.
    pub checkpoint: String,
    /// The key that signed it.
    pub key: String,
}

/// A log on disk that nobody writes to from here.
struct Disk {
    records: Connection,
    state: State,
    keys: LogKeys,
    published: Published,
    name: String,
    head: Checkpoint,
    note: Vec<u8>,
    at_rest: Option<AtRest>,
    chances: Chances,
}

fn key(keys_dir: &Path, name: &str, leaves: u64) -> Result<[u8; 32], AuditError> {
    let missing = || AuditError::KeyMissing { path: keys_dir.join(name), leaves };
    keys::existing(keys_dir, name)?.ok_or_else(missing)
}

impl Disk {
    /// The heads are read before the records: a log that grows meanwhile only runs ahead of them.
    fn open(data_dir: &Path, keys_dir: &Path) -> Result<Self, AuditError> {
        let path = data_dir.join(FILE);
        if !path.exists() {
            // Without its records the rest of a log shows nothing but that it is damaged.
            let there = data_dir.join(FOLDER).exists();
            let lost = || AuditError::NoCheckpoint(path.display().to_string());
            return Err(if there { lost() } else { AuditError::NoLog(data_dir.to_owned()) });
        }
        let records = sqlite::open_read_only(&path)?;
        let leaves = store::state(&records)?.size;
        let keys = LogKeys::new(&key(keys_dir, SIGN, leaves)?, &key(keys_dir, SALT, leaves)?)?;
        let kept = signed_in(&keys_dir.join(SIGNED), &keys)?;
        let published = Published::at(data_dir.join(FOLDER));
        let name = data_dir.join(FOLDER).join(CHECKPOINT).display().to_string();
        let note = published.file(CHECKPOINT)?.ok_or_else(|| AuditError::NoCheckpoint(name.clone()))?;
        let head = keys.read(&note).map_err(|why| AuditError::Checkpoint { name: name.clone(), why })?;
        // From here on one moment of it: a server may be adding to it.
        records.execute_batch("BEGIN")?;
        let (state, chances) = (store::state(&records)?, Chances::of(&records)?);
        let no_chance: Arc<dyn Entropy> = Arc::new(NoChance);
        let at_rest = AtRest::look(keys_dir, &no_chance)?;
        let disk = Self { records, state, keys, published, name, head, note, at_rest, chances };
        if let Some(kept) = kept {
            disk.is_not_before(&kept, &keys_dir.join(SIGNED).display().to_string())?;
        }
        if disk.head.size > disk.state.size {
            let Checkpoint { size, .. } = disk.head;
            let what = path.display().to_string();
            return Err(AuditError::RolledBack { what, says: disk.state.size, kept: disk.name, had: size });
        }
        Ok(disk)
    }

    /// The published head says no less than one that was signed before.
    fn is_not_before(&self, kept: &Checkpoint, name: &str) -> Result<(), AuditError> {
        if kept.size > self.head.size {
            return Err(AuditError::RolledBack {
                what: self.name.clone(),
                says: self.head.size,
                kept: name.to_owned(),
                had: kept.size,
            });
        }
        if kept.size == self.head.size && kept.root != self.head.root {
            return Err(AuditError::Rewritten { size: kept.size, name: name.to_owned() });
        }
        Ok(())
    }

    /// Compares a tile that the records make with the one that is published.
    fn same(&self, tile: &Tile, made: &[u8]) -> Result<(), AuditError> {
        let there = self.published.bytes(tile)?;
        if there == made {
            return Ok(());
        }
        let step = match tile.kind {
            Kind::Hashes(_) => 32,
            Kind::Entries => {
                entries_of(made, tile.width).map_or(34, |entries| entries.first().map_or(34, |e| e.len() + 2))
            }
        };
        let at = there.chunks(step).zip(made.chunks(step)).take_while(|(there, made)| there == made).count() as u64;
        let why = match tile.kind {
            Kind::Entries | Kind::Hashes(0) => format!("leaf {} is another", tile.index * TILE_WIDTH + at),
            Kind::Hashes(_) => format!("hash {at} does not follow from the tiles below"),
        };
        let path = format!("{FOLDER}/{}", tile.path());
        Err(AuditError::Tile { path, why })
    }
}

/// What the walk over the leaves counts and looks for.
struct Walk<'a> {
    grower: Grower,
    /// Earlier heads: at each, the tree must have had its root.
    heads: Vec<(&'a str, &'a Checkpoint)>,
    acts: u64,
    reads: u64,
}

impl Walk<'_> {
    fn check(&self) -> Result<(), AuditError> {
        let size = self.grower.size();
        match self.heads.iter().find(|(_, head)| head.size == size && head.root != self.grower.root()) {
            Some((name, _)) => Err(AuditError::Rewritten { size, name: (*name).to_owned() }),
            None => Ok(()),
        }
    }

    fn leaf(&mut self, disk: &Disk, leaf: u64, row: Option<&Row>) -> Result<(), AuditError> {
        match row {
            Some(Row { entry: Some(_), .. }) => self.acts += 1,
            Some(_) => self.reads += 1,
            None => {}
        }
        let entry = disk.keys.leaf(&disk.chances.at(leaf), leaf, row.map_or(PAD, |row| &row.body));
        let mut wrong = None;
        self.grower.push(entry, &mut |tile, made| {
            if wrong.is_none() {
                wrong = disk.same(&tile, &made).err();
            }
        });
        wrong.map_or(Ok(()), Err)?;
        self.check()
    }
}

/// Reads a checkpoint that somebody kept.
fn kept(disk: &Disk, against: Option<(&Path, &[u8])>) -> Result<Option<(String, Checkpoint)>, AuditError> {
    let Some((path, note)) = against else { return Ok(None) };
    let name = path.display().to_string();
    let head = disk.keys.read(note).map_err(|why: NoteError| AuditError::Checkpoint { name: name.clone(), why })?;
    disk.is_not_before(&head, &name)?;
    Ok(Some((name, head)))
}

/// Checks the audit log of a data folder, `against` a checkpoint that was kept if one is given. Nothing is written, and no
/// more than the right edge of the tree is held, however long the log is. It may be served meanwhile.
///
/// # Errors
/// [`AuditError`] says what is wrong, and where.
pub fn verify(data_dir: &Path, keys_dir: &Path, against: Option<(&Path, &[u8])>) -> Result<AuditReport, AuditError> {
    let disk = Disk::open(data_dir, keys_dir)?;
    let kept = kept(&disk, against)?;
    let heads = kept.iter().map(|(name, head)| (name.as_str(), head)).chain([(disk.name.as_str(), &disk.head)]);
    let mut walk = Walk { grower: Grower::new(), heads: heads.collect(), acts: 0, reads: 0 };
    walk.check()?;
    let size = disk.head.size;
    // Tiles that are not there as they should be are told before what they would make of the tree.
    let checked = each_leaf(&disk.records, size, &mut |leaf, row| walk.leaf(&disk, leaf, row.as_ref()));
    match checked {
        Err(rewritten @ AuditError::Rewritten { .. }) => {
            for (tile, made) in walk.grower.partial().iter().filter(|_| walk.grower.size() == size) {
                disk.same(tile, made)?;
            }
            return Err(rewritten);
        }
        checked => checked?,
    }
    for (tile, made) in walk.grower.partial() {
        disk.same(&tile, &made)?;
    }
    if let Some(index) = store::beyond(&disk.records, disk.state.size)? {
        return Err(AuditError::Record { index, why: "it lies beyond the end of the log".to_owned() });
    }
    let (acts, reads) = (walk.acts, walk.reads);
    let waiting = journal(&disk, &data_dir.join(JOURNAL))? + store::waiting(&disk.records)?;
    let Checkpoint { origin, root, .. } = disk.head;
    let kept = kept.map(|(_, head)| head.size);
    Ok(AuditReport { origin, size, root, acts, reads, padding: size - acts - reads, waiting, kept })
}

/// Checks that the acts of the journal and the records of acts are the same; gives how many acts have no record yet.
fn journal(disk: &Disk, path: &Path) -> Result<u64, AuditError> {
    if !path.exists() {
        return Err(AuditError::NoCheckpoint(path.display().to_string()));
    }
    let connection = sqlite::open_read_only(path)?;
    let moment = connection.unchecked_transaction()?;
    let mut head = Head::default();
    let (mut waiting, mut matched) = (0, 0);
    loop {
        let entries = sqlite::read_raw(&moment, head.seq + 1, ENTRIES_AT_ONCE)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            head = sqlite::follows(&head, &entry)?;
            let corrupt = |error: codec::CodecError| JournalError::corrupt(entry.seq, error.to_string());
            let kind = codec::type_of(&entry.body).map_err(corrupt)?;
            if !record::ACT_TYPES.contains(&kind) {
                continue;
            }
            let body = codec::decode(&sqlite::opened(disk.at_rest.as_ref(), &entry)?.plain).map_err(corrupt)?;
            let Some(made) = record::of_act(&disk.keys, entry.seq, entry.at, &entry.hash, &body) else { continue };
            let (seq, wrong) = (entry.seq, |why| AuditError::Entry { seq: entry.seq, kind, why });
            match store::of_entry(&disk.records, seq)? {
                Some(row) if row.body == made => matched += 1,
                Some(_) => return Err(wrong("its record says something else: one of the two was rewritten")),
                None if seq <= disk.state.through => {
                    return Err(wrong("the log should have a record of it, and has none"));
                }
                None => waiting += 1,
            }
        }
    }
    if head.seq < disk.state.through {
        return Err(AuditError::JournalBefore { entries: head.seq, had: disk.state.through });
    }
    // Every row with a place in the journal was met there, or it is of an act that never was.
    if store::acts(&disk.records)? > matched {
        let index = stray(disk, &moment)?;
        return Err(AuditError::Record { index, why: "the journal has no such act".to_owned() });
    }
    Ok(waiting)
}

/// The first record of an act that is no act of the journal.
fn stray(disk: &Disk, journal: &Connection) -> Result<u64, AuditError> {
    let mut found = 0;
    each_leaf(&disk.records, disk.state.size, &mut |leaf, row| {
        let Some(seq) = row.and_then(|row: Row| row.entry).filter(|_| found == 0) else { return Ok(()) };
        let entry = sqlite::read_raw(journal, seq, 1)?.into_iter().find(|entry| entry.seq == seq);
        let opened = entry.map(|entry| sqlite::opened(disk.at_rest.as_ref(), &entry)).transpose()?;
        let body = opened.and_then(|opened| codec::decode(&opened.plain).ok());
        if !body.is_some_and(|body| record::is_act(&body)) {
            found = leaf;
        }
        Ok(())
    })?;
    Ok(found)
}

/// One leaf with its record, its salt and the proof that it is in the published tree. The proof is checked before it is given.
///
/// # Errors
/// [`AuditError`]
pub fn prove(data_dir: &Path, keys_dir: &Path, index: u64) -> Result<Proved, AuditError> {
    let disk = Disk::open(data_dir, keys_dir)?;
    let Checkpoint { size, root, .. } = disk.head;
    if index >= size {
        return Err(AuditError::NoLeaf { index, size });
    }
    let record = store::of_leaf(&disk.records, index)?;
    let path = inclusion(&disk.published.tree(size), index, size)?;
    let leaf = disk.keys.leaf(&disk.chances.at(index), index, record.as_deref().unwrap_or(PAD));
    let another = |_| AuditError::Tile { path: format!("{FOLDER}/tile"), why: format!("leaf {index} is another") };
    verify_inclusion(&leaf, index, size, &root, &path).map_err(another)?;
    let checkpoint = String::from_utf8_lossy(&disk.note).into_owned();
    Ok(Proved {
        index,
        record,
        salt: disk.keys.salt(&disk.chances.at(index), index),
        path,
        checkpoint,
        key: disk.keys.verifier().to_string(),
    })
}

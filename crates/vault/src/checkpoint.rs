//! The signed checkpoint outside the data folder: a consistently rewritten chain does not match it.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use model::{Clock, Timestamp};

use crate::entry::Seq;
use crate::error::{JournalError, VaultError};
use crate::journal::{Head, Journal, sqlite};
use crate::keys::Keys;
use crate::{files, hex};

/// Name of the file in the keys folder.
const FILE: &str = "checkpoint";
/// What `accept` leaves of the checkpoint that it replaced.
const REPLACED: &str = "checkpoint.replaced";
const ENTRIES_AT_ONCE: usize = 1024;
const FILE_BYTES_MAX: u64 = 1024;
/// While entries are appended, the last one is signed this often.
const EVERY: Duration = Duration::from_secs(1);
const TITLE: &str = "fusioncell journal checkpoint 1";

/// A head of the journal, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) head: Head,
    pub(crate) at: Timestamp,
}

fn text(head: &Head, at: Timestamp) -> String {
    format!("{TITLE}\n{}\n{}\n{}\n", head.seq, hex::encode(&head.hash), at.as_millis())
}

/// Signs the journal's present head, and gives it.
pub(crate) fn sign(keys: &Keys, journal: &dyn Journal, clock: &dyn Clock) -> Result<Head, VaultError> {
    let _turn = keys.turn().lock().unwrap_or_else(PoisonError::into_inner);
    let head = journal.head();
    write(keys, &head, clock.now())?;
    Ok(head)
}

/// Puts the checkpoint that is there, if any, aside, so that the next one vouches for what it did not.
pub(crate) fn set_aside(keys: &Keys) -> Result<bool, VaultError> {
    let Some(folder) = keys.folder() else { return Ok(false) };
    let path = folder.join(FILE);
    match std::fs::rename(&path, folder.join(REPLACED)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(files::at(&path)(error)),
    }
}

/// Checks a journal against its checkpoint before anything is signed: the signed entry must be there as it was signed,
/// and the chain must go on from it to the head. What comes before it is checked by `verify`.
///
/// Entries after the signed one are what a process wrote in its last second before it was killed.
pub(crate) fn vouches(keys: &Keys, journal: &dyn Journal) -> Result<(), VaultError> {
    let (head, entries) = (read(keys)?.map(|signed| signed.head), journal.head().seq);
    let Some(signed) = head else {
        let keys_dir = keys.folder().unwrap_or_else(|| Path::new("")).to_owned();
        return if entries == 0 { Ok(()) } else { Err(VaultError::NoCheckpoint { keys_dir, entries }) };
    };
    let signed = after_genesis(&signed, entries)?;
    if signed.seq > 0 {
        match journal.read_raw(signed.seq, 1)?.first() {
            Some(entry) if entry.seq == signed.seq && entry.hash == signed.hash => {}
            Some(_) => {
                return Err(VaultError::Checkpoint(format!("entry {} is not the one that was signed", signed.seq)));
            }
            None => return Err(VaultError::Checkpoint(format!("entry {} was signed, but is not there", signed.seq))),
        }
    }
    let mut head = signed;
    loop {
        let entries = journal.read_raw(head.seq + 1, ENTRIES_AT_ONCE)?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            head = sqlite::follows(&head, entry)?;
        }
    }
    if head == journal.head() { Ok(()) } else { Err(JournalError::corrupt(head.seq + 1, "it is missing").into()) }
}

/// The head of an empty journal is signed before its first entry and that entry's before the second: it vouches for no more.
pub(crate) fn after_genesis(signed: &Head, entries: Seq) -> Result<Head, VaultError> {
    if signed.seq == 0 && entries > 1 {
        return Err(VaultError::Checkpoint(format!("it was signed while empty, but has {entries} entries")));
    }
    Ok(*signed)
}

/// Writes a checkpoint of `head`.
fn write(keys: &Keys, head: &Head, at: Timestamp) -> Result<(), VaultError> {
    let Some(folder) = keys.folder() else { return Ok(()) };
    let text = text(head, at);
    let signature = hex::encode(&keys.sign(text.as_bytes()));
    files::write_whole(&folder.join(FILE), format!("{text}{signature}\n").as_bytes())
}

/// Reads the checkpoint and checks its signature; `None` if there is none yet.
pub(crate) fn read(keys: &Keys) -> Result<Option<Checkpoint>, VaultError> {
    let Some(folder) = keys.folder() else { return Ok(None) };
    read_in(folder, keys.public())
}

/// Signs the journal's head every second in which it has moved, on a thread of its own.
pub(crate) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(crate) fn start(
        journal: &Arc<dyn Journal>,
        keys: &Arc<Keys>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, VaultError> {
        let (stop, stopped) = channel();
        let (journal, keys, clock) = (Arc::clone(journal), Arc::clone(keys), Arc::clone(clock));
        let mut signed = journal.head();
        let run = move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                // A checkpoint that cannot be written now is tried again a second later.
                if journal.head() != signed
                    && let Ok(head) = sign(&keys, &*journal, &*clock)
                {
                    signed = head;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoint".into()).spawn(run).map_err(JournalError::io)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, the vault signs at its end all the same.
            let _ = thread.join();
        }
    }
}

/// As [`read`], with the key's public half.
pub(crate) fn read_in(folder: &Path, public: &[u8]) -> Result<Option<Checkpoint>, VaultError> {
    let path = folder.join(FILE);
    let Some(bytes) = files::read_capped(&path, FILE_BYTES_MAX)? else { return Ok(None) };
    let bad = |why: &str| VaultError::Checkpoint(format!("{}: {why}", path.display()));
    let told = String::from_utf8(bytes).map_err(|_| bad("it is no text"))?;
    let lines: Vec<&str> = told.lines().collect();
    let [title, seq, hash, at, signature] = lines.as_slice() else { return Err(bad("it does not have five lines")) };
    let seq: Seq = seq.parse().map_err(|_| bad("its place is no number"))?;
    let hash = hex::decode(hash).ok_or_else(|| bad("its hash is not 64 hexadecimal digits"))?;
    let at = Timestamp::from_millis(at.parse().map_err(|_| bad("its time is no number"))?);
    let signature: [u8; 64] =
        hex::decode(signature).ok_or_else(|| bad("its signature is not 128 hexadecimal digits"))?;
    let head = Head { seq, hash };
    if *title != TITLE {
        return Err(bad("it is of another kind or version"));
    }
    UnparsedPublicKey::new(&ED25519, public)
        .verify(text(&head, at).as_bytes(), &signature)
        .map_err(|_| bad("its signature is not of this vault's key"))?;
    Ok(Some(Checkpoint { head, at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Still, tick};
    use crate::journal::memory::MemoryJournal;

    #[test]
    fn a_checkpoint_of_nothing_vouches_for_a_genesis_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("d.keys"), Arc::new(Still)).unwrap();
        let journal = MemoryJournal::new();
        vouches(&keys, &journal).unwrap();
        assert_eq!(sign(&keys, &journal, &Still).unwrap().seq, 0);
        vouches(&keys, &journal).unwrap();
        // Killed between the first entry and its checkpoint.
        journal.append(vec![tick(1)]).unwrap();
        vouches(&keys, &journal).unwrap();
        journal.append(vec![tick(2)]).unwrap();
        let error = vouches(&keys, &journal).unwrap_err();
        assert!(error.to_string().contains("signed while empty"), "{error}");
        assert!(set_aside(&keys).unwrap() && !set_aside(&keys).unwrap());
        assert!(matches!(vouches(&keys, &journal), Err(VaultError::NoCheckpoint { entries: 2, .. })));
        sign(&keys, &journal, &Still).unwrap();
        vouches(&keys, &journal).unwrap();
    }
}

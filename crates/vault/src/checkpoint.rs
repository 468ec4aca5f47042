//! The signed checkpoint outside the data folder: a consistently rewritten chain does not match it.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use model::{Clock, Timestamp};

use crate::entry::Seq;
use crate::error::{JournalError, VaultError};
use crate::journal::{Head, Journal};
use crate::keys::Keys;
use crate::{files, hex};

/// Name of the file in the keys folder.
const FILE: &str = "checkpoint";
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

/// Writes a checkpoint of `head`.
pub(crate) fn write(keys: &Keys, head: &Head, at: Timestamp) -> Result<(), VaultError> {
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
                let head = journal.head();
                // A checkpoint that cannot be written now is tried again a second later.
                if head != signed && write(&keys, &head, clock.now()).is_ok() {
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

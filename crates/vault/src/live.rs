//! The live state: a digest of what a server had made of the journal at one entry, noted beside the checkpoint, so that a
//! replay can be compared with it.

use crate::entry::Seq;
use crate::error::VaultError;
use crate::journal::{Head, Journal};
use crate::keys::Keys;
use crate::{files, hex};

/// Name of the file in the keys folder: whoever can rewrite the data folder cannot have a wrong state agree with it.
const FILE: &str = "fusion.live";
const FILE_BYTES_MAX: u64 = 1024;
const TITLE: &str = "fusioncell fusion state 1";
/// Another version may come to another state by right.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A digest of what a server of this version had made of all entries up to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveState {
    /// The last entry that was taken in.
    pub seq: Seq,
    /// The digest.
    pub digest: [u8; 32],
}

/// Writes the note, in place of an earlier one.
pub(crate) fn write(keys: &Keys, head: &Head, digest: &[u8; 32]) -> Result<(), VaultError> {
    let Some(folder) = keys.folder() else { return Ok(()) };
    let _turn = keys.turn().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (hash, digest) = (hex::encode(&head.hash), hex::encode(digest));
    files::write_whole(&folder.join(FILE), format!("{TITLE}\n{VERSION}\n{}\n{hash}\n{digest}\n", head.seq).as_bytes())
}

/// Removes the note: a replay cannot come to the same any more, since content was taken out.
pub(crate) fn forget(keys: &Keys) -> Result<(), VaultError> {
    let Some(folder) = keys.folder() else { return Ok(()) };
    let _turn = keys.turn().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = folder.join(FILE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(files::at(&path)(error)),
        _ => Ok(()),
    }
}

/// Reads the note; `None` if there is none, or if it is of another version or of other entries than these (an older copy of
/// the data folder may have been restored and accepted).
pub(crate) fn read(keys: &Keys, journal: &dyn Journal) -> Result<Option<LiveState>, VaultError> {
    let Some(folder) = keys.folder() else { return Ok(None) };
    let path = folder.join(FILE);
    let Some(bytes) = files::read_capped(&path, FILE_BYTES_MAX)? else { return Ok(None) };
    let bad = |why: &str| VaultError::LiveState { path: path.clone(), why: why.to_owned() };
    let told = String::from_utf8(bytes).map_err(|_| bad("it is no text"))?;
    let lines: Vec<&str> = told.lines().collect();
    let [title, version, seq, hash, digest] = lines.as_slice() else { return Err(bad("it does not have five lines")) };
    if (*title, *version) != (TITLE, VERSION) {
        return Ok(None);
    }
    let seq: Seq = seq.parse().map_err(|_| bad("its place is no number"))?;
    let hash: [u8; 32] = hex::decode(hash).ok_or_else(|| bad("its hash is not 64 hexadecimal digits"))?;
    let digest = hex::decode(digest).ok_or_else(|| bad("its digest is not 64 hexadecimal digits"))?;
    let entry = journal.read_raw(seq, 1)?.into_iter().next();
    Ok(entry.filter(|entry| (entry.seq, entry.hash) == (seq, hash)).map(|_| LiveState { seq, digest }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::conformance::{Still, tick};
    use crate::journal::memory::MemoryJournal;

    #[test]
    fn a_note_speaks_of_the_entries_that_it_was_made_of() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("d.keys");
        let keys = Keys::open(&place, Arc::new(Still)).unwrap();
        let journal = MemoryJournal::new();
        journal.append(vec![tick(1), tick(2)]).unwrap();
        assert_eq!(read(&keys, &journal).unwrap(), None);
        write(&keys, &journal.head(), &[9; 32]).unwrap();
        let noted = Some(LiveState { seq: 2, digest: [9; 32] });
        assert_eq!(read(&keys, &journal).unwrap(), noted);
        journal.append(vec![tick(3)]).unwrap();
        assert_eq!(read(&keys, &journal).unwrap(), noted);
        let other = MemoryJournal::new();
        other.append(vec![tick(1)]).unwrap();
        assert_eq!(read(&keys, &other).unwrap(), None, "a shorter journal");
        other.append(vec![tick(7)]).unwrap();
        assert_eq!(read(&keys, &other).unwrap(), None, "another entry in its place");
        let text = std::fs::read_to_string(place.join(FILE)).unwrap();
        std::fs::write(place.join(FILE), text.replace(VERSION, "0.0.0-other")).unwrap();
        assert_eq!(read(&keys, &journal).unwrap(), None, "another version");
        for bad in ["", "fusioncell fusion state 1", &text.replace("09", "zz"), &text.replace("\n2\n", "\ntwo\n")] {
            std::fs::write(place.join(FILE), bad).unwrap();
            let error = read(&keys, &journal).unwrap_err().to_string();
            assert!(error.contains("fusion.live"), "{error}");
        }
    }
}

//! A log that cannot go on: somebody vouched for another journal, or the keys were lost. It is put aside, and nothing is deleted.

use std::path::Path;

use model::Timestamp;

use super::keys::{SALT, SIGN, SIGNED};
use super::{FILE, FOLDER, store};
use crate::entry::Seq;
use crate::error::VaultError;
use crate::files;
use crate::keys::Keys;

/// Puts aside the last signed head, so that a log goes on from what there is, as somebody has just vouched for the journal with
/// `entries`; and the log itself where it cannot: it was made of more, or its keys are gone. Members who kept a head of it see
/// that it did not go on.
pub(crate) fn set_aside(dir: &Path, keys: &Keys, entries: Seq, now: Timestamp) -> Result<(), VaultError> {
    let Some(folder) = keys.folder() else { return Ok(()) };
    let aside = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".replaced-{}", now.as_millis()));
        match std::fs::rename(path, Path::new(&name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(files::at(path)(error)),
            _ => Ok(()),
        }
    };
    aside(&folder.join(SIGNED))?;
    aside(&dir.join(FOLDER).join(tlog::CHECKPOINT))?;
    let path = dir.join(FILE);
    if !path.exists() {
        return aside(&dir.join(FOLDER));
    }
    let state = {
        // Closing it empties its log into it: one file is moved.
        let records = store::open(&path).map_err(|error| VaultError::Audit(error.to_string()))?;
        store::state(&records).map_err(|error| VaultError::Audit(error.to_string()))?
    };
    let lost = state.size > 0 && [SIGN, SALT].iter().any(|name| !folder.join(name).exists());
    if lost || state.through > entries {
        aside(&path)?;
        aside(&dir.join(FOLDER))?;
    }
    Ok(())
}

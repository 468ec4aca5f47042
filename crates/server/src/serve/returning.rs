//! The store of own reports as each process opens it: the vault's writes it, a members' process reads it.

use std::path::Path;
use std::sync::Arc;

use ::own::{OwnKey, Reader, Writer};
use model::Entropy;
use vault::VaultError;

use super::ServeError;
use crate::returns::Reads;

/// Name of the key under which own reports are sealed, in the keys folder.
const OWN_KEY: &str = "own.key";

/// For the vault's process: makes key and file if they are absent.
pub(super) fn writer(path: &Path, keys: &Path, entropy: Arc<dyn Entropy>) -> Result<Writer, ServeError> {
    let key = vault::own_key(keys, OWN_KEY, &*entropy, true).map_err(VaultError::from)?;
    let key = OwnKey::new(&key.ok_or(ServeError::Stopped("key of own reports"))?);
    Ok(Writer::in_file(path, key, entropy)?)
}

/// For a members' process; without the key own reports are not shown.
pub(super) fn reader(path: &Path, keys: &Path, entropy: &dyn Entropy) -> Result<Option<Reader>, ServeError> {
    match vault::own_key(keys, OWN_KEY, entropy, false).map_err(VaultError::from)? {
        Some(key) => Ok(Some(Reader::in_file(path, OwnKey::new(&key))?)),
        None => {
            tracing::warn!("{}/{OWN_KEY} is not there: own reports are not shown", keys.display());
            Ok(None)
        }
    }
}

/// Notes which threads were read.
pub(super) fn told(reads: &Reads) -> intake::OnRead {
    let reads = reads.clone();
    Arc::new(move |organisation, case| reads.note(organisation, case))
}

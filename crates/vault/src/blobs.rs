//! Bytes of data sets, named by their SHA-256, so that the journal holds only the hash. In plain: they are public lists.
//! Whatever comes from a member (a mail, a sample) needs a keyed name and encryption, and has no place here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::error::VaultError;
use crate::{files, hex};

/// Longest blob.
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where blobs are kept.
#[derive(Debug)]
pub(crate) enum Blobs {
    /// In a folder, a file each.
    Folder(PathBuf),
    /// In a vault in memory, by their hashes.
    Memory(Mutex<HashMap<[u8; 32], Vec<u8>>>),
}

/// SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}

impl Blobs {
    /// Those in a folder.
    pub(crate) const fn at(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }

    /// None yet, in memory.
    pub(crate) fn in_memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// Stores bytes and gives their hash.
    pub(crate) fn put(&self, bytes: &[u8]) -> Result<[u8; 32], VaultError> {
        let hash = sha256(bytes);
        let name = hex::encode(&hash);
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(VaultError::Blob { name, why: format!("it has more than {BLOB_BYTES_MAX} bytes") });
        }
        match self {
            Self::Folder(folder) => {
                files::private_folder(folder)?;
                files::close_to_others(folder)?;
                let path = folder.join(&name);
                if !path.exists() {
                    files::write_whole(&path, bytes)?;
                }
            }
            Self::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, bytes.to_vec());
            }
        }
        Ok(hash)
    }

    /// Reads bytes back and checks that they are what their name says.
    pub(crate) fn get(&self, hash: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        let name = hex::encode(hash);
        let bytes = match self {
            Self::Folder(folder) => files::read_capped(&folder.join(&name), BLOB_BYTES_MAX as u64 + 1)?,
            Self::Memory(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned(),
        };
        let bytes = bytes.ok_or_else(|| VaultError::Blob { name: name.clone(), why: "it is absent".to_owned() })?;
        if sha256(&bytes) == *hash {
            Ok(bytes)
        } else {
            Err(VaultError::Blob { name, why: "its bytes are not what its name says".to_owned() })
        }
    }
}

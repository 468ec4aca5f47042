//! Folders and files that only their owner may read, and writing a file so that it is whole or absent.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::VaultError;

/// Wraps an I/O error with the path that it is about.
pub(crate) fn at(path: &Path) -> impl Fn(std::io::Error) -> VaultError + '_ {
    move |error| VaultError::File { path: path.to_owned(), error }
}

/// Makes a folder of mode 700 with its parents, if it is absent.
pub(crate) fn private_folder(path: &Path) -> Result<(), VaultError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))
}

/// Whether others than the owner may read or write a file or folder.
pub(crate) fn open_to_others(path: &Path) -> Result<bool, VaultError> {
    Ok(fs::metadata(path).map_err(at(path))?.permissions().mode() & 0o077 != 0)
}

/// Writes a file of mode 600 beside its place, syncs it, and moves it there: it is whole or as it was before.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).map_err(at(&beside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(&beside))?;
    fs::rename(&beside, path).map_err(at(path))?;
    let folder = path.parent().unwrap_or(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// Reads a file of at most `max` bytes; `None` if there is none.
pub(crate) fn read_capped(path: &Path, max: u64) -> Result<Option<Vec<u8>>, VaultError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes).map_err(at(path))?;
    Ok(Some(bytes))
}

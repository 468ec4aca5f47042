//! Folders and files that only their owner may read, and writing a file so that it is whole or absent.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::VaultError;

/// Two threads that write one file must not meet in the file beside it.
static WRITING: Mutex<()> = Mutex::new(());

/// Wraps an I/O error with the path that it is about.
pub(crate) fn at(path: &Path) -> impl Fn(std::io::Error) -> VaultError + '_ {
    move |error| VaultError::File { path: path.to_owned(), error }
}

/// Syncs a folder, so that what was made in it is still there after a power cut.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    // The parent of a bare name is the empty path, which stands for the present folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// Makes a folder of mode 700 with its parents, if it is absent.
pub(crate) fn private_folder(path: &Path) -> Result<(), VaultError> {
    let absent: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    absent.into_iter().filter_map(Path::parent).try_for_each(sync_folder)
}

/// Takes every right to a file or folder from everybody but its owner.
pub(crate) fn close_to_others(path: &Path) -> Result<(), VaultError> {
    let mode = fs::metadata(path).map_err(at(path))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7700)).map_err(at(path))
}

/// Makes an empty file of mode 600 if there is none; one that is there is closed to others.
pub(crate) fn private_file(path: &Path) -> Result<(), VaultError> {
    let absent = !path.exists();
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(at(path))?;
    if absent {
        sync_folder(path.parent().unwrap_or(path))?;
    }
    close_to_others(path)
}

/// Whether a place, at which there need be nothing yet, is a folder that exists or lies in it; symbolic links are followed.
pub(crate) fn lies_in(path: &Path, folder: &Path) -> Result<bool, VaultError> {
    let folder = folder.canonicalize().map_err(at(folder))?;
    let mut place = PathBuf::new();
    for part in std::path::absolute(path).map_err(at(path))?.components() {
        if part == Component::ParentDir {
            // What it names is known without links by now.
            place.pop();
            continue;
        }
        place.push(part);
        match place.canonicalize() {
            Ok(real) => place = real,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&place)(error)),
        }
    }
    Ok(place.starts_with(folder))
}

/// Whether others than the owner may read or write a file or folder.
pub(crate) fn open_to_others(path: &Path) -> Result<bool, VaultError> {
    Ok(fs::metadata(path).map_err(at(path))?.permissions().mode() & 0o077 != 0)
}

/// Writes a file of mode 600 beside its place, syncs it, and moves it there: it is whole or as it was before.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).map_err(at(&beside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(&beside))?;
    fs::rename(&beside, path).map_err(at(path))?;
    sync_folder(path.parent().unwrap_or(path))
}

/// Adds a line to a file that only its owner reads, and has it on disk. Half a line that a full disk left before it stays apart.
pub(crate) fn add_line(path: &Path, line: &str) -> Result<(), VaultError> {
    private_file(path)?;
    let mut file = OpenOptions::new().append(true).open(path).map_err(at(path))?;
    file.write_all(format!("\n{line}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Overwrites a file and removes it. That no block of the disk has it still is not in our hands.
pub(crate) fn destroy(path: &Path) -> Result<(), VaultError> {
    let length = fs::metadata(path).map_err(at(path))?.len();
    let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
    file.write_all(&zeros).and_then(|()| file.sync_all()).map_err(at(path))?;
    fs::remove_file(path).map_err(at(path))?;
    sync_folder(path.parent().unwrap_or(path))
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

//! A copy of a data folder while it is served, and back again: data and keys go to two places, so that whoever finds one copy of the
//! two learns no more than a thief of that one folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::audit;
use crate::error::{JournalError, VaultError};
use crate::journal::sqlite::open_read_only;
use crate::keys::default_keys_dir;
use crate::sealing::at_rest::CONTENT_FOLDER;
use crate::sealing::key_store::KEYS_END;
use crate::verify::{self, FILE, Report};
use crate::{aged, erased, files};

/// Folders of the data folder that hold whole files.
const FOLDERS: [&str; 2] = ["blobs", "files"];
/// Lies in a copy until it is whole.
const UNFINISHED: &str = "unfinished";
/// Deepest folder within those, and within the tiles of the audit log.
const DEPTH_MAX: usize = 8;

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Stores and files of the data folder.
    pub data: u64,
    /// Files of the keys folder.
    pub keys: u64,
}

/// Copies a data folder that may be in use, and its keys to a place of their own. Both places are made, or are empty.
///
/// The keys go first: the checkpoint among them is then of a head that the copy of the journal has. The journal's store goes last
/// of the stores: every view of it in the copy is as old or older, and catches up when it is served.
///
/// # Errors
/// [`VaultError`] if a place is not empty or lies in the other, or something cannot be read or written. What was written by then
/// is left, and is no backup.
pub fn backup(data_dir: &Path, keys_dir: Option<PathBuf>, to: &Path, keys_to: &Path) -> Result<Copied, VaultError> {
    let keys_dir = keys_dir.unwrap_or_else(|| default_keys_dir(data_dir));
    let journal = data_dir.join(FILE);
    fs::metadata(&journal).map_err(files::at(&journal))?;
    empty(to)?;
    empty(keys_to)?;
    for (keys, data) in [(keys_to, to), (keys_to, data_dir), (keys_dir.as_path(), to)] {
        apart(keys, data)?;
    }
    let unfinished = to.join(UNFINISHED);
    files::private_file(&unfinished)?;
    let mut keys = copy_folder(&keys_dir, keys_to, 0)?;
    // What is published goes before the records that it is made of, and its head before its tiles: what the copy's head says is
    // then in the copy. It goes on from there when it is served.
    let mut data = copy_audit(data_dir, to)?;
    for name in stores(data_dir)? {
        copy_store(&data_dir.join(&name), &to.join(&name))?;
        data += 1;
    }
    // After the journal, which names them; what comes in between belongs to no entry of the copy and is swept away.
    data += copy_folders(data_dir, to)?;
    keys += copy_later_keys(&keys_dir, keys_to, "key")?;
    let (content, place) = (keys_dir.join(CONTENT_FOLDER), keys_to.join(CONTENT_FOLDER));
    if content.exists() {
        files::private_folder(&place)?;
        keys += copy_later_keys(&content, &place, KEYS_END)?;
    }
    // What was taken out meanwhile has lost keys that the copy counts on; each list is written before a key is destroyed.
    for list in [erased::FILE, aged::FILE] {
        let taken_out = keys_dir.join(list);
        if taken_out.exists() {
            copy_file(&taken_out, &keys_to.join(list))?;
        }
    }
    fs::remove_file(&unfinished).map_err(files::at(&unfinished))?;
    files::sync_folder(to)?;
    files::sync_folder(keys_to)?;
    Ok(Copied { data, keys })
}

/// Lays a backup out as a data folder and, where a copy of the keys is named, its keys folder, and checks it. Both are made, or are
/// empty; without a copy of the keys, the keys folder must be there.
///
/// # Errors
/// As [`backup`], and as [`verify::verify`]: a backup that its keys do not vouch for is told so, and is left for a look.
pub fn restore(
    from: &Path,
    keys_from: Option<&Path>,
    data_dir: &Path,
    keys_dir: Option<PathBuf>,
) -> Result<(Copied, Report), VaultError> {
    let keys_dir = keys_dir.unwrap_or_else(|| default_keys_dir(data_dir));
    let journal = from.join(FILE);
    fs::metadata(&journal).map_err(files::at(&journal))?;
    if from.join(UNFINISHED).exists() {
        return Err(VaultError::Unfinished(from.to_owned()));
    }
    empty(data_dir)?;
    let keys = match keys_from {
        Some(keys_from) => {
            empty(&keys_dir)?;
            apart(&keys_dir, data_dir)?;
            let copied = copy_folder(keys_from, &keys_dir, 0)?;
            files::sync_folder(&keys_dir)?;
            copied
        }
        None => 0,
    };
    let mut data = 0;
    for name in stores(from)? {
        copy_file(&from.join(&name), &data_dir.join(&name))?;
        data += 1;
    }
    data += copy_folders(from, data_dir)? + copy_audit(from, data_dir)?;
    files::sync_folder(data_dir)?;
    let report = verify::verify(data_dir, &keys_dir)?;
    Ok((Copied { data, keys }, report))
}

/// Copies keys that were made meanwhile, such as that of a new month: they have sealed or counted what is in the copy by now.
fn copy_later_keys(from: &Path, to: &Path, end: &str) -> Result<u64, VaultError> {
    let mut copied = 0;
    for entry in fs::read_dir(from).map_err(files::at(from))? {
        let entry = entry.map_err(files::at(from))?;
        let place = to.join(entry.file_name());
        if entry.path().extension().is_some_and(|its| its == end) && !place.exists() {
            copy_file(&entry.path(), &place)?;
            copied += 1;
        }
    }
    files::sync_folder(to)?;
    Ok(copied)
}

/// Makes a folder that only its owner enters, or finds it empty.
fn empty(folder: &Path) -> Result<(), VaultError> {
    files::private_folder(folder)?;
    if fs::read_dir(folder).map_err(files::at(folder))?.next().is_some() {
        return Err(VaultError::NotEmpty(folder.to_owned()));
    }
    files::close_to_others(folder)
}

/// Keys never lie within data, nor data within keys.
fn apart(keys: &Path, data: &Path) -> Result<(), VaultError> {
    if files::lies_in(keys, data)? || files::lies_in(data, keys)? {
        return Err(VaultError::KeysInside { keys_dir: keys.to_owned(), data_dir: data.to_owned() });
    }
    Ok(())
}

/// The stores of a data folder, the journal's last.
fn stores(folder: &Path) -> Result<Vec<String>, VaultError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(files::at(folder))? {
        let name = entry.map_err(files::at(folder))?.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|end| end == "db") {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (name == FILE, name.clone()));
    Ok(names)
}

/// Copies a store as it stands at one moment, while others may write to it. It is laid out anew in the order of keys, so that the
/// order of its pages tells nothing of when they were written.
fn copy_store(from: &Path, to: &Path) -> Result<(), VaultError> {
    files::private_file(to)?;
    let connection: Connection = open_read_only(from)?;
    // The copy takes it over: what is moved from page to page while it is made must not lie on where it was.
    connection.pragma_update(None, "secure_delete", "ON").map_err(JournalError::from)?;
    let text = to.to_str().ok_or_else(|| JournalError::io(format!("{} is no text", to.display())))?;
    connection.execute("VACUUM INTO ?1", [text]).map_err(JournalError::from)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(files::at(to))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), VaultError> {
    files::private_file(to)?;
    fs::copy(from, to).map_err(files::at(from))?;
    files::close_to_others(to)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(files::at(to))
}

/// Copies what is published of the audit log, if there is any.
fn copy_audit(from: &Path, to: &Path) -> Result<u64, VaultError> {
    let (from, to) = (from.join(audit::FOLDER), to.join(audit::FOLDER));
    let head = from.join(tlog::CHECKPOINT);
    if !head.exists() {
        return Ok(0);
    }
    files::private_folder(&to)?;
    copy_file(&head, &to.join(tlog::CHECKPOINT))?;
    let tiles = from.join("tile");
    let key = from.join(tlog::KEY);
    if key.exists() {
        copy_file(&key, &to.join(tlog::KEY))?;
    }
    Ok(2 + if tiles.exists() { copy_folder(&tiles, &to.join("tile"), 0)? } else { 0 })
}

fn copy_folders(from: &Path, to: &Path) -> Result<u64, VaultError> {
    let there = FOLDERS.iter().filter(|name| from.join(name).exists());
    there.map(|name| copy_folder(&from.join(name), &to.join(name), 0)).sum()
}

fn copy_folder(from: &Path, to: &Path, depth: usize) -> Result<u64, VaultError> {
    files::private_folder(to)?;
    let mut copied = 0;
    for entry in fs::read_dir(from).map_err(files::at(from))? {
        let entry = entry.map_err(files::at(from))?;
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(files::at(&path))?;
        if kind.is_dir() && depth < DEPTH_MAX {
            copied += copy_folder(&path, &place, depth + 1)?;
        } else if kind.is_file() {
            match copy_file(&path, &place) {
                Ok(()) => copied += 1,
                // What was recalled, or given up in the midst of coming, while the folder was read.
                Err(_) if !path.exists() => fs::remove_file(&place).map_err(files::at(&place))?,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(copied)
}

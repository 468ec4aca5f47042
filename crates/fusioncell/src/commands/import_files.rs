//! Which files an import reads: those named, and all that lie under the folders named, in a fixed order.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use formats::{Format, detect_format};

/// Deepest folder that an import goes into.
const DEPTH_MAX: usize = 64;
/// Bytes of a manifest by which a MISP feed is recognised.
const HEAD_BYTES: u64 = 64 << 10;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its size on disk.
    pub bytes: u64,
    /// It is the `hashes.csv` of a MISP feed: an index of values that the feed's events hold.
    pub feed_index: bool,
    /// It was named itself, not found in a folder: then it has to be of a known format.
    pub named: bool,
}

/// The files, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Files {
    /// In the order of the command line; those of a folder by name.
    pub found: Vec<Found>,
    /// Paths that could not be opened, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// What lies in a folder and is not looked into, and why.
    pub passed_over: Vec<(PathBuf, &'static str)>,
}

/// Looks for the files of `paths`. A link is followed where it is named, not where it lies in a folder: no endless walk.
pub fn find(paths: &[PathBuf]) -> Files {
    let mut files = Files::default();
    for path in paths {
        match fs::metadata(path) {
            Ok(data) if data.is_dir() => walk(path, 0, &mut files),
            Ok(data) => {
                let (feed_index, path) = (is_feed_index(path), path.clone());
                files.found.push(Found { feed_index, path, bytes: data.len(), named: true });
            }
            Err(error) => files.unreadable.push((path.clone(), error.to_string())),
        }
    }
    files
}

fn walk(folder: &Path, depth: usize, files: &mut Files) {
    if depth >= DEPTH_MAX {
        files.unreadable.push((folder.to_owned(), format!("lies more than {DEPTH_MAX} folders deep")));
        return;
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return files.unreadable.push((folder.to_owned(), error.to_string())),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // Hidden files are a tool's own: `.git`, `.DS_Store`.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        match fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => walk(&path, depth + 1, files),
            Ok(data) if data.is_file() => {
                files.found.push(Found { feed_index: is_feed_index(&path), path, bytes: data.len(), named: false });
            }
            Ok(data) if data.is_symlink() => {
                files
                    .passed_over
                    .push((path, "is a link: links inside a folder are not followed, name it to have it read"));
            }
            Ok(_) => files.passed_over.push((path, "is neither a file nor a folder")),
            Err(error) => files.unreadable.push((path, error.to_string())),
        }
    }
}

/// Whether a file is `hashes.csv` beside the manifest of a MISP feed.
fn is_feed_index(path: &Path) -> bool {
    if path.file_name().is_none_or(|name| name != "hashes.csv") {
        return false;
    }
    let mut head = Vec::new();
    let manifest = File::open(path.with_file_name("manifest.json"));
    manifest.is_ok_and(|file| file.take(HEAD_BYTES).read_to_end(&mut head).is_ok())
        && detect_format(&head) == Some(Format::MispManifest)
}

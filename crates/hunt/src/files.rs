//! Which files a hunt reads: those named, and all that lie under the folders named, in a fixed order.

use std::fs;
use std::path::{Path, PathBuf};

/// Deepest folder.
const DEPTH_MAX: usize = 64;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Bytes on the disk.
    pub bytes: u64,
    /// A file whose places can be read in any order.
    pub is_file: bool,
}

impl Source {
    /// Whether it is standard input.
    #[must_use]
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

/// What to read, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Sources {
    /// In order.
    pub all: Vec<Source>,
    /// Paths and why.
    pub unreadable: Vec<String>,
    /// Links, pipes and devices that lie in folders: they are read only where they are named.
    pub passed_over: u64,
}

/// Looks for the files of `paths`. A link is followed where it is named, not where it lies in a folder: no endless walk.
#[must_use]
pub fn find(paths: &[PathBuf]) -> Sources {
    let mut sources = Sources::default();
    for path in paths {
        if path.as_os_str() == "-" {
            sources.all.push(Source { path: path.clone(), bytes: 0, is_file: false });
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => walk(path, 0, &mut sources),
            Ok(meta) => {
                let source = Source { path: path.clone(), bytes: meta.len(), is_file: meta.is_file() };
                sources.all.push(source);
            }
            Err(why) => sources.unreadable.push(format!("{}: {why}", path.display())),
        }
    }
    sources
}

fn walk(folder: &Path, depth: usize, sources: &mut Sources) {
    let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) if depth < DEPTH_MAX => entries,
        Ok(_) => {
            sources.unreadable.push(format!("{}: lies more than {DEPTH_MAX} folders deep", folder.display()));
            return;
        }
        Err(why) => {
            sources.unreadable.push(format!("{}: {why}", folder.display()));
            return;
        }
    };
    let mut entries = entries;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => walk(&entry.path(), depth + 1, sources),
            // A pipe or a device in a folder may never end; one that is named is read.
            Ok(meta) if meta.is_file() => {
                sources.all.push(Source { path: entry.path(), bytes: meta.len(), is_file: true });
            }
            Ok(_) => sources.passed_over += 1,
            Err(why) => sources.unreadable.push(format!("{}: {why}", entry.path().display())),
        }
    }
}

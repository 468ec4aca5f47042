//! Indicators from files and folders: lists, tables, STIX, MISP, compiled; each told by its content.

mod list;
mod stix;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use formats::{Event, ImportOptions};
use matcher::{Builder, Index};
use model::{Marking, Observable};

use crate::note::{Note, Notes};
use crate::unpack;

/// Most unpacked bytes of one file of indicators: ten million take 300 MB.
pub const FILE_BYTES_MAX: u64 = 2 << 30;
/// Most names of things that are not used that are kept; the rest is counted.
pub const UNUSED_NAMES_MAX: usize = 20;
/// Deepest folder.
const DEPTH_MAX: usize = 16;

/// What was read, and what was not used and why.
#[derive(Default, Debug)]
pub struct Report {
    /// Files read.
    pub files: u64,
    /// Indicators taken.
    pub taken: u64,
    /// What was not used, by the reason why.
    pub unused: BTreeMap<String, Unused>,
    /// Files that could not be read.
    pub broken: Vec<String>,
}

/// Values that were not used for one reason.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Unused {
    /// How many.
    pub count: u64,
    /// Some of them.
    pub names: Vec<String>,
    /// Files that hold some.
    pub lists: BTreeSet<String>,
}

/// Most files that a remark names.
const LISTS_SHOWN: usize = 3;

impl Report {
    pub(crate) fn unused(&mut self, why: impl Into<String>, what: &str, list: &str) {
        let unused = self.unused.entry(why.into()).or_default();
        unused.count += 1;
        if unused.names.len() < UNUSED_NAMES_MAX {
            unused.names.push(what.chars().filter(|c| !c.is_control()).take(100).collect());
        }
        if !unused.lists.contains(list) {
            unused.lists.insert(list.to_owned());
        }
    }

    /// Adds what was said of another part of the same file.
    pub(crate) fn join(&mut self, other: Self) {
        self.taken += other.taken;
        for (why, theirs) in other.unused {
            let unused = self.unused.entry(why).or_default();
            unused.count += theirs.count;
            unused.names.extend(theirs.names);
            unused.names.truncate(UNUSED_NAMES_MAX);
            unused.lists.extend(theirs.lists);
        }
    }

    /// What was not used and why, and what could not be read, a line each.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let short = |all: Vec<&str>, whole: u64, most: usize| {
            let more = if whole > most as u64 { ", …" } else { "" };
            format!("{}{more}", all.into_iter().take(most).collect::<Vec<_>>().join(", "))
        };
        let unused = self.unused.iter().map(|(why, unused)| {
            let names = short(unused.names.iter().map(String::as_str).collect(), unused.count, 3);
            let lists = unused.lists.iter().map(String::as_str).collect();
            let lists = short(lists, unused.lists.len() as u64, LISTS_SHOWN);
            let names = if names.trim().is_empty() { String::new() } else { format!(" ({names})") };
            format!("{lists}: {} not used: {why}{names}", unused.count)
        });
        unused.chain(self.broken.iter().cloned()).collect()
    }
}

/// Why there is nothing to look for, and what was said of what was read.
#[derive(Debug)]
pub struct LoadError {
    /// In words.
    pub why: String,
    /// As far as it went.
    pub report: Report,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for LoadError {}

impl From<String> for LoadError {
    fn from(why: String) -> Self {
        Self { why, report: Report::default() }
    }
}

/// What indicators are gathered in.
#[derive(Default)]
pub(crate) struct Gather {
    pub builder: Builder,
    pub notes: Notes,
    pub report: Report,
}

impl Gather {
    fn add(&mut self, observable: &Observable, note: u32) {
        match self.builder.add(observable, note) {
            Ok(()) => self.report.taken += 1,
            Err(why) => self.report.unused(why.to_string(), observable.value(), &self.notes.get(note).source),
        }
    }
}

/// Reads indicators. One compiled file alone is mapped; with others it is read into a new index.
///
/// # Errors
/// What nothing can be done without: a path that does not exist, a compiled file that is damaged, no indicator at all. What
/// was not used, and why, comes with it.
pub fn load(paths: &[PathBuf]) -> Result<(Index, Notes, Report), LoadError> {
    if let [only] = paths
        && is_compiled(only)
    {
        let index = Index::open(only).map_err(|why| format!("{}: {why}", only.display()))?;
        let notes = Notes::read(index.attachment()).map_err(|why| format!("{}: {why}", only.display()))?;
        let report = Report { files: 1, taken: index.len(), ..Report::default() };
        return Ok((index, notes, report));
    }
    let mut gather = Gather::default();
    for path in paths {
        let meta = fs::metadata(path).map_err(|why| format!("{}: {why}", path.display()))?;
        if meta.is_dir() {
            folder(path, 0, &mut gather);
        } else if let Err(why) = file(path, &mut gather) {
            return Err(LoadError { why, report: gather.report });
        }
    }
    let Gather { mut builder, notes, report } = gather;
    if builder.is_empty() {
        let given: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let why = if report.unused.is_empty() { "no indicator was found" } else { "no indicator can be used" };
        return Err(LoadError { why: format!("{why} in {}", given.join(", ")), report });
    }
    builder.attach(notes.write());
    Ok((builder.finish(), notes, report))
}

/// Whether a file begins as a compiled index.
#[must_use]
pub fn is_compiled(path: &Path) -> bool {
    let mut head = [0; 6];
    fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head)).is_ok()
        && &head == b"FCHUNT"
}

fn folder(path: &Path, depth: usize, gather: &mut Gather) {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let Ok(mut entries) = entries else {
        gather.report.broken.push(format!("{}: the folder cannot be read", path.display()));
        return;
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // A link in a folder is not followed: no endless walk.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < DEPTH_MAX => folder(&entry.path(), depth + 1, gather),
            Ok(kind) if kind.is_file() => {
                if let Err(why) = file(&entry.path(), gather) {
                    gather.report.broken.push(why);
                }
            }
            _ => {}
        }
    }
}

fn file(path: &Path, gather: &mut Gather) -> Result<(), String> {
    let named = |why: String| format!("{}: {why}", path.display());
    let bytes = unpack::whole(path, FILE_BYTES_MAX).map_err(|why| named(why.to_string()))?;
    gather.report.files += 1;
    let source = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    if bytes.starts_with(b"FCHUNT") {
        let index = Index::from_bytes(bytes).map_err(|why| named(why.to_string()))?;
        let theirs = Notes::read(index.attachment()).map_err(named)?;
        let mut last = None;
        for (_, entry) in index.entries() {
            // A literal has a record for each form.
            if last.as_ref() == Some(&entry) {
                continue;
            }
            let note = gather.notes.add(theirs.get(entry.note).clone());
            gather.add(&Observable::from_normal(entry.kind, entry.value.clone()), note);
            last = Some(entry);
        }
        return Ok(());
    }
    let start = bytes.trim_ascii_start();
    if matches!(start.first(), Some(b'{' | b'[')) && stix::read(&bytes, &source, gather) {
        return Ok(());
    }
    if list::read(&bytes, &source, gather) {
        return Ok(());
    }
    import(&bytes, &source, gather);
    Ok(())
}

/// MISP, tables, reports and prose: what the importers read.
fn import(bytes: &[u8], source: &str, gather: &mut Gather) {
    let options = ImportOptions { bytes_max: FILE_BYTES_MAX, marking: Marking::default(), ..ImportOptions::default() };
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
    let before = gather.report.taken;
    formats::import(source, bytes, &options, &mut |event| match event {
        Event::Draft(draft) => drafts.push(draft),
        Event::Problem(problem) => problems.push(problem),
    });
    for draft in drafts {
        let mut note = Note { source: source.to_owned(), campaign: draft.title, ..Note::default() };
        if let Some(marking) = draft.marking {
            note.tlp = Some(marking.tlp.as_str().to_owned());
            note.pap = Some(marking.pap.as_str().to_owned());
        }
        note.tags = draft.tags;
        for indicator in draft.indicators {
            note.seen = indicator.sighting.seen_at.or(draft.happened_at).map(model::Timestamp::as_millis);
            let note = gather.notes.add(note.clone());
            gather.add(&indicator.sighting.observable, note);
        }
    }
    if gather.report.taken == before && list::read_words(bytes, source, gather) {
        return;
    }
    for problem in problems {
        gather.report.unused(problem.why, &problem.field, source);
    }
}

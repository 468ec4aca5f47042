//! Import: what a file is, by its content, and the drafts that are in it.

use std::io::Read;
use std::num::NonZeroU32;

use model::Draft;

use crate::limits;

/// What an importer hands out, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A report.
    Draft(Draft),
    /// Something that could not be read. What stands beside it is read all the same.
    Problem(Problem),
}

/// What could not be read, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1, where the format has lines.
    pub line: Option<NonZeroU32>,
    /// Path of the field, such as `Event.Attribute[3].value`; empty if it is the whole line or file.
    pub field: String,
    /// What is wrong, lower case, no full stop.
    pub why: String,
}

/// A format of files that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// MISP event JSON: one event, a response or a list of them.
    Misp,
    /// The index of a MISP feed: nothing in it but names of event files, so it is passed over.
    MispManifest,
    /// STIX 2.0 or 2.1: a bundle, an object, or a TAXII collection of them.
    Stix,
    /// Labelled reports, one JSON object a line.
    ReportLines,
    /// Comma, tab or semicolon separated values.
    Table,
    /// Text with defanged indicators.
    Prose,
}

/// Limits of one import.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    /// Most bytes after unpacking.
    pub bytes_max: u64,
    /// Most values in one draft.
    pub items_max: usize,
    /// Most problems handed out; further ones are counted only.
    pub problems_max: u64,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { bytes_max: limits::FILE_BYTES_MAX, items_max: limits::DRAFT_ITEMS_MAX, problems_max: limits::PROBLEMS_MAX }
    }
}

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What the file was taken for; `None` if nothing known.
    pub format: Option<Format>,
    /// Drafts handed out.
    pub drafts: u64,
    /// Values in them.
    pub indicators: u64,
    /// Problems, also those beyond the limit of those handed out.
    pub problems: u64,
    /// Bytes read, after unpacking.
    pub bytes: u64,
}

/// Reads a file that is in memory. `name` only helps titles; what the file is shows in its content.
pub fn import(name: &str, bytes: &[u8], options: &ImportOptions, sink: &mut dyn FnMut(Event)) -> Summary {
    import_reader(name, &mut &*bytes, options, sink)
}

/// Reads a file as a stream: tables and lines are never held in memory as a whole.
pub fn import_reader(name: &str, reader: &mut dyn Read, options: &ImportOptions, sink: &mut dyn FnMut(Event)) -> Summary {
    let _ = (name, reader, options, sink);
    Summary::default()
}

/// Reads a small file into lists.
#[must_use]
pub fn import_bytes(name: &str, bytes: &[u8]) -> (Vec<Draft>, Vec<Problem>) {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    import(name, bytes, &ImportOptions::default(), &mut |event| match event {
        Event::Draft(draft) => drafts.push(draft),
        Event::Problem(problem) => problems.push(problem),
    });
    (drafts, problems)
}

/// What a file is, by its first bytes (after unpacking); `None` if it is nothing that can be read.
#[must_use]
pub fn detect_format(head: &[u8]) -> Option<Format> {
    let _ = head;
    None
}

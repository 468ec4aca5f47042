//! Import: what a file is, by its content, and the drafts that are in it.

mod document;
mod kinds;
mod lines;
mod mail;
mod misp;
mod out;
mod report;
mod stix;
mod stix_marks;
mod stix_objects;
mod stix_pattern;
mod table;
mod text;

use std::io::{self, Read};
use std::num::NonZeroU32;

use model::{Draft, Marking};

use crate::extract::is_mail;
use crate::json::{self, Value};
use crate::limits;
use crate::unpack::{Packing, packing, unpacking};
use out::Out;
pub use out::json_bytes;

/// Bytes by which a file is recognised.
const HEAD_BYTES: u64 = 64 << 10;

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
    /// An index of a MISP feed: names of event files, or hashes of the values in them; passed over, as it holds none itself.
    MispManifest,
    /// STIX 2.0 or 2.1: a bundle, an object, or a TAXII collection of them.
    Stix,
    /// Labelled reports, one JSON object a line.
    ReportLines,
    /// Comma, tab or semicolon separated values.
    Table,
    /// Text with defanged indicators.
    Prose,
    /// A mail with its headers.
    Mail,
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
    /// What counts for what carries no marking of its own.
    pub marking: Marking,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            bytes_max: limits::FILE_BYTES_MAX,
            items_max: limits::DRAFT_ITEMS_MAX,
            problems_max: limits::PROBLEMS_MAX,
            marking: Marking::default(),
        }
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
    /// Values left out because the same draft has them already.
    pub repeated: u64,
    /// Values and other objects that could not be taken.
    pub refused: u64,
    /// Problems, also those beyond the limit of those handed out; not each refuses an object.
    pub problems: u64,
    /// The file could not be read, or not to its end: the last problem handed out says why.
    pub broken: bool,
    /// It is of no known format; then it is `broken` too.
    pub unknown: bool,
    /// Bytes read, after unpacking.
    pub bytes: u64,
}

/// Reads a file that is in memory. `name` only helps titles; what the file is shows in its content.
pub fn import(name: &str, bytes: &[u8], options: &ImportOptions, sink: &mut dyn FnMut(Event)) -> Summary {
    import_reader(name, &mut &*bytes, options, sink)
}

/// Reads a file as a stream: tables and lines are never held in memory as a whole.
pub fn import_reader(
    name: &str,
    reader: &mut dyn Read,
    options: &ImportOptions,
    sink: &mut dyn FnMut(Event),
) -> Summary {
    let mut out = Out { name, options, summary: Summary::default(), sink, broken: None };
    if let Err(error) = read(reader, &mut out) {
        out.broken(None, "", error.to_string());
    }
    out.finish()
}

fn read(reader: &mut dyn Read, out: &mut Out<'_>) -> io::Result<()> {
    let mut packed_head = Vec::new();
    reader.take(4).read_to_end(&mut packed_head)?;
    let raw = Box::new(io::Cursor::new(packed_head.clone()).chain(reader));
    let mut unpacked = unpacking(raw, &packed_head, out.options.bytes_max)?;
    let outcome = read_unpacked(&mut unpacked, out);
    out.summary.bytes = unpacked.given();
    outcome
}

fn read_unpacked(unpacked: &mut dyn Read, out: &mut Out<'_>) -> io::Result<()> {
    let mut head = Vec::new();
    unpacked.take(HEAD_BYTES).read_to_end(&mut head)?;
    if packing(&head) != Packing::No {
        return Err(io::Error::other("it is packed twice: only one level is unpacked"));
    }
    let Some(recognised) = recognise(&head) else {
        out.unknown(None, format!("the format is not known: {}", seen(&head)));
        return Ok(());
    };
    let whole: Box<dyn Read + '_> = Box::new(io::Cursor::new(&head).chain(unpacked));
    match recognised {
        Recognised::Json => document::read(whole, out)?,
        Recognised::JsonLines => {
            if let Some(seen) = lines::unknown(&head) {
                out.unknown(None, format!("the format is not known: JSON lines, each {seen}"));
                return Ok(());
            }
            out.summary.format = Some(Format::ReportLines);
            lines::read(&mut lines::Lines::new(whole), out);
        }
        Recognised::Table(layout) => {
            out.summary.format = Some(Format::Table);
            table::read(&layout, &mut lines::Lines::new(whole), out);
        }
        Recognised::FeedIndex => {
            out.summary.format = Some(Format::MispManifest);
            io::copy(&mut { whole }, &mut io::sink())?;
        }
        Recognised::Mail => {
            out.summary.format = Some(Format::Mail);
            mail::read(&mut { whole }, out)?;
        }
        Recognised::Text { bracket } => {
            out.summary.format = Some(Format::Prose);
            text::read(&mut lines::Lines::new(whole), bracket, out);
        }
    }
    Ok(())
}

fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// What an unknown JSON value looks like, for a person.
fn looks(value: &Value<'_>) -> String {
    let keys: Vec<String> = value
        .entries()
        .iter()
        .take(5)
        .map(|(key, _)| format!("{:?}", key.as_str().chars().take(40).collect::<String>()))
        .collect();
    if keys.is_empty() { value.what().to_owned() } else { format!("an object with {}", keys.join(", ")) }
}

/// Formats that are one JSON document.
fn format_of(value: &Value<'_>) -> Option<Format> {
    if misp::is_manifest(value) {
        Some(Format::MispManifest)
    } else if stix::is_stix(value) {
        Some(Format::Stix)
    } else if misp::is_misp(value) {
        Some(Format::Misp)
    } else if report::is_report(value) {
        Some(Format::ReportLines)
    } else {
        None
    }
}

enum Recognised {
    Json,
    JsonLines,
    FeedIndex,
    Table(table::Layout),
    Mail,
    /// With whether it begins as JSON might.
    Text {
        bracket: bool,
    },
}

fn recognise(head: &[u8]) -> Option<Recognised> {
    let head = without_bom(head);
    let start = head.trim_ascii_start();
    let first = *start.first()?;
    let bracket = matches!(first, b'{' | b'[');
    if bracket && goes_on_as_json(start) {
        let (line, rest) =
            start.iter().position(|&b| b == b'\n').and_then(|end| start.split_at_checked(end)).unwrap_or((start, b""));
        let more = matches!(rest.trim_ascii_start().first(), Some(b'{'));
        // A first line that is broken does not turn lines into one document.
        let lines = first == b'{' && more && (json::parse(line).is_ok() || line.trim_ascii_end().ends_with(b"}"));
        return Some(if lines { Recognised::JsonLines } else { Recognised::Json });
    }
    if start.starts_with(b"<?xml") || MAGIC.iter().any(|(magic, _)| magic.len() > 2 && start.starts_with(magic)) {
        return None;
    }
    // Zeros pad some texts; half of the bytes are zero in UTF-16.
    let zeros = head.iter().filter(|&&b| b == 0).count();
    let odd = head.iter().filter(|&&b| b < 0x20 && !matches!(b, 0 | b'\n' | b'\r' | b'\t' | 0x0c | 0x1b)).count();
    if odd * 20 > head.len() || zeros * 10 > head.len() * 3 || (zeros > 0 && odd > 0) {
        return None;
    }
    if is_mail(start) {
        return Some(Recognised::Mail);
    }
    let text = String::from_utf8_lossy(head);
    // The last line may be cut off by the end of the head.
    let sample = if head.len() as u64 >= HEAD_BYTES / 2 {
        text.rsplit_once('\n').map_or(&*text, |(whole, _)| whole)
    } else {
        &text
    };
    if table::is_feed_index(sample) {
        return Some(Recognised::FeedIndex);
    }
    Some(table::layout(sample).map_or(Recognised::Text { bracket }, Recognised::Table))
}

/// Whether what begins with a bracket is JSON to behind its first token: `[TLP:GREEN] Weekly note` is text.
fn goes_on_as_json(start: &[u8]) -> bool {
    let Some((open, rest)) = start.split_first() else { return false };
    if *open == b'{' {
        return matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}') | None);
    }
    let mut values = serde_json::Deserializer::from_slice(start).into_iter::<serde::de::IgnoredAny>();
    let end = match values.next() {
        Some(Ok(_)) => {
            let end = values.byte_offset();
            if start.get(end..).unwrap_or_default().trim_ascii().is_empty() {
                return true;
            }
            end
        }
        Some(Err(error)) if !error.is_eof() => {
            let before: usize = start.split_inclusive(|&b| b == b'\n').take(error.line() - 1).map(<[u8]>::len).sum();
            before + error.column()
        }
        _ => return true,
    };
    // More than one token was understood, so it is JSON that breaks later.
    start.get(1..end).unwrap_or_default().iter().any(|b| matches!(b, b'{' | b'[' | b','))
}

/// How files begin that nothing here reads.
const MAGIC: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "it looks like a ZIP archive or an office document"),
    (b"%PDF", "it looks like a PDF"),
    (b"MZ", "it looks like a Windows program"),
    (b"\x7fELF", "it looks like a Linux program"),
    (b"\x89PNG", "it looks like a picture"),
    (b"\xff\xd8\xff", "it looks like a picture"),
    (b"BZh", "it looks like bzip2"),
    (b"\xfd7zXZ", "it looks like xz"),
    (b"7z\xbc\xaf", "it looks like a 7-Zip archive"),
    (b"Rar!", "it looks like a RAR archive"),
    (b"\xff\xfe", "it looks like UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "it looks like UTF-16: save it as UTF-8"),
    (b"<?xml", "it looks like XML"),
    (b"SQLite format 3", "it looks like an SQLite file"),
];

/// What an unknown file looks like, for a person.
fn seen(head: &[u8]) -> String {
    let start = head.trim_ascii_start();
    if start.is_empty() {
        return "the file is empty".to_owned();
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return (*what).to_owned();
    }
    let bytes: Vec<String> = start.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("it begins with the bytes {}", bytes.join(" "))
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
    match recognise(head)? {
        Recognised::JsonLines => Some(Format::ReportLines),
        Recognised::Table(_) => Some(Format::Table),
        Recognised::FeedIndex => Some(Format::MispManifest),
        Recognised::Text { .. } => Some(Format::Prose),
        Recognised::Mail => Some(Format::Mail),
        Recognised::Json => {
            if let Ok(value) = json::parse(head) {
                return format_of(&value);
            }
            // A document that is longer than its head shows its format in its keys.
            let text = String::from_utf8_lossy(head);
            let has = |key: &str| text.contains(key);
            if has("\"bundle\"") || (has("\"objects\"") && has("\"id\"")) || has("\"spec_version\"") {
                Some(Format::Stix)
            } else if has("\"Event\"") || has("\"Attribute\"") || has("\"response\"") {
                Some(Format::Misp)
            } else if has("\"Orgc\"") && has("\"info\"") {
                Some(Format::MispManifest)
            } else if has("\"indicators\"") {
                Some(Format::ReportLines)
            } else {
                None
            }
        }
    }
}

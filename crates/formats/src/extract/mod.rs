//! Whatever somebody pastes or drops, read into values: each once, where it stood, and what was left out by which rule.

mod dotted;
mod gather;
mod html;
mod known;
mod lists;
mod look;
mod mail;
mod names;
mod strings;
mod text;
mod token;

use std::num::NonZeroU32;

use model::{Kind, Observable, Technique};

use self::gather::Gather;
pub use self::look::{FileFacts, FileKind, FileLook};
pub use self::mail::MailFacts;
pub use self::mail::attach::Attachment;
pub(crate) use self::mail::is_mail;
use self::text::Text;
use crate::import::Format;
use crate::limits::{EXTRACT_BYTES_MAX, EXTRACT_NOTES_MAX, EXTRACT_TEXT_BYTES_MAX};
use crate::unpack::{Packing, packing, unpack};

/// What a document is, by its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Document {
    /// A mail with its headers.
    Mail,
    /// STIX.
    Stix,
    /// MISP.
    Misp,
    /// Labelled reports, one a line.
    ReportLines,
    /// Comma, tab or semicolon separated values.
    Table,
    /// JSON, or lines of it, of no known format.
    Json,
    /// Lines of a log.
    Log,
    /// HTML or XML.
    Markup,
    /// Running text.
    #[default]
    Prose,
    /// A file that is not read: its hash counts.
    File,
}

impl Document {
    /// Its name in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Stix => "stix",
            Self::Misp => "misp",
            Self::ReportLines => "report-lines",
            Self::Table => "table",
            Self::Json => "json",
            Self::Log => "log",
            Self::Markup => "markup",
            Self::Prose => "prose",
            Self::File => "file",
        }
    }
}

/// Where a value stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In the text.
    #[default]
    Text,
    /// In a header of a mail.
    Header(&'static str),
    /// In the words of a mail.
    Body,
    /// Where a link of a mail or page leads.
    Link,
    /// In an attachment, by its name.
    Attachment(String),
    /// In a field of a document.
    Field(String),
    /// It is of the file itself.
    File,
}

impl Place {
    /// In words, for a person.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Header(name) => format!("header {name}"),
            Self::Body => "text of the mail".to_owned(),
            Self::Link => "link".to_owned(),
            Self::Attachment(name) if name.is_empty() => "attachment".to_owned(),
            Self::Attachment(name) => format!("attachment {name}"),
            Self::Field(path) => format!("field {path}"),
            Self::File => "the file itself".to_owned(),
        }
    }
}

/// Whether a value is offered, or shown without being chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Offered.
    Offered,
    /// It names the recipient.
    Own,
    /// It lies in somebody's own network.
    Internal,
    /// Everybody has it: it says nothing.
    Everyday,
}

impl Mark {
    /// What counts of two: whom a value names outweighs all, and one good place outweighs a dull one.
    const fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Own, _) | (_, Self::Own) => Self::Own,
            (Self::Internal, _) | (_, Self::Internal) => Self::Internal,
            (Self::Offered, _) | (_, Self::Offered) => Self::Offered,
            _ => Self::Everyday,
        }
    }

    /// Its name in data; empty for what is offered.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "",
            Self::Own => "own",
            Self::Internal => "internal",
            Self::Everyday => "everyday",
        }
    }
}

/// Why something that looks like a value is none: each is described in `docs/extraction.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the sentence of each is what a person is told")]
pub enum Rule {
    Reference,
    LinkOfMarkup,
    FileInText,
    Product,
    Package,
    Sentence,
    Version,
    Key,
    NamedInMail,
    OwnGateway,
    MailService,
    NamedAfterAddress,
    MadeForOneMail,
    NobodyVouches,
    NoSuchEnding,
    LostCharacters,
    Unreadable,
    TooLong,
}

impl Rule {
    /// Every rule.
    pub const ALL: &'static [Self] = &[
        Self::Reference,
        Self::LinkOfMarkup,
        Self::FileInText,
        Self::Product,
        Self::Package,
        Self::Sentence,
        Self::Version,
        Self::Key,
        Self::NamedInMail,
        Self::OwnGateway,
        Self::MailService,
        Self::NamedAfterAddress,
        Self::MadeForOneMail,
        Self::NobodyVouches,
        Self::NoSuchEnding,
        Self::LostCharacters,
        Self::Unreadable,
        Self::TooLong,
    ];

    /// Its name in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::LinkOfMarkup => "link-of-markup",
            Self::FileInText => "file-in-text",
            Self::Product => "product",
            Self::Package => "package",
            Self::Sentence => "sentence",
            Self::Version => "version",
            Self::Key => "key",
            Self::NamedInMail => "named-in-mail",
            Self::OwnGateway => "own-gateway",
            Self::MailService => "mail-service",
            Self::NamedAfterAddress => "named-after-address",
            Self::MadeForOneMail => "made-for-one-mail",
            Self::NobodyVouches => "nobody-vouches",
            Self::NoSuchEnding => "no-such-ending",
            Self::LostCharacters => "lost-characters",
            Self::Unreadable => "unreadable",
            Self::TooLong => "too-long",
        }
    }

    /// Why, for a person.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Reference => "the text defangs its values, so one that can be clicked is a reference",
            Self::LinkOfMarkup => "it is the target of a link in the text, which is a reference",
            Self::FileInText => "a file is named in passing",
            Self::Product => "it is the name of a product",
            Self::Package => "it is the name of a package",
            Self::Sentence => "a sentence ends and another begins without a space",
            Self::Version => "it is a version number",
            Self::Key => "it is a key, not a hash",
            Self::NamedInMail => "the words of the mail name it; the mail did not come from it",
            Self::OwnGateway => "it is a machine of the recipient's own mail service",
            Self::MailService => "it is a mail service that carries anybody's mail",
            Self::NamedAfterAddress => "it is a name made from the address beside it",
            Self::MadeForOneMail => "the address was made for this one mail and may name its recipient",
            Self::NobodyVouches => "anybody can write this name, and nothing else in the mail bears it out",
            Self::NoSuchEnding => "no domain ends like this",
            Self::LostCharacters => "characters of it were lost on the way",
            Self::Unreadable => "it looks like a URL and cannot be read as one",
            Self::TooLong => "it is too long for a value",
        }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value in its normal form.
    pub observable: Observable,
    /// Whether it is offered.
    pub mark: Mark,
    /// Where it stood first.
    pub place: Place,
    /// Line of that, where there are lines.
    pub line: Option<NonZeroU32>,
}

/// Something that looks like a value and was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// How it stood there.
    pub text: String,
    /// Why.
    pub rule: Rule,
    /// Where it stood first.
    pub place: Place,
    /// Line of that, where there are lines.
    pub line: Option<NonZeroU32>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// What the document is.
    pub document: Document,
    /// Its values, in order, each once.
    pub values: Vec<Found>,
    /// Values beyond the cap.
    pub values_beyond: u64,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
    /// Left out beyond the cap.
    pub left_out_beyond: u64,
    /// ATT&CK techniques named.
    pub techniques: Vec<Technique>,
    /// What a mail says of itself.
    pub mail: Option<MailFacts>,
    /// What was cut short, and other remarks for a person.
    pub notes: Vec<String>,
    /// Why nothing was read.
    pub refused: Option<String>,
}

/// Reads what somebody pasted or dropped. What it is shows in its content; `name` only names a file that is not read.
#[must_use]
pub fn extract(bytes: &[u8], name: &str) -> Extracted {
    let mut out = Extracted::default();
    let mut gather = Gather::default();
    read(bytes, name, &mut gather, &mut out);
    if out.refused.is_some() {
        gather = Gather::default();
    }
    gather.finish(&mut out);
    out.notes.truncate(EXTRACT_NOTES_MAX);
    out
}

fn read(bytes: &[u8], name: &str, gather: &mut Gather, out: &mut Extracted) {
    if bytes.len() > EXTRACT_BYTES_MAX {
        out.refused = Some(format!("it is more than {} MiB", EXTRACT_BYTES_MAX >> 20));
        return;
    }
    if packing(bytes) != Packing::No {
        match unpack(bytes, EXTRACT_BYTES_MAX as u64) {
            Ok(unpacked) => {
                out.notes.push("it was packed; what is inside was read".to_owned());
                return unpacked_bytes(&unpacked, name, gather, out);
            }
            Err(why) => {
                out.notes.push(format!("it is not unpacked: {why}"));
                return file(bytes, name, gather, out);
            }
        }
    }
    unpacked_bytes(bytes, name, gather, out);
}

fn unpacked_bytes(bytes: &[u8], name: &str, gather: &mut Gather, out: &mut Extracted) {
    let wide;
    let bytes = match utf16(bytes) {
        Some(text) => {
            wide = text;
            wide.as_bytes()
        }
        None => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
    };
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        out.refused = Some("it is empty".to_owned());
        return;
    }
    if is_binary(bytes) {
        return file(bytes, name, gather, out);
    }
    if mail::is_mail(start) {
        out.document = Document::Mail;
        return mail::read(start, gather, out);
    }
    let format = crate::import::detect_format(bytes.get(..bytes.len().min(64 << 10)).unwrap_or(bytes));
    match format {
        Some(Format::Stix) => out.document = Document::Stix,
        Some(Format::Misp | Format::MispManifest) => out.document = Document::Misp,
        Some(Format::ReportLines) if known::is_report_lines(start) => out.document = Document::ReportLines,
        Some(Format::Table) if known::has_columns(bytes) => out.document = Document::Table,
        _ => {
            let text = String::from_utf8_lossy(first_bytes(bytes, out));
            out.document = free(&text, gather);
            return;
        }
    }
    known::read(bytes, name, gather, out);
}

/// As much of a text as is read, to the end of a line.
fn first_bytes<'b>(bytes: &'b [u8], out: &mut Extracted) -> &'b [u8] {
    let Some(head) = bytes.get(..EXTRACT_TEXT_BYTES_MAX).filter(|head| head.len() < bytes.len()) else { return bytes };
    out.notes.push(format!("only the first {} MiB of the text are read", EXTRACT_TEXT_BYTES_MAX >> 20));
    let end = head.iter().rposition(|&b| b == b'\n').unwrap_or(head.len());
    head.get(..end).unwrap_or(head)
}

/// Text of no known format.
fn free(text: &str, gather: &mut Gather) -> Document {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) && strings::read(start, gather) {
        return Document::Json;
    }
    let begins = |word: &str| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if begins("<!doctype") || begins("<html") || begins("<?xml") || begins("<div") || begins("<table") || begins("<p>")
    {
        let mut links = Vec::new();
        let shown = html::read(text, &mut |_, link| {
            if links.len() < crate::limits::LINKS_MAX {
                links.push(link.to_owned());
            }
        });
        gather.place = Place::Text;
        text::read(&shown, Text::Field, gather);
        gather.place = Place::Link;
        for link in links.iter().filter(|link| link.contains("://")) {
            strings::field(link, gather);
        }
        return Document::Markup;
    }
    if is_log(start) {
        text::read(text, Text::Log, gather);
        return Document::Log;
    }
    text::read(text, Text::Prose, gather);
    Document::Prose
}

/// A file that is not read: a report can name it by its hash.
fn file(bytes: &[u8], name: &str, gather: &mut Gather, out: &mut Extracted) {
    out.document = Document::File;
    let read = mail::attach::read(name, bytes, mail::Transfer::Plain);
    out.notes.push(format!("it is not read, as it is a {}: what counts is its hash", read.what));
    gather.place = Place::File;
    for (kind, value) in [(Kind::Sha256, &read.sha256), (Kind::Md5, &read.md5), (Kind::FileName, &read.name)] {
        if let Ok(found) = Observable::parse(kind, value) {
            gather.take_plain(found);
        }
    }
    if read.encrypted {
        out.notes.push("the archive asks for a password".to_owned());
    }
    for listed in &read.lists {
        if let Ok(found) = Observable::parse(Kind::FileName, listed) {
            gather.take_plain(found);
        }
    }
}

/// Text in UTF-16 with its mark, or written so without one.
fn utf16(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let encoding = if bytes.starts_with(b"\xff\xfe") { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
        return Some(encoding.decode(bytes).0.into_owned());
    }
    None
}

/// Whether bytes are those of a file that is no text.
fn is_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
    if !matches!(mail::attach::what(head), "text" | "HTML" | "SVG" | "XML" | "unknown data") {
        return true;
    }
    let odd = head.iter().filter(|&&b| b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c | 0x1b)).count();
    odd * 20 > head.len()
}

/// Whether most lines begin as those of a log: with a time, an address or a priority.
fn is_log(text: &str) -> bool {
    let (mut lines, mut logged) = (0, 0);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()).take(40) {
        lines += 1;
        logged += u32::from(is_log_line(line));
    }
    lines > 0 && logged * 10 >= lines * 7
}

fn is_log_line(line: &str) -> bool {
    const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default().trim_matches(['[', ']', '"', ',', '<', '>']);
    let second = words.next().unwrap_or_default();
    let digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
    let date = first.len() >= 8
        && digit(first.bytes().next())
        && first.bytes().filter(|b| matches!(b, b'-' | b'/' | b':')).count() >= 2
        && first
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b':' | b'.' | b'T' | b'Z' | b'+' | b','));
    let epoch = first.len() >= 10
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && first.bytes().filter(|&b| b == b'.').count() <= 1;
    let syslog = first.get(..3).is_some_and(|month| MONTHS.contains(&month.to_ascii_lowercase().as_str()))
        && digit(second.bytes().next());
    let priority =
        line.starts_with('<') && line.get(1..5).is_some_and(|head| head.contains('>') && digit(head.bytes().next()));
    let web = first.parse::<std::net::IpAddr>().is_ok() && line.contains(" - ") && line.contains('[');
    let pairs = line.split_whitespace().take(6).filter(|word| word.contains('=') && !word.contains("://")).count() >= 3;
    (date && words.next().is_some()) || (epoch && !second.is_empty()) || syslog || priority || web || pairs
}

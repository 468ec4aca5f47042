//! Running text, line by line: what a word stands in decides whether it is meant as an indicator.

use std::borrow::Cow;
use std::num::NonZeroU32;

use model::Kind;

use super::gather::{Gather, Plain};
use super::{dotted, token};
use crate::limits::EXTRACT_LINE_BYTES;

/// What sort of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// A write-up or somebody's own words: which of them shows in it.
    Prose,
    /// The text of a mail that is reported: its words are the attacker's.
    Mail,
    /// Lines of a log.
    Log,
    /// One field of a document: a value, or some words.
    Field,
}

/// What is known of the place of a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'t> {
    pub text: Text,
    /// The line without marks at its start.
    pub line: &'t str,
    /// Where the word stands in it.
    pub start: usize,
    pub end: usize,
    /// It is all that its line, its cell or its quotes hold.
    pub alone: bool,
    /// It stands between marks of code, in a cell or in a list.
    pub set_off: bool,
    /// A hash stands on the same line.
    pub beside_hash: bool,
    /// The column or heading says that it names files.
    pub names_files: bool,
    /// The heading or the words before say that it is a key.
    pub is_key: bool,
    /// The heading or the words before say that it is a certificate's.
    pub is_certificate: bool,
    /// The heading says that it is a mutex.
    pub is_mutex: bool,
    /// The text has headings or defangs: its author writes for readers who know files by name.
    pub write_up: bool,
}

impl Context<'_> {
    /// Whether plain names count, as far as the place of the word tells.
    pub const fn plain(&self) -> Plain {
        match self.text {
            Text::Log | Text::Field => Plain::Counts,
            Text::Prose if self.write_up && !self.set_off => Plain::Reference,
            Text::Mail | Text::Prose => Plain::UnlessDefanged,
        }
    }
}

#[derive(Default)]
struct Heading {
    key: bool,
    certificate: bool,
    files: bool,
    mutex: bool,
    user_agent: bool,
}

impl Heading {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let word = |word: &str| token::has_word(&text, word);
        Self {
            key: (word("key") || word("keys") || word("iv") || word("nonce") || word("salt") || word("password"))
                && !text.contains("registry")
                && !text.contains("hash"),
            certificate: text.contains("certificate") || text.contains("thumbprint"),
            files: (word("file") || word("files") || word("filename") || word("filenames") || word("payload"))
                && !text.contains("additional")
                && !text.contains("includes"),
            mutex: text.contains("mutex") || text.contains("mutant"),
            user_agent: text.contains("user-agent") || text.contains("user agent"),
        }
    }
}

/// Reads a text.
pub(super) fn read(text: &str, kind: Text, gather: &mut Gather) {
    let mut heading = Heading::default();
    let mut file_column: Option<usize> = None;
    let (mut in_table, mut fenced, mut write_up) = (false, false, false);
    let numbered = matches!(kind, Text::Prose | Text::Log);
    for (number, line) in text.lines().enumerate() {
        if gather.is_full() {
            return;
        }
        if numbered {
            gather.line = u32::try_from(number + 1).ok().and_then(NonZeroU32::new);
        }
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if line.len() > EXTRACT_LINE_BYTES {
            pieces(line, &mut |piece| words(piece, kind, gather, &Frame::default(), write_up));
            continue;
        }
        let cleaned = clean(line);
        let line: &str = &cleaned;
        if kind != Text::Prose {
            let frame = Frame { marks_hash: has_hash(line), ..Frame::default() };
            words(line, kind, gather, &frame, write_up);
            continue;
        }
        if line.starts_with("```") || (line.len() >= 4 && line.bytes().all(|b| b == b'-')) {
            fenced = !fenced;
            continue;
        }
        if !fenced && let Some(title) = heading_of(line) {
            heading = Heading::of(title);
            write_up = true;
            in_table = false;
        } else if line.starts_with("|=") {
            (in_table, file_column) = (false, None);
            continue;
        } else if line.starts_with('|') {
            if !in_table {
                in_table = true;
                file_column = cells(line).position(|cell| Heading::of(cell).files || cell.trim() == "Name");
                continue_header(line, &mut heading);
            } else if let Some(cell) = file_column.and_then(|column| cells(line).nth(column)) {
                dotted::file_cell(cell, gather);
            }
        } else if !fenced {
            in_table = false;
        }
        if (heading.mutex || heading.user_agent)
            && let Some(item) = item_of(line, fenced)
        {
            let kind = if heading.mutex { Kind::Mutex } else { Kind::UserAgent };
            token::named(kind, item, gather);
            continue;
        }
        let frame = Frame {
            marks_hash: has_hash(line),
            files: heading.files || in_table && file_column.is_some(),
            key: heading.key,
            certificate: heading.certificate,
            mutex: heading.mutex,
            fenced,
        };
        words(line, kind, gather, &frame, write_up || gather.defanged);
    }
    gather.line = None;
}

/// A header row may name keys or certificates as headings do.
fn continue_header(line: &str, heading: &mut Heading) {
    heading.certificate |= line.to_ascii_lowercase().contains("thumbprint");
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split('|').skip(1)
}

fn heading_of(line: &str) -> Option<&str> {
    let title = line.trim_start_matches(['#', '=']);
    let marks = line.len() - title.len();
    ((1..=6).contains(&marks) && title.starts_with(' ')).then(|| title.trim())
}

/// The one thing that a line of code or an item of a list holds.
fn item_of(line: &str, fenced: bool) -> Option<&str> {
    if fenced {
        return Some(line);
    }
    let item = line.strip_prefix(['-', '*', '+'])?.trim_start_matches(['*', ' ']).trim();
    let inside = item.strip_prefix('`')?.strip_suffix('`')?;
    (!inside.contains('`')).then_some(inside)
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the line")]
struct Frame {
    marks_hash: bool,
    files: bool,
    key: bool,
    certificate: bool,
    mutex: bool,
    fenced: bool,
}

/// Signs that end a word wherever they stand.
fn ends(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '|' | '`' | '"' | '<' | '>' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{a0}' | '\u{ab}' | '\u{bb}'
        )
}

/// Bytes to the end of the word at the start of a text.
fn word_len(text: &str) -> usize {
    let mut from = 0;
    loop {
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        // Bytes that end no word are passed over without being read as characters.
        let Some(at) =
            rest.iter().position(|&b| b <= b' ' || b >= 0x7f || matches!(b, b'|' | b'`' | b'"' | b'<' | b'>'))
        else {
            return text.len();
        };
        let Some(sign) = text.get(from + at..).and_then(|rest| rest.chars().next()) else { return text.len() };
        if ends(sign) {
            return from + at;
        }
        from += at + sign.len_utf8();
    }
}

fn words(line: &str, text: Text, gather: &mut Gather, frame: &Frame, write_up: bool) {
    let line = line.trim_start_matches(['*', '-', '+', '\u{2022}', ' ', '\t', '>']);
    let (mut start, bytes) = (0, line.len());
    while start < bytes {
        let end = start + word_len(line.get(start..).unwrap_or_default());
        if end - start >= 4 {
            word(line, start, end, text, gather, frame, write_up);
        }
        let step = line.get(end..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        start = end + step;
    }
}

fn word(line: &str, start: usize, end: usize, text: Text, gather: &mut Gather, frame: &Frame, write_up: bool) {
    let Some(raw) = line.get(start..end) else { return };
    if !token::may_hold_a_value(raw) {
        return;
    }
    let before = line.get(..start).unwrap_or_default().trim_end();
    let after = line.get(end..).unwrap_or_default().trim_start();
    let opens = before.chars().next_back();
    let closes = after.chars().next();
    let marked = |c: Option<char>| matches!(c, Some('|' | '`' | '"' | '\u{201c}' | '\u{201d}'));
    let alone = (before.is_empty() || marked(opens)) && (after.is_empty() || marked(closes));
    let set_off = frame.fenced || (marked(opens) && marked(closes));
    let (label_key, label_certificate) = token::label(before);
    let context = Context {
        text,
        line,
        start,
        end,
        alone,
        set_off,
        beside_hash: frame.marks_hash,
        names_files: frame.files,
        is_key: frame.key || label_key,
        is_certificate: frame.certificate || label_certificate,
        is_mutex: frame.mutex,
        write_up,
    };
    // A path may go on behind its word, so it is read each time.
    if !raw.contains('\\') && !gather.is_new(raw, telling(raw, before), place_of(&context)) {
        return;
    }
    token::read(raw, &context, gather);
}

/// The words before a number say whether it is a version.
fn telling<'t>(raw: &str, before: &'t str) -> &'t str {
    if !raw.starts_with(|c: char| c.is_ascii_digit() || c == '(') {
        return "";
    }
    let mut cut = before.len().saturating_sub(16);
    while !before.is_char_boundary(cut) {
        cut += 1;
    }
    before.get(cut..).unwrap_or_default()
}

/// Everything of a context that the reading of a word rests on.
fn place_of(context: &Context<'_>) -> u16 {
    let called = context.line.get(context.end..).is_some_and(|after| after.starts_with('('));
    let whole = context.end - context.start == context.line.len();
    let facts = [
        context.alone,
        context.set_off,
        context.beside_hash,
        context.names_files,
        context.is_key,
        context.is_certificate,
        context.is_mutex,
        context.write_up,
        called,
        whole,
        context.text == Text::Mail,
        context.text == Text::Prose,
        context.text == Text::Log,
    ];
    facts.iter().fold(0, |sum, &fact| sum * 2 + u16::from(fact))
}

/// A run of 32 or more hexadecimal digits.
fn has_hash(line: &str) -> bool {
    let mut run = 0;
    for b in line.bytes() {
        run = if b.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run >= 32 {
            return true;
        }
    }
    false
}

/// Cuts a very long line where words end.
fn pieces(line: &str, each: &mut dyn FnMut(&str)) {
    let mut rest = line;
    while rest.len() > EXTRACT_LINE_BYTES {
        let mut cut = EXTRACT_LINE_BYTES;
        while !rest.is_char_boundary(cut) {
            cut -= 1;
        }
        let (head, _) = rest.split_at(cut);
        let end = head.rfind(ends).filter(|&end| end > 0).unwrap_or(cut);
        let (head, tail) = rest.split_at(end);
        each(&clean(head));
        rest = tail;
    }
    each(&clean(rest));
}

/// Signs that nobody sees, and spaces that keep a value from being clicked, are taken away.
fn clean(line: &str) -> Cow<'_, str> {
    const UNSEEN: &[char] = &['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}'];
    let mut now = Cow::Borrowed(line);
    if !now.is_ascii() {
        if now.contains(UNSEEN) {
            // Where one stood it was put there to break a link: the dot behind it is read as a defanged one.
            now = Cow::Owned(now.replace(UNSEEN, ""));
        }
        if now.contains(['\u{ff0e}', '\u{3002}', '\u{2024}']) {
            now = Cow::Owned(now.replace(['\u{ff0e}', '\u{2024}'], "[.]"));
        }
    }
    let (brackets, dots) = spaced(&now);
    if brackets {
        for spoilt in ["[.]", "(.)", "[dot]", "(dot)", "[DOT]", "(DOT)", "[at]", "(at)", "[@]"] {
            if now.contains(spoilt) {
                now = Cow::Owned(close_up(&now, spoilt));
            }
        }
    }
    if dots {
        now = Cow::Owned(close_dots(&now));
    }
    now
}

/// Whether a bracket stands with its back to a space, and whether a dot stands alone.
fn spaced(line: &str) -> (bool, bool) {
    let (mut brackets, mut dots) = (false, false);
    let mut before = (0, 0);
    for &b in line.as_bytes() {
        brackets |= matches!((before.1, b), (b' ', b'[' | b'(') | (b']' | b')', b' '));
        dots |= b == b' ' && before == (b' ', b'.');
        before = (before.1, b);
    }
    (brackets, dots)
}

/// Takes the spaces around a defanged sign away.
fn close_up(line: &str, sign: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(sign) {
        out.push_str(before);
        // `see [.] or` is no value: a name must stand on both sides.
        let name = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let trimmed = after.trim_start_matches(' ');
        if name(out.trim_end_matches(' ').chars().next_back()) && name(trimmed.chars().next()) {
            out.truncate(out.trim_end_matches(' ').len());
            out.push_str(sign);
            rest = trimmed;
        } else {
            out.push_str(sign);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Endings by which `evil . com` is known for a name, and not for the end of a sentence.
const ENDINGS: &[&str] =
    &["com", "net", "org", "info", "biz", "ru", "cn", "xyz", "top", "co", "io", "uk", "de", "site", "online"];

fn close_dots(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(" . ") {
        out.push_str(before);
        let word = after.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let name = out.chars().next_back().is_some_and(char::is_alphanumeric);
        out.push_str(if name && ENDINGS.contains(&word) { "[.]" } else { " . " });
        rest = after;
    }
    out.push_str(rest);
    out
}

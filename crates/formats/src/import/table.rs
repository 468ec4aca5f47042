//! Comma, tab or semicolon separated values, with or without a header; columns are found by name or by what is in them.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use model::{Draft, Observable, Timestamp, refang};

use super::kinds::{self, Named};
use super::lines::Lines;
use super::out::{Out, add_tag, add_techniques, attack_of, clipped, indicator};
use crate::limits::LINE_BYTES_MAX;
use crate::when::parse_time;

/// Rows that are looked at to find out what the columns are.
const SAMPLE_ROWS: usize = 40;
/// Lines that one quoted field may span.
const QUOTED_LINES_MAX: usize = 100;
/// Fields of one row.
const FIELDS_MAX: usize = 200;

/// What the columns of a table are.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub delimiter: char,
    pub header: bool,
    time: Option<usize>,
    reporter: Option<usize>,
    kind: Option<usize>,
    value: Option<usize>,
    tags: Vec<usize>,
    group: Option<usize>,
    /// Columns that are named for a kind of value, used where no single column holds the values.
    named: Vec<(usize, String)>,
}

/// Finds the layout in the first lines of a file; `None` if it is no table of values.
pub(super) fn layout(head: &str) -> Option<Layout> {
    let lines: Vec<&str> = head
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .take(SAMPLE_ROWS)
        .collect();
    let first = lines.first()?;
    for delimiter in ['\t', ',', ';'] {
        if !first.contains(delimiter) {
            continue;
        }
        let rows = sample_rows(&lines, delimiter);
        let width = rows.first()?.len();
        let alike = rows.iter().filter(|row| row.len() == width).count();
        if width < 2 || alike * 5 < rows.len() * 4 {
            continue;
        }
        if let Some(layout) = by_header(rows.first()?, delimiter).or_else(|| by_content(&rows, delimiter)) {
            return Some(layout);
        }
    }
    one_column(head, first)
}

/// One value a line and nothing else. Where values are defanged it is text, which reads them too and minds headings.
fn one_column(head: &str, first: &str) -> Option<Layout> {
    let (mut lines, mut values) = (0_usize, 0_usize);
    for line in head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with(['|', '=', '-', '*', '+', '`']) || refang(line) != line {
            return None;
        }
        lines += 1;
        values += usize::from(Observable::detect(line).is_some());
    }
    let header = kinds::named(first)
        .is_some_and(|named| matches!(named, Named::Kind(_) | Named::Hash | Named::Refused(_)))
        || role(first) == Some(Role::Value);
    (values > 0 && values * 10 >= (lines - usize::from(header)) * 9).then(|| Layout {
        delimiter: '\t',
        header,
        value: Some(0),
        ..Layout::default()
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Time,
    Reporter,
    Kind,
    Value,
    Tags,
    Group,
}

fn role(name: &str) -> Option<Role> {
    let folded: String = name.trim().to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match folded.as_str() {
        "time" | "date" | "timestamp" | "firstseen" | "firstseenutc" | "seen" | "created" | "createdat"
        | "lastseen" | "datetime" | "published" => Role::Time,
        "reporter" | "author" | "user" | "submitter" | "reportedby" | "orgname" => Role::Reporter,
        "type" | "kind" | "indicatortype" | "ioctype" | "attributetype" | "observabletype" => Role::Kind,
        "value" | "indicator" | "ioc" | "observable" | "indicatorvalue" | "iocvalue" | "attributevalue" | "iocs"
        | "indicators" => Role::Value,
        "tags" | "tag" | "malware" | "family" | "threat" | "signature" | "malwareprintable" | "category"
        | "technique" | "attack" => Role::Tags,
        "post" | "campaign" | "event" | "report" | "group" | "eventid" | "reportid" | "case" | "incident" => {
            Role::Group
        }
        _ => return None,
    })
}

fn by_header(row: &[String], delimiter: char) -> Option<Layout> {
    let values =
        row.iter().any(|cell| role(cell).is_none() && (Observable::detect(cell).is_some() || parse_time(cell).is_ok()));
    if values {
        return None;
    }
    let mut layout = Layout { delimiter, header: true, ..Layout::default() };
    for (column, name) in row.iter().enumerate() {
        match role(name) {
            Some(Role::Time) if layout.time.is_none() => layout.time = Some(column),
            Some(Role::Reporter) if layout.reporter.is_none() => layout.reporter = Some(column),
            Some(Role::Kind) if layout.kind.is_none() => layout.kind = Some(column),
            Some(Role::Value) if layout.value.is_none() => layout.value = Some(column),
            Some(Role::Tags) => layout.tags.push(column),
            Some(Role::Group) if layout.group.is_none() => layout.group = Some(column),
            _ => {
                if kinds::named(name).is_some_and(|named| named.is_read()) {
                    layout.named.push((column, name.clone()));
                }
            }
        }
    }
    if layout.value.is_some() {
        layout.named.clear();
    }
    (layout.value.is_some() || !layout.named.is_empty()).then_some(layout)
}

fn by_content(rows: &[Vec<String>], delimiter: char) -> Option<Layout> {
    let width = rows.first()?.len();
    let share = |column: usize, test: &dyn Fn(&str) -> bool| {
        let filled: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
            .collect();
        if filled.is_empty() { 0 } else { filled.iter().filter(|cell| test(cell)).count() * 100 / filled.len() }
    };
    let is_kind = |cell: &str| kinds::named(cell).is_some_and(|named| named.is_read());
    let is_time = |cell: &str| cell.len() >= 10 && cell.contains(['-', '/']) && parse_time(cell).is_ok();
    let is_link = |cell: &str| cell.starts_with("http://") || cell.starts_with("https://");
    let is_value = |cell: &str| Observable::detect(cell).is_some();
    let columns = || 0..width.min(FIELDS_MAX);
    let kind = columns().find(|&column| share(column, &is_kind) >= 80);
    let time = columns().find(|&column| share(column, &is_time) >= 80);
    let value = match kind {
        // The value stands beside its type; where both sides could be, the right one is.
        Some(kind) if kind + 1 < width && share(kind + 1, &is_value) >= 50 => Some(kind + 1),
        Some(kind) if kind > 0 && share(kind - 1, &is_value) >= 50 => Some(kind - 1),
        _ => columns().filter(|&column| Some(column) != time).find(|&column| share(column, &is_value) >= 80),
    }?;
    let mut layout = Layout { delimiter, time, kind, value: Some(value), ..Layout::default() };
    for column in columns().filter(|&column| Some(column) != time && Some(column) != kind && column != value) {
        if share(column, &|cell| cell.starts_with('#')) >= 80 {
            layout.tags.push(column);
        } else if kind.is_some() && share(column, &is_link) >= 80 {
            layout.group.get_or_insert(column);
        } else if kind.is_some_and(|kind| column < kind)
            && share(column, &|cell| !cell.contains(' ') && cell.len() <= 64) >= 90
        {
            layout.reporter.get_or_insert(column);
        }
    }
    Some(layout)
}

/// Where in a field a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// At its start, but for spaces.
    Start,
    /// In it.
    Plain,
    /// Between its quotes.
    Quoted,
    /// Behind a quote between its quotes: the closing one, or the first of two that stand for one.
    Quote,
}

/// Takes rows apart as RFC 4180 has it: a quote counts only where it opens a field.
struct Cells {
    delimiter: char,
    fields: Vec<String>,
    field: String,
    at: At,
    /// Something stands between a closing quote and the end of its field.
    odd: bool,
    /// Bytes taken.
    bytes: usize,
}

impl Cells {
    const fn new(delimiter: char) -> Self {
        Self { delimiter, fields: Vec::new(), field: String::new(), at: At::Start, odd: false, bytes: 0 }
    }

    fn take(&mut self, text: &str) {
        self.bytes += text.len();
        for c in text.chars() {
            self.at = match self.at {
                At::Quoted if c == '"' => At::Quote,
                At::Quoted => {
                    self.field.push(c);
                    At::Quoted
                }
                At::Quote if c == '"' => {
                    self.field.push(c);
                    At::Quoted
                }
                _ if c == self.delimiter => {
                    self.end_field();
                    At::Start
                }
                At::Start if c == '"' => At::Quoted,
                At::Start if c == ' ' => At::Start,
                at => {
                    self.odd |= at == At::Quote && !c.is_whitespace();
                    self.field.push(c);
                    if at == At::Quote && c.is_whitespace() { At::Quote } else { At::Plain }
                }
            };
        }
    }

    fn end_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        if self.fields.len() < FIELDS_MAX {
            self.fields.push(field);
        }
    }

    /// Whether a quoted field goes on.
    fn is_open(&self) -> bool {
        self.at == At::Quoted
    }

    /// Whether the quote that had the row go on behind its `first` line was none: it never closes, or in the middle of a
    /// later row. The lines are rows of their own then.
    fn is_mistaken(&self, first: &str) -> bool {
        self.is_open() || (self.odd && self.bytes > first.len())
    }

    fn finish(mut self) -> Vec<String> {
        self.end_field();
        self.fields
    }
}

/// The rows that some lines are, as [`Rows`] will read them.
fn sample_rows(mut lines: &[&str], delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    while let Some((first, after)) = lines.split_first() {
        let mut cells = Cells::new(delimiter);
        cells.take(first);
        let mut more = after.iter();
        while cells.is_open()
            && let Some(line) = more.next()
        {
            cells.take("\n");
            cells.take(line);
        }
        lines = more.as_slice();
        if cells.is_mistaken(first) {
            cells = Cells::new(delimiter);
            cells.take(first);
            lines = after;
        }
        rows.push(cells.finish());
    }
    rows
}

/// Whether these are lines of a feed's `hashes.csv`: the MD5 of a value and the id of the event that holds it.
pub(super) fn is_feed_index(head: &str) -> bool {
    let mut lines = head.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let all_hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_uuid = |text: &str| {
        let mut parts = text.split('-');
        [8, 4, 4, 4, 12].iter().all(|&len| parts.next().is_some_and(|part| all_hex(part, len)))
            && parts.next().is_none()
    };
    lines.peek().is_some()
        && lines.all(|line| line.split_once(',').is_some_and(|(hash, event)| all_hex(hash, 32) && is_uuid(event)))
}

/// Rows of a table: a quoted field may span lines, but not without end.
struct Rows<'l, 'r> {
    lines: &'l mut Lines<'r>,
    waiting: VecDeque<(Option<NonZeroU32>, String)>,
    delimiter: char,
}

impl Rows<'_, '_> {
    fn line(&mut self, out: &mut Out<'_>) -> Option<(Option<NonZeroU32>, String)> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(waiting);
        }
        let text = self.lines.text(out)?;
        Some((self.lines.number(), text))
    }

    /// The next row that is neither empty nor a comment.
    fn next(&mut self, out: &mut Out<'_>) -> Option<(Option<NonZeroU32>, Vec<String>)> {
        let (number, first) = loop {
            let (number, text) = self.line(out)?;
            if !text.trim().is_empty() && !text.starts_with('#') {
                break (number, text);
            }
        };
        let mut cells = Cells::new(self.delimiter);
        cells.take(&first);
        let mut taken = Vec::new();
        while cells.is_open() && taken.len() < QUOTED_LINES_MAX && cells.bytes < LINE_BYTES_MAX {
            let Some((at, more)) = self.line(out) else { break };
            cells.take("\n");
            cells.take(&more);
            taken.push((at, more));
        }
        if cells.is_mistaken(&first) {
            out.note(number, "", "a quote is opened and never closed");
            for line in taken.into_iter().rev() {
                self.waiting.push_front(line);
            }
            cells = Cells::new(self.delimiter);
            cells.take(&first);
        }
        Some((number, cells.finish()))
    }
}

struct Open {
    key: Option<(String, String)>,
    draft: Draft,
}

pub(super) fn read(layout: &Layout, lines: &mut Lines<'_>, out: &mut Out<'_>) {
    let mut rows = Rows { lines, waiting: VecDeque::new(), delimiter: layout.delimiter };
    let mut open: Option<Open> = None;
    let mut header = layout.header;
    while let Some((number, row)) = rows.next(out) {
        if header {
            header = false;
            continue;
        }
        let cell = |column: Option<usize>| column.and_then(|column| row.get(column)).map_or("", |cell| cell.trim());
        let (reporter, group) = (cell(layout.reporter), cell(layout.group));
        let key = match (layout.reporter, layout.group) {
            (None, None) => None,
            // Without a group, each row of a reporter stands for itself.
            (Some(_), None) => Some((reporter.to_owned(), number.map_or(String::new(), |number| number.to_string()))),
            _ => Some((reporter.to_owned(), group.to_owned())),
        };
        let full = open.as_ref().is_some_and(|open| open.draft.indicators.len() >= out.options.items_max);
        if (full || open.as_ref().is_some_and(|open| open.key != key))
            && let Some(done) = open.take()
        {
            finish(done.draft, out);
        }
        let mut values = Vec::new();
        let time = match cell(layout.time) {
            "" => None,
            text => out.time(text, number, "time"),
        };
        read_values(layout, &row, number, time, &mut values, out);
        if values.is_empty() {
            continue;
        }
        let open = open.get_or_insert_with(|| {
            let mut draft = Draft::titled("");
            draft.origin.line = number;
            draft.author = (!reporter.is_empty()).then(|| reporter.to_owned());
            draft.happened_at = time;
            if layout.group.is_some() {
                group.clone_into(&mut draft.narrative);
            }
            Open { key, draft }
        });
        for &column in &layout.tags {
            for tag in cell(Some(column)).split([' ', ',', ';', '|']).filter(|tag| !tag.is_empty()) {
                add_techniques(&mut open.draft, tag);
                add_tag(&mut open.draft, tag);
            }
        }
        open.draft.indicators.extend(values);
    }
    if let Some(done) = open {
        finish(done.draft, out);
    }
}

fn finish(mut draft: Draft, out: &mut Out<'_>) {
    let tags = draft.tags.join(" ");
    if let Some(attack) = attack_of(&tags) {
        draft.attack = attack;
    }
    draft.title = match (&draft.author, tags.is_empty()) {
        (Some(author), false) => format!("{tags}, told by {author}"),
        (Some(author), true) => format!("Values told by {author}"),
        (None, false) => tags,
        (None, true) => out.name.to_owned(),
    };
    out.draft(draft);
}

fn read_values(
    layout: &Layout,
    row: &[String],
    number: Option<NonZeroU32>,
    time: Option<Timestamp>,
    values: &mut Vec<model::DraftIndicator>,
    out: &mut Out<'_>,
) {
    let mut take = |name: &str, text: &str, field: &str, out: &mut Out<'_>| {
        let named = kinds::named(name);
        match named {
            Some(named) if named.is_read() => {
                let outcomes = kinds::read(&named, text);
                if outcomes.is_empty() {
                    out.problem(number, field, "holds no value");
                }
                for outcome in outcomes {
                    match outcome {
                        Ok(observable) => values.push(indicator(observable, time, number, field)),
                        Err(why) => out.problem(number, field, why),
                    }
                }
            }
            Some(_) => out.problem(number, field, format!("a value of type {:?} is not read", clipped(name, 40))),
            None => match Observable::detect(text) {
                Some(observable) => values.push(indicator(observable, time, number, field)),
                None => out.problem(
                    number,
                    field,
                    format!("{:?} is no value that is known", text.chars().take(80).collect::<String>()),
                ),
            },
        }
    };
    if let Some(column) = layout.value {
        let text = row.get(column).map_or("", |cell| cell.trim());
        if text.is_empty() {
            out.problem(number, "value", "is empty");
            return;
        }
        let name = layout.kind.and_then(|column| row.get(column)).map_or("", |cell| cell.trim());
        take(name, text, "value", out);
    }
    let mut empty = layout.value.is_none();
    for (column, name) in &layout.named {
        let text = row.get(*column).map_or("", |cell| cell.trim());
        if !text.is_empty() {
            empty = false;
            take(name, text, name, out);
        }
    }
    if empty {
        out.problem(number, "", "the row holds no value");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str, delimiter: char) -> Vec<String> {
        let mut cells = Cells::new(delimiter);
        cells.take(line);
        cells.finish()
    }

    #[test]
    fn splits_rows() {
        assert_eq!(split("a,\"b,\"\"c\",d", ','), ["a", "b,\"c", "d"]);
        assert_eq!(split("a\tb \"c\td", '\t'), ["a", "b \"c", "d"]);
        assert_eq!(split("5\" disk,\"b\" ,c\"", ','), ["5\" disk", "b ", "c\""]);
        let is_open = |line| {
            let mut cells = Cells::new(',');
            cells.take(line);
            cells.is_open()
        };
        assert!(is_open("a,\"b"));
        assert!(!is_open("a,\"https://x/?v=1\"\";\",,b"));
        assert!(!is_open("5\" disk,b"));
    }

    #[test]
    fn finds_layouts() {
        assert!(
            layout("ipv4\t192.0.2.1\ndomain\tevil.example\n")
                .is_some_and(|l| !l.header && l.value == Some(1) && l.kind == Some(0))
        );
        assert!(layout("evil.example\n192.0.2.1\n").is_some_and(|l| l.value == Some(0)));
        assert!(layout("Type,Value\nip,192.0.2.1\n").is_some_and(|l| l.header && l.value == Some(1)));
        assert!(
            layout("md5\t0123456789abcdef0123456789abcdef\nipv4\t192.0.2.1\n")
                .is_some_and(|l| !l.header && l.kind == Some(0))
        );
        assert!(layout("domain,md5\nevil.example,\n").is_some_and(|l| l.header && l.named.len() == 2));
        assert!(layout("Dear all, we saw evil\nthings, and more, of them\n").is_none());
        let l = layout("2025-01-01 01:49:12,bob,domain,evil.example,#phishing,https://x.example/1\n").unwrap();
        assert_eq!((l.time, l.reporter, l.kind, l.value, l.group), (Some(0), Some(1), Some(2), Some(3), Some(5)));
        assert_eq!(l.tags, [4]);
    }
}

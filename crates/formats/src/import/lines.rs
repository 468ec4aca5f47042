//! Lines of a stream, each of bounded length, and JSON lines: labelled reports, or a MISP or STIX document a line.

use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZeroU32;

use model::{Draft, Observable};

use super::kinds::{self, Named};
use super::out::{Out, add_techniques, attack_of, indicator};
use super::{misp, stix};
use crate::json::{self, Value};
use crate::limits::LINE_BYTES_MAX;

/// Buffer of the reader.
const BUFFER_BYTES: usize = 64 << 10;

/// What the next line is.
pub(super) enum Next {
    /// It is in the buffer, without its end.
    Line,
    /// It was too long and has been passed over.
    TooLong,
    /// There is none.
    End,
}

/// Reads lines and counts them.
pub(super) struct Lines<'r> {
    reader: BufReader<Box<dyn Read + 'r>>,
    number: u32,
    /// The line that was read last.
    pub bytes: Vec<u8>,
}

impl<'r> Lines<'r> {
    pub fn new(reader: Box<dyn Read + 'r>) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, reader), number: 0, bytes: Vec::new() }
    }

    /// Number of the last line, from 1.
    pub const fn number(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.number)
    }

    pub fn next(&mut self) -> io::Result<Next> {
        self.bytes.clear();
        let mut too_long = false;
        let mut any = false;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|&b| b == b'\n');
            let piece = available.get(..end.unwrap_or(available.len())).unwrap_or(available);
            if self.bytes.len() + piece.len() > LINE_BYTES_MAX {
                too_long = true;
                self.bytes.clear();
            }
            if !too_long {
                self.bytes.extend_from_slice(piece);
            }
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(Next::End);
        }
        self.number = self.number.saturating_add(1);
        if too_long {
            return Ok(Next::TooLong);
        }
        if self.bytes.last() == Some(&b'\r') {
            self.bytes.pop();
        }
        Ok(Next::Line)
    }

    /// The next line as text; problems are told, `None` is the end.
    pub fn text(&mut self, out: &mut Out<'_>) -> Option<String> {
        loop {
            match self.next() {
                Ok(Next::Line) => {
                    let text = String::from_utf8_lossy(&self.bytes);
                    if matches!(text, std::borrow::Cow::Owned(_)) {
                        out.note(self.number(), "", "the line holds invalid UTF-8");
                    }
                    let text = if self.number == 1 {
                        text.trim_start_matches('\u{feff}').to_owned()
                    } else {
                        text.into_owned()
                    };
                    return Some(text);
                }
                Ok(Next::TooLong) => self.too_long(out),
                Ok(Next::End) => return None,
                Err(error) => {
                    out.broken(NonZeroU32::new(self.number.saturating_add(1)), "", error.to_string());
                    return None;
                }
            }
        }
    }

    fn too_long(&self, out: &mut Out<'_>) {
        out.problem(self.number(), "", format!("the line is longer than {LINE_BYTES_MAX} bytes"));
    }
}

/// Reads JSON lines.
pub(super) fn read(lines: &mut Lines<'_>, out: &mut Out<'_>) {
    loop {
        match lines.next() {
            Ok(Next::Line) => {}
            Ok(Next::TooLong) => {
                lines.too_long(out);
                continue;
            }
            Ok(Next::End) => return,
            Err(error) => {
                out.broken(lines.number(), "", error.to_string());
                return;
            }
        }
        if lines.bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line = lines.number();
        match json::parse(&lines.bytes) {
            Ok(value) if is_report(&value) => read_report(&value, line, out),
            Ok(value) if misp::is_misp(&value) => misp::read(&value, out),
            Ok(value) if stix::is_stix(&value) => stix::read(&value, out),
            Ok(value) => {
                out.problem(line, "", format!("is {}, but no report, MISP event or STIX object", value.what()))
            }
            Err(problem) => out.problem(line, problem.field, problem.why),
        }
    }
}

/// What the first lines look like if none of them is anything that can be read; `None` if one is, or all are broken.
pub(super) fn unknown(head: &[u8]) -> Option<String> {
    let mut seen = None;
    // The last line of the head may be cut off, which makes it a broken one.
    for line in head.split(|&b| b == b'\n').take(20) {
        if let Ok(value) = json::parse(line) {
            if super::format_of(&value).is_some() {
                return None;
            }
            seen.get_or_insert_with(|| super::looks(&value));
        }
    }
    seen
}

/// Whether a document is a labelled report.
pub(super) fn is_report(value: &Value<'_>) -> bool {
    matches!(value.get("indicators"), Some(Value::List(_)))
}

/// One labelled report. Its `campaign` is the answer that a replay is judged by, so it is never read.
pub(super) fn read_report(report: &Value<'_>, line: Option<NonZeroU32>, out: &mut Out<'_>) {
    let title = report.str("title").map(str::to_owned).or_else(|| {
        let id = report.str("id")?;
        Some(match report.str("reporter") {
            Some(reporter) => format!("Report {id} by {reporter}"),
            None => format!("Report {id}"),
        })
    });
    let mut draft = Draft::titled(title.unwrap_or_else(|| out.name.to_owned()));
    draft.origin.line = line;
    draft.author = report.str("reporter").map(str::to_owned);
    match report.get("time") {
        Some(Value::Str(text)) => draft.happened_at = out.time(text.as_str(), line, "time"),
        Some(other) => out.problem(line, "time", format!("is {}, not a string", other.what())),
        None => {}
    }
    let refs: Vec<&str> = report.get("refs").map_or(&[][..], Value::items).iter().filter_map(Value::as_str).collect();
    draft.narrative = refs.join("\n");
    let seen_at = draft.happened_at;
    for (index, item) in report.get("indicators").map_or(&[][..], Value::items).iter().enumerate() {
        let field = format!("indicators[{index}]");
        let (Some(kind), Some(value)) =
            (item.items().first().and_then(Value::as_str), item.items().get(1).and_then(Value::as_str))
        else {
            out.problem(line, field, "is no pair of type and value");
            continue;
        };
        match kinds::named(kind) {
            Some(named @ (Named::Kind(_) | Named::Pair(..))) => {
                for outcome in kinds::read(&named, value) {
                    match outcome {
                        Ok(observable) => draft.indicators.push(indicator(observable, seen_at, line, field.clone())),
                        Err(why) => out.problem(line, field.clone(), why),
                    }
                }
            }
            _ => match Observable::detect(value) {
                Some(observable) => draft.indicators.push(indicator(observable, seen_at, line, field)),
                None => out.problem(
                    line,
                    field,
                    format!("type {:?} is not read", kind.chars().take(40).collect::<String>()),
                ),
            },
        }
    }
    let words = draft.title.clone();
    add_techniques(&mut draft, &words);
    if let Some(attack) = attack_of(&words) {
        draft.attack = attack;
    }
    out.draft(draft);
}

//! Lines of a stream, each of bounded length, and JSON lines: labelled reports, or a MISP or STIX document a line.

use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZeroU32;

use super::document;
use super::out::Out;
use crate::json;
use crate::json::doc::Doc;
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
        let first = lines.number().map_or(1, NonZeroU32::get);
        document::read_line(&Doc::new(&lines.bytes, first), out);
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

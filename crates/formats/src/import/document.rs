//! A JSON document as a whole: which format it is, and that what stands behind its end is read too.

use std::io::{self, Read};

use super::out::Out;
use super::{Format, format_of, lines, looks, misp, report, stix};
use crate::json::Value;
use crate::json::doc::{Doc, Halt, Walk};
use crate::limits::JSON_BYTES_MAX;

/// Reads a JSON document, or JSON lines whose first one is too long to show it in the head of the file.
pub(super) fn read<'r>(mut whole: Box<dyn Read + 'r>, out: &mut Out<'_>) -> io::Result<()> {
    let mut bytes = Vec::new();
    whole.by_ref().take(JSON_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if are_lines(&bytes) {
        out.summary.format = Some(Format::ReportLines);
        lines::read(&mut lines::Lines::new(Box::new(io::Cursor::new(bytes).chain(whole))), out);
        return Ok(());
    }
    if bytes.len() as u64 > JSON_BYTES_MAX {
        return Err(io::Error::other(format!("a JSON document of more than {JSON_BYTES_MAX} bytes is not read")));
    }
    bytes.shrink_to_fit();
    let doc = Doc::new(&bytes, 1);
    let mut at = doc.ws(0);
    loop {
        let outline = doc.outline(at);
        let format = format_of(&outline);
        if format.is_some() {
            out.summary.format = format;
        }
        let end = match read_one(&doc, at, format, &outline, out) {
            Ok(end) => end,
            Err(Halt::Stop) => return Ok(()),
            Err(Halt::Lost(lost)) => {
                out.broke_off(doc.line_at(lost.at));
                return Ok(());
            }
        };
        at = doc.ws(end);
        match doc.byte(at) {
            None => return Ok(()),
            // One document behind the other.
            Some(b'{' | b'[') => {}
            Some(_) => {
                out.broken(doc.line_at(at), "", "broken JSON: trailing characters");
                return Ok(());
            }
        }
    }
}

fn read_one(doc: &Doc<'_>, at: usize, format: Option<Format>, outline: &Value<'_>, out: &mut Out<'_>) -> Walk {
    match format {
        Some(Format::Misp) => misp::read(doc, at, out),
        Some(Format::Stix) => stix::read(doc, at, out),
        Some(Format::ReportLines) => report::read(doc, at, out),
        Some(_) => doc.skim(at),
        None => {
            match doc.value(at) {
                Err(fault) if fault.syntax || outline.entries().is_empty() => {
                    out.broken(doc.line_at(fault.at), fault.field, fault.why);
                }
                _ => out.unknown(
                    doc.line_at(at),
                    format!("the JSON is neither a MISP event nor STIX: it is {}", looks(outline)),
                ),
            }
            doc.skim(at)
        }
    }
}

/// Reads one line of JSON lines: a document by itself.
pub(super) fn read_line(doc: &Doc<'_>, out: &mut Out<'_>) {
    let at = doc.ws(0);
    let outline = doc.outline(at);
    let walk = match format_of(&outline) {
        Some(Format::ReportLines) => report::read(doc, at, out),
        Some(Format::Misp) => misp::read(doc, at, out),
        Some(Format::Stix) => stix::read(doc, at, out),
        _ => match doc.value(at) {
            Ok((value, end)) => {
                let why = format!("is {}, but no report, MISP event or STIX object", value.what());
                out.problem(doc.line_at(at), "", why);
                Ok(end)
            }
            Err(fault) => {
                out.problem(doc.line_at(fault.at), fault.field.clone(), fault.why.clone());
                Err(Halt::from(&fault))
            }
        },
    };
    if let Ok(end) = walk {
        let end = doc.ws(end);
        if doc.byte(end).is_some() {
            out.problem(doc.line_at(end), "", "broken JSON: trailing characters");
        }
    }
}

/// Whether these are JSON lines: the first line closes, and the next begins, an object.
pub(super) fn are_lines(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let Some((line, rest)) = start.iter().position(|&byte| byte == b'\n').and_then(|end| start.split_at_checked(end))
    else {
        return false;
    };
    line.starts_with(b"{") && line.trim_ascii_end().ends_with(b"}") && rest.trim_ascii_start().starts_with(b"{")
}

/// Tells why a walk ended early, at the innermost place that has a path.
pub(super) fn told(doc: &Doc<'_>, path: &str, walk: Walk, out: &mut Out<'_>) -> Walk {
    walk.map_err(|halt| match halt {
        Halt::Lost(mut lost) => {
            if let Some(why) = lost.untold.take() {
                out.problem(doc.line_at(lost.at), path, why);
            }
            Halt::Lost(lost)
        }
        Halt::Stop => Halt::Stop,
    })
}

/// A path and what follows in it: a key, or an index in brackets.
pub(super) fn join(path: &str, more: &str) -> String {
    if path.is_empty() || more.is_empty() || more.starts_with('[') {
        format!("{path}{more}")
    } else {
        format!("{path}.{more}")
    }
}

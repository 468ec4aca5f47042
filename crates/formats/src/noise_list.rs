//! Lists of everyday values: MISP warning-lists and plain lists of domains or ranges.

use std::num::NonZeroU32;

use model::{Kind, Observable};

use crate::json::Value;
use crate::json::doc::{Doc, Halt, Kin, Next};
use crate::limits::{JSON_BYTES_MAX, LIST_ENTRIES_MAX};
use crate::{Problem, unpack};

/// How the entries of a list match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Addresses and ranges.
    Cidr,
    /// Equal to the value.
    String,
    /// Equal to the host or a parent domain of it.
    Hostname,
    /// Contained in the value.
    Substring,
    /// Regular expressions: read, reported, not used.
    Regex,
}

/// A list of everyday values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningList {
    /// Its name.
    pub name: String,
    /// What it holds, for a person.
    pub description: String,
    /// How entries match.
    pub kind: ListKind,
    /// Its version.
    pub version: String,
    /// The entries as they stand in the list.
    pub entries: Vec<String>,
}

const ENTRIES: Kin = Kin { next: Next::Tree(|_| false), alien: |_| false, ends: &[] };

fn problem(line: Option<NonZeroU32>, field: impl Into<String>, why: impl Into<String>) -> Problem {
    Problem { line, field: field.into(), why: why.into() }
}

/// Reads a MISP warning-list (JSON, packed or not). Entries that cannot be used are problems; the list without them is
/// returned. Regular expressions are not used: their list comes back empty, with a problem that says so.
#[must_use]
pub fn parse_warning_list(bytes: &[u8]) -> (Option<WarningList>, Vec<Problem>) {
    let bytes = match unpack(bytes, JSON_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(why) => return (None, vec![problem(None, "", why)]),
    };
    let doc = Doc::new(&bytes, 1);
    let at = doc.ws(0);
    let mut problems = Vec::new();
    let (mut list, mut head) = (None, Vec::new());
    let walk = doc.members(at, &[], &mut |key, value, again| match key.as_str() {
        "list" if !again && doc.byte(value) == Some(b'[') => {
            list = Some(value);
            doc.skim(value)
        }
        word @ ("name" | "type" | "version" | "description") => {
            if again {
                problems.push(problem(doc.line_at(value), word, "this key stands twice in its object"));
                return doc.skim(value);
            }
            let (read, end) = doc.value(value).map_err(|fault| Halt::from(&fault))?;
            head.push((word.to_owned(), read));
            Ok(end)
        }
        _ => doc.skim(value),
    });
    let list = match (list, walk) {
        (Some(list), Ok(_)) if doc.byte(at) == Some(b'{') => list,
        (_, Err(Halt::Lost(lost))) => {
            let why = lost.untold.unwrap_or("broken JSON");
            return (None, vec![problem(doc.line_at(lost.at), "", why)]);
        }
        _ => {
            return (None, vec![problem(None, "list", "the document has no array \"list\", so it is no warning-list")]);
        }
    };
    let get = |key: &str| head.iter().find(|(word, _)| word == key).map(|(_, value)| value);
    let kind = match get("type").and_then(Value::as_str) {
        Some("cidr") => ListKind::Cidr,
        Some("string") => ListKind::String,
        Some("hostname") => ListKind::Hostname,
        Some("substring") => ListKind::Substring,
        Some("regex") => ListKind::Regex,
        other => return (None, vec![problem(None, "type", format!("{other:?} is no type of list"))]),
    };
    let (mut entries, mut count) = (Vec::new(), 0_usize);
    let walk = doc.trees(list, &ENTRIES, &mut |index, start, item| {
        count = index + 1;
        if kind == ListKind::Regex || index >= LIST_ENTRIES_MAX {
            return;
        }
        match item.map(|item| item.as_str().map(str::trim)) {
            Ok(Some(text)) if !text.is_empty() => entries.push(text.to_owned()),
            Ok(_) => problems.push(problem(doc.line_at(start), format!("list[{index}]"), "is no text")),
            Err(fault) => problems.push(problem(doc.line_at(fault.at), format!("list[{index}]"), fault.why.clone())),
        }
    });
    if let Err(Halt::Lost(lost)) = walk {
        problems.push(problem(doc.line_at(lost.at), "list", lost.untold.unwrap_or("the rest of the list is broken")));
    }
    if kind == ListKind::Regex {
        problems.push(problem(None, "list", format!("{count} regular expressions are not used")));
    } else if count > LIST_ENTRIES_MAX {
        problems.push(problem(None, "list", format!("more than {LIST_ENTRIES_MAX} entries: the rest is not used")));
    }
    let version = match get("version") {
        Some(Value::Int(version)) => version.to_string(),
        Some(Value::Str(version)) => version.as_str().to_owned(),
        _ => String::new(),
    };
    let text = |key: &str| get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    (Some(WarningList { name: text("name"), description: text("description"), kind, version, entries }), problems)
}

/// Reads a plain list (packed or not) of domains, addresses or ranges, one a line, `#` starting a comment. It is a list of
/// ranges if most entries are addresses or ranges, else of host names; entries are brought to their normal form.
#[must_use]
pub fn parse_plain_list(name: &str, bytes: &[u8]) -> (Option<WarningList>, Vec<Problem>) {
    let bytes = match unpack(bytes, JSON_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(why) => return (None, vec![problem(None, "", why)]),
    };
    let mut problems = Vec::new();
    let (mut ranges, mut names) = (Vec::new(), Vec::new());
    for (index, line) in bytes.split(|&b| b == b'\n').enumerate() {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        let Ok(line) = std::str::from_utf8(line) else {
            problems.push(problem(number, "", "the line holds invalid UTF-8"));
            continue;
        };
        let entry = line.split('#').next().unwrap_or("").trim();
        if entry.is_empty() {
            continue;
        }
        if ranges.len() + names.len() >= LIST_ENTRIES_MAX {
            problems.push(problem(number, "", format!("more than {LIST_ENTRIES_MAX} entries: the rest is not used")));
            break;
        }
        // Ranked lists have a number before the name.
        let entry = entry
            .split_once(',')
            .filter(|(rank, _)| rank.bytes().all(|b| b.is_ascii_digit()))
            .map_or(entry, |(_, entry)| entry);
        if let Ok(range) = Observable::parse(Kind::Cidr, entry) {
            ranges.push(range.value().to_owned());
        } else if let Ok(host) = Observable::parse(Kind::Hostname, entry) {
            names.push(host.value().to_owned());
        } else {
            problems.push(problem(
                number,
                "",
                format!("{:?} is no host name, address or range", entry.chars().take(80).collect::<String>()),
            ));
        }
    }
    let (kind, entries) = if ranges.len() > names.len() {
        (ListKind::Cidr, ranges)
    } else {
        (ListKind::Hostname, [names, ranges].concat())
    };
    if entries.is_empty() {
        problems.push(problem(None, "", "the list has no entry"));
        return (None, problems);
    }
    let list = WarningList { name: name.to_owned(), description: String::new(), kind, version: String::new(), entries };
    (Some(list), problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists() {
        let (list, problems) = parse_warning_list(
            br#"{"name":"n","description":"d","type":"cidr","version":3,"list":["192.0.2.0/24",7]}"#,
        );
        let list = list.unwrap();
        assert_eq!((list.kind, list.version.as_str(), list.entries.len(), problems.len()), (ListKind::Cidr, "3", 1, 1));
        let (list, problems) = parse_warning_list(br#"{"name":"n","type":"regex","list":["a.*"]}"#);
        assert!(list.unwrap().entries.is_empty() && problems[0].why.contains("not used"));
        assert!(parse_warning_list(b"{}").0.is_none());
        let (list, problems) = parse_plain_list("x", b"# c\nevil.example # why\n1,top.example\n192.0.2.1\n!!\n");
        assert_eq!(list.unwrap().entries, ["evil.example", "top.example", "192.0.2.1"]);
        assert_eq!(problems.len(), 1);
    }
}

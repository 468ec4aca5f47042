//! JSON logs: lines, EVE, Zeek, CloudTrail, Windows events. Fields are found by their keys, without a tree.

use model::Timestamp;

use memchr::memmem;

/// Keys of times, the likelier first.
const TIME_KEYS: &[&str] = &[
    "\"timestamp\"",
    "\"ts\"",
    "\"@timestamp\"",
    "\"eventTime\"",
    "\"UtcTime\"",
    "\"TimeCreated\"",
    "\"EventTime\"",
    "\"time\"",
    "\"date\"",
    "\"_time\"",
];

fn opens(head: &[u8]) -> bool {
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn has(head: &[u8], words: &[&str]) -> bool {
    words.iter().all(|word| memmem::find(head, word.as_bytes()).is_some())
}

pub(super) fn is_json(head: &[u8]) -> bool {
    opens(head)
}

pub(super) fn is_eve(head: &[u8]) -> bool {
    opens(head) && has(head, &["\"event_type\"", "\"timestamp\""])
}

pub(super) fn is_zeek(head: &[u8]) -> bool {
    opens(head) && has(head, &["\"ts\""]) && (has(head, &["\"uid\""]) || has(head, &["\"id.orig_h\""]))
}

pub(super) fn is_cloudtrail(head: &[u8]) -> bool {
    opens(head) && has(head, &["\"eventVersion\""]) || opens(head) && has(head, &["\"Records\"", "\"eventTime\""])
}

pub(super) fn is_windows(head: &[u8]) -> bool {
    opens(head) && (has(head, &["\"EventID\""]) || has(head, &["\"event_id\"", "\"Channel\""]))
}

/// The value of a key as it stands, without quotes; escapes stay.
fn value<'l>(line: &'l [u8], key: &str, near: usize) -> Option<&'l [u8]> {
    let before = line.get(..near).and_then(|head| memmem::rfind(head, key.as_bytes()));
    let at = match before {
        Some(at) => at,
        None => near.min(line.len()) + memmem::find(line.get(near.min(line.len())..)?, key.as_bytes())?,
    };
    let rest = line.get(at + key.len()..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    if let Some(text) = rest.strip_prefix(b"\"") {
        let mut escaped = false;
        let end = text.iter().position(|&b| {
            let ends = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        })?;
        return text.get(..end);
    }
    let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n')).unwrap_or(rest.len());
    rest.get(..end)
}

/// The time of the event that a place belongs to: the nearest before it, else the first behind.
pub(super) fn time(line: &[u8], near: usize) -> Option<Timestamp> {
    TIME_KEYS.iter().find_map(|key| super::stamp::parse(value(line, key, near)?))
}

/// Host and path of HTTP transactions of EVE (`hostname`, `url`) and Zeek (`host`, `uri`).
pub(super) fn urls(line: &[u8], out: &mut Vec<u8>) {
    for (host, path) in [("\"hostname\"", "\"url\""), ("\"host\"", "\"uri\"")] {
        if let (Some(host), Some(path)) = (value(line, host, 0), value(line, path, 0))
            && (path.starts_with(b"/") || path.starts_with(b"\\/"))
            && !host.is_empty()
        {
            out.extend_from_slice(host);
            out.extend_from_slice(path);
        }
    }
}

//! What is read out of answers so that they can be compared.

use axum::body::Body;
use axum::http::HeaderMap;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;

use super::Seen;

pub fn told(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.as_str() != "content-length")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    lines.join("\n")
}

/// The texts that follow a mark, up to the end of the word.
pub fn ids(seen: &Seen, mark: &str) -> Vec<String> {
    let mut ids: Vec<String> =
        seen.0.split(mark).skip(1).filter_map(|rest| rest.split(['"', '\n']).next()).map(str::to_owned).collect();
    ids.dedup();
    ids
}

/// What is there at once of a body that never ends, however much this task has read already.
pub fn ready(body: &mut Body) -> String {
    let mut text = String::new();
    while let Some(Some(Ok(frame))) = tokio::task::unconstrained(body.frame()).now_or_never() {
        if let Some(data) = frame.data_ref() {
            text.push_str(&String::from_utf8_lossy(data));
        }
    }
    text
}

/// What is published of the audit log, with the values of its hashes left out and everything else kept: which log, how many
/// leaves, how many hashes and entries of which length.
///
/// Where the cell does something else in one world, because a report is there that it can see, a leaf commits to another record.
/// Each leaf is SHA-256 over a salt of 32 bytes that nobody has without a key of the cell's, and the record: to whoever lacks the
/// key it is 32 bytes by chance in both worlds, and so is every hash above. That they differ tells nothing; how many there are
/// would, and is compared.
pub fn without_hashes(path: &str, bytes: &[u8]) -> String {
    let place = path.trim_start_matches("/api/v1/audit/");
    if place == "checkpoint" {
        let text = std::str::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, "", signature, ""] = lines[..] else { panic!("{text}") };
        let (name, signature) = signature.strip_prefix("\u{2014} ").unwrap().split_once(' ').unwrap();
        return format!("{origin} {size} {} {name} {}", root.len(), signature.len());
    }
    if place.starts_with("tile/entries") {
        // Whatever is no commitment of 32 bytes is compared as it is.
        let told = |entry: &[u8]| if entry.starts_with(&[0, 32]) { "leaf ".to_owned() } else { format!("{entry:?} ") };
        return bytes.chunks(34).map(told).collect();
    }
    if place.starts_with("tile/") {
        format!("{} hashes and {} bytes", bytes.len() / 32, bytes.len() % 32)
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// What leads are shown of openings, without what is sealed to their own devices, which is chance of the library's own, and without
/// the name and contact of the organisation, which the two who opened it read.
pub fn without_sources(text: &str) -> String {
    [r#""secret":""#, r#""organisation":""#, r#""contact":""#].iter().fold(text.to_owned(), |text, mark| {
        let mut parts = text.split(mark);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |kept, part| kept + mark + part.split_once('"').map_or("", |(_, rest)| rest))
    })
}

/// Figures without the times that this machine took, in an order of their own: theirs is that of a hash map.
pub fn without_durations(text: &str) -> String {
    let took = |line: &&str| line.contains("_seconds_bucket") || line.contains("_seconds_sum");
    let mut lines: Vec<&str> = text.lines().filter(|line| !took(line)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

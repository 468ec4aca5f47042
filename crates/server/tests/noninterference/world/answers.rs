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

/// Figures without the times that this machine took, in an order of their own: theirs is that of a hash map.
pub fn without_durations(text: &str) -> String {
    let took = |line: &&str| line.contains("_seconds_bucket") || line.contains("_seconds_sum");
    let mut lines: Vec<&str> = text.lines().filter(|line| !took(line)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

//! Web and proxy logs in the common format: `[10/Oct/2000:13:55:36 -0700]`.

use model::Timestamp;

const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn is(head: &[u8]) -> bool {
    let line = head.split(|&b| b == b'\n').next().unwrap_or_default();
    time(line, 0).is_some()
}

pub(super) fn time(line: &[u8], _: usize) -> Option<Timestamp> {
    let from = memchr::memchr(b'[', line)?;
    let stamp = std::str::from_utf8(line.get(from + 1..from + 27)?).ok()?;
    let part = |from: usize, to: usize| stamp.get(from..to);
    let month = MONTHS.iter().position(|month| part(3, 6) == Some(month))? + 1;
    let zone = part(21, 26).filter(|zone| zone.starts_with(['+', '-'])).unwrap_or("+0000");
    let text =
        format!("{}-{month:02}-{}T{}{}:{}", part(7, 11)?, part(0, 2)?, part(12, 20)?, zone.get(..3)?, zone.get(3..)?);
    formats::parse_time(&text).ok()
}

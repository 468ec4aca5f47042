//! Zeek's own format: tabs, `#fields`, seconds since the epoch first.

use model::Timestamp;

pub(super) fn is(head: &[u8]) -> bool {
    head.starts_with(b"#separator")
}

pub(super) fn time(line: &[u8], _: usize) -> Option<Timestamp> {
    super::stamp::parse(
        line.split(|&b| b == b'\t').next().filter(|first| first.first().is_some_and(u8::is_ascii_digit))?,
    )
}

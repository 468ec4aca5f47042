//! Formats of logs: each is a file that tells when a line happened and which URLs its fields make together. What matches is
//! found in the bytes of a line whatever its format; these add what only a format knows.

mod common;
mod json;
mod mail;
mod stamp;
mod zeek;

use model::Timestamp;

/// Appends what a file holds encoded.
pub type Decode = fn(file: &[u8], out: &mut Vec<u8>);

/// A format of logs.
pub struct Reader {
    /// Its name.
    pub name: &'static str,
    /// Whether a file that begins so is of it.
    pub is: fn(head: &[u8]) -> bool,
    /// When a line happened; `near` is a place in it, for lines that hold many events.
    pub time: fn(line: &[u8], near: usize) -> Option<Timestamp>,
    /// Appends URLs that stand in several fields, put together, a line each.
    pub urls: fn(line: &[u8], out: &mut Vec<u8>),
    /// Appends what a whole file holds encoded (a mail's parts), in lines.
    pub decoded: Option<Decode>,
}

const fn no_urls(_: &[u8], _: &mut Vec<u8>) {}

/// Every format, the particular before the general; the last is of any text.
pub const READERS: &[Reader] = &[
    Reader { name: "eve", is: json::is_eve, time: json::time, urls: json::urls, decoded: None },
    Reader { name: "zeek-json", is: json::is_zeek, time: json::time, urls: json::urls, decoded: None },
    Reader { name: "cloudtrail", is: json::is_cloudtrail, time: json::time, urls: no_urls, decoded: None },
    Reader { name: "windows-json", is: json::is_windows, time: json::time, urls: no_urls, decoded: None },
    Reader { name: "json", is: json::is_json, time: json::time, urls: json::urls, decoded: None },
    Reader { name: "zeek-tsv", is: zeek::is, time: zeek::time, urls: no_urls, decoded: None },
    Reader { name: "mail", is: mail::is, time: stamp::time, urls: no_urls, decoded: Some(mail::decoded) },
    Reader { name: "web", is: common::is, time: common::time, urls: no_urls, decoded: None },
    Reader { name: "text", is: |_| true, time: stamp::time, urls: no_urls, decoded: None },
];

/// The reader of a file that begins so.
#[must_use]
pub fn reader(head: &[u8]) -> &'static Reader {
    const TEXT: &Reader = &Reader { name: "text", is: |_| true, time: stamp::time, urls: no_urls, decoded: None };
    READERS.iter().find(|reader| (reader.is)(head)).unwrap_or(TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line`, the reader it is given to, its time, the URLs that its fields make.
    fn check(line: &str, name: &str, time: &str, urls: &str) {
        let reader = reader(line.as_bytes());
        assert_eq!(reader.name, name, "{line}");
        let found = line.lines().find_map(|line| (reader.time)(line.as_bytes(), 0));
        let expect = (!time.is_empty()).then(|| formats::parse_time(time).unwrap());
        assert_eq!(found, expect, "{line}");
        let mut out = Vec::new();
        (reader.urls)(line.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), urls, "{line}");
    }

    #[test]
    fn golden_lines() {
        for case in include_str!("golden.txt").split("\n---\n").filter(|case| !case.trim().is_empty()) {
            let mut parts = case.splitn(4, '\n');
            let mut next = || parts.next().unwrap_or("");
            let (name, time, urls) = (next().trim(), next().trim(), next().trim().replace("\\n", "\n"));
            check(next(), name, time, &urls);
        }
    }
}

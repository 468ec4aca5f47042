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

    struct Random(u64);

    impl Random {
        fn below(&mut self, below: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % below.max(1)
        }
    }

    /// Asks every reader all it can be asked of some bytes. What it makes of them is made of them, and no longer than it may be.
    fn ask(bytes: &[u8], random: &mut Random) {
        let _ = super::reader(bytes);
        for reader in READERS {
            let _ = (reader.is)(bytes);
            for near in [0, random.below(bytes.len() + 1), bytes.len(), bytes.len() + 9] {
                let _ = (reader.time)(bytes, near);
            }
            let mut out = b"kept".to_vec();
            (reader.urls)(bytes, &mut out);
            let made = out.strip_prefix(b"kept").expect("what stands there stays");
            assert!(made.len() <= 2 * bytes.len(), "{}", reader.name);
            assert!(made.iter().all(|byte| bytes.contains(byte)), "{}", reader.name);
            if let Some(decoded) = reader.decoded {
                decoded(bytes, &mut out);
                assert!(out.starts_with(b"kept") && out.len() <= 8 + made_most(bytes), "{}", reader.name);
            }
        }
    }

    /// URLs at most twice a text, and a text decoded at most itself with a line feed for each line.
    fn made_most(bytes: &[u8]) -> usize {
        4 * bytes.len()
    }

    #[test]
    fn any_bytes_are_read_by_every_reader() {
        let golden: Vec<Vec<u8>> = include_str!("golden.txt")
            .split("\n---\n")
            .filter_map(|case| Some(case.splitn(4, '\n').nth(3)?.as_bytes().to_vec()))
            .chain([b"From: a\r\nSubject: x\r\nContent-Transfer-Encoding: base64\r\n\r\naHR0cDovL2V2aWwu\r\n--b\r\nContent-Transfer-Encoding: \
                quoted-printable\r\n\r\n=3D=\r\n=zz\r\n".to_vec()])
            .collect();
        let signs = b"\"\\{}[]:,.=-+/ \t\n\r0129TZ\0\x80\xff\xf0\xc3";
        let mut random = Random(11);
        for round in 0..6_000 {
            let mut bytes = if round % 3 == 0 {
                (0..random.below(200)).map(|_| random.below(256) as u8).collect()
            } else {
                golden[random.below(golden.len())].clone()
            };
            for _ in 0..random.below(8) {
                let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
                let (from, to) = (from.min(to), from.max(to));
                match random.below(5) {
                    0 => bytes.truncate(to),
                    1 => drop(bytes.drain(from..to)),
                    2 => bytes.insert(from, signs[random.below(signs.len())]),
                    3 => bytes.splice(from..from, golden[random.below(golden.len())].clone()).for_each(drop),
                    _ if from < bytes.len() => bytes[from] = random.below(256) as u8,
                    _ => {}
                }
            }
            ask(&bytes, &mut random);
        }
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

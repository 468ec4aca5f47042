//! Lists: a value a line, or a kind and a value parted by a tab; kinds that are not told are recognised.

use std::collections::HashMap;

use model::{Kind, Observable};

use super::Gather;
use crate::note::Note;

/// Lines by which a list is recognised.
const SAMPLE_LINES: usize = 50;
/// Longest line: a value has 4,096 bytes at most.
const LINE_BYTES_MAX: usize = 16 << 10;

fn kind_of(name: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.as_str() == name)
}

/// The value of a line, without a comment.
fn value_of(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') || line.starts_with("//") {
        return "";
    }
    line.split_once(" #").map_or(line, |(value, _)| value.trim_end())
}

fn typed(line: &str) -> Option<(Kind, &str)> {
    let (kind, value) = line.split_once('\t')?;
    Some((kind_of(kind)?, value.trim()))
}

/// Whether most lines are values.
fn is_list(text: &str) -> bool {
    let (mut good, mut all) = (0, 0);
    for line in text.lines().take(10 * SAMPLE_LINES).map(value_of).filter(|line| !line.is_empty()).take(SAMPLE_LINES) {
        all += 1;
        let alone = !line.contains(['\t', ',', ';', '"']) && (!line.contains(' ') || line.starts_with("Mozilla/"));
        good += usize::from(typed(line).is_some() || (alone && Observable::detect(line).is_some()));
    }
    good * 10 >= all * 8 && all > 0
}

/// Reads a list; `false` if it is none.
pub(super) fn read(bytes: &[u8], source: &str, gather: &mut Gather) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    if !is_list(text) {
        return false;
    }
    let note = gather.notes.add(Note { source: source.to_owned(), ..Note::default() });
    let mut endings = HashMap::new();
    for line in text.lines() {
        if line.len() > LINE_BYTES_MAX {
            gather.report.unused(format!("the line is longer than {LINE_BYTES_MAX} bytes"), line, source);
            continue;
        }
        let line = value_of(line);
        if line.is_empty() {
            continue;
        }
        let (kind, value) = typed(line).map_or((None, line), |(kind, value)| (Some(kind), value));
        // Most lines are plain names, addresses and hashes, in normal form already.
        if let Some(kind) = quick(kind, value, &mut endings)
            && gather.builder.add_normal(kind, value, note).is_ok()
        {
            gather.report.taken += 1;
            continue;
        }
        let read = match kind {
            Some(kind) => Observable::parse(kind, value).map_err(|error| error.why),
            None => Observable::detect(value).ok_or_else(|| "it is no value of a known kind".to_owned()),
        };
        match read {
            Ok(observable) => gather.add(&observable, note),
            Err(why) => gather.report.unused(why, value, source),
        }
    }
    true
}

/// The kind of a value that is in normal form for certain.
fn quick<'v>(kind: Option<Kind>, value: &'v str, endings: &mut HashMap<&'v str, bool>) -> Option<Kind> {
    let bytes = value.as_bytes();
    if kind.is_none_or(|kind| kind == Kind::Domain) && is_plain_name(bytes) {
        let ending = value.rsplit_once('.').map_or("", |(_, ending)| ending);
        let read = || kind.map_or_else(|| Observable::detect(value), |kind| Observable::parse(kind, value).ok());
        // What ends in `.exe` is a file; the first of each ending is asked for.
        let sound = *endings
            .entry(ending)
            .or_insert_with(|| read().is_some_and(|read| read.kind() == Kind::Domain && read.value() == value));
        return sound.then_some(Kind::Domain);
    }
    let hex = matches!(bytes.len(), 32 | 40 | 64 | 128) && bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if hex {
        let by_len = match bytes.len() {
            32 => Kind::Md5,
            40 => Kind::Sha1,
            64 => Kind::Sha256,
            _ => Kind::Sha512,
        };
        return Some(kind.unwrap_or(by_len)).filter(|&kind| kind == by_len);
    }
    let digits = bytes.first().is_some_and(u8::is_ascii_digit) && bytes.len() <= 15;
    (digits && kind.is_none_or(|kind| kind == Kind::Ipv4) && value.parse::<std::net::Ipv4Addr>().is_ok())
        .then_some(Kind::Ipv4)
}

/// Small letters, digits, hyphens and dots, no label empty or long, none in punycode, letters behind the last dot.
fn is_plain_name(name: &[u8]) -> bool {
    if name.len() > 253 {
        return false;
    }
    let (mut len, mut dots, mut letters, mut before) = (0, 0, true, [0_u8; 3]);
    for &b in name {
        match b {
            b'.' => {
                if len == 0 {
                    return false;
                }
                (len, letters) = (0, true);
                dots += 1;
            }
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {
                len += 1;
                letters &= b.is_ascii_lowercase();
                if len > 63 || (b == b'-' && before == *b"xn-") {
                    return false;
                }
            }
            _ => return false,
        }
        let [_, second, third] = before;
        before = [second, third, b];
    }
    dots > 0 && letters && len >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_of_every_sort() {
        let mut gather = Gather::default();
        assert!(read(
            b"# a list\nevil.example # why\n45.9.148.7\nhxxp://bad[.]example/x\nD41D8CD98F00B204E9800998ECF8427E\nupdate.exe\n\nBAD.example\n",
            "a",
            &mut gather
        ));
        assert!(read(b"domain\tevil.example\nipv4\t45.9.148.7\nmutex\tGlobal\\evil\n", "b", &mut gather));
        assert!(!read(b"time,reporter,value\n1,2,evil.example\n", "c", &mut gather));
        assert!(!read(b"This is a note about evil[.]example, which is bad.\nMore of it.\n", "d", &mut gather));
        assert_eq!(gather.report.taken, 9, "{:?}", gather.report);
        let index = gather.builder.finish();
        let kinds: Vec<Kind> = index.entries().map(|(_, entry)| entry.kind).collect();
        for (kind, count) in
            [(Kind::Domain, 3), (Kind::Ipv4, 2), (Kind::Url, 1), (Kind::Md5, 1), (Kind::FileName, 1), (Kind::Mutex, 1)]
        {
            assert_eq!(kinds.iter().filter(|&&known| known == kind).count(), count, "{kind:?}");
        }
    }

    #[test]
    fn what_is_quick_is_what_is_slow() {
        let mut endings = HashMap::new();
        for value in [
            "evil.example",
            "a.exe",
            "x-y.co.uk",
            "1.2.3.4",
            "xn--a.example",
            "a..b",
            "d41d8cd98f00b204e9800998ecf8427e",
            "a.b2",
        ] {
            if let Some(kind) = quick(None, value, &mut endings) {
                let slow = Observable::detect(value).unwrap();
                assert_eq!((slow.kind(), slow.value()), (kind, value));
            }
        }
        assert_eq!(endings.get("exe"), Some(&false));
    }
}

//! Lists: a value a line, or a kind and a value parted by a tab; kinds that are not told are recognised.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use matcher::Builder;
use memchr::{memchr, memchr_iter};
use model::{Kind, Observable};

use super::{Gather, Report};
use crate::note::Note;

/// Lines by which a list is recognised.
const SAMPLE_LINES: usize = 50;
/// Longest line: a value has 4,096 bytes at most.
const LINE_BYTES_MAX: usize = 16 << 10;
/// Least bytes of a list that a thread is started for.
const PART_BYTES_MIN: usize = 1 << 20;

fn kind_of(name: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.as_str() == name)
}

/// The value of a line, without a comment.
fn value_of(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') || line.starts_with("//") {
        return "";
    }
    if memchr(b'#', line.as_bytes()).is_none() {
        return line;
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

/// Whether a text has words of any sort on lines of their own: a list, if of nothing that can be used.
fn is_words(text: &str) -> bool {
    text.lines().take(SAMPLE_LINES).map(value_of).all(|line| !line.contains([' ', '\t', ',', ';', '"', '{', '<', '\0']))
}

/// Reads a list; `false` if it is none.
pub(super) fn read(bytes: &[u8], source: &str, gather: &mut Gather) -> bool {
    read_if(bytes, source, gather, is_list)
}

/// Reads what nobody else could use as a list, so that it is told of each value why it is none; `false` if it is no list.
pub(super) fn read_words(bytes: &[u8], source: &str, gather: &mut Gather) -> bool {
    read_if(bytes, source, gather, is_words)
}

fn read_if(bytes: &[u8], source: &str, gather: &mut Gather, is: fn(&str) -> bool) -> bool {
    // Whole texts are checked at once, which is quicker than piece by piece.
    let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let text = text.trim_start_matches('\u{feff}');
    if !is(text) {
        return false;
    }
    let note = gather.notes.add(Note { source: source.to_owned(), ..Note::default() });
    let read = std::thread::scope(|scope| {
        let running: Vec<_> =
            parts(text).into_iter().map(|text| scope.spawn(move || part(text, source, note))).collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    for (builder, report) in read.into_iter().flatten() {
        let taken = report.taken;
        gather.report.join(report);
        if let Err(why) = gather.builder.join(builder) {
            gather.report.taken -= taken;
            gather.report.unused(why.to_string(), &format!("{taken} values"), source);
        }
    }
    true
}

/// A long text in as many parts of whole lines as there are cores.
fn parts(text: &str) -> Vec<&str> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let len = (text.len() / cores).max(PART_BYTES_MIN);
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(feed) = rest.as_bytes().get(len..).and_then(|behind| memchr(b'\n', behind)) {
        let (part, behind) = rest.split_at(len + feed + 1);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

/// Reads a part of a list.
fn part(text: &str, source: &str, note: u32) -> (Builder, Report) {
    let (mut builder, mut report) = (Builder::new(), Report::default());
    let mut endings = Endings::default();
    let mut last = ("", None);
    let mut from = 0;
    for to in memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = text.get(from..to).unwrap_or_default();
        from = to + 1;
        if line.len() > LINE_BYTES_MAX {
            report.unused(format!("the line is longer than {LINE_BYTES_MAX} bytes"), line, source);
            continue;
        }
        let line = value_of(line);
        if line.is_empty() {
            continue;
        }
        let typed = line.split_once('\t').and_then(|(name, value)| {
            // Lines of one kind stand together.
            if name != last.0 {
                last = (name, kind_of(name));
            }
            Some((last.1?, value.trim()))
        });
        let (kind, value) = typed.map_or((None, line), |(kind, value)| (Some(kind), value));
        // Most lines are plain names, addresses and hashes, in normal form already.
        if let Some(kind) = quick(kind, value, &mut endings)
            && builder.add_normal(kind, value, note).is_ok()
        {
            report.taken += 1;
            continue;
        }
        let read = match kind {
            Some(kind) => Observable::parse(kind, value).map_err(|error| error.why),
            // A range that is none is not read as a URL with a number for a path.
            None if is_range(value) => Observable::parse(Kind::Cidr, value).map_err(|error| error.why),
            None => Observable::detect(value).ok_or_else(|| "it is no value of a known kind".to_owned()),
        };
        match read.and_then(|observable| builder.add(&observable, note).map_err(|why| why.to_string())) {
            Ok(()) => report.taken += 1,
            Err(why) => report.unused(why, value, source),
        }
    }
    (builder, report)
}

/// Whether names with an ending are domains; asked of every name, so with a quick hash.
type Endings<'v> = HashMap<&'v str, bool, BuildHasherDefault<Quick>>;

/// A hash of few bytes that nobody can profit from guessing: a list has as many endings as it has, and its reader waits.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Whether a value is written as a range: an address, a slash and one to three digits.
fn is_range(value: &str) -> bool {
    value.split_once('/').is_some_and(|(first, bits)| {
        (1..=3).contains(&bits.len())
            && bits.bytes().all(|b| b.is_ascii_digit())
            && first.parse::<std::net::IpAddr>().is_ok()
    })
}

/// The kind of a value that is in normal form for certain.
fn quick<'v>(kind: Option<Kind>, value: &'v str, endings: &mut Endings<'v>) -> Option<Kind> {
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
    if kind.is_none_or(|kind| kind == Kind::Url) && is_plain_url(value) {
        return Some(Kind::Url);
    }
    let digits = bytes.first().is_some_and(u8::is_ascii_digit) && bytes.len() <= 15;
    (digits && kind.is_none_or(|kind| kind == Kind::Ipv4) && value.parse::<std::net::Ipv4Addr>().is_ok())
        .then_some(Kind::Ipv4)
}

/// Scheme, plain name or address, and a path of letters, digits and a few signs that stand for themselves.
fn is_plain_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else { return false };
    let Some(slash) = memchr(b'/', rest.as_bytes()) else { return false };
    let (host, path) = rest.split_at(slash);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'=');
    let ends = path.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    // Dots at the begin of a part may be steps back.
    path.len() <= 1_000
        && ends
        && path.bytes().all(|b| plain(&b))
        && !path.contains("/.")
        && (is_plain_name(host.as_bytes()) || is_plain_address(host))
}

fn is_plain_address(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<std::net::Ipv4Addr>().is_ok()
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
        let mut endings = Endings::default();
        for value in [
            "evil.example",
            "a.exe",
            "x-y.co.uk",
            "1.2.3.4",
            "xn--a.example",
            "a..b",
            "d41d8cd98f00b204e9800998ecf8427e",
            "a.b2",
            "http://evil.example/a/b-c_d.e=f",
            "https://1.2.3.4/",
            "http://1.2.3.4.5/a",
            "http://a.b/../c",
            "http://evil.example",
            "http://a.exe/b.",
            "http://evil.example//a//",
        ] {
            if let Some(kind) = quick(None, value, &mut endings) {
                let slow = Observable::detect(value).unwrap();
                assert_eq!((slow.kind(), slow.value()), (kind, value));
            }
        }
        assert_eq!(endings.get("exe"), Some(&false));
    }
}

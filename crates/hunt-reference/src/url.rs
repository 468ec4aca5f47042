//! URLs: what is compared of them, and where one in a text may end.

use super::address::v4;
use super::is_name;

/// What a URL is looked up as.
pub(crate) enum Key {
    /// A host and nothing else.
    Host(Vec<u8>),
    /// Host, port if it is not of the web, path and query.
    Url(Vec<u8>),
}

/// Percent escapes of visible signs undone, others in upper case, bytes beyond ASCII escaped.
fn evened(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).filter(|two| text[at] == b'%' && two.iter().all(u8::is_ascii_hexdigit));
        if let Some(two) = digits {
            let byte = u8::from_str_radix(std::str::from_utf8(two).unwrap_or("0"), 16).unwrap_or(0);
            if (0x21..=0x7e).contains(&byte) && !b"%#?\"<>`\\".contains(&byte) {
                out.push(byte);
            } else {
                out.extend(format!("%{byte:02X}").bytes());
            }
            at += 3;
        } else {
            if text[at] >= 0x80 {
                out.extend(format!("%{:02X}", text[at]).bytes());
            } else {
                out.push(text[at]);
            }
            at += 1;
        }
    }
    out
}

/// The key of a host in lower case, a port and the rest from its slash or question mark on.
fn key(host: &[u8], port: Option<u32>, rest: &[u8]) -> Key {
    let port = port.filter(|port| ![80, 443].contains(port));
    let mut tail = evened(rest);
    if tail.first() == Some(&b'?') {
        tail.insert(0, b'/');
    }
    if !tail.contains(&b'?') && tail.last() == Some(&b'/') {
        tail.pop();
    }
    if port.is_none() && tail.is_empty() {
        return Key::Host(host.to_vec());
    }
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    Key::Url([host, port.as_bytes(), &tail].concat())
}

/// The key of an indicator in normal form; `None` if its host is an IPv6 address or has no dot.
pub(crate) fn indicator(url: &str) -> Option<Key> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.split('#').next()?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let place = authority.rsplit('@').next()?;
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (place, None),
    };
    let sound = host.contains('.') && (host.bytes().all(|b| is_name(b) || b == b'.') || v4(host.as_bytes()).is_some());
    sound.then(|| key(host.to_ascii_lowercase().as_bytes(), port, rest.as_bytes()))
}

fn must_end(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|&b| b <= 0x20 || b == 0x7f || b"\"<>`\\".contains(&b))
}

fn may_end(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|b| b"#?&,;')]{}|^".contains(b))
        || (text.get(at).is_some_and(|b| b".:!".contains(b)) && must_end(text, at + 1))
}

/// Every key of a URL whose host ends at `end`.
pub(crate) fn at(host: &[u8], text: &[u8], end: usize) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let mut from = end;
    let mut port = None;
    if text.get(end) == Some(&b':') {
        let digits = text[end + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let number =
            std::str::from_utf8(&text[end + 1..end + 1 + digits.min(6)]).ok().and_then(|text| text.parse().ok());
        if let Some(number) = number.filter(|&number| digits <= 5 && number <= 65_535) {
            port = Some(number);
            from = end + 1 + digits;
        }
    }
    let mut take = |to: usize| {
        if let Key::Url(url) = key(host, port, &text[from..to]) {
            keys.push(url);
        }
    };
    let path = matches!(text.get(from), Some(b'/' | b'?'));
    if path || must_end(text, from) || may_end(text, from) {
        take(from);
    }
    if path {
        let mut places = 0;
        for to in from + 1..=text.len().min(from + 4096) {
            let must = must_end(text, to);
            if must || (may_end(text, to) && places < 64) {
                places += 1;
                take(to);
            }
            if must {
                break;
            }
        }
    }
    keys
}

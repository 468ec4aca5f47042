//! Signs, escapes and what is compared of a URL: the small rules of `docs/hunt.md` that build and scan share.

/// The byte at a place; a line feed beyond the ends, which is part of no value.
#[inline(always)]
pub(crate) fn at(text: &[u8], place: usize) -> u8 {
    match text.get(place) {
        Some(&byte) => byte,
        None => b'\n',
    }
}

/// A piece of a text; empty if it is not within.
#[inline(always)]
pub(crate) fn slice(text: &[u8], from: usize, to: usize) -> &[u8] {
    text.get(from..to).unwrap_or_default()
}

/// Signs of names.
#[inline(always)]
pub(crate) const fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

/// The value of two or four hexadecimal digits.
#[inline]
pub(crate) fn hex(text: &[u8], from: usize, len: usize) -> Option<u32> {
    let mut value = 0;
    for &b in text.get(from..from + len)? {
        value = value << 4 | digit(b)?;
    }
    Some(value)
}

#[inline(always)]
pub(crate) const fn digit(b: u8) -> Option<u32> {
    match b {
        b'0'..=b'9' => Some((b - b'0') as u32),
        b'a'..=b'f' => Some((b - b'a' + 10) as u32),
        b'A'..=b'F' => Some((b - b'A' + 10) as u32),
        _ => None,
    }
}

/// Whether an escape ends right before `place`.
pub(crate) fn after_escape(text: &[u8], place: usize) -> bool {
    let back = |len: usize| place.checked_sub(len);
    let starts = |len: usize, sign: u8| back(len).filter(|&from| at(text, from) == sign);
    starts(3, b'%').is_some_and(|from| hex(text, from + 1, 2).is_some())
        || starts(2, b'\\').is_some_and(|from| b"nrtbf".contains(&at(text, from + 1)))
        || starts(4, b'\\').is_some_and(|from| at(text, from + 1) == b'x' && hex(text, from + 2, 2).is_some())
        || starts(6, b'\\').is_some_and(|from| at(text, from + 1) == b'u' && hex(text, from + 2, 4).is_some())
}

/// Where else a run of name signs and inner dots that begins at `start` may begin: behind the escape that it begins with.
#[inline]
pub(crate) fn other_start(text: &[u8], start: usize) -> Option<usize> {
    let before = at(text, start.checked_sub(1)?);
    let after = match (before, at(text, start)) {
        (b'%', _) if hex(text, start, 2).is_some() => start + 2,
        (b'\\', b'n' | b'r' | b't' | b'b' | b'f') => start + 1,
        (b'\\', b'x') if hex(text, start + 1, 2).is_some() => start + 3,
        (b'\\', b'u') if hex(text, start + 1, 4).is_some() => start + 5,
        _ => return None,
    };
    Some(if at(text, after) == b'.' { after + 1 } else { after })
}

/// Whether a URL ends before this byte, whatever comes.
#[inline]
pub(crate) const fn must_end(b: u8) -> bool {
    b <= 0x20 || matches!(b, 0x7f | b'"' | b'<' | b'>' | b'`' | b'\\')
}

/// Whether a URL may end before this place.
pub(crate) fn may_end(text: &[u8], place: usize) -> bool {
    match at(text, place) {
        b'#' | b'?' | b'&' | b',' | b';' | b'\'' | b')' | b']' | b'{' | b'}' | b'|' | b'^' => true,
        b'.' | b':' | b'!' => must_end(at(text, place + 1)),
        _ => false,
    }
}

/// Writes the part of a URL behind host and port as it is compared, one step at a time; returns where it goes on.
pub(crate) fn even_step(text: &[u8], place: usize, out: &mut Vec<u8>) -> usize {
    let byte = at(text, place);
    if byte == b'%'
        && let Some(value) = hex(text, place + 1, 2)
    {
        let value = value as u8;
        if matches!(value, 0x21..=0x7e) && !matches!(value, b'%' | b'#' | b'?' | b'"' | b'<' | b'>' | b'`' | b'\\') {
            out.push(value);
        } else {
            escape(value, out);
        }
        return place + 3;
    }
    if byte >= 0x80 {
        escape(byte, out);
    } else {
        out.push(byte);
    }
    place + 1
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |half: u8| DIGITS.get(usize::from(half & 15)).copied().unwrap_or(b'0');
    out.extend([b'%', digit(byte >> 4), digit(byte)]);
}

/// What a URL in normal form is looked up as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UrlKey {
    /// Host, port and the rest.
    pub bytes: Vec<u8>,
    /// Bytes of the host in it.
    pub host_len: usize,
}

impl UrlKey {
    /// The host.
    pub fn host(&self) -> &[u8] {
        self.bytes.get(..self.host_len).unwrap_or_default()
    }

    /// Whether it is a host and nothing else.
    pub fn is_host(&self) -> bool {
        self.host_len == self.bytes.len()
    }

    /// Of an indicator; `None` if its host is an IPv6 address or has no dot.
    pub fn of(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u32>().ok()?)),
            None => (place, None),
        };
        if !host.contains('.') || !host.bytes().all(|b| is_name(b) || b == b'.') {
            return None;
        }
        let mut key = Self { bytes: host.to_ascii_lowercase().into_bytes(), host_len: host.len() };
        push_port(port, &mut key.bytes);
        if tail.starts_with('?') {
            key.bytes.push(b'/');
        }
        let mut from = 0;
        while from < tail.len() {
            from = even_step(tail.as_bytes(), from, &mut key.bytes);
        }
        let len = without_slash(&key.bytes, host.len());
        key.bytes.truncate(len);
        Some(key)
    }
}

/// Writes a port that is not of the web.
pub(crate) fn push_port(port: Option<u32>, out: &mut Vec<u8>) {
    if let Some(port) = port.filter(|port| !matches!(port, 80 | 443)) {
        out.extend(format!(":{port}").bytes());
    }
}

/// The length of a key without the slash at its end, if it has no query.
pub(crate) fn without_slash(key: &[u8], host_len: usize) -> usize {
    let tail = key.get(host_len..).unwrap_or_default();
    key.len() - usize::from(tail.last() == Some(&b'/') && !tail.contains(&b'?'))
}

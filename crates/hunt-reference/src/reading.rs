//! Readings of a line: as it is, narrowed, decoded; where an escape ends; names beyond ASCII.

use model::{Kind, Observable};

/// Signs of names.
pub(crate) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

/// Every reading of a line.
#[must_use]
pub fn readings(line: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    decoded_on(line.to_vec(), &mut all);
    if line.contains(&0) {
        decoded_on(narrowed(line), &mut all);
    }
    all
}

fn decoded_on(mut text: Vec<u8>, all: &mut Vec<Vec<u8>>) {
    for _ in 0..3 {
        let next = decoded(&text);
        let same = next == text;
        all.push(text);
        if same {
            return;
        }
        text = next;
    }
    all.push(text);
}

fn narrowed(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let wide = line[at] != 0 && line.get(at + 1) == Some(&0);
        out.push(if line[at] == 0 { b' ' } else { line[at] });
        at += if wide { 2 } else { 1 };
    }
    out
}

fn hex(text: &[u8], from: usize, len: usize) -> Option<u32> {
    let digits = text.get(from..from + len)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (bytes, len) = decode_at(text, at).unwrap_or_else(|| (vec![text[at]], 1));
        out.extend(bytes);
        at += len;
    }
    out
}

/// What stands here decoded, and how long it was.
fn decode_at(text: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    match text[at] {
        b'%' => Some((vec![u8::try_from(hex(text, at + 1, 2)?).ok()?], 3)),
        b'\\' => match text.get(at + 1)? {
            b'u' => {
                let first = hex(text, at + 2, 4)?;
                if let Some(sign) = char::from_u32(first) {
                    return Some((sign.to_string().into_bytes(), 6));
                }
                let second =
                    if text.get(at + 6..at + 8) == Some(b"\\u") { hex(text, at + 8, 4)? } else { return None };
                if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
                    return None;
                }
                let sign = char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
                Some((sign.to_string().into_bytes(), 12))
            }
            b'x' => Some((vec![u8::try_from(hex(text, at + 2, 2)?).ok()?], 4)),
            b'n' => Some((vec![b'\n'], 2)),
            b'r' => Some((vec![b'\r'], 2)),
            b't' => Some((vec![b'\t'], 2)),
            b'b' => Some((vec![8], 2)),
            b'f' => Some((vec![12], 2)),
            &sign @ (b'"' | b'\\' | b'/' | b'.') => Some((vec![sign], 2)),
            _ => None,
        },
        b'[' | b'(' | b'{' => {
            for (inner, plain) in
                [(".", "."), ("dot", "."), (":", ":"), ("://", "://"), ("@", "@"), ("at", "@"), ("/", "/")]
            {
                let close = at + 1 + inner.len();
                let same = text.get(at + 1..close).is_some_and(|word| word.eq_ignore_ascii_case(inner.as_bytes()));
                if same && text.get(close).is_some_and(|b| b"])}".contains(b)) {
                    return Some((plain.as_bytes().to_vec(), inner.len() + 2));
                }
            }
            None
        }
        _ => None,
    }
}

/// Whether an escape ends right before this place.
pub(crate) fn after_escape(text: &[u8], at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).map(|from| &text[from..at]);
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    back(3).is_some_and(|b| b[0] == b'%' && digits(&b[1..]))
        || back(2).is_some_and(|b| b[0] == b'\\' && b"nrtbf".contains(&b[1]))
        || back(4).is_some_and(|b| b.starts_with(b"\\x") && digits(&b[2..]))
        || back(6).is_some_and(|b| b.starts_with(b"\\u") && digits(&b[2..]))
}

/// Characters at which a name beyond ASCII is cut.
fn cuts(sign: char) -> bool {
    matches!(u32::from(sign),
        0x80..=0xbf | 0x2000..=0x206f | 0x2190..=0x2bff | 0x3000..=0x303f | 0xfe30..=0xfe4f
        | 0xff00..=0xff0f | 0xff1a..=0xff20 | 0xff3b..=0xff40 | 0xff5b..=0xff65 | 0xfff0..)
}

/// Names beyond ASCII, as punycode.
pub(crate) fn beyond_ascii(text: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for run in text.split(|&b| !is_name(b) && b != b'.' && b < 0x80) {
        if run.is_ascii() {
            continue;
        }
        for chunk in run.utf8_chunks() {
            for piece in chunk.valid().split(cuts) {
                let piece = piece.trim_matches(['.', '-']);
                if !piece.is_ascii()
                    && piece.contains('.')
                    && let Ok(name) = Observable::parse(Kind::Domain, piece)
                {
                    names.push(name.value().to_owned());
                }
            }
        }
    }
    names
}

//! The two ways in which a line is read anew: escapes undone, and UTF-16 narrowed. Neither allocates beyond its output.

use crate::signs::{at, hex};

/// Whether decoding what begins at this special sign can make a value that was not there, or join two pieces.
#[inline]
pub(crate) fn wakes(text: &[u8], place: usize) -> bool {
    let active = |value: u32| match u8::try_from(value) {
        Ok(b) => b >= 0x80 || crate::signs::is_name(b) || matches!(b, b'.' | b':' | b'%' | b'\\' | b'[' | b'(' | b'{'),
        Err(_) => true,
    };
    match at(text, place) {
        b'\\' => match at(text, place + 1) {
            b'u' => hex(text, place + 2, 4).is_some_and(active),
            b'x' => hex(text, place + 2, 2).is_some_and(active),
            b'.' => true,
            _ => false,
        },
        b'%' => hex(text, place + 1, 2).is_some_and(active),
        b'[' | b'(' | b'{' => match at(text, place + 1) {
            b'.' | b':' => true,
            b'd' | b'D' => at(text, place + 2) | 0x20 == b'o' && at(text, place + 3) | 0x20 == b't',
            _ => false,
        },
        _ => false,
    }
}

/// What may stand between brackets, and for what.
const INNER: &[(&[u8], &[u8])] =
    &[(b".", b"."), (b"dot", b"."), (b":", b":"), (b"://", b"://"), (b"@", b"@"), (b"at", b"@"), (b"/", b"/")];

/// Appends `line` decoded to `out`; `false` and nothing appended if that changes nothing.
pub(crate) fn decode(line: &[u8], out: &mut Vec<u8>) -> bool {
    let begin = out.len();
    let mut changed = false;
    let mut from = 0;
    let mut place = 0;
    while let Some(byte) = line.get(place) {
        if !matches!(byte, b'\\' | b'%' | b'[' | b'(' | b'{') {
            place += 1;
            continue;
        }
        out.extend_from_slice(line.get(from..place).unwrap_or_default());
        from = place;
        let len = step(line, place, out);
        changed |= len > 0;
        place += len.max(1);
        if len > 0 {
            from = place;
        }
    }
    if changed {
        out.extend_from_slice(line.get(from..).unwrap_or_default());
    } else {
        out.truncate(begin);
    }
    changed
}

/// Decodes what begins here; returns its length, 0 if it is nothing encoded.
fn step(line: &[u8], place: usize, out: &mut Vec<u8>) -> usize {
    match at(line, place) {
        b'%' => hex(line, place + 1, 2).map_or(0, |value| {
            out.push(value as u8);
            3
        }),
        b'\\' => {
            let plain = match at(line, place + 1) {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 8,
                b'f' => 12,
                sign @ (b'"' | b'\\' | b'/' | b'.') => sign,
                b'x' => {
                    return hex(line, place + 2, 2).map_or(0, |value| {
                        out.push(value as u8);
                        4
                    });
                }
                b'u' => return unit(line, place, out),
                _ => return 0,
            };
            out.push(plain);
            2
        }
        _ => {
            for (inner, plain) in INNER {
                let close = place + 1 + inner.len();
                let same = line.get(place + 1..close).is_some_and(|word| word.eq_ignore_ascii_case(inner));
                if same && matches!(at(line, close), b']' | b')' | b'}') {
                    out.extend_from_slice(plain);
                    return inner.len() + 2;
                }
            }
            0
        }
    }
}

/// Decodes `\uXXXX`.
fn unit(line: &[u8], place: usize, out: &mut Vec<u8>) -> usize {
    let Some(first) = hex(line, place + 2, 4) else { return 0 };
    let (value, len) = match first {
        0xd800..=0xdbff => {
            let low = line.get(place + 6..place + 8) == Some(b"\\u");
            match hex(line, place + 8, 4) {
                Some(second @ 0xdc00..=0xdfff) if low => (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12),
                _ => return 0,
            }
        }
        _ => (first, 6),
    };
    let Some(sign) = char::from_u32(value) else { return 0 };
    out.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes());
    len
}

/// Appends `line` with UTF-16 narrowed.
pub(crate) fn narrow(line: &[u8], out: &mut Vec<u8>) {
    let mut place = 0;
    while let Some(&byte) = line.get(place) {
        let wide = byte != 0 && line.get(place + 1) == Some(&0);
        out.push(if byte == 0 { b' ' } else { byte });
        place += 1 + usize::from(wide);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        for (line, expect) in [
            ("http:\\/\\/a%2Eb\\u002fc", "http://a.b/c"),
            ("\\ud83d\\ude00 \\ud83d \\u00fc\\x41", "😀 \\ud83d üA"),
            ("a[.]b(DOT)c{at}d[://]e[at", "a.b.c@d://e[at"),
            ("\\\\u002e\\", "\\u002e\\"),
        ] {
            let mut out = b"kept ".to_vec();
            assert!(decode(line.as_bytes(), &mut out), "{line}");
            assert_eq!(String::from_utf8(out).unwrap(), format!("kept {expect}"));
        }
        let mut out = Vec::new();
        assert!(!decode(b"a % b \\ c [x] %2 \\", &mut out) && out.is_empty());
        narrow(b"a\0b\0\0\0\0c\0d", &mut out);
        assert_eq!(out, b"ab   cd");
    }
}

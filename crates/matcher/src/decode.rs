//! The two ways in which a line is read anew: escapes undone, and UTF-16 narrowed. Neither allocates beyond its output.

use crate::signs::{at, hex};

/// Whether decoding what begins at this special sign can make a value that was not there, or join two pieces.
#[inline]
pub(crate) fn wakes(text: &[u8], place: usize) -> bool {
    let active = |value: u32, end: usize| match u8::try_from(value) {
        // A colon is of interest in an IPv6 address only: where a port follows a name, the name asks for decoding.
        Ok(b':') => in_v6(text, place, end),
        Ok(b) => b >= 0x80 || crate::signs::is_name(b) || matches!(b, b'.' | b'%' | b'\\' | b'[' | b'(' | b'{'),
        Err(_) => true,
    };
    match at(text, place) {
        b'\\' => match at(text, place + 1) {
            b'u' => hex(text, place + 2, 4).is_some_and(|value| active(value, place + 6)),
            b'x' => hex(text, place + 2, 2).is_some_and(|value| active(value, place + 4)),
            b'.' => true,
            _ => false,
        },
        b'%' => hex(text, place + 1, 2).is_some_and(|value| active(value, place + 3)),
        b'[' | b'(' | b'{' => match at(text, place + 1) {
            b'.' | b':' => true,
            b'd' | b'D' => at(text, place + 2) | 0x20 == b'o' && at(text, place + 3) | 0x20 == b't',
            _ => false,
        },
        _ => false,
    }
}

/// Whether a colon encoded between two places may be one of an IPv6 address.
fn in_v6(text: &[u8], start: usize, end: usize) -> bool {
    let sign = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let (before, after) = (at(text, start.wrapping_sub(1)), at(text, end));
    sign(before) || sign(after) || is_special(before) || is_special(after) || matches!(before, b']' | b')' | b'}')
}

/// What an encoding may begin with.
pub(crate) const fn is_special(b: u8) -> bool {
    matches!(b, b'\\' | b'%' | b'[' | b'(' | b'{')
}

/// The place of the next byte from `from` on with which an encoding may begin; the end if there is none.
fn next_special(line: &[u8], from: usize) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let rest = line.get(from..).unwrap_or_default();
    let (eights, tail) = rest.as_chunks::<8>();
    for (number, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        // The lowest set bit is right whatever borrows beyond it.
        let zero = |word: u64| word.wrapping_sub(EACH) & !word & EACH << 7;
        let is = |sign: u8| zero(word ^ (EACH * u64::from(sign)));
        let found = is(b'\\') | is(b'%') | is(b'(') | zero((word | EACH << 5) ^ (EACH * u64::from(b'{')));
        if found != 0 {
            return from + number * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let at = tail.iter().position(|&b| is_special(b)).unwrap_or(tail.len());
    from + rest.len() - tail.len() + at
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
    loop {
        place = next_special(line, place);
        if place >= line.len() {
            break;
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

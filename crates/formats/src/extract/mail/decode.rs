//! Transfer encodings, character sets and encoded words of mails.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

/// How the body of a part is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) enum Transfer {
    Plain,
    Base64,
    Quoted,
}

impl Transfer {
    pub fn named(name: &str) -> Self {
        let name = name.trim();
        if name.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if name.eq_ignore_ascii_case("quoted-printable") {
            Self::Quoted
        } else {
            Self::Plain
        }
    }
}

/// Decoded bytes of a body, piece by piece, so that a big attachment is never held twice.
pub(super) fn decode(body: &[u8], transfer: Transfer, sink: &mut dyn FnMut(&[u8])) {
    match transfer {
        Transfer::Plain => sink(body),
        Transfer::Quoted => quoted(body, false, sink),
        Transfer::Base64 => base64(body, sink),
    }
}

const PIECE_BYTES: usize = 32 << 10;

/// The value of each byte in base 64; 64 for a sign of none. The two alphabets are read alike.
const VALUES: [u8; 256] = {
    let mut values = [64_u8; 256];
    let mut b = 0_usize;
    while b < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let sign = b as u8;
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => 64,
        };
        #[expect(clippy::indexing_slicing, reason = "in a constant, below 256")]
        {
            values[b] = value;
        }
        b += 1;
    }
    values
};

fn base64(body: &[u8], sink: &mut dyn FnMut(&[u8])) {
    let mut out = Vec::with_capacity(PIECE_BYTES + 4);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for &b in body {
        let value = VALUES.get(usize::from(b)).copied().unwrap_or(64);
        if value == 64 {
            if b == b'=' {
                // What is padded may go on with a further text: some senders glue several.
                (bits, count) = (0, 0);
            }
            continue;
        }
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            #[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
            out.push((bits >> count) as u8);
            if out.len() >= PIECE_BYTES {
                sink(&out);
                out.clear();
            }
        }
    }
    sink(&out);
}

fn quoted(body: &[u8], spaces: bool, sink: &mut dyn FnMut(&[u8])) {
    let mut out = Vec::with_capacity(PIECE_BYTES + 4);
    let digit = |b: Option<&u8>| b.and_then(|&b| char::from(b).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let mut at = 0;
    while let Some(&b) = body.get(at) {
        match b {
            b'=' => {
                let (one, two) = (digit(body.get(at + 1)), digit(body.get(at + 2)));
                if let (Some(one), Some(two)) = (one, two) {
                    out.push(one * 16 + two);
                    at += 3;
                    continue;
                }
                // A line that goes on; spaces may stand before its end.
                let tail = body.get(at + 1..).unwrap_or_default();
                let blank = tail.iter().take(80).take_while(|b| matches!(b, b' ' | b'\t')).count();
                match (tail.get(blank), tail.get(blank + 1)) {
                    (Some(b'\r'), Some(b'\n')) => at += blank + 3,
                    (Some(b'\n' | b'\r'), _) => at += blank + 2,
                    _ => {
                        out.push(b'=');
                        at += 1;
                    }
                }
                continue;
            }
            b'_' if spaces => out.push(b' '),
            _ => out.push(b),
        }
        at += 1;
        if out.len() >= PIECE_BYTES {
            sink(&out);
            out.clear();
        }
    }
    sink(&out);
}

/// Text of a character set; what names none, or an unknown one, is UTF-8 if it can be, else Western.
pub(super) fn text<'t>(bytes: &'t [u8], charset: &str) -> Cow<'t, str> {
    match Encoding::for_label(charset.trim().as_bytes()) {
        Some(encoding) => encoding.decode(bytes).0,
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => WINDOWS_1252.decode(bytes).0,
        },
    }
}

/// Undoes encoded words (RFC 2047) in the value of a header.
pub(super) fn words(value: &str) -> Cow<'_, str> {
    if !value.contains("=?") {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, word) = rest.split_at(at);
        // White space between two encoded words is not part of the text.
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        match encoded(word) {
            Some((text, len)) => {
                out.push_str(&text);
                rest = word.get(len..).unwrap_or_default();
                after_word = true;
            }
            None => {
                out.push_str("=?");
                rest = word.get(2..).unwrap_or_default();
                after_word = false;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn encoded(word: &str) -> Option<(String, usize)> {
    let inside = word.strip_prefix("=?")?;
    let (charset, rest) = inside.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (body, _) = rest.split_once("?=")?;
    if charset.len() > 40 || encoding.len() != 1 || body.len() > 4096 {
        return None;
    }
    let mut bytes = Vec::new();
    match encoding {
        "B" | "b" => base64(body.as_bytes(), &mut |piece| bytes.extend_from_slice(piece)),
        "Q" | "q" => quoted(body.as_bytes(), true, &mut |piece| bytes.extend_from_slice(piece)),
        _ => return None,
    }
    let charset = charset.split('*').next().unwrap_or(charset);
    let len = 2 + charset.len().max(inside.find('?')?) + 1 + encoding.len() + 1 + body.len() + 2;
    Some((text(&bytes, charset).into_owned(), len))
}

/// What a run of letters hides: base 64 or hexadecimal digits of a text.
pub(super) fn hidden_text(run: &str) -> Option<String> {
    let ascii = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).ok()?;
        text.bytes().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()).then_some(text)
    };
    if run.len().is_multiple_of(2) && run.bytes().all(|b| b.is_ascii_hexdigit()) {
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        return ascii(run.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>()?);
    }
    let mut bytes = Vec::new();
    base64(run.as_bytes(), &mut |piece| bytes.extend_from_slice(piece));
    ascii(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &str, transfer: Transfer) -> String {
        let mut out = Vec::new();
        decode(body.as_bytes(), transfer, &mut |piece| out.extend_from_slice(piece));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn bodies() {
        assert_eq!(decoded("aGVs\r\nbG8=", Transfer::Base64), "hello");
        assert_eq!(decoded("aGVsbG8", Transfer::Base64), "hello");
        assert_eq!(decoded("a=3Db=\r\nc =  \nd=zz=", Transfer::Quoted), "a=bc d=zz=");
        assert_eq!(decoded("as it is", Transfer::Plain), "as it is");
    }

    #[test]
    fn headers() {
        let check = |value: &str, expect: &str| assert_eq!(words(value), expect);
        check("=?UTF-8?B?aGVsbG8=?= =?UTF-8?Q?_w=C3=B6rld?=", "hello wörld");
        check("=?ISO-8859-1?Q?Interm=E9dica_?= x", "Intermédica  x");
        check("=?broken? =?x", "=?broken? =?x");
        check("plain", "plain");
        check("=?Cp1252?Q?a=80?=", "a€");
    }

    #[test]
    fn hidden() {
        assert_eq!(hidden_text("bWVAYS5leGFtcGxl").as_deref(), Some("me@a.example"));
        assert_eq!(hidden_text("6d654061").as_deref(), Some("me@a"));
    }
}

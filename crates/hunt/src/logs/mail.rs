//! Mails: parts in base64 and quoted-printable are decoded, so that what they hide is seen.

/// Header fields that open a mail.
const OPENINGS: &[&str] =
    &["received:", "return-path:", "from:", "delivered-to:", "message-id:", "mime-version:", "x-"];

pub(super) fn is(head: &[u8]) -> bool {
    let first = head.split(|&b| b == b'\n').next().unwrap_or_default().to_ascii_lowercase();
    OPENINGS.iter().any(|opening| first.starts_with(opening.as_bytes()))
        && head.split(|&b| b == b'\n').take(200).any(|line| line.to_ascii_lowercase().starts_with(b"subject:"))
}

enum Encoding {
    None,
    Base64,
    Quoted,
}

/// Appends the text of encoded parts, and of base64 pieces that are words of headers.
pub(super) fn decoded(file: &[u8], out: &mut Vec<u8>) {
    let mut encoding = Encoding::None;
    let mut base64 = Vec::new();
    for line in file.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let lower = line.get(..line.len().min(64)).unwrap_or_default().to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix(b"content-transfer-encoding:") {
            encoding = match value.trim_ascii() {
                b"base64" => Encoding::Base64,
                b"quoted-printable" => Encoding::Quoted,
                _ => Encoding::None,
            };
            continue;
        }
        if line.starts_with(b"--") && line.len() > 2 {
            flush(&mut base64, out);
            encoding = Encoding::None;
            continue;
        }
        match encoding {
            Encoding::None => {}
            Encoding::Base64 => {
                if line.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')) {
                    base64.extend(line.iter().filter(|b| **b != b'='));
                } else {
                    flush(&mut base64, out);
                }
            }
            Encoding::Quoted => quoted(line, out),
        }
    }
    flush(&mut base64, out);
}

fn flush(base64: &mut Vec<u8>, out: &mut Vec<u8>) {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    for four in base64.chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, &b| bits << 6 | u32::from(digit(b))) << (6 * (4 - four.len()));
        let [_, first, second, third] = bits.to_be_bytes();
        out.extend([first, second, third].iter().take(four.len().saturating_sub(1)));
    }
    if !base64.is_empty() {
        out.push(b'\n');
        base64.clear();
    }
}

fn quoted(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    loop {
        match rest {
            [b'=', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let value = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
                out.push(value(*high) << 4 | value(*low));
                rest = tail;
            }
            // A soft break: the next line goes on.
            [b'='] => return,
            [b, tail @ ..] => {
                out.push(*b);
                rest = tail;
            }
            [] => break,
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    #[test]
    fn parts_are_decoded() {
        let mail = b"From: a@b.example\r\nSubject: x\r\nContent-Transfer-Encoding: base64\r\n\r\naHR0cDovL2V2aWwu\r\nZXhhbXBsZS9h\r\n--b\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\n<a href=3D\"http://ev=\r\nil.example/=62\">\r\n--b--\r\n";
        assert!(super::is(mail));
        let mut out = Vec::new();
        super::decoded(mail, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap().trim_start_matches('\n'),
            "http://evil.example/a\n\n<a href=\"http://evil.example/b\">\n"
        );
    }
}

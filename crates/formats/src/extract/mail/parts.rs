//! The parts of a mail, walked where they lie: nothing is copied, and each count has a cap.

use super::decode::{self, Transfer};
use crate::limits::{MAIL_DEPTH_MAX, MAIL_HEADER_BYTES_MAX, MAIL_HEADERS_MAX, MAIL_PARTS_MAX};

/// A header field: name, and its value with lines unfolded.
pub(super) type Header = (String, String);

/// What a part is.
pub(super) struct Part<'m> {
    /// Header fields, in order.
    pub headers: Vec<Header>,
    /// The body as it stands in the mail.
    pub body: &'m [u8],
    /// Media type in lower case.
    pub media: String,
    pub charset: String,
    pub transfer: Transfer,
    /// Name of the file, if one is given.
    pub name: Option<String>,
    /// Whether it is attached rather than shown.
    pub attached: bool,
    /// How deep it lies.
    pub depth: usize,
    /// How many mails it lies in.
    pub mails: usize,
}

/// The first field of a name.
pub(super) fn first<'h>(headers: &'h [Header], name: &str) -> Option<&'h str> {
    all(headers, name).next()
}

/// Every field of a name.
pub(super) fn all<'h>(headers: &'h [Header], name: &str) -> impl Iterator<Item = &'h str> {
    headers.iter().filter(move |(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Parts a mail into headers and body.
///
/// # Errors
/// Says which cap its headers exceed.
pub(super) fn split(bytes: &[u8]) -> Result<(Vec<Header>, &[u8]), String> {
    let mut headers: Vec<Header> = Vec::new();
    let mut rest = bytes;
    let mut taken = 0;
    loop {
        let end = rest.iter().take(MAIL_HEADER_BYTES_MAX).position(|&b| b == b'\n');
        let (line, after) = match end {
            Some(end) => (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default()),
            None if rest.len() < MAIL_HEADER_BYTES_MAX => (rest, &[] as &[u8]),
            None => return Err(format!("its headers are more than {MAIL_HEADER_BYTES_MAX} bytes")),
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        taken += line.len();
        if taken > MAIL_HEADER_BYTES_MAX {
            return Err(format!("its headers are more than {MAIL_HEADER_BYTES_MAX} bytes"));
        }
        if line.is_empty() {
            return Ok((headers, after));
        }
        let text = String::from_utf8_lossy(line);
        if text.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(text.trim());
            }
        } else if let Some((name, value)) = text.split_once(':')
            && !name.is_empty()
            && !name.contains([' ', '\t'])
        {
            if headers.len() >= MAIL_HEADERS_MAX {
                return Err(format!("it has more than {MAIL_HEADERS_MAX} header fields"));
            }
            headers.push((name.to_owned(), value.trim().to_owned()));
        } else if !text.starts_with("From ") && !text.starts_with('>') && !headers.is_empty() {
            // No header: the body begins without an empty line.
            return Ok((headers, rest));
        }
        if after.is_empty() {
            return Ok((headers, after));
        }
        rest = after;
    }
}

/// A parameter of a header such as `Content-Type`, in either of its spellings (RFC 2231).
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut joined: Option<(String, bool)> = None;
    for field in fields(value).into_iter().skip(1).take(64) {
        let Some((key, value)) = field.split_once('=') else { continue };
        let key = key.trim();
        let value = value.trim().trim_matches('"');
        if key.eq_ignore_ascii_case(name) {
            return Some(decode::words(value).into_owned());
        }
        let piece = key.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
            && key.as_bytes().get(name.len()) == Some(&b'*');
        if piece {
            let (all, encoded) = joined.get_or_insert_with(|| (String::new(), false));
            *encoded |= key.ends_with('*');
            if all.len() < 4096 {
                all.push_str(value);
            }
        }
    }
    let (all, encoded) = joined?;
    if !encoded {
        return Some(all);
    }
    let mut parts = all.splitn(3, '\'');
    let (charset, _, text) = (parts.next()?, parts.next(), parts.next());
    let Some(text) = text else { return Some(all.clone()) };
    Some(decode::text(&percent(text), charset).into_owned())
}

/// Undoes percent encoding.
pub(super) fn percent(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        let two = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match two.filter(|_| b == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(sign) => {
                out.push(sign);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(b);
                rest = after;
            }
        }
    }
    out
}

/// The fields of a header between semicolons outside quotes.
fn fields(value: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, b) in value.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                fields.push(value.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    fields.push(value.get(from..).unwrap_or_default());
    fields
}

/// Walks every leaf of a mail, and the headers of each mail within it.
///
/// # Errors
/// Says which cap it exceeds.
pub(super) fn walk<'m>(
    bytes: &'m [u8],
    each: &mut dyn FnMut(Part<'m>) -> Result<(), String>,
) -> Result<Vec<Header>, String> {
    let (headers, body) = split(bytes)?;
    let own = headers.clone();
    let mut open = vec![part(headers, body, 0, 0)];
    let mut parts = 0_usize;
    while let Some(one) = open.pop() {
        parts += 1;
        if parts > MAIL_PARTS_MAX {
            return Err(format!("it has more than {MAIL_PARTS_MAX} parts, as a mail bomb does"));
        }
        if one.depth > MAIL_DEPTH_MAX {
            return Err(format!("its parts are nested more than {MAIL_DEPTH_MAX} deep, as those of a mail bomb are"));
        }
        let boundary = one
            .media
            .starts_with("multipart/")
            .then(|| first(&one.headers, "Content-Type").and_then(|value| parameter(value, "boundary")));
        if let Some(Some(boundary)) = boundary.filter(|boundary| boundary.as_ref().is_some_and(|text| !text.is_empty()))
        {
            let mut inner = Vec::new();
            for body in between(one.body, &boundary, MAIL_PARTS_MAX + 1) {
                let (headers, body) = split(body)?;
                inner.push(part(headers, body, one.depth + 1, one.mails));
                if inner.len() + open.len() > MAIL_PARTS_MAX {
                    return Err(format!("it has more than {MAIL_PARTS_MAX} parts, as a mail bomb does"));
                }
            }
            open.extend(inner.into_iter().rev());
        } else if one.media == "message/rfc822" && one.transfer == Transfer::Plain {
            let (headers, body) = split(one.body)?;
            let (depth, mails) = (one.depth + 1, one.mails + 1);
            let inner = part(headers, body, depth, mails);
            each(one)?;
            open.push(inner);
        } else {
            each(one)?;
        }
    }
    Ok(own)
}

fn part(headers: Vec<Header>, body: &[u8], depth: usize, mails: usize) -> Part<'_> {
    let kind = first(&headers, "Content-Type").unwrap_or("text/plain").to_owned();
    let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let disposition = first(&headers, "Content-Disposition").unwrap_or_default().to_owned();
    let name = parameter(&disposition, "filename").or_else(|| parameter(&kind, "name"));
    let attached = disposition.get(..10).is_some_and(|head| head.eq_ignore_ascii_case("attachment"))
        || (name.is_some() && !media.starts_with("text/"));
    Part {
        body,
        charset: parameter(&kind, "charset").unwrap_or_default(),
        transfer: Transfer::named(first(&headers, "Content-Transfer-Encoding").unwrap_or_default()),
        media: if media.is_empty() { "text/plain".to_owned() } else { media },
        name,
        attached,
        headers,
        depth,
        mails,
    }
}

/// The bodies between the lines of a boundary, at most `most` of them.
fn between<'m>(body: &'m [u8], boundary: &str, most: usize) -> Vec<&'m [u8]> {
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut found = Vec::new();
    let mut from: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|&b| b == b'\n') {
        let begin = at;
        at += line.len();
        if !line.starts_with(&mark) {
            continue;
        }
        let tail = line.get(mark.len()..).unwrap_or_default().trim_ascii();
        if !(tail.is_empty() || tail == b"--") {
            continue;
        }
        if let Some(from) = from {
            found.push(body.get(from..begin).unwrap_or_default());
            if found.len() >= most {
                return found;
            }
        }
        from = (tail != b"--").then_some(at);
    }
    // A mail that was cut off has no last line.
    if let Some(from) = from
        && from < body.len()
    {
        found.push(body.get(from..).unwrap_or_default());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_both_spellings() {
        let check =
            |value: &str, name: &str, expect: Option<&str>| assert_eq!(parameter(value, name).as_deref(), expect);
        check("text/plain; charset=utf-8", "charset", Some("utf-8"));
        check("a; filename=\"b; c.exe\"", "filename", Some("b; c.exe"));
        check("a; filename*0=\"ab\"; filename*1=\"c.exe\"", "filename", Some("abc.exe"));
        check("a; filename*=UTF-8''%C3%A4.exe", "filename", Some("ä.exe"));
        check("a; filename=\"=?UTF-8?B?w6QuZXhl?=\"", "filename", Some("ä.exe"));
        check("a", "filename", None);
    }

    #[test]
    fn parts_of_a_mail() {
        let mail = b"Subject: x\r\n y\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--bb\r\n--b--\r\nafter";
        let mut seen = Vec::new();
        let headers = walk(mail, &mut |part| {
            seen.push((part.media.clone(), String::from_utf8_lossy(part.body).trim().to_owned()));
            Ok(())
        });
        assert_eq!(first(&headers.unwrap(), "subject"), Some("x y"));
        assert_eq!(
            seen,
            [("text/plain".to_owned(), "one".to_owned()), ("text/html".to_owned(), "<p>\r\n--bb".to_owned())]
        );
    }
}

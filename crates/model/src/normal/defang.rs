//! Defanging: values that nobody can click by mistake, and the way back from the many hands that do it.

use std::borrow::Cow;

/// Brackets within brackets are undone this often.
const PASSES_MAX: usize = 4;

const OPEN: &[char] = &['[', '(', '{'];
const CLOSE: &[char] = &[']', ')', '}'];

/// What may stand in brackets, in lower case, and what it stands for.
const INNER: &[(&str, &str)] =
    &[(".", "."), ("dot", "."), ("://", "://"), (":", ":"), ("@", "@"), ("at", "@"), ("/", "/")];

/// Spoilt schemes, in lower case, and what they stand for.
const SCHEMES: &[(&str, &str)] = &[
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("hxtps", "https"),
    ("hxtp", "http"),
    ("htxps", "https"),
    ("htxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("h__ps", "https"),
    ("h__p", "http"),
    ("fxps", "ftps"),
    ("fxp", "ftp"),
];

pub(crate) fn defang(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    for (plain, spoilt) in
        [("https://", "hxxps://"), ("http://", "hxxp://"), ("ftps://", "fxps://"), ("ftp://", "fxp://")]
    {
        if let Some(after) = text.strip_prefix(plain) {
            out.push_str(spoilt);
            rest = after;
            break;
        }
    }
    for c in rest.chars() {
        match c {
            '.' => out.push_str("[.]"),
            '@' => out.push_str("[@]"),
            _ => out.push(c),
        }
    }
    out
}

/// Which part of a word a sign stands in: what a defanging hand may write differs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Nothing has been read yet.
    Start,
    /// A scheme, a host, an address: all the usual ways are undone.
    Host,
    /// Path, query and fragment: `(dot)` and `\\.` stand there in earnest. Square brackets do not (RFC 3986), so a dot or
    /// an `@` in them was put there, by hands that defang every one.
    Tail,
}

impl Part {
    /// The part after a sign, with the sign before it.
    const fn after(self, sign: char, before: Option<char>) -> Self {
        match (self, sign, before) {
            (_, ' ' | '\t' | '\r' | '\n', _) => Self::Start,
            (Self::Start | Self::Host, '/', Some(':' | '/')) | (Self::Start, '/', None) => Self::Host,
            (Self::Host, '/' | '?' | '#', _) | (Self::Tail, _, _) => Self::Tail,
            (Self::Start | Self::Host, _, _) => Self::Host,
        }
    }
}

pub(crate) fn refang(text: &str) -> Cow<'_, str> {
    passes(text, true)
}

/// As [`refang`], for what has no path: an address, a host, a mail address.
pub(crate) fn refang_host(text: &str) -> Cow<'_, str> {
    passes(text, false)
}

fn passes(text: &str, tails: bool) -> Cow<'_, str> {
    let mut now = Cow::Borrowed(text);
    for _ in 0..PASSES_MAX {
        match pass(&now, tails) {
            Some(next) => now = Cow::Owned(next),
            None => break,
        }
    }
    now
}

/// One pass; `None` if there was nothing to do.
fn pass(text: &str, tails: bool) -> Option<String> {
    let suspicious = |b: u8| matches!(b, b'[' | b'(' | b'{' | b'\\' | b'x' | b'X' | b'*' | b'_');
    if !text.bytes().any(suspicious) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    let mut at_word = true;
    let (mut part, mut before) = (Part::Start, None);
    while let Some(c) = rest.chars().next() {
        let tail = tails && part == Part::Tail;
        let hit = match c {
            '[' if tail => [("[.]", "."), ("[@]", "@")]
                .into_iter()
                .find(|(spoilt, _)| rest.starts_with(spoilt))
                .map(|(_, plain)| (plain, 3)),
            _ if tail => None,
            '[' | '(' | '{' => bracket(rest),
            '\\' => rest.get(1..).and_then(|after| {
                after
                    .starts_with('.')
                    .then_some((".", 2))
                    .or_else(|| bracket(after).map(|(plain, len)| (plain, len + 1)))
            }),
            'h' | 'H' | 'f' | 'F' if at_word => scheme(rest),
            _ => None,
        };
        let (len, last) = if let Some((plain, len)) = hit {
            out.push_str(plain);
            changed = true;
            for sign in plain.chars() {
                part = part.after(sign, before.replace(sign));
            }
            (len, plain.chars().last().unwrap_or(c))
        } else {
            out.push(c);
            part = part.after(c, before.replace(c));
            (c.len_utf8(), c)
        };
        at_word = !last.is_alphanumeric();
        rest = rest.get(len..).unwrap_or("");
    }
    changed.then_some(out)
}

/// A bracketed sign at the start of `text`: what it stands for, and its length.
fn bracket(text: &str) -> Option<(&'static str, usize)> {
    let after = text.strip_prefix(OPEN)?.trim_start_matches(' ');
    for (inner, plain) in INNER {
        let Some(head) = after.get(..inner.len()) else { continue };
        if !head.eq_ignore_ascii_case(inner) {
            continue;
        }
        let tail = after.get(inner.len()..)?.trim_start_matches(' ');
        let tail = tail.strip_prefix('\\').unwrap_or(tail);
        if let Some(rest) = tail.strip_prefix(CLOSE) {
            return Some((plain, text.len() - rest.len()));
        }
    }
    None
}

/// A spoilt scheme at the start of `text`, if a colon or a bracketed one follows.
fn scheme(text: &str) -> Option<(&'static str, usize)> {
    for (spoilt, plain) in SCHEMES {
        let Some(head) = text.get(..spoilt.len()) else { continue };
        if !head.eq_ignore_ascii_case(spoilt) {
            continue;
        }
        let tail = text.get(spoilt.len()..)?;
        let follows = tail.starts_with(':')
            || bracket(tail.strip_prefix('\\').unwrap_or(tail)).is_some_and(|(sign, _)| sign.starts_with(':'));
        if follows {
            return Some((plain, spoilt.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spoilt: &str, plain: &str) {
        assert_eq!(refang(spoilt), plain, "{spoilt}");
    }

    #[test]
    fn undoes_the_usual_ways() {
        check("hxxp://evil[.]example/a", "http://evil.example/a");
        check("hXXps[:]//evil(.)example", "https://evil.example");
        check("hxxps[://]evil{.}example", "https://evil.example");
        check("fxp://evil[dot]example", "ftp://evil.example");
        check("evil(DOT)example", "evil.example");
        check("evil[ dot ]example", "evil.example");
        check("a[@]evil[.]example", "a@evil.example");
        check("a[at]evil\\.example", "a@evil.example");
        check("2001[:]db8[:][:]1", "2001:db8::1");
        check("evil\\[.\\]example", "evil.example");
        check("evil[[.]]example", "evil.example");
        check("h**p://evil.example", "http://evil.example");
        check("evil.example[/]path", "evil.example/path");
        check("xhxxp: stays", "xhxxp: stays");
        check("hxxp[://]evil[.]example[/]a[.]b?c=[@]d", "http://evil.example/a.b?c=@d");
        check("evil[.]example then other(dot)example", "evil.example then other.example");
        check("2001[:]db8::[/]32", "2001:db8::/32");
        check("(see at) [1] {x}", "(see at) [1] {x}");
        check("é[.]example", "é.example");
    }

    #[test]
    fn leaves_a_path_as_it_is() {
        for kept in ["/foo(dot)bar", "/a(.)b", "/a{.}b", "/a(at)b", "/a\\.b", "?u=hxxp://other", "#[:]", "/x[dot]y"] {
            check(&format!("hxxp://evil[.]example{kept}"), &format!("http://evil.example{kept}"));
            check(&format!("evil(dot)example{kept}"), &format!("evil.example{kept}"));
        }
    }

    #[test]
    fn spoils_what_can_be_clicked() {
        assert_eq!(defang("http://evil.example/a.b"), "hxxp://evil[.]example/a[.]b");
        assert_eq!(defang("a@evil.example"), "a[@]evil[.]example");
        assert_eq!(defang("192.0.2.1"), "192[.]0[.]2[.]1");
    }
}

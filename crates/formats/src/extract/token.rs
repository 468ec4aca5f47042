//! One word: what it can be, and whether its place says that it is meant.

use model::{Kind, Observable, Technique, refang};

use super::Rule;
use super::dotted::name;
use super::gather::Gather;
use super::names::{self, Ending};
use super::text::{Context, Text};
use crate::limits::EXTRACT_WORD_BYTES;

/// Signs that never end a value that is no URL.
pub(super) const fn is_trimmed(c: char) -> bool {
    matches!(
        c,
        '.' | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | '"'
            | '\''
            | '*'
            | '+'
            | '`'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '|'
            | '='
            | '_'
            | '~'
            | '#'
            | '&'
            | '$'
            | '^'
            | '\u{2022}'
            | '\u{2013}'
            | '\u{2014}'
            | '\u{201c}'
            | '\u{201d}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{2026}'
    )
}

/// Whether a word is worth a look: most words of a text are not, and the signs at the ends of sentences do not count.
pub(super) fn may_hold_a_value(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let closes = |b: &u8| matches!(b, b'.' | b',' | b':' | b';' | b'!' | b'?' | b')' | b']' | b'\'' | b'*');
    let opens = |b: &u8| matches!(b, b'(' | b'[' | b'\'' | b'*' | b'.');
    let from = bytes.iter().position(|b| !opens(b)).unwrap_or(bytes.len());
    let to = bytes.iter().rposition(|b| !closes(b)).map_or(from, |last| last + 1);
    let (mut digits, mut hyphens, mut high) = (false, false, false);
    for &b in bytes.get(from..to).unwrap_or_default() {
        match b {
            b'.' | b':' | b'@' | b'[' | b'(' | b'{' | b'\\' | b'/' => return true,
            b'0'..=b'9' => digits = true,
            b'-' => hyphens = true,
            0x80.. => high = true,
            _ => {}
        }
    }
    let technique = bytes.len() <= 16 && bytes.iter().any(|b| matches!(b, b'T' | b't'));
    high || (digits && (hyphens || technique || bytes.len() >= 26))
}

pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|one| one == word)
}

/// Whether the words just before a value say that it is a key, or a certificate's.
pub(super) fn label(before: &str) -> (bool, bool) {
    let mut cut = before.len().saturating_sub(40);
    while !before.is_char_boundary(cut) {
        cut += 1;
    }
    let near = before.get(cut..).unwrap_or_default().trim_end_matches([' ', ':', '=', '`', '"', '|']);
    let last = near.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is = |words: &[&str]| words.iter().any(|word| last.eq_ignore_ascii_case(word));
    (
        is(&["key", "iv", "nonce", "salt", "rc4", "aes", "serial", "password", "guid", "uuid"]),
        is(&["thumbprint", "fingerprint", "certificate"]),
    )
}

/// Reads one word.
pub(super) fn read(raw: &str, context: &Context<'_>, gather: &mut Gather) {
    if raw.len() > EXTRACT_WORD_BYTES {
        gather.leave(raw, Rule::TooLong, None);
        return;
    }
    if special(raw, context, gather) {
        return;
    }
    // A link of Markdown: its text on the left, its target on the right.
    if let Some((left, right)) = raw.split_once("](") {
        one(left, context, false, gather);
        one(right.split(')').next().unwrap_or(right), context, true, gather);
        return;
    }
    one(raw, context, false, gather);
}

/// A value whose kind the heading names: a path among mutexes is one that serves as such.
pub(super) fn named(kind: Kind, item: &str, gather: &mut Gather) {
    let kind = if names::is_unix_path(item) { Kind::FilePath } else { kind };
    if let Ok(found) = Observable::parse(kind, item) {
        gather.take_plain(found);
    }
}

/// What holds signs that would be taken for defanging: paths, registry keys, user agents.
fn special(raw: &str, context: &Context<'_>, gather: &mut Gather) -> bool {
    let bare = raw.trim_start_matches(['\'', '(', '[', '"']);
    let drive = bare.get(1..3) == Some(":\\") && bare.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let variable = bare.starts_with('%') && bare.contains("%\\");
    let hive = bare.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("hk")) && bare.contains('\\');
    if drive || variable || hive {
        let whole = to_closing_mark(bare, raw, context);
        let kind = if hive { Kind::RegistryKey } else { Kind::FilePath };
        let whole = whole.trim_end_matches(['.', ',', ';', ')', '\'']);
        // A variable alone is where something lies, and no path yet.
        let bare_variable = whole.starts_with('%') && whole.split_once("%\\").is_some_and(|(_, rest)| rest.is_empty());
        if !bare_variable && let Ok(found) = Observable::parse(kind, whole) {
            gather.take_plain(found);
        }
        return true;
    }
    let unix = bare.trim_end_matches(['.', ',', ';', ':', ')', '\'', ']']);
    if names::is_unix_path(unix) {
        // Requests in logs and paths of a mail's text are no files of a machine.
        if matches!(context.text, Text::Prose | Text::Field)
            && let Ok(found) = Observable::parse(Kind::FilePath, unix)
        {
            gather.take_plain(found);
        }
        return true;
    }
    false
}

/// From a word to the mark that closes what it opens: paths may hold spaces.
fn to_closing_mark<'t>(bare: &'t str, raw: &str, context: &Context<'t>) -> &'t str {
    let opens = context.line.get(..context.start).and_then(|before| before.trim_end_matches(' ').chars().next_back());
    let from = context.end - bare.len().min(raw.len());
    let rest = context.line.get(from..).unwrap_or(bare);
    match opens {
        Some(mark @ ('`' | '"' | '|')) => rest.split(mark).next().unwrap_or(bare).trim(),
        _ => bare,
    }
}

fn one(raw: &str, context: &Context<'_>, mut linked: bool, gather: &mut Gather) {
    let mut raw = raw;
    // A link of AsciiDoc: the text of it begins right behind the target.
    if !linked
        && raw.contains("://")
        && let Some(at) = link_text(raw)
    {
        raw = raw.get(..at).unwrap_or(raw);
        linked = true;
    }
    if raw.get(..5) == Some("link:") {
        return;
    }
    let plain = refang(raw);
    let defanged = plain != raw;
    if plain.contains("://") {
        urls(&plain, context, linked, defanged, gather);
        return;
    }
    for part in plain.split([',', ';', '\'']) {
        let part = part.trim_matches(is_trimmed);
        if part.len() >= 4 {
            piece(part, context, linked, defanged, gather);
        }
    }
}

/// Where the text of an AsciiDoc link begins: a bracket that defangs nothing.
fn link_text(raw: &str) -> Option<usize> {
    let from = raw.find("://")? + 3;
    let mut at = from;
    loop {
        at += raw.get(at..)?.find('[')?;
        let inside = raw.get(at + 1..)?;
        let defangs = inside.starts_with(['.', ':', '@', '/', ']', ' ', '['])
            || inside.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("dot"))
            || inside.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("at"));
        // `http://[2001:db8::1]/` opens its host.
        if !defangs && at > from {
            return Some(at);
        }
        at += 1;
    }
}

/// Every URL of a word: several may be glued with commas.
fn urls(text: &str, context: &Context<'_>, linked: bool, defanged: bool, gather: &mut Gather) {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let head = rest.get(..at).unwrap_or_default();
        let scheme = head.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '+')).map_or(0, |before| {
            before + head.get(before..).and_then(|tail| tail.chars().next()).map_or(1, char::len_utf8)
        });
        let from = rest.get(scheme..).unwrap_or_default();
        let behind = at - scheme + 3;
        let next = from.get(behind..).unwrap_or_default();
        // A further URL behind a comma, semicolon or bracket begins anew; one within a query belongs to this.
        let end = next.match_indices("://").find_map(|(second, _)| {
            let before = next.get(..second).unwrap_or_default();
            let word = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            word.ends_with([',', ';', ')', ']', '(']).then_some(behind + word.len())
        });
        let (url, tail) = from.split_at(end.unwrap_or(from.len()));
        url_value(trim_url(url), context, linked, defanged, gather);
        rest = tail;
        if end.is_none() {
            return;
        }
    }
}

/// Takes signs of the sentence from the end of a URL.
pub(super) fn trim_url(url: &str) -> &str {
    let mut url = url;
    loop {
        let Some(last) = url.chars().next_back() else { return url };
        let drop = match last {
            '.' | ',' | ';' | ':' | '!' | '\'' | '*' | '\u{2019}' | '\u{201d}' | '\u{2026}' | '|' | '`' | '+' => true,
            ')' => url.matches(')').count() > url.matches('(').count(),
            ']' => url.matches(']').count() > url.matches('[').count(),
            '}' => url.matches('}').count() > url.matches('{').count(),
            _ => false,
        };
        if !drop {
            return url;
        }
        url = url.get(..url.len() - last.len_utf8()).unwrap_or_default();
    }
}

fn url_value(url: &str, context: &Context<'_>, linked: bool, defanged: bool, gather: &mut Gather) {
    let Ok(found) = Observable::parse(Kind::Url, url) else {
        if url.len() > 12 {
            gather.leave(url, Rule::Unreadable, None);
        }
        return;
    };
    let host = names::host_of(found.value()).to_owned();
    if is_short_number(url) {
        gather.leave(url, Rule::Version, Some(found));
        return;
    }
    if host.parse::<std::net::IpAddr>().is_err() && !names::is_public(&host) && !host.contains(':') && !defanged {
        gather.leave(url, Rule::NoSuchEnding, Some(found));
        return;
    }
    if defanged {
        gather.take_defanged(found);
    } else if linked {
        gather.leave(url, Rule::LinkOfMarkup, Some(found));
    } else if context.set_off && context.alone {
        gather.take_plain(found);
    } else {
        gather.wait(found, context.plain());
    }
}

/// `http://1.2.3/`: three numbers are no address, though browsers make one of them.
pub(super) fn is_short_number(url: &str) -> bool {
    let host = names::host_of(url);
    host.bytes().all(|b| b.is_ascii_digit() || b == b'.') && (1..3).contains(&host.matches('.').count())
}

/// A part of a word that is no URL.
fn piece(part: &str, context: &Context<'_>, linked: bool, defanged: bool, gather: &mut Gather) {
    if part.starts_with('@') {
        return;
    }
    if part.contains('@') && emails(part, context, defanged, gather) {
        return;
    }
    if fixed_forms(part, context, defanged, gather) {
        return;
    }
    if linked {
        return;
    }
    if let Some((host, path)) = part.split_once('/') {
        // A link without a scheme counts only if it was defanged: `and/or`, `Win32/Name.A`, dates.
        if defanged && !path.is_empty() && names::is_public(host.split(':').next().unwrap_or(host)) {
            if let Ok(found) = Observable::parse(Kind::Url, part) {
                gather.take_defanged(found);
            }
        } else if defanged && path.is_empty() {
            name(host, context, defanged, gather);
        } else if part.bytes().filter(|&b| b == b'/').count() == 1
            && path.contains('.')
            && names::ending(path, true) == Ending::Program
        {
            name(path, context, defanged, gather);
        }
        return;
    }
    for one in part.split(['=', '(', ')', '[', ']', '{', '}']) {
        let one = one.trim_matches(is_trimmed);
        if one.len() >= 4 && one.contains('.') {
            name(one.strip_suffix("'s").unwrap_or(one), context, defanged, gather);
        }
    }
}

fn emails(part: &str, context: &Context<'_>, defanged: bool, gather: &mut Gather) -> bool {
    let mut any = false;
    for one in part.split([',', ';', '(', ')', '[', ']', ':', '/', '=', '\\']) {
        let one = one.trim_matches(is_trimmed);
        let Some((local, host)) = one.rsplit_once('@') else { continue };
        if local.is_empty() || !names::is_public(host) {
            continue;
        }
        if let Ok(found) = Observable::parse(Kind::Email, one) {
            any = true;
            if defanged {
                gather.take_defanged(found);
            } else if context.set_off && context.alone {
                gather.take_plain(found);
            } else {
                gather.wait(found, context.plain());
            }
        }
    }
    any
}

/// Hashes, addresses, numbers: they have a form of their own and count as they are.
fn fixed_forms(part: &str, context: &Context<'_>, defanged: bool, gather: &mut Gather) -> bool {
    let mut any = false;
    let bytes = part.as_bytes();
    if bytes.len() >= 32 {
        for run in part.split(|c: char| !c.is_ascii_alphanumeric()) {
            any |= run.len() >= 32 && hash(run, context, gather);
        }
        if any {
            return true;
        }
        if bytes.first().is_some_and(u8::is_ascii_digit)
            && let Ok(found) = Observable::parse(Kind::Ssdeep, part)
        {
            gather.take_plain(found);
            return true;
        }
    }
    if bytes.len() >= 9 {
        for at in cves(part) {
            if let Ok(found) = Observable::parse(Kind::Cve, at) {
                gather.take_plain(found);
                any = true;
            }
        }
        if any {
            return true;
        }
    }
    if let Some(b'T' | b't') = bytes.first()
        && bytes.len() <= 9
        && let Some(technique) = Technique::parse(part)
    {
        if bytes.first() == Some(&b'T') {
            gather.technique(technique);
        }
        return true;
    }
    if (26..=62).contains(&bytes.len())
        && matches!(bytes.first(), Some(b'1' | b'3' | b'b' | b'B'))
        && part.bytes().all(|b| b.is_ascii_alphanumeric())
        && let Ok(found) = Observable::parse(Kind::Btc, part)
    {
        gather.take_plain(found);
        return true;
    }
    addresses(part, context, defanged, gather)
}

/// Each piece that begins as a CVE number does, to where its digits end.
fn cves(part: &str) -> impl Iterator<Item = &str> {
    let starts = part.as_bytes().windows(4).enumerate().filter(|(_, four)| four.eq_ignore_ascii_case(b"cve-"));
    starts.filter_map(move |(at, _)| {
        let rest = part.get(at..)?;
        let end =
            rest.bytes().skip(4).position(|b| !(b.is_ascii_digit() || b == b'-')).map_or(rest.len(), |end| end + 4);
        rest.get(..end)
    })
}

fn hash(run: &str, context: &Context<'_>, gather: &mut Gather) -> bool {
    let kind = match run.len() {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        64 => Kind::Sha256,
        70 | 72 => Kind::Tlsh,
        128 => Kind::Sha512,
        _ => return false,
    };
    let kind =
        if context.is_certificate && matches!(kind, Kind::Sha1 | Kind::Sha256) { Kind::X509Fingerprint } else { kind };
    let first = run.bytes().next();
    let varied = run.bytes().any(|b| Some(b) != first) && run.bytes().any(|b| b.is_ascii_alphabetic());
    let Ok(found) = Observable::parse(kind, run) else { return false };
    if context.is_key && !context.is_certificate && matches!(kind, Kind::Md5 | Kind::Sha256) {
        gather.leave(run, Rule::Key, Some(found));
    } else if varied {
        gather.take_plain(found);
    }
    true
}

fn addresses(part: &str, context: &Context<'_>, defanged: bool, gather: &mut Gather) -> bool {
    let bytes = part.as_bytes();
    let dots = bytes.iter().filter(|&&b| b == b'.').count();
    let colons = bytes.iter().filter(|&&b| b == b':').count();
    if dots < 3 && colons < 2 {
        return false;
    }
    let mut any = false;
    for one in part.split(['=', '(', ')', '[', ']', '{', '}']).flat_map(ranges) {
        let one = one.trim_matches(is_trimmed);
        let first = one.bytes().next().is_some_and(|b| b.is_ascii_digit());
        let four = first && one.bytes().filter(|&b| b == b'.').count() == 3;
        let six = one.len() > 4
            && one.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'/' | b'%'))
            && (one.contains("::") || one.bytes().filter(|&b| b == b':').count() == 7);
        if !four && !six {
            continue;
        }
        // A path behind an address is a URL without a scheme.
        if four && defanged && one.split_once('/').is_some_and(|(_, path)| !path.bytes().all(|b| b.is_ascii_digit())) {
            if let Ok(found) = Observable::parse(Kind::Url, one) {
                gather.take_defanged(found);
                any = true;
            }
            continue;
        }
        let head = if four {
            one.split_once('/')
                .filter(|(_, len)| len.is_empty() || !len.bytes().all(|b| b.is_ascii_digit()))
                .map_or(one, |(head, _)| head)
        } else {
            one
        };
        let Ok(found) = Observable::parse(Kind::Ipv4, head) else { continue };
        any = true;
        if four && !defanged && is_version(context) {
            gather.leave(one, Rule::Version, Some(found));
        } else if defanged {
            gather.take_defanged(found);
        } else if context.text == Text::Mail {
            bait(found, gather);
        } else {
            gather.take_plain(found);
        }
    }
    any
}

/// An address in the words of a mail: a bait ("somebody signed in from"), unless the text defangs.
fn bait(found: Observable, gather: &mut Gather) {
    let text = found.value().to_owned();
    gather.leave(&text, Rule::NamedInMail, Some(found));
}

/// `192.0.2.1-192.0.2.9` is two addresses.
fn ranges(part: &str) -> impl Iterator<Item = &str> {
    let numeric = part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let signs: &[char] = if numeric { &['-'] } else { &[] };
    part.split(signs)
}

/// Whether the words before a number say that it is a version.
fn is_version(context: &Context<'_>) -> bool {
    let before = context.line.get(..context.start).unwrap_or_default().trim_end();
    if context.line.get(..context.start).is_some_and(|before| before.ends_with('/')) {
        return true;
    }
    let last =
        before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default().trim_end_matches([':', '=']);
    ["version", "v", "ver", "ver.", "build", "release", "firmware", "id", "versions"]
        .iter()
        .any(|word| last.eq_ignore_ascii_case(word))
}

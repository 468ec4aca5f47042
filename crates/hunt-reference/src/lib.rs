//! The rules of `docs/hunt.md`, as plainly as they can be written: slow, and only to judge `matcher` by, which does not use it.
//!
//! It looks at every place of every reading of a line and asks a table. Nothing is skipped, hashed or vectorised.

#![allow(clippy::indexing_slicing, reason = "a test's oracle: plain indices are easier to check than clever slices")]

mod address;
mod reading;
mod url;

use std::collections::{BTreeSet, HashMap};

use model::{Kind, Observable};

use address::Ranges;
pub use reading::readings;
use reading::{after_escape, is_name};

/// What a text is looked up as.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum As {
    Domain,
    Host,
    Address,
    Url,
    Email,
    Digits,
}

/// A value that may stand anywhere between its ends.
struct Literal {
    bytes: Vec<u8>,
    anywhere: bool,
    number: usize,
}

/// Indicators, and the plain way to look for them.
#[derive(Default)]
pub struct Reference {
    exact: HashMap<(As, Vec<u8>), Vec<usize>>,
    ranges: Ranges,
    literals: Vec<Literal>,
    added: usize,
}

type Hits = BTreeSet<usize>;

impl Reference {
    /// Adds an indicator and returns its number, counted from 0 over all calls; `None` if the rules have no place for it.
    pub fn add(&mut self, observable: &Observable) -> Option<usize> {
        let number = self.added;
        self.added += 1;
        let value = observable.value();
        let mut exact = |kind: As, key: Vec<u8>| self.exact.entry((kind, key)).or_default().push(number);
        match observable.kind() {
            Kind::Domain => exact(As::Domain, value.as_bytes().to_vec()),
            Kind::Ipv4 | Kind::Ipv6 => exact(As::Address, value.as_bytes().to_vec()),
            Kind::Cidr => self.ranges.add(value, number),
            Kind::Email => exact(As::Email, value.to_ascii_lowercase().into_bytes()),
            Kind::Url => match url::indicator(value)? {
                url::Key::Host(host) => exact(As::Host, host),
                url::Key::Url(key) => exact(As::Url, key),
            },
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Imphash | Kind::Ja3 => {
                exact(As::Digits, value.as_bytes().to_vec());
            }
            Kind::X509Fingerprint => {
                exact(As::Digits, value.as_bytes().to_vec());
                self.literal(&between(value, ":"), false, number);
            }
            Kind::Mac => {
                self.literal(value, false, number);
                self.literal(&value.replace(':', "-"), false, number);
            }
            Kind::Tlsh => {
                self.literal(value, false, number);
                self.literal(value.trim_start_matches("T1"), false, number);
            }
            Kind::RegistryKey => {
                self.literal(value, false, number);
                for (short, long) in [
                    ("HKLM", "HKEY_LOCAL_MACHINE"),
                    ("HKCU", "HKEY_CURRENT_USER"),
                    ("HKCR", "HKEY_CLASSES_ROOT"),
                    ("HKU", "HKEY_USERS"),
                    ("HKCC", "HKEY_CURRENT_CONFIG"),
                ] {
                    if let Some(rest) = value.strip_prefix(short)
                        && (rest.is_empty() || rest.starts_with('\\'))
                    {
                        self.literal(&format!("{long}{rest}"), false, number);
                    }
                }
            }
            kind => self.literal(value, kind == Kind::UserAgent, number),
        }
        Some(number)
    }

    fn literal(&mut self, value: &str, anywhere: bool, number: usize) {
        self.literals.push(Literal { bytes: value.to_ascii_lowercase().into_bytes(), anywhere, number });
    }

    /// The numbers of the indicators that a line hits.
    #[must_use]
    pub fn hits(&self, line: &[u8]) -> Hits {
        let mut hits = Hits::new();
        for text in readings(line) {
            for start in 0..text.len() {
                if begins_host(&text, start) {
                    self.host(&text, start, &mut hits);
                }
                self.digits(&text, start, &mut hits);
                if let Some(address) = address::v6_at(&text, start) {
                    self.address(address, &mut hits);
                }
            }
            for name in reading::beyond_ascii(&text) {
                self.name(name.as_bytes(), &mut hits);
            }
            self.literals_in(&text, &mut hits);
        }
        hits
    }

    fn look(&self, kind: As, key: &[u8], hits: &mut Hits) {
        if let Some(numbers) = self.exact.get(&(kind, key.to_vec())) {
            hits.extend(numbers);
        }
    }

    fn address(&self, address: std::net::IpAddr, hits: &mut Hits) {
        self.look(As::Address, address.to_string().as_bytes(), hits);
        hits.extend(self.ranges.with(address));
    }

    /// A host value in lower case: itself, and all that it ends with.
    fn name(&self, name: &[u8], hits: &mut Hits) {
        if name.len() <= 253 {
            self.look(As::Host, name, hits);
        }
        self.look(As::Domain, name, hits);
        for at in (0..name.len()).filter(|&at| name[at] == b'.') {
            self.look(As::Domain, &name[at + 1..], hits);
        }
    }

    fn host(&self, text: &[u8], start: usize, hits: &mut Hits) {
        let end = ends_host(text, start);
        let name = text[start..end].to_ascii_lowercase();
        if !name.contains(&b'.') {
            return;
        }
        self.name(&name, hits);
        // No name is longer.
        if name.len() <= 253 {
            self.urls(&name, text, end, hits);
            if start > 0 && text[start - 1] == b'@' {
                self.email(&name, text, start - 1, hits);
            }
        }
        let mut from = start;
        for piece in text[start..end].split(|&b| b == b'-' || b == b'_') {
            let to = from + piece.len();
            if let Some(address) = address::v4(piece) {
                self.address(address.into(), hits);
                self.look(As::Host, piece, hits);
                if to == end {
                    self.urls(piece, text, end, hits);
                }
            }
            from = to + 1;
        }
    }

    fn urls(&self, host: &[u8], text: &[u8], end: usize, hits: &mut Hits) {
        for key in url::at(host, text, end) {
            self.look(As::Url, &key, hits);
        }
    }

    fn email(&self, host: &[u8], text: &[u8], at: usize, hits: &mut Hits) {
        let inside = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b) || b >= 0x80;
        let glued = |b: u8| b.is_ascii_alphanumeric() || b"._%+-".contains(&b);
        for from in (at.saturating_sub(128)..at).rev() {
            if !inside(text[from]) {
                return;
            }
            if from == 0 || !glued(text[from - 1]) || after_escape(text, from) {
                let mut key = text[from..=at].to_ascii_lowercase();
                key.extend_from_slice(host);
                self.look(As::Email, &key, hits);
            }
        }
    }

    fn digits(&self, text: &[u8], start: usize, hits: &mut Hits) {
        let alnum = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if start > 0 && alnum(start - 1) && !after_escape(text, start) {
            return;
        }
        for len in [32, 40, 64, 128] {
            let Some(digits) = text.get(start..start + len) else { return };
            if digits.iter().all(u8::is_ascii_hexdigit) && !alnum(start + len) {
                self.look(As::Digits, &digits.to_ascii_lowercase(), hits);
            }
        }
    }

    fn literals_in(&self, text: &[u8], hits: &mut Hits) {
        for Literal { bytes, anywhere, number } in &self.literals {
            for at in 0..(text.len() + 1).saturating_sub(bytes.len()) {
                let end = at + bytes.len();
                let glued = |inner: u8, outer: Option<&u8>| {
                    inner.is_ascii_alphanumeric() && outer.is_some_and(u8::is_ascii_alphanumeric)
                };
                let glued_there =
                    (at > 0 && glued(bytes[0], text.get(at - 1))) || glued(bytes[bytes.len() - 1], text.get(end));
                if text[at..end].eq_ignore_ascii_case(bytes) && (*anywhere || !glued_there) {
                    hits.insert(*number);
                }
            }
        }
    }
}

/// `aabbcc` with a sign between each two digits.
fn between(digits: &str, sign: &str) -> String {
    let pairs: Vec<&str> = (0..digits.len() / 2).map(|at| &digits[2 * at..2 * at + 2]).collect();
    pairs.join(sign)
}

/// Whether a host value may begin here.
fn begins_host(text: &[u8], at: usize) -> bool {
    if !is_name(text[at]) {
        return false;
    }
    if at == 0 || after_escape(text, at) {
        return true;
    }
    match text[at - 1] {
        b'.' => at == 1 || !is_name(text[at - 2]) || after_escape(text, at - 1),
        before => !is_name(before),
    }
}

/// Where the host value that begins here ends.
fn ends_host(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < text.len() {
        let inner_dot = text[end] == b'.'
            && end > start
            && is_name(text[end - 1])
            && text.get(end + 1).is_some_and(|&b| is_name(b));
        if !is_name(text[end]) && !inner_dot {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(value: &str, line: &str, expect: bool) {
        let mut reference = Reference::default();
        let indicator = Observable::detect(value).unwrap_or_else(|| Observable::parse(Kind::Mutex, value).unwrap());
        reference.add(&indicator).unwrap();
        assert_eq!(!reference.hits(line.as_bytes()).is_empty(), expect, "{indicator:?} in {line:?}");
    }

    #[test]
    fn the_rules_by_example() {
        for line in include_str!("cases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut parts = line.splitn(3, '\t');
            let (sign, value, text) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
            check(value, &text.replace("<NUL>", "\0"), sign == "+");
        }
    }
}

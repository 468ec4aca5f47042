//! The exact tables: what a candidate is compared with, byte by byte.

use std::net::Ipv6Addr;

use model::{Kind, Observable};

use crate::decode::is_special;
use crate::hash::{FOLD, all, part};
use crate::index::{Section, class, is_digits, is_literal, literal_of};
use crate::pass::Pass;
use crate::raw::WORD;
use crate::runs::Ask;
use crate::signs::{
    after_escape, at, even_step, is_name, may_end, must_end, other_start, push_port, slice, without_slash,
};
use crate::v6::v6;
use crate::{literal, range};

/// Longest name.
const NAME_BYTES_MAX: usize = 253;
/// Most bytes of a URL behind its port.
const URL_BYTES_MAX: usize = 4096;
/// Most places where one URL may end that are tried.
const URL_ENDS_MAX: usize = 64;
/// Most bytes of the local part of an address.
const LOCAL_BYTES_MAX: usize = 128;
/// Bytes of an escape, at most, for each of what it stands for.
const ESCAPE_BYTES_MAX: usize = 6;
/// How far into a run an escape before it can reach.
const REACH: usize = 6;

impl Pass<'_> {
    /// A host value whose last two labels are listed, probably.
    pub fn host(&mut self, start: usize, end: usize, key: &mut Vec<u8>) {
        let text = self.text;
        let other = other_start(text, start).filter(|&other| other < end);
        let mut has_dot = false;
        let mut place = end;
        while place > start {
            place -= 1;
            let dot = at(text, place) == b'.';
            if has_dot && (dot || place == start || Some(place) == other) && end - place <= NAME_BYTES_MAX + 1 {
                self.domain(if dot { place + 1 } else { place }, end);
            }
            has_dot |= dot;
            if end - place > NAME_BYTES_MAX {
                break;
            }
        }
        for start in [Some(start), other].into_iter().flatten() {
            if end - start > NAME_BYTES_MAX || !slice(text, start, end).contains(&b'.') {
                continue;
            }
            let hash = part(class::WHOLE, text, start, end, FOLD);
            if self.keys.may_have(hash) {
                self.whole_host(hash, start, end, key);
            }
        }
    }

    /// A key of a host value that the filter has.
    pub fn asked(&mut self, ask: &Ask, key: &mut Vec<u8>) {
        let (start, end) = (ask.start as usize, ask.end as usize);
        if ask.is_whole {
            self.whole_host(ask.hash, start, end, key);
        } else {
            self.listed_domain(ask.hash, start, end);
        }
    }

    #[inline]
    fn domain(&mut self, start: usize, end: usize) {
        let hash = part(class::DOMAIN, self.text, start, end, FOLD);
        if self.keys.may_have(hash) {
            self.listed_domain(hash, start, end);
        }
    }

    fn listed_domain(&mut self, hash: u64, start: usize, end: usize) {
        let (index, name) = (self.index, slice(self.text, start, end));
        index.bucket(hash, |entry, record| {
            if record.kind == Kind::Domain && record.payload.eq_ignore_ascii_case(name) {
                self.hit(entry, start, end);
            }
        });
    }

    /// The host of a URL or of a mail address, probably.
    fn whole_host(&mut self, hash: u64, start: usize, end: usize, key: &mut Vec<u8>) {
        self.host_line(start);
        self.whole(hash, start, end, key);
        self.url(start, end, key);
        self.mail(start, end, key);
    }

    /// URLs that are only this host.
    fn whole(&mut self, hash: u64, start: usize, end: usize, key: &mut Vec<u8>) {
        key.clear();
        key.extend(slice(self.text, start, end).iter().map(u8::to_ascii_lowercase));
        let index = self.index;
        index.bucket(hash, |entry, record| {
            if record.is_url(key) {
                self.hit(entry, start, end);
            }
        });
    }

    /// An IPv4 address that is listed, probably, or the host of a URL.
    pub fn address(&mut self, address: u32, start: usize, end: usize, key: &mut Vec<u8>) {
        let (index, text) = (self.index, slice(self.text, start, end));
        index.bucket(crate::hash::of_number(class::V4, address.into()), |entry, record| {
            if record.kind == Kind::Ipv4 && record.payload == address.to_be_bytes() || record.is_url(text) {
                self.hit(entry, start, end);
            }
        });
        self.host_line(start);
        if !matches!(at(self.text, end), b'-' | b'_') {
            self.url(start, end, key);
        }
    }

    /// Ranges that hold an address of so many bytes.
    pub fn range(&mut self, address: u128, bytes: usize, start: usize, end: usize) {
        let index = self.index;
        let table = index.section(if bytes == 4 { Section::V4Ranges } else { Section::V6Ranges });
        range::search(table, bytes, address, |entry| self.hit(entry, start, end));
    }

    /// URLs of the host that stands there.
    fn url(&mut self, start: usize, end: usize, key: &mut Vec<u8>) {
        let text = self.text;
        if is_special(at(text, end)) {
            self.request(start);
            return;
        }
        if !matches!(at(text, end), b':' | b'/' | b'?') {
            return;
        }
        let tail = slice(text, end, text.len().min(end + ESCAPE_BYTES_MAX * URL_BYTES_MAX));
        let stop = tail.iter().position(|&b| is_special(b) || must_end(b));
        if stop.is_some_and(|stop| is_special(at(tail, stop))) {
            self.request(start);
        }
        key.clear();
        key.extend(slice(text, start, end).iter().map(u8::to_ascii_lowercase));
        let host_len = key.len();
        let mut from = end;
        let mut port = None;
        if at(text, end) == b':' {
            let digits = slice(text, end + 1, text.len()).iter().take(6).take_while(|b| b.is_ascii_digit()).count();
            let number = slice(text, end + 1, end + 1 + digits).iter().fold(0, |all, b| all * 10 + u32::from(b - b'0'));
            if (1..=5).contains(&digits) && number <= 65_535 {
                port = Some(number);
                from = end + 1 + digits;
            }
        }
        push_port(port, key);
        let path = matches!(at(text, from), b'/' | b'?');
        if path || must_end(at(text, from)) || may_end(text, from) {
            self.url_key(key, host_len, start, from);
        }
        if !path {
            return;
        }
        if at(text, from) == b'?' {
            key.push(b'/');
        }
        let limit = text.len().min(from + URL_BYTES_MAX);
        let (mut place, mut ends) = (from, 0);
        while place < limit {
            place = even_step(text, place, key);
            if place > limit {
                return;
            }
            let must = must_end(at(text, place));
            if must || (ends < URL_ENDS_MAX && may_end(text, place)) {
                ends += 1;
                self.url_key(key, host_len, start, place);
            }
            if must {
                return;
            }
        }
    }

    fn url_key(&mut self, key: &[u8], host_len: usize, start: usize, end: usize) {
        let key = slice(key, 0, without_slash(key, host_len));
        let hash = all(class::URL, key, 0);
        if key.len() > host_len && self.keys.may_have(hash) {
            let index = self.index;
            index.bucket(hash, |entry, record| {
                if record.is_url(key) {
                    self.hit(entry, start, end);
                }
            });
        }
    }

    /// Mail addresses at the host that stands there.
    fn mail(&mut self, start: usize, end: usize, key: &mut Vec<u8>) {
        let text = self.text;
        let Some(sign) = start.checked_sub(1) else { return };
        if matches!(at(text, sign), b']' | b')' | b'}') || after_escape(text, start) {
            self.request(start);
            return;
        }
        if at(text, sign) != b'@' {
            return;
        }
        let inside = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
        let glued = |b: u8| b.is_ascii_alphanumeric() || b"._%+-".contains(&b);
        let reach = slice(text, sign.saturating_sub(ESCAPE_BYTES_MAX * LOCAL_BYTES_MAX), sign);
        let encoded = reach.iter().rev().take_while(|&&b| inside(b) || matches!(b, b'\\' | b'[' | b']' | b'(' | b')'));
        if encoded.into_iter().any(|&b| is_special(b)) {
            self.request(start);
        }
        for from in (sign.saturating_sub(LOCAL_BYTES_MAX)..sign).rev() {
            if !inside(at(text, from)) {
                return;
            }
            if from == 0 || !glued(at(text, from - 1)) || after_escape(text, from) {
                key.clear();
                key.extend(slice(text, from, end).iter().map(u8::to_ascii_lowercase));
                let index = self.index;
                index.bucket(all(class::MAIL, key, 0), |entry, record| {
                    if record.kind == Kind::Email && record.payload.eq_ignore_ascii_case(key) {
                        self.hit(entry, from, end);
                    }
                });
            }
        }
    }

    /// A run of hexadecimal digits is at `place`; so many stand before that and from there on, 64 and more only if there are more.
    #[inline]
    pub fn digits(&mut self, place: usize, before: usize, behind: usize) {
        let text = self.text;
        let hex = |b: &u8| b.is_ascii_hexdigit();
        let mut start = place - before;
        if before == WORD {
            start -= slice(text, 0, start).iter().rev().take_while(|b| hex(b)).count();
        }
        let mut end = place + behind;
        if behind >= WORD {
            end += slice(text, end, text.len()).iter().take_while(|b| hex(b)).count();
        }
        self.hex_to = end;
        if end - start < 32 || at(text, end).is_ascii_alphanumeric() {
            return;
        }
        for from in start..reach(text, start) {
            let glued = from > start || (start > 0 && at(text, start - 1).is_ascii_alphanumeric());
            if !matches!(end.saturating_sub(from), 32 | 40 | 64 | 128) || (glued && !after_escape(text, from)) {
                continue;
            }
            let mut bytes = [0; 64];
            let (eights, _) = slice(text, from, end).as_chunks::<8>();
            let (fours, _) = bytes.as_chunks_mut::<4>();
            for (four, eight) in fours.iter_mut().zip(eights) {
                *four = digits_of(*eight);
            }
            let value = slice(&bytes, 0, 4 * eights.len());
            let hash = all(class::DIGITS, value, 0);
            if self.keys.may_have(hash) {
                let index = self.index;
                index.bucket(hash, |entry, record| {
                    if record.form == 0 && is_digits(record.kind) && record.payload == value {
                        self.hit(entry, from, end);
                    }
                });
            }
        }
    }

    /// A run that may be an IPv6 address is at `place`; so many of its signs stand before that and from there on, 64 and more
    /// only if there are more.
    #[inline]
    pub fn six(&mut self, place: usize, before: usize, behind: usize) {
        let text = self.text;
        let sign = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        let mut start = place - before;
        if before == WORD {
            start -= slice(text, 0, start).iter().rev().take_while(|b| sign(b)).count();
        }
        let mut end = place + behind;
        if behind >= WORD {
            end += slice(text, end, text.len()).iter().take_while(|b| sign(b)).count();
        }
        self.v6_to = end;
        let glued = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.');
        if glued(at(text, end)) {
            return;
        }
        for from in start..end.min(reach(text, start)) {
            let free = from == start && (start == 0 || !glued(at(text, start - 1)));
            if !free && !after_escape(text, from) {
                continue;
            }
            for to in [end - 1, end] {
                let stops = to == end || matches!(at(text, to), b':' | b'.');
                if !stops || to <= from || to - from > 64 {
                    continue;
                }
                let address = v6(slice(text, from, to)).map(Ipv6Addr::from);
                if let Some(address) = address {
                    self.v6_address(address, from, to);
                    break;
                }
            }
        }
    }

    fn v6_address(&mut self, address: Ipv6Addr, start: usize, end: usize) {
        let index = self.index;
        let (hash, octets, may_be): (u64, &[u8], bool) = if let Some(v4) = address.to_ipv4_mapped() {
            let number = u32::from(v4);
            let hash = crate::hash::of_number(class::V4, number.into());
            // The sieve is small and near: servers that listen to both versions write all their clients so.
            let (exact, range) = self.sieve.may_have(hash, number);
            if range {
                self.range(number.into(), 4, start, end);
            }
            (hash, &v4.octets(), exact)
        } else {
            self.range(address.into(), 16, start, end);
            (all(class::V6, &address.octets(), 0), &address.octets(), true)
        };
        if may_be && self.keys.may_have(hash) {
            index.bucket(hash, |entry, record| {
                if matches!(record.kind, Kind::Ipv4 | Kind::Ipv6) && record.payload == octets {
                    self.hit(entry, start, end);
                }
            });
        }
    }

    /// A run of name signs, dots and bytes beyond ASCII that has a dot, and probably one of these, ends here.
    #[cold]
    pub fn beyond_ascii(&mut self, end: usize) {
        let text = self.text;
        let inside = |b: &u8| is_name(*b) || *b == b'.' || *b >= 0x80;
        let start = end - slice(text, 0, end).iter().rev().take_while(|b| inside(b)).count();
        let run = slice(text, start, end);
        if run.is_ascii() {
            return;
        }
        if start > 0 && matches!(at(text, start - 1), b'\\' | b'%') {
            self.request(start);
        }
        for chunk in run.utf8_chunks() {
            for piece in chunk.valid().split(cuts) {
                let piece = piece.trim_matches(['.', '-']);
                if !piece.is_ascii()
                    && piece.contains('.')
                    && let Ok(name) = Observable::parse(Kind::Domain, piece)
                {
                    self.name(name.value().as_bytes(), start, end);
                }
            }
        }
    }

    /// A name in punycode that was read between two places.
    fn name(&mut self, name: &[u8], start: usize, end: usize) {
        let index = self.index;
        let dots = memchr::memchr_iter(b'.', name).map(|dot| dot + 1);
        for from in std::iter::once(0).chain(dots) {
            let suffix = slice(name, from, name.len());
            index.bucket(all(class::DOMAIN, suffix, FOLD), |entry, record| {
                if record.kind == Kind::Domain && record.payload == suffix {
                    self.hit(entry, start, end);
                }
            });
        }
        index.bucket(all(class::WHOLE, name, FOLD), |entry, record| {
            if record.is_url(name) {
                self.hit(entry, start, end);
            }
        });
    }

    /// A word of a length by which literals are found.
    #[inline]
    pub fn word(&mut self, start: usize, end: usize) {
        let hash = part(class::WORD, self.text, start, end, FOLD);
        if !self.keys.may_have(hash) {
            return;
        }
        let index = self.index;
        index.bucket(hash, |entry, record| {
            if record.form > 0
                && is_literal(record.kind)
                && let Some((form, word)) = literal_of(record)
                && let Some(place) = start.checked_sub(word.start)
                && literal::stands(record.kind, &form, self.text, place)
            {
                self.hit(entry, place, place + form.len());
            }
        });
    }
}

/// How far a run that begins at `start` may begin later: not at all if there is no escape near.
fn reach(text: &[u8], start: usize) -> usize {
    let near = slice(text, start.saturating_sub(REACH), text.len().min(start + REACH));
    if near.iter().any(|b| matches!(b, b'\\' | b'%')) { start + REACH } else { start + 1 }
}

/// What eight hexadecimal digits are.
#[inline(always)]
const fn digits_of(eight: [u8; 8]) -> [u8; 4] {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let signs = u64::from_le_bytes(eight);
    // Letters have the bit of 64, and are nine more than their lower half.
    let halves = (signs & (EACH * 15)) + (signs >> 6 & EACH) * 9;
    let bytes = (halves << 4 | halves >> 8) & 0x00ff_00ff_00ff_00ff;
    let two = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    ((two | two >> 16) as u32).to_le_bytes()
}

/// Characters at which a name beyond ASCII is cut.
const fn cuts(sign: char) -> bool {
    matches!(sign as u32,
        0x80..=0xbf | 0x2000..=0x206f | 0x2190..=0x2bff | 0x3000..=0x303f | 0xfe30..=0xfe4f
        | 0xff00..=0xff0f | 0xff1a..=0xff20 | 0xff3b..=0xff40 | 0xff5b..=0xff65 | 0xfff0..)
}

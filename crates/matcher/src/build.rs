//! Makes an index of indicators.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{Kind, Observable};

use crate::hash::{FOLD, all, checksum, filter_of, of_number, scale};
use crate::index::{
    FORMAT_VERSION, HALVES_BYTES, HEADER_BYTES, Index, MAGIC, ORDER, SECTIONS, SUMMED_FROM, class, is_digits,
    is_literal, push_varint,
};
use crate::literal;
use crate::range::{self, Range};
use crate::signs::{UrlKey, digit};

/// Widest range of IPv4: one of 16 million addresses hits by chance.
pub const V4_PREFIX_MIN: u8 = 8;
/// Widest range of IPv6: what registries give out.
pub const V6_PREFIX_MIN: u8 = 16;
/// Most bytes of an index: places in it are 32 bits.
pub const RECORD_BYTES_MAX: usize = u32::MAX as usize;

/// Why an indicator is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refused {
    /// The rules have no place for the host of a URL.
    #[error("its host is an IPv6 address or has no dot")]
    UrlHost,
    /// A range that holds everything.
    #[error("the range is wider than /{V4_PREFIX_MIN} (IPv4) or /{V6_PREFIX_MIN} (IPv6)")]
    WideRange,
    /// Nothing to find it by.
    #[error("it has no whole word of {} letters or digits to find it by", literal::ANCHOR_BYTES_MIN)]
    NoWord,
    /// The value is not in the normal form of its kind.
    #[error("it is not in its normal form")]
    Form,
    /// The index is full.
    #[error("the index is full: it holds 4 GiB")]
    Full,
}

/// Gathers indicators.
#[derive(Default)]
pub struct Builder {
    arena: Vec<u8>,
    /// Hash, and where in the arena.
    places: Vec<(u64, u32)>,
    pairs: Vec<u64>,
    keys: Vec<u64>,
    addresses: Vec<Ipv4Addr>,
    v4: Vec<Range>,
    v6: Vec<Range>,
    word_lens: u64,
    count: u64,
    attachment: Vec<u8>,
}

/// The hash of the last two labels of a host.
pub(crate) fn pair(host: &[u8]) -> u64 {
    let mut dots = host.iter().enumerate().rev().filter(|&(_, &b)| b == b'.').map(|(at, _)| at);
    let from = dots.nth(1).map_or(0, |dot| dot + 1);
    all(class::PAIR, host.get(from..).unwrap_or_default(), FOLD)
}

impl Builder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts bytes of the caller beside the indicators: [`Index::attachment`].
    pub fn attach(&mut self, bytes: Vec<u8>) {
        self.attachment = bytes;
    }

    /// Indicators taken so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether none has been taken.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes an indicator; `note` comes back with each hit.
    ///
    /// # Errors
    /// [`Refused`] says why it cannot be looked for.
    pub fn add(&mut self, observable: &Observable, note: u32) -> Result<(), Refused> {
        self.add_normal(observable.kind(), observable.value(), note)
    }

    /// As [`Builder::add`], with a value that is in normal form already.
    ///
    /// # Errors
    /// [`Refused`] says why it cannot be looked for.
    pub fn add_normal(&mut self, kind: Kind, value: &str, note: u32) -> Result<(), Refused> {
        if self.arena.len() + 2 * value.len() + 64 > RECORD_BYTES_MAX {
            return Err(Refused::Full);
        }
        match kind {
            Kind::Domain => {
                self.host(value.as_bytes());
                let hash = all(class::DOMAIN, value.as_bytes(), FOLD);
                self.keys.push(hash);
                self.put(hash, kind, 0, note, value.as_bytes());
            }
            Kind::Ipv4 => {
                let address: Ipv4Addr = value.parse().map_err(|_| Refused::Form)?;
                let hash = self.address(address);
                self.put(hash, kind, 0, note, &address.octets());
            }
            Kind::Ipv6 => {
                let address: Ipv6Addr = value.parse().map_err(|_| Refused::Form)?;
                let hash = all(class::V6, &address.octets(), 0);
                self.keys.push(hash);
                self.put(hash, kind, 0, note, &address.octets());
            }
            Kind::Cidr => self.range(value, note)?,
            Kind::Url => self.url(value, note)?,
            Kind::Email => {
                let (_, host) = value.rsplit_once('@').ok_or(Refused::Form)?;
                self.host(host.as_bytes());
                self.keys.push(all(class::WHOLE, host.as_bytes(), FOLD));
                let hash = all(class::MAIL, value.to_ascii_lowercase().as_bytes(), 0);
                self.put(hash, kind, 0, note, value.as_bytes());
            }
            _ => {
                let digits = if is_digits(kind) { Some(digits(value).ok_or(Refused::Form)?) } else { None };
                if is_literal(kind) {
                    self.literal(kind, value, note, digits.as_deref())?;
                }
                if let Some(digits) = digits {
                    let hash = all(class::DIGITS, &digits, 0);
                    self.keys.push(hash);
                    self.put(hash, kind, 0, note, &digits);
                }
            }
        }
        self.count += 1;
        Ok(())
    }

    fn host(&mut self, host: &[u8]) {
        self.pairs.push(pair(host));
    }

    fn address(&mut self, address: Ipv4Addr) -> u64 {
        let hash = of_number(class::V4, u32::from(address).into());
        self.keys.push(hash);
        self.addresses.push(address);
        hash
    }

    fn url(&mut self, value: &str, note: u32) -> Result<(), Refused> {
        let key = UrlKey::of(value).ok_or(Refused::UrlHost)?;
        let address = std::str::from_utf8(key.host()).ok().and_then(|host| host.parse::<Ipv4Addr>().ok());
        let whole = all(class::WHOLE, key.host(), FOLD);
        let of_host = address.map_or(whole, |address| self.address(address));
        if address.is_none() {
            self.host(key.host());
            self.keys.push(whole);
        }
        let hash = if key.is_host() { of_host } else { all(class::URL, &key.bytes, 0) };
        self.put(hash, Kind::Url, 0, note, value.as_bytes());
        Ok(())
    }

    fn range(&mut self, value: &str, note: u32) -> Result<(), Refused> {
        let (first, prefix) = value.split_once('/').ok_or(Refused::Form)?;
        let (first, prefix): (IpAddr, u8) =
            (first.parse().map_err(|_| Refused::Form)?, prefix.parse().map_err(|_| Refused::Form)?);
        let (least, most) = if first.is_ipv4() { (V4_PREFIX_MIN, 32) } else { (V6_PREFIX_MIN, 128) };
        if prefix < least {
            return Err(Refused::WideRange);
        }
        if prefix > most {
            return Err(Refused::Form);
        }
        // Ranges are found by their tables; their place among the records is only that of their text.
        let place = self.places.len() as u32;
        self.put(all(0, value.as_bytes(), 0), Kind::Cidr, 0, note, value.as_bytes());
        let (number, bytes) = range::number(first);
        if bytes == 4 { &mut self.v4 } else { &mut self.v6 }.push((number, prefix, place));
        Ok(())
    }

    fn literal(&mut self, kind: Kind, value: &str, note: u32, digits: Option<&[u8]>) -> Result<(), Refused> {
        let forms = literal::forms(kind, value);
        let mut taken = false;
        for (number, form) in forms.iter().enumerate() {
            let Some(word) = literal::anchor(kind, form.as_bytes()) else { continue };
            self.word_lens |= 1 << word.len();
            let hash = all(class::WORD, form.as_bytes().get(word).unwrap_or_default(), FOLD);
            self.keys.push(hash);
            self.put(hash, kind, number as u8 + 1, note, digits.unwrap_or(value.as_bytes()));
            taken = true;
        }
        if taken { Ok(()) } else { Err(Refused::NoWord) }
    }

    fn put(&mut self, hash: u64, kind: Kind, form: u8, note: u32, payload: &[u8]) {
        self.places.push((hash, self.arena.len() as u32));
        let code = Kind::ALL.iter().position(|&known| known == kind).unwrap_or(0);
        self.arena.extend([code as u8, form]);
        push_varint(note, &mut self.arena);
        push_varint(payload.len() as u32, &mut self.arena);
        self.arena.extend_from_slice(payload);
    }

    /// The index of what was taken.
    #[must_use]
    pub fn finish(self) -> Index {
        let buckets = self.places.len().max(1);
        let bucket_of = |hash: u64| scale(hash, buckets as u64) as usize;
        // Counting places by bucket is a sort in two passes over the records.
        let len_of = |number: usize| {
            let from = self.places.get(number).map_or(0, |place| place.1);
            let to = self.places.get(number + 1).map_or(self.arena.len() as u32, |place| place.1);
            (from, to - from)
        };
        let mut starts = vec![0_u32; buckets + 1];
        for (number, &(hash, _)) in self.places.iter().enumerate() {
            if let Some(start) = starts.get_mut(bucket_of(hash) + 1) {
                *start += len_of(number).1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut records = vec![0; self.arena.len()];
        let mut moved = vec![0_u32; self.places.len()];
        for (number, &(hash, _)) in self.places.iter().enumerate() {
            let (from, len) = len_of(number);
            let Some(to) = next.get_mut(bucket_of(hash)) else { continue };
            let source = self.arena.get(from as usize..(from + len) as usize);
            let target = records.get_mut(*to as usize..(*to + len) as usize);
            if let (Some(source), Some(target), Some(moved)) = (source, target, moved.get_mut(number)) {
                target.copy_from_slice(source);
                *moved = *to;
                *to += len;
            }
        }
        let placed = |ranges: &[Range]| -> Vec<Range> {
            ranges
                .iter()
                .filter_map(|&(first, prefix, place)| Some((first, prefix, *moved.get(place as usize)?)))
                .collect()
        };
        let mut halves = vec![0_u8; 2 * HALVES_BYTES];
        for address in &self.addresses {
            mark(&mut halves, 0, u32::from(*address) >> 16);
        }
        for &(first, prefix, _) in &self.v4 {
            let from = (first as u32) >> 16;
            for half in from..=from + (((1 << (32 - u32::from(prefix))) - 1) >> 16) {
                mark(&mut halves, HALVES_BYTES, half);
            }
        }
        let starts: Vec<u8> = starts.iter().flat_map(|start| start.to_le_bytes()).collect();
        let sections = [
            filter_of(self.pairs.len(), self.pairs.iter().copied()),
            filter_of(self.keys.len(), self.keys.iter().copied()),
            halves,
            starts,
            records,
            range::write(placed(&self.v4), 4),
            range::write(placed(&self.v6), 16),
            self.attachment,
        ];
        Index::from_bytes(lay_out(&sections, self.count, self.word_lens)).unwrap_or_else(|_| unreachable!())
    }
}

fn mark(map: &mut [u8], from: usize, half: u32) {
    if let Some(byte) = map.get_mut(from + (half >> 3) as usize) {
        *byte |= 1 << (half & 7);
    }
}

/// One run of bytes: header, then the sections, each on a boundary of 64.
fn lay_out(sections: &[Vec<u8>; SECTIONS], count: u64, word_lens: u64) -> Vec<u8> {
    let len = sections.iter().fold(HEADER_BYTES, |at, section| (at + section.len()).next_multiple_of(64));
    let mut bytes = Vec::with_capacity(len);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&ORDER.to_le_bytes());
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(len as u64).to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&word_lens.to_le_bytes());
    bytes.resize(64, 0);
    let mut at = HEADER_BYTES;
    for section in sections {
        bytes.extend_from_slice(&(at as u64).to_le_bytes());
        bytes.extend_from_slice(&(section.len() as u64).to_le_bytes());
        at = (at + section.len()).next_multiple_of(64);
    }
    bytes.resize(HEADER_BYTES, 0);
    for section in sections {
        bytes.extend_from_slice(section);
        bytes.resize(bytes.len().next_multiple_of(64), 0);
    }
    forge(&mut bytes);
    bytes
}

/// Puts the right checksum into the bytes of an index, whatever they hold: tests change the rest.
#[doc(hidden)]
pub fn forge(bytes: &mut [u8]) {
    let sum = checksum(bytes.get(SUMMED_FROM..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(24..32) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

/// Hexadecimal digits as bytes.
fn digits(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|&[high, low]| Some((digit(high)? << 4 | digit(low)?) as u8)).collect()
}

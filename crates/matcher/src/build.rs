//! Makes an index of indicators.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{Kind, Observable};

use crate::hash::{
    self, ADDRESS_BITS, FOLD, KEY_BITS, PAIR_BITS, all, checksum, fill_filter, filter_bytes, of_number, scale,
};
use crate::index::{
    FORMAT_VERSION, HALVES_BYTES, HEADER_BYTES, Index, MAGIC, Memory, ORDER, SECTIONS, SUMMED_FROM, Section, class,
    is_digits, is_literal, push_varint,
};
use crate::literal;
use crate::range::{self, Range};
use crate::raw::send_for;
use crate::signs::{UrlKey, digit};

/// Widest range of IPv4: one of 16 million addresses hits by chance.
pub const V4_PREFIX_MIN: u8 = 8;
/// Widest range of IPv6: what registries give out.
pub const V6_PREFIX_MIN: u8 = 16;
/// Most bytes of an index: places in it are 32 bits.
pub const RECORD_BYTES_MAX: usize = u32::MAX as usize;

/// How many records before it is needed memory is sent for.
const SOON: usize = 16;

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
    /// Records, and of each its hash and where it begins.
    arena: Vec<u8>,
    hashes: Vec<u64>,
    places: Vec<u32>,
    /// Last two labels of hosts.
    pairs: Vec<u64>,
    /// Keys that are no record's hash.
    others: Vec<u64>,
    addresses: Vec<u32>,
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
    hash::pair(host, from, host.len())
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
                self.put(hash, kind, 0, note, value.as_bytes());
            }
            Kind::Ipv4 => {
                let address: Ipv4Addr = value.parse().map_err(|_| Refused::Form)?;
                let hash = self.address(address.into());
                self.put(hash, kind, 0, note, &address.octets());
            }
            Kind::Ipv6 => {
                let address: Ipv6Addr = value.parse().map_err(|_| Refused::Form)?;
                let hash = all(class::V6, &address.octets(), 0);
                self.put(hash, kind, 0, note, &address.octets());
            }
            Kind::Cidr => self.range(value, note)?,
            Kind::Url => self.url(value, note)?,
            Kind::Email => {
                let (_, host) = value.rsplit_once('@').ok_or(Refused::Form)?;
                self.host(host.as_bytes());
                self.others.push(all(class::WHOLE, host.as_bytes(), FOLD));
                let hash = all(class::MAIL, value.to_ascii_lowercase().as_bytes(), 0);
                self.put(hash, kind, 0, note, value.as_bytes());
            }
            _ => {
                let digits = if is_digits(kind) { Some(digits(value).ok_or(Refused::Form)?) } else { None };
                let digits = digits.as_ref().and_then(|(bytes, len)| bytes.get(..*len));
                if is_literal(kind) {
                    self.literal(kind, value, note, digits)?;
                }
                if let Some(digits) = digits {
                    let hash = all(class::DIGITS, digits, 0);
                    self.put(hash, kind, 0, note, digits);
                }
            }
        }
        self.count += 1;
        Ok(())
    }

    fn host(&mut self, host: &[u8]) {
        self.pairs.push(pair(host));
    }

    fn address(&mut self, address: u32) -> u64 {
        self.addresses.push(address);
        of_number(class::V4, address.into())
    }

    fn url(&mut self, value: &str, note: u32) -> Result<(), Refused> {
        let key = UrlKey::of(value).ok_or(Refused::UrlHost)?;
        let address = std::str::from_utf8(key.host()).ok().and_then(|host| host.parse::<Ipv4Addr>().ok());
        let whole = all(class::WHOLE, key.host(), FOLD);
        let of_host = address.map_or(whole, |address| self.address(address.into()));
        if address.is_none() {
            self.host(key.host());
        }
        self.others.push(of_host);
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
            self.put(hash, kind, number as u8 + 1, note, digits.unwrap_or(value.as_bytes()));
            taken = true;
        }
        if taken { Ok(()) } else { Err(Refused::NoWord) }
    }

    fn put(&mut self, hash: u64, kind: Kind, form: u8, note: u32, payload: &[u8]) {
        self.hashes.push(hash);
        self.places.push(self.arena.len() as u32);
        self.arena.extend([code_of(kind), form]);
        push_varint(note, &mut self.arena);
        push_varint(payload.len() as u32, &mut self.arena);
        self.arena.extend_from_slice(payload);
    }

    /// Takes all that another gathered: parts of a list can be read at once.
    ///
    /// # Errors
    /// [`Refused::Full`] if there is no room for them.
    pub fn join(&mut self, other: Self) -> Result<(), Refused> {
        if self.arena.len() + other.arena.len() > RECORD_BYTES_MAX {
            return Err(Refused::Full);
        }
        if self.count == 0 && self.attachment.is_empty() {
            *self = other;
            return Ok(());
        }
        let (bytes, records) = (self.arena.len() as u32, self.places.len() as u32);
        self.arena.extend_from_slice(&other.arena);
        self.hashes.extend_from_slice(&other.hashes);
        self.places.extend(other.places.iter().map(|place| place + bytes));
        self.pairs.extend_from_slice(&other.pairs);
        self.others.extend_from_slice(&other.others);
        self.addresses.extend_from_slice(&other.addresses);
        let moved = |&(first, prefix, record): &Range| (first, prefix, record + records);
        self.v4.extend(other.v4.iter().map(moved));
        self.v6.extend(other.v6.iter().map(moved));
        self.word_lens |= other.word_lens;
        self.count += other.count;
        Ok(())
    }

    /// The index of what was taken.
    #[must_use]
    pub fn finish(self) -> Index {
        let mut lens = [0; SECTIONS];
        for (section, len) in [
            (Section::Pairs, filter_bytes(few(&self.pairs), PAIR_BITS)),
            (Section::Keys, filter_bytes(self.hashes.len() + self.others.len(), KEY_BITS)),
            (Section::Halves, HALVES_BYTES),
            (Section::Sieve, filter_bytes(self.addresses.len(), ADDRESS_BITS)),
            (Section::Buckets, 4 * (self.hashes.len().max(1) + 1)),
            (Section::Records, self.arena.len()),
            (Section::V4Ranges, self.v4.len() * range::row(4)),
            (Section::V6Ranges, self.v6.len() * range::row(16)),
            (Section::Attachment, self.attachment.len()),
        ] {
            if let Some(place) = lens.get_mut(section as usize) {
                *place = len;
            }
        }
        let mut bytes = Memory::of(lay_out_len(&lens));
        let [pairs, keys, halves, sieve, buckets, records, v4, v6, attachment] =
            lay_out(bytes.bytes_mut(), &lens, self.count, self.word_lens);
        let moved = self.scatter(buckets, records, [(pairs, keys), (sieve, halves)]);
        let placed = |ranges: &[Range]| -> Vec<Range> {
            let to = |record| moved.binary_search_by_key(&record, |moved| moved.0).ok().and_then(|at| moved.get(at));
            ranges.iter().filter_map(|&(first, prefix, record)| Some((first, prefix, to(record)?.1))).collect()
        };
        v4.copy_from_slice(&range::write(placed(&self.v4), 4));
        v6.copy_from_slice(&range::write(placed(&self.v6), 16));
        attachment.copy_from_slice(&self.attachment);
        forge(bytes.bytes_mut());
        Index::from_memory(bytes).unwrap_or_else(|_| unreachable!())
    }

    /// Puts the records into the order of their buckets and fills filters and maps meanwhile; two threads have half of the
    /// buckets each. Returns where the records of ranges went, by their numbers.
    fn scatter(
        &self,
        buckets: &mut [u8],
        records: &mut [u8],
        [(pairs, keys), (sieve, halves)]: [(&mut [u8], &mut [u8]); 2],
    ) -> Vec<(u32, u32)> {
        let (directory, _) = buckets.as_chunks_mut::<4>();
        // Behind the place of a bucket stands first how many bytes it has, then where it begins; each record moves that on,
        // to where the next bucket begins.
        let Some((_, begins)) = directory.split_first_mut() else { return Vec::new() };
        let middle = begins.len() / 2;
        let (low, high) = begins.split_at_mut(middle);
        std::thread::scope(|scope| {
            scope.spawn(|| self.count(low, 0));
            self.count(high, middle);
        });
        let (mut sum, mut base) = (0, 0);
        for (number, begin) in low.iter_mut().chain(high.iter_mut()).enumerate() {
            if number == middle {
                base = sum;
            }
            let len = u32::from_le_bytes(*begin);
            *begin = u32::to_le_bytes(sum);
            sum += len;
        }
        let (first, second) = records.split_at_mut_checked(base as usize).unwrap_or_default();
        let (mut moved, more) = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let moved = self.place(low, 0, first, 0);
                fill_filter(pairs, self.pairs.iter());
                self.mark_addresses(sieve, halves);
                moved
            });
            let moved = self.place(high, middle, second, base);
            fill_filter(keys, self.hashes.iter().chain(&self.others));
            (moved, other.join().unwrap_or_default())
        });
        moved.extend(more);
        moved.sort_unstable();
        moved
    }

    /// Hash, begin and end of each record.
    fn records(&self) -> impl Iterator<Item = (u64, u32, u32)> {
        let ends = self.places.iter().skip(1).copied().chain([self.arena.len() as u32]);
        self.hashes.iter().zip(self.places.iter().zip(ends)).map(|(&hash, (&from, to))| (hash, from, to))
    }

    /// Adds up the bytes of each of the buckets from `first` on.
    fn count(&self, begins: &mut [[u8; 4]], first: usize) {
        let count = self.hashes.len().max(1) as u64;
        for (number, (hash, from, to)) in self.records().enumerate() {
            if let Some(&hash) = self.hashes.get(number + SOON) {
                send_for(begins.as_flattened(), (scale(hash, count) as usize).wrapping_sub(first).wrapping_mul(4));
            }
            if let Some(begin) = begins.get_mut((scale(hash, count) as usize).wrapping_sub(first)) {
                *begin = (u32::from_le_bytes(*begin) + (to - from)).to_le_bytes();
            }
        }
    }

    /// Copies the records of the buckets from `first` on; `records` begins at `base`.
    fn place(&self, begins: &mut [[u8; 4]], first: usize, records: &mut [u8], base: u32) -> Vec<(u32, u32)> {
        let count = self.hashes.len().max(1) as u64;
        let range_code = code_of(Kind::Cidr);
        let mut moved = Vec::new();
        for (number, (hash, from, to)) in self.records().enumerate() {
            // What a later record needs is sent for: first its bucket, then, when that has come, where the bucket has got to.
            let of =
                |number: usize| self.hashes.get(number).map(|&hash| (scale(hash, count) as usize).wrapping_sub(first));
            if let Some(bucket) = of(number + 2 * SOON) {
                send_for(begins.as_flattened(), bucket.wrapping_mul(4));
            }
            if let Some(begin) = of(number + SOON).and_then(|bucket| begins.get(bucket)) {
                send_for(records, (u32::from_le_bytes(*begin).wrapping_sub(base)) as usize);
            }
            let Some(begin) = begins.get_mut((scale(hash, count) as usize).wrapping_sub(first)) else { continue };
            let place = u32::from_le_bytes(*begin);
            *begin = (place + (to - from)).to_le_bytes();
            let source = self.arena.get(from as usize..to as usize).unwrap_or_default();
            let at = (place - base) as usize;
            if let Some(target) = records.get_mut(at..at + source.len()) {
                target.copy_from_slice(source);
            }
            if source.first() == Some(&range_code) {
                moved.push((number as u32, place));
            }
        }
        moved
    }

    fn mark_addresses(&self, sieve: &mut [u8], halves: &mut [u8]) {
        let hashes: Vec<u64> = self.addresses.iter().map(|&address| of_number(class::V4, address.into())).collect();
        fill_filter(sieve, hashes.iter());
        for &(first, prefix, _) in &self.v4 {
            let from = (first as u32) >> 16;
            for half in from..=from + (((1 << (32 - u32::from(prefix))) - 1) >> 16) {
                mark(halves, half);
            }
        }
    }
}

/// About how many different hashes there are, rather more: lists name the hosts of one owner again and again.
fn few(hashes: &[u64]) -> usize {
    let bits = (hashes.len() * 8).next_power_of_two().max(64);
    let mut seen = vec![0_u64; bits / 64];
    let mut ones = 0;
    for &hash in hashes {
        let bit = scale(hash, bits as u64);
        if let Some(word) = seen.get_mut((bit / 64) as usize) {
            ones += usize::from(*word >> (bit % 64) & 1 == 0);
            *word |= 1 << (bit % 64);
        }
    }
    // Of so many in eight times the bits or more, one in fifteen meets another at most.
    (ones + ones / 15).min(hashes.len())
}

/// The number of a kind in records.
fn code_of(kind: Kind) -> u8 {
    Kind::ALL.iter().position(|&known| known == kind).unwrap_or(0) as u8
}

fn mark(map: &mut [u8], half: u32) {
    if let Some(byte) = map.get_mut((half >> 3) as usize) {
        *byte |= 1 << (half & 7);
    }
}

/// Bytes of an index with sections of such lengths.
fn lay_out_len(lens: &[usize; SECTIONS]) -> usize {
    lens.iter().fold(HEADER_BYTES, |at, len| (at + len).next_multiple_of(64))
}

/// Writes the header of an index and returns its sections, each on a boundary of 64.
fn lay_out<'b>(bytes: &'b mut [u8], lens: &[usize; SECTIONS], count: u64, word_lens: u64) -> [&'b mut [u8]; SECTIONS] {
    let len = bytes.len() as u64;
    let (header, mut rest) = bytes.split_at_mut_checked(HEADER_BYTES).unwrap_or_default();
    let mut head = Vec::with_capacity(HEADER_BYTES);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&ORDER.to_le_bytes());
    head.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    head.extend_from_slice(&len.to_le_bytes());
    head.extend_from_slice(&[0; 8]);
    head.extend_from_slice(&count.to_le_bytes());
    head.extend_from_slice(&word_lens.to_le_bytes());
    head.resize(64, 0);
    let mut at = HEADER_BYTES;
    let sections = lens.map(|len| {
        head.extend_from_slice(&(at as u64).to_le_bytes());
        head.extend_from_slice(&(len as u64).to_le_bytes());
        let next = (at + len).next_multiple_of(64);
        let (section, behind) = std::mem::take(&mut rest).split_at_mut_checked(next - at).unwrap_or_default();
        (rest, at) = (behind, next);
        section.get_mut(..len).unwrap_or_default()
    });
    head.resize(HEADER_BYTES, 0);
    header.copy_from_slice(&head);
    sections
}

/// Puts the right checksum into the bytes of an index, whatever they hold: tests change the rest.
#[doc(hidden)]
pub fn forge(bytes: &mut [u8]) {
    let sum = checksum(bytes.get(SUMMED_FROM..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(24..32) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

/// Hexadecimal digits as bytes, and how many; hashes have 64 at most.
fn digits(text: &str) -> Option<([u8; 64], usize)> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let mut bytes = [0; 64];
    for (byte, &[high, low]) in bytes.get_mut(..pairs.len())?.iter_mut().zip(pairs) {
        *byte = (digit(high)? << 4 | digit(low)?) as u8;
    }
    Some((bytes, pairs.len()))
}

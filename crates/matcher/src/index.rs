//! The indicators as one run of bytes, in memory or in a mapped file, and how a key is found in it.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use model::Kind;

use crate::hash::{checksum, scale};
use crate::signs::UrlKey;
use crate::{literal, raw};

/// What a key is of; part of its hash.
pub(crate) mod class {
    pub(crate) const DOMAIN: u64 = 1;
    /// A whole host: of URLs and of mail addresses.
    pub(crate) const WHOLE: u64 = 2;
    pub(crate) const URL: u64 = 3;
    pub(crate) const MAIL: u64 = 4;
    pub(crate) const V4: u64 = 5;
    pub(crate) const V6: u64 = 6;
    pub(crate) const DIGITS: u64 = 7;
    /// The word by which a literal is found.
    pub(crate) const WORD: u64 = 8;
}

pub(crate) const MAGIC: &[u8; 8] = b"FCHUNT\r\n";
/// Reads otherwise where bytes were written the other way round.
pub(crate) const ORDER: u32 = 0x0a0b_0c0d;
/// The version of the format that is written and read.
pub const FORMAT_VERSION: u32 = 3;
/// Bytes from which on the checksum is taken.
pub(crate) const SUMMED_FROM: usize = 32;
pub(crate) const HEADER_BYTES: usize = 256;
/// Bytes of a map of the first halves of IPv4 addresses, one bit each.
pub(crate) const HALVES_BYTES: usize = 1 << 13;

/// The parts of an index, in the order in which they lie.
#[derive(Clone, Copy)]
pub(crate) enum Section {
    /// Filter of last two labels.
    Pairs,
    /// Filter of all other keys.
    Keys,
    /// First halves of listed ranges.
    Halves,
    /// Filter of addresses, which are asked for most.
    Sieve,
    /// Where the records of each bucket begin, and where the last end.
    Buckets,
    Records,
    V4Ranges,
    V6Ranges,
    /// Notes of the caller.
    Attachment,
}

pub(crate) const SECTIONS: usize = 9;
/// Most bytes that are read from a mapped file into large pages.
const NEAR_BYTES_MAX: usize = 32 << 20;

/// Why a file is no index that can be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("the index cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no compiled index: it does not begin as one")]
    Foreign,
    /// Bytes the other way round.
    #[error("this index was written on a machine of the other byte order: compile it anew here")]
    ByteOrder,
    /// Another version.
    #[error("this index is of format {found}, and this program reads format {FORMAT_VERSION}: compile it anew")]
    Version {
        /// The version that it says.
        found: u32,
    },
    /// It begins as one and is not even a header.
    #[error("this index is cut short: it is {found} bytes, and its header alone has {HEADER_BYTES}")]
    Header {
        /// Bytes that there are.
        found: u64,
    },
    /// It ends too early.
    #[error("this index is cut short: it is {found} bytes and says {said}")]
    Short {
        /// Bytes that there are.
        found: u64,
        /// Bytes that it says.
        said: u64,
    },
    /// It ends too late.
    #[error("this index was added to: it is {found} bytes and says {said}")]
    Long {
        /// Bytes that there are.
        found: u64,
        /// Bytes that it says.
        said: u64,
    },
    /// A bit has turned.
    #[error("this index is damaged: its checksum is wrong")]
    Damaged,
    /// The checksum is right and what it covers makes no sense.
    #[error("this index is damaged: {0} lies outside or has the wrong length")]
    Layout(&'static str),
}

/// Zeroed memory of a length that does not change, in large pages where the system has them: few of small ones are known to
/// the processor at a time, and tables are asked all over.
pub(crate) enum Memory {
    Map(memmap2::MmapMut),
    Heap(Vec<u8>),
}

impl Memory {
    pub fn of(len: usize) -> Self {
        let Ok(map) = memmap2::MmapMut::map_anon(len) else { return Self::Heap(vec![0; len]) };
        // Who gives no large pages gives small ones.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Self::Map(map)
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Map(map) => map,
            Self::Heap(bytes) => bytes,
        }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Map(map) => map,
            Self::Heap(bytes) => bytes,
        }
    }
}

enum Backing {
    Owned(Vec<u8>),
    Map(memmap2::Mmap),
    Memory(Memory),
}

impl Backing {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Map(map) => map,
            Self::Memory(memory) => memory.bytes(),
        }
    }
}

/// Indicators ready to be looked for.
pub struct Index {
    backing: Backing,
    /// What lies in the file up to the end of its filters.
    near: Option<Memory>,
    sections: [(usize, usize); SECTIONS],
    count: u64,
    word_lens: u64,
}

/// An indicator of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// Its normal form.
    pub value: String,
    /// What the caller gave with it.
    pub note: u32,
}

/// Where a record lies; it names the entry.
pub type EntryId = u32;

/// A record as it lies there.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub kind: Kind,
    pub form: u8,
    pub note: u32,
    pub payload: &'a [u8],
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    crate::hash::word(bytes, at)
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

pub(crate) fn push_varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads the record at `at` and where the next begins.
pub(crate) fn record(records: &[u8], at: usize) -> Option<(Record<'_>, usize)> {
    let kind = *Kind::ALL.get(usize::from(*records.get(at)?))?;
    let form = *records.get(at + 1)?;
    let mut place = at + 2;
    let note = varint(records, &mut place)?;
    let len = varint(records, &mut place)? as usize;
    let payload = records.get(place..place.checked_add(len)?)?;
    Some((Record { kind, form, note, payload }, place + len))
}

impl Record<'_> {
    /// The value in its normal form.
    pub fn value(&self) -> String {
        match self.kind {
            Kind::Ipv4 => {
                <[u8; 4]>::try_from(self.payload).map_or(String::new(), |four| Ipv4Addr::from(four).to_string())
            }
            Kind::Ipv6 => {
                <[u8; 16]>::try_from(self.payload).map_or(String::new(), |all| Ipv6Addr::from(all).to_string())
            }
            kind if is_digits(kind) => self.payload.iter().fold(String::new(), |mut text, byte| {
                for half in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(half.into(), 16).unwrap_or('0'));
                }
                text
            }),
            _ => String::from_utf8_lossy(self.payload).into_owned(),
        }
    }

    /// Whether a URL's key is this one's.
    pub fn is_url(&self, key: &[u8]) -> bool {
        self.kind == Kind::Url
            && std::str::from_utf8(self.payload).ok().and_then(UrlKey::of).is_some_and(|own| own.bytes == key)
    }
}

/// Whether values of a kind are hexadecimal digits and nothing else.
pub(crate) const fn is_digits(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Imphash | Kind::Ja3 | Kind::X509Fingerprint
    )
}

/// Whether values of a kind are found by a word of theirs.
pub(crate) const fn is_literal(kind: Kind) -> bool {
    !matches!(kind, Kind::Domain | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Url | Kind::Email)
        && (!is_digits(kind) || matches!(kind, Kind::X509Fingerprint))
}

impl Index {
    /// Takes the bytes of an index, as [`Index::write`] wrote them.
    ///
    /// # Errors
    /// [`OpenError`] says in words what is wrong with them.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, OpenError> {
        Self::of(Backing::Owned(bytes))
    }

    pub(crate) fn from_memory(memory: Memory) -> Result<Self, OpenError> {
        Self::of(Backing::Memory(memory))
    }

    /// Maps a compiled file. Nobody may write to it or cut it while it is in use: make a new one and rename it, as
    /// [`Index::save`] does.
    ///
    /// # Errors
    /// [`OpenError`] says in words what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(OpenError::Foreign);
        }
        // A map of nothing is an error of the system's; and what is no header needs none.
        if meta.len() < HEADER_BYTES as u64 {
            let mut bytes = Vec::new();
            file.take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
            return Self::from_bytes(bytes);
        }
        Self::of(Backing::Map(raw::map(&file)?))
    }

    fn of(backing: Backing) -> Result<Self, OpenError> {
        let bytes = backing.bytes();
        let found = bytes.len() as u64;
        let begins = if bytes.len() < MAGIC.len() { MAGIC.starts_with(bytes) } else { bytes.starts_with(MAGIC) };
        if bytes.is_empty() || !begins {
            return Err(OpenError::Foreign);
        }
        // What a file says of itself is told as far as it goes: a cut one of another version is of another version.
        let has = |end: usize| if bytes.len() < end { Err(OpenError::Header { found }) } else { Ok(()) };
        has(12)?;
        match u32_at(bytes, 8) {
            ORDER => {}
            turned if turned.swap_bytes() == ORDER => return Err(OpenError::ByteOrder),
            _ => return Err(OpenError::Damaged),
        }
        has(16)?;
        match u32_at(bytes, 12) {
            FORMAT_VERSION => {}
            found => return Err(OpenError::Version { found }),
        }
        has(24)?;
        match u64_at(bytes, 16) {
            said if found < said => return Err(OpenError::Short { found, said }),
            said if found > said => return Err(OpenError::Long { found, said }),
            _ => has(HEADER_BYTES)?,
        }
        if u64_at(bytes, 24) != checksum(bytes.get(SUMMED_FROM..).unwrap_or_default()) {
            return Err(OpenError::Damaged);
        }
        let mut sections = [(0, 0); SECTIONS];
        for (number, section) in sections.iter_mut().enumerate() {
            let (from, len) = (u64_at(bytes, 64 + 16 * number), u64_at(bytes, 72 + 16 * number));
            let end = from.checked_add(len).filter(|&end| end <= found).ok_or(OpenError::Layout("a section"))?;
            *section = (from as usize, end as usize);
        }
        let (count, word_lens) = (u64_at(bytes, 32), u64_at(bytes, 40));
        // Filters are asked all over, many times a line: in a mapped file they would lie on small pages.
        let filters = [Section::Pairs, Section::Keys, Section::Halves, Section::Sieve];
        let ends = filters.iter().filter_map(|section| sections.get(*section as usize)).map(|(_, end)| *end);
        let near = ends.max().filter(|end| *end <= NEAR_BYTES_MAX && matches!(backing, Backing::Map(_)));
        let near = near.and_then(|end| bytes.get(..end)).map(|bytes| {
            let mut near = Memory::of(bytes.len());
            near.bytes_mut().copy_from_slice(bytes);
            near
        });
        let index = Self { backing, near, sections, count, word_lens };
        for (section, name, unit) in [
            (Section::Pairs, "a filter", 8),
            (Section::Keys, "a filter", 8),
            (Section::Sieve, "a filter", 8),
            (Section::Buckets, "the directory", 4),
        ] {
            if index.section(section).is_empty() || !index.section(section).len().is_multiple_of(unit) {
                return Err(OpenError::Layout(name));
            }
        }
        if index.section(Section::Halves).len() != HALVES_BYTES {
            return Err(OpenError::Layout("the map of addresses"));
        }
        Ok(index)
    }

    /// Writes the index; [`Index::from_bytes`] and [`Index::open`] read it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.backing.bytes())
    }

    /// Writes the index to a file beside `path` and renames it, so that who has the old one mapped keeps it.
    ///
    /// # Errors
    /// What the system says.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?.to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let outcome = File::create(&part)
            .and_then(|mut file| self.write(&mut file).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&part, path));
        if outcome.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        outcome
    }

    /// Bytes of it.
    #[must_use]
    pub fn bytes_len(&self) -> usize {
        self.backing.bytes().len()
    }

    /// Indicators in it.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What the caller put beside the indicators.
    #[must_use]
    pub fn attachment(&self) -> &[u8] {
        self.section(Section::Attachment)
    }

    /// The indicator that a hit names.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<Entry> {
        let (record, _) = record(self.section(Section::Records), id as usize)?;
        Some(Entry { kind: record.kind, value: record.value(), note: record.note })
    }

    /// Every indicator, one that is written in several forms for each of them.
    pub fn entries(&self) -> impl Iterator<Item = (EntryId, Entry)> + '_ {
        let records = self.section(Section::Records);
        let mut at = 0;
        std::iter::from_fn(move || {
            let (record, next) = record(records, at)?;
            let id = at as EntryId;
            at = next;
            Some((id, Entry { kind: record.kind, value: record.value(), note: record.note }))
        })
    }

    pub(crate) fn section(&self, section: Section) -> &[u8] {
        let (from, to) = self.sections.get(section as usize).copied().unwrap_or_default();
        let near = self.near.as_ref().and_then(|near| near.bytes().get(from..to));
        near.or_else(|| self.backing.bytes().get(from..to)).unwrap_or_default()
    }

    /// Bit `n` says that a word of `n` bytes finds a literal.
    pub(crate) const fn word_lens(&self) -> u64 {
        self.word_lens
    }

    /// Sends for the place of the bucket of a hash.
    #[inline]
    pub(crate) fn send_for(&self, hash: u64) {
        let buckets = self.section(Section::Buckets);
        raw::send_for(buckets, scale(hash, (buckets.len() / 4).saturating_sub(1) as u64) as usize * 4);
    }

    /// Calls `hit` with each record of the bucket of a hash.
    pub(crate) fn bucket<'a>(&'a self, hash: u64, mut hit: impl FnMut(EntryId, Record<'a>)) {
        let (buckets, records) = (self.section(Section::Buckets), self.section(Section::Records));
        let count = (buckets.len() / 4).saturating_sub(1) as u64;
        let number = scale(hash, count) as usize;
        let (mut at, end) = (u32_at(buckets, number * 4) as usize, u32_at(buckets, number * 4 + 4) as usize);
        while at < end {
            let Some((record, next)) = record(records, at) else { return };
            hit(at as EntryId, record);
            at = next;
        }
    }
}

/// The form of a literal's record, and the place of its word.
pub(crate) fn literal_of(record: Record<'_>) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
    let value = std::str::from_utf8(record.payload).ok()?;
    let hex;
    let value = if record.kind == Kind::X509Fingerprint {
        hex = record.value();
        hex.as_str()
    } else {
        value
    };
    let form = literal::forms(record.kind, value).into_iter().nth(usize::from(record.form).checked_sub(1)?)?;
    let form = form.into_owned().into_bytes();
    let anchor = literal::anchor(record.kind, &form)?;
    Some((form, anchor))
}

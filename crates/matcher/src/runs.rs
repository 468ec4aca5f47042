//! Runs of name signs and inner dots: where they end, which are addresses, and which filters they are asked of. Each step goes
//! over all runs of eight kilobytes in one loop without branches that depend on the text, so that neither wrong guesses nor
//! memory accesses wait for each other.

use crate::hash::{self, Filter, of_number};
use crate::index::{HALVES_BYTES, Index, Section, class};
use crate::pass::{Pass, each_bit};
use crate::raw::{Engine, Four, WORD, WORDS};
use crate::scan::Work;
use crate::signs::{at, is_name, other_start, slice};
use crate::v4::v4;

/// Ends of runs in so many words: a run with a dot and the sign behind it have four bytes; and some room to write ahead.
pub(crate) const RUNS_MAX: usize = WORDS * WORD / 4 + 16;
/// Ends of a word that are written without being counted first.
const AHEAD: usize = 4;
/// Longest IPv4 address.
const V4_BYTES_MAX: usize = 15;
/// Most bits of the sieve of addresses: 128 KiB.
const SIEVE_BITS_MAX: usize = 1 << 20;
const SIEVE_BITS_A_KEY: usize = 4;

/// What is made of the planes of 64 bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pieces {
    /// Name signs and inner dots.
    host: u64,
    inner: u64,
    /// Hyphens and underscores.
    dash: u64,
}

/// A host value that the filter is to be asked of, and where its last two labels begin.
#[derive(Clone, Copy, Default)]
pub(crate) struct Name {
    start: u32,
    end: u32,
    pair: u32,
}

/// Bytes of a sieve of so many addresses.
pub(crate) fn sieve_bytes(addresses: usize) -> usize {
    (addresses * SIEVE_BITS_A_KEY).next_power_of_two().clamp(1 << 10, SIEVE_BITS_MAX) / 8
}

/// The bit of an address in a sieve of so many bytes, a power of two.
#[inline(always)]
pub(crate) const fn sieve_bit(bytes: usize, address: u32) -> u32 {
    (hash::spread(address) >> 32) as u32 & (bytes as u32).wrapping_mul(8).wrapping_sub(1)
}

/// Things in the order in which they were put, with room for as many as eight kilobytes can hold.
pub(crate) struct Heap<T> {
    all: Box<[T]>,
    len: usize,
}

impl<T: Copy + Default> Heap<T> {
    /// With room for so many for each run.
    pub fn new(each: usize) -> Self {
        Self { all: vec![T::default(); each * RUNS_MAX].into(), len: 0 }
    }

    /// Puts it, if it is to be kept, without a branch on that.
    #[inline(always)]
    fn put(&mut self, thing: T, is_kept: bool) {
        if let Some(place) = self.all.get_mut(self.len) {
            *place = thing;
        }
        self.len += usize::from(is_kept);
    }

    /// All, and forgets them.
    #[inline(always)]
    fn take(&mut self) -> &mut [T] {
        let len = std::mem::take(&mut self.len);
        debug_assert!(len < self.all.len(), "a thing was put where there is no room");
        self.all.get_mut(..len).unwrap_or_default()
    }
}

/// Small maps of what addresses are listed, asked before the filter.
#[derive(Clone, Copy)]
pub(crate) struct Sieve<'a> {
    halves: &'a [u8],
    bits: &'a [u8],
}

impl<'a> Sieve<'a> {
    /// Those of an index.
    pub fn of(index: &'a Index) -> Self {
        Self { halves: index.section(Section::Halves), bits: index.section(Section::Sieve) }
    }

    /// Whether an address may be listed, and whether a range that begins with the same half is.
    #[inline(always)]
    pub fn may_have(self, address: u32) -> (bool, bool) {
        let (byte, bit) = ((address >> 19) as usize, address >> 16 & 7);
        let is = |byte: usize| at(self.halves, byte) >> bit & 1 == 1;
        let own = sieve_bit(self.bits.len(), address);
        let listed = at(self.bits, (own >> 3) as usize) >> (own & 7) & 1 == 1;
        (is(byte) & listed, is(HALVES_BYTES + byte))
    }
}

/// The 64 bits before bit `bit` of a word: the highest is the one right before it.
#[inline(always)]
pub(crate) const fn window(before: u64, word: u64, bit: u32) -> u64 {
    word << (63 - bit) << 1 | before >> bit
}

impl Pass<'_> {
    /// Finds every run of name signs and inner dots that has a dot.
    #[inline(always)]
    pub fn hosts(&mut self, base: usize, words: usize, carry: &mut bool, work: &mut Work) {
        let ends = ends(work, words, carry);
        let Work { pieces, ends: all, names, fours, addresses, .. } = work;
        for &end in all.get(..ends).unwrap_or_default() {
            let Some([before, now, ..]) = pieces.get(end as usize / WORD..) else { break };
            let bit = end & (WORD as u32 - 1);
            let run = Pieces {
                host: window(before.host, now.host, bit),
                inner: window(before.inner, now.inner, bit),
                dash: window(before.dash, now.dash, bit),
            };
            self.dotted(base + end as usize, run, names, fours, addresses);
        }
    }

    /// A run with a dot ends before `end`; the windows show the 64 bytes before that.
    #[inline(always)]
    fn dotted(
        &mut self,
        end: usize,
        run: Pieces,
        names: &mut Heap<Name>,
        fours: &mut Heap<Four>,
        addresses: &mut Vec<(u32, u32, u32)>,
    ) {
        let len = run.host.leading_ones();
        let own = !(u64::MAX.checked_shr(len).unwrap_or(0));
        let dots = run.inner & own;
        let last = dots.leading_zeros();
        let start = end.wrapping_sub(len as usize);
        let before = at(self.text, start.wrapping_sub(1));
        let digit = at(self.text, end.wrapping_sub(last as usize)).is_ascii_digit();
        let many = dots.count_ones() >= 3;
        let escaped = matches!(before, b'\\' | b'%');
        if (len == 64) | escaped | (many & ((run.dash & own != 0) | (digit & (before == b':')))) | (start < 4) {
            return self.odd(end, len, dots, run.dash & own != 0, names, addresses);
        }
        let rest = dots << last << 1;
        let pair = if rest == 0 { start } else { end - 1 - last as usize - rest.leading_zeros() as usize };
        let (start, end) = (start as u32, end as u32);
        names.put(Name { start, end, pair: pair as u32 }, !digit);
        let is_four = digit & (dots.count_ones() == 3) & (len as usize <= V4_BYTES_MAX);
        fours.put(Four { start, end, dots, address: None }, is_four);
    }

    /// A run behind an escape, or one that may hold an address as a piece of it, or at the very beginning, or a long one.
    #[cold]
    fn odd(
        &mut self,
        end: usize,
        len: u32,
        dots: u64,
        dash: bool,
        names: &mut Heap<Name>,
        addresses: &mut Vec<(u32, u32, u32)>,
    ) {
        if len == 64 {
            return self.long(end, names, addresses);
        }
        let start = end - len as usize;
        let last = dots.leading_zeros() as usize;
        let before = at(self.text, start.wrapping_sub(1));
        let escaped = matches!(before, b'\\' | b'%');
        let many = dots.count_ones() >= 3;
        if at(self.text, end - last).is_ascii_digit() {
            if many && before == b':' {
                self.v6_run(start);
            }
            if many {
                self.pieces(start, end, addresses);
            }
            return;
        }
        let rest = dots << last << 1;
        let pair = if rest == 0 { start } else { end - 1 - last - rest.leading_zeros() as usize };
        names.put(Name { start: start as u32, end: end as u32, pair: pair as u32 }, true);
        if escaped
            && rest == 0
            && let Some(other) = other_start(self.text, start)
            && other < end - 1 - last
        {
            names.put(Name { start: other as u32, end: end as u32, pair: other as u32 }, true);
        }
        if many && (escaped || dash) {
            self.pieces(start, end, addresses);
        }
    }

    /// A run of 64 bytes and more.
    #[cold]
    fn long(&mut self, end: usize, names: &mut Heap<Name>, addresses: &mut Vec<(u32, u32, u32)>) {
        let text = self.text;
        let mut start = end;
        while start > 0 {
            let inner = at(text, start - 1) == b'.' && start > 1 && is_name(at(text, start - 2));
            if !inner && !is_name(at(text, start - 1)) {
                break;
            }
            start -= 1;
        }
        let run = slice(text, start, end);
        let mut dots = memchr::memrchr_iter(b'.', run);
        let last = dots.next();
        let pair = dots.next().map_or(start, |dot| start + dot + 1);
        if last.is_some_and(|dot| !at(run, dot + 1).is_ascii_digit()) {
            names.put(Name { start: start as u32, end: end as u32, pair: pair as u32 }, true);
            if let Some(other) = other_start(text, start)
                && last.is_some_and(|dot| other < start + dot)
                && pair == start
            {
                names.put(Name { start: other as u32, end: end as u32, pair: other as u32 }, true);
            }
        }
        if at(text, start.wrapping_sub(1)) == b':' {
            self.v6_run(start);
        }
        self.pieces(start, end, addresses);
    }

    /// Pieces of a run between hyphens and underscores that are addresses.
    #[cold]
    fn pieces(&self, start: usize, end: usize, addresses: &mut Vec<(u32, u32, u32)>) {
        for start in [Some(start), other_start(self.text, start)].into_iter().flatten() {
            let mut from = start;
            for piece in slice(self.text, start, end).split(|&b| b == b'-' || b == b'_') {
                if let Some(address) = v4(piece) {
                    addresses.push((address, from as u32, (from + piece.len()) as u32));
                }
                from += piece.len() + 1;
            }
        }
    }

    /// Asks the filters of all runs.
    #[inline(always)]
    pub fn ask(&mut self, engine: Engine, work: &mut Work) {
        let Work { names, fours, addresses, key, .. } = work;
        let names = names.take();
        let listed = listed_pairs(self.text, self.pairs, names);
        let fours = fours.take();
        engine.fours(self.text, fours);
        for four in fours {
            if let Some(address) = four.address
                && let (exact, range) = self.sieve.may_have(address)
                && exact | range
            {
                addresses.push((address, four.start, four.end));
            }
        }
        for name in names.get(..listed).unwrap_or_default() {
            self.host(name.start as usize, name.end as usize, key);
        }
        for (address, start, end) in addresses.drain(..) {
            let (exact, range) = self.sieve.may_have(address);
            if exact && self.keys.may_have(of_number(class::V4, address.into())) {
                self.address(address, start as usize, end as usize, key);
            }
            if range {
                self.range(address.into(), 4, start as usize, end as usize);
            }
        }
    }
}

/// Moves the names whose last two labels are listed, probably, to the front, and returns how many they are.
#[inline(always)]
fn listed_pairs(text: &[u8], pairs: Filter<'_>, names: &mut [Name]) -> usize {
    let mut kept = 0;
    for number in 0..names.len() {
        let Some(&name) = names.get(number) else { break };
        if let Some(place) = names.get_mut(kept) {
            *place = name;
        }
        kept += usize::from(pairs.may_have(hash::pair(text, name.pair as usize, name.end as usize)));
    }
    kept
}

/// Makes the pieces of so many words and writes where their dotted runs end; returns how many there are.
#[inline(always)]
fn ends(work: &mut Work, words: usize, carry: &mut bool) -> usize {
    let Work { planes, pieces, ends, .. } = work;
    let mut count = 0;
    for number in 1..=words {
        let Some([before, now, after, ..]) = planes.get(number - 1..) else { break };
        let inner = now.dot & (now.name << 1 | before.name >> 63) & (now.name >> 1 | after.name << 63);
        let host = now.name | inner;
        if let Some(piece) = pieces.get_mut(number) {
            *piece = Pieces { host, inner, dash: now.name & !now.alnum };
        }
        // A dot added to the run that it stands in carries to the first bit behind the run, and nowhere else.
        let (sum, over) = host.overflowing_add(inner);
        let (sum, again) = sum.overflowing_add(u64::from(*carry));
        *carry = over | again;
        let mut mask = sum & !host;
        let found = mask.count_ones() as usize;
        let first = ((number - 1) * WORD) as u32;
        // Most words have few ends: some are written whatever there is, and what is too much is written over.
        if let Some(places) = ends.get_mut(count..count + AHEAD) {
            for place in places {
                *place = first + mask.trailing_zeros();
                mask &= mask.wrapping_sub(1);
            }
        }
        if found > AHEAD {
            let mut at = count + AHEAD;
            each_bit(mask, |bit| {
                if let Some(place) = ends.get_mut(at) {
                    *place = first + bit;
                }
                at += 1;
            });
        }
        count += found;
    }
    count
}

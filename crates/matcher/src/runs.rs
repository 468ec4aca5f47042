//! Runs of name signs and inner dots: where they end, which are addresses, and which filters they are asked of. Each step goes
//! over all runs of eight kilobytes in one loop without branches that depend on the text, so that neither wrong guesses nor
//! memory accesses wait for each other.

use crate::hash::{self, FOLD, Filter, of_number, part};
use crate::index::{Index, Section, class};
use crate::pass::Pass;
use crate::raw::{Engine, Four, Plane, WORD, WORDS};
use crate::scan::Work;
use crate::signs::{at, is_name, other_start, slice};
use crate::v4::v4;

/// Ends of runs in so many words: a run with a dot and the sign behind it have four bytes; and some room to write ahead.
pub(crate) const RUNS_MAX: usize = WORDS * WORD / 4 + 16;
/// Longest IPv4 address.
const V4_BYTES_MAX: usize = 15;

/// A host value that the filter is to be asked of, and where its last two labels begin.
#[derive(Clone, Copy, Default)]
pub(crate) struct Name {
    start: u32,
    end: u32,
    pair: u32,
    /// Of its last two labels.
    hash: u64,
    /// Its dots, the highest bit the sign before its end; none if it may begin at two places or is long.
    dots: u64,
}

/// A host value, or what of it is behind a dot, that the filter of keys is to be asked of.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ask {
    pub hash: u64,
    pub start: u32,
    pub end: u32,
    /// As a whole host, not as a domain.
    pub is_whole: bool,
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

/// An address that was read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Found {
    hash: u64,
    address: u32,
    start: u32,
    end: u32,
}

/// What addresses are listed: asked before the filter of keys, as it is small.
#[derive(Clone, Copy)]
pub(crate) struct Sieve<'a> {
    addresses: Filter<'a>,
    /// First halves of listed ranges, one bit each.
    halves: &'a [u8],
}

impl<'a> Sieve<'a> {
    /// That of an index.
    pub fn of(index: &'a Index) -> Self {
        Self { addresses: Filter(index.section(Section::Sieve)), halves: index.section(Section::Halves) }
    }

    /// Whether an address may be listed, and whether a range that begins with the same half is.
    #[inline(always)]
    pub fn may_have(self, hash: u64, address: u32) -> (bool, bool) {
        let (byte, bit) = ((address >> 19) as usize, address >> 16 & 7);
        let range = self.halves.get(byte).copied().unwrap_or(0) >> bit & 1 == 1;
        (self.addresses.may_have(hash), range)
    }
}

/// The 64 bits before bit `bit` of a word: the highest is the one right before it.
#[inline(always)]
pub(crate) const fn window(before: u64, word: u64, bit: u32) -> u64 {
    word << (63 - bit) << 1 | before >> bit
}

/// The bits of a plane before a place of these words, counted from their first byte.
#[inline(always)]
fn back(plane: &Plane, end: u32) -> u64 {
    let number = (end / WORD as u32) as usize;
    match plane.get(number..number + 2) {
        Some(&[before, now]) => window(before, now, end % WORD as u32),
        _ => 0,
    }
}

impl Pass<'_> {
    /// Looks at every run of name signs and inner dots that may be a name or hold an address.
    #[inline(always)]
    pub fn hosts(&mut self, base: usize, [named, numbered]: [usize; 2], work: &mut Work) {
        let Work { planes, derived, name_ends, four_ends, names, fours, addresses, .. } = work;
        for &end in name_ends.get(..named).unwrap_or_default() {
            let len = back(&derived.host, end).leading_ones();
            let own = !(u64::MAX.checked_shr(len).unwrap_or(0));
            let dots = back(&derived.inner, end) & own;
            let dashes = back(&derived.dash, end) & own;
            let place = base + end as usize;
            let start = place.wrapping_sub(len as usize);
            let escaped = matches!(at(self.text, start.wrapping_sub(1)), b'\\' | b'%');
            if (len == 64) | escaped | ((dots.count_ones() >= 3) & (dashes != 0)) {
                // The dots that are between digits: an address within the name has three.
                let digit = back(&planes.digit, end);
                let numbers = (dots & digit << 1 & digit >> 1).count_ones();
                self.odd(place, len, [dots, u64::from(numbers)], names, addresses);
                continue;
            }
            names.put(
                Name { start: start as u32, end: place as u32, pair: pair(start, place, dots) as u32, dots, hash: 0 },
                true,
            );
        }
        for &end in four_ends.get(..numbered).unwrap_or_default() {
            let len = back(&derived.host, end).leading_ones();
            let own = !(u64::MAX.checked_shr(len).unwrap_or(0));
            let dots = back(&derived.inner, end) & own;
            let dashes = back(&derived.dash, end) & own;
            let place = base + end as usize;
            let start = place.wrapping_sub(len as usize);
            let before = at(self.text, start.wrapping_sub(1));
            if (len == 64) | (dashes != 0) | matches!(before, b'\\' | b'%') | (start < 4) {
                self.odd_four(place, len, names, addresses);
                continue;
            }
            let is_four = (dots.count_ones() == 3) & (len as usize <= V4_BYTES_MAX);
            fours.put(Four { start: start as u32, end: place as u32, dots, address: None }, is_four);
        }
    }

    /// A run that ends with a number and has three dots, and may hold an address as a piece of it.
    #[cold]
    fn odd_four(&mut self, end: usize, len: u32, names: &mut Heap<Name>, addresses: &mut Vec<(u32, u32, u32)>) {
        if len == 64 {
            return self.long(end, names, addresses);
        }
        self.pieces(end - len as usize, end, addresses);
    }

    /// A name behind an escape, or one that may hold an address as a piece of it, or a long one.
    #[cold]
    fn odd(
        &mut self,
        end: usize,
        len: u32,
        [dots, numbers]: [u64; 2],
        names: &mut Heap<Name>,
        addresses: &mut Vec<(u32, u32, u32)>,
    ) {
        if len == 64 {
            return self.long(end, names, addresses);
        }
        let start = end - len as usize;
        let last = dots.leading_zeros() as usize;
        let escaped = matches!(at(self.text, start.wrapping_sub(1)), b'\\' | b'%');
        let own = if escaped { 0 } else { dots };
        let pair = pair(start, end, dots);
        names.put(Name { start: start as u32, end: end as u32, pair: pair as u32, dots: own, hash: 0 }, true);
        if escaped
            && pair == start
            && let Some(other) = other_start(self.text, start)
            && other < end - 1 - last
        {
            names.put(Name { start: other as u32, end: end as u32, pair: other as u32, dots: 0, hash: 0 }, true);
        }
        if numbers >= 3 {
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
            names.put(Name { start: start as u32, end: end as u32, pair: pair as u32, dots: 0, hash: 0 }, true);
            if let Some(other) = other_start(text, start)
                && last.is_some_and(|dot| other < start + dot)
                && pair == start
            {
                names.put(Name { start: other as u32, end: end as u32, pair: other as u32, dots: 0, hash: 0 }, true);
            }
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

    /// Asks the filters of all runs: what memory each question needs is sent for before the first is asked.
    #[inline(always)]
    pub fn ask(&mut self, engine: Engine, work: &mut Work) {
        let Work { names, fours, found, addresses, asks, key, .. } = work;
        let fours = fours.take();
        engine.fours(self.text, fours);
        for four in &*fours {
            let address = four.address.unwrap_or(0);
            let hash = of_number(class::V4, address.into());
            self.sieve.addresses.send_for(hash);
            found.put(Found { hash, address, start: four.start, end: four.end }, four.address.is_some());
        }
        let names = names.take();
        for name in names.iter_mut() {
            name.hash = hash::pair(self.text, name.pair as usize, name.end as usize);
            self.pairs.send_for(name.hash);
        }
        let (sieve, pairs, keys) = (self.sieve, self.pairs, self.keys);
        for found in keep(found.take(), |found| {
            let (exact, range) = sieve.may_have(found.hash, found.address);
            exact | range
        }) {
            addresses.push((found.address, found.start, found.end));
        }
        for name in keep(names, |name| pairs.may_have(name.hash)) {
            if name.dots == 0 {
                self.host(name.start as usize, name.end as usize, key);
            } else {
                keys_of(self.text, keys, *name, asks);
            }
        }
        let kept = keep(asks.take(), |ask| keys.may_have(ask.hash));
        for ask in kept {
            self.index.send_for(ask.hash);
        }
        for ask in kept {
            self.asked(ask, key);
        }
        for (address, start, end) in addresses.drain(..) {
            let hash = of_number(class::V4, address.into());
            let (exact, range) = sieve.may_have(hash, address);
            if exact && keys.may_have(hash) {
                self.address(address, start as usize, end as usize, key);
            }
            if range {
                self.range(address.into(), 4, start as usize, end as usize);
            }
        }
    }
}

/// Where the last two labels of a run with such dots begin.
#[inline(always)]
fn pair(start: usize, end: usize, dots: u64) -> usize {
    let last = dots.leading_zeros();
    let rest = dots << (last & 63) << 1;
    if rest == 0 { start } else { end.wrapping_sub((1 + last + rest.leading_zeros()) as usize) }
}

/// The keys by which a name, and each that it ends with behind a dot, is looked up.
#[inline(always)]
fn keys_of(text: &[u8], keys: Filter<'_>, name: Name, asks: &mut Heap<Ask>) {
    let mut put = |class: u64, from: u32| {
        let hash = part(class, text, from as usize, name.end as usize, FOLD);
        keys.send_for(hash);
        asks.put(Ask { hash, start: from, end: name.end, is_whole: class == class::WHOLE }, true);
    };
    put(class::WHOLE, name.start);
    put(class::DOMAIN, name.start);
    // The last label alone is none.
    let mut dots = name.dots << name.dots.leading_zeros() << 1;
    let mut from = name.end - 1 - name.dots.leading_zeros();
    while dots != 0 {
        let label = dots.leading_zeros();
        from -= label;
        put(class::DOMAIN, from);
        from -= 1;
        dots = dots << label << 1;
    }
}

/// Those of things that are to be kept, moved to the front without a branch on that.
#[inline(always)]
fn keep<T: Copy>(all: &mut [T], mut is_kept: impl FnMut(&T) -> bool) -> &[T] {
    let mut kept = 0;
    for number in 0..all.len() {
        let Some(&thing) = all.get(number) else { break };
        if let Some(place) = all.get_mut(kept) {
            *place = thing;
        }
        kept += usize::from(is_kept(&thing));
    }
    all.get(..kept).unwrap_or_default()
}

//! One pass over a text: from planes of bits to candidates, and from candidates by the filters to the exact tables.

use crate::decode;
use crate::hash::Filter;
use crate::index::{Index, Section};
use crate::raw::{Engine, Job, Plane, Planes, Rare, Special, WORD, WORDS};
use crate::runs::{Sieve, window};
use crate::scan::{Hit, Work};
use crate::signs::slice;
use crate::sums::{Derived, colons, derive, ends};

/// A piece of another reading, and the line of the block that it is of.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub start: u32,
    pub end: u32,
    pub raw: (u32, u32),
}

impl Row {
    fn find(rows: &[Self], place: u32) -> Option<&Self> {
        rows.get(rows.partition_point(|row| row.end < place))
    }

    /// The line of the block that a place belongs to.
    pub fn raw_of(rows: &[Self], place: u32) -> (u32, u32) {
        Self::find(rows, place).map_or((0, 0), |row| row.raw)
    }
}

/// Where lines of a text begin and end.
pub(crate) struct Lines<'t> {
    rows: Option<&'t [Row]>,
    /// The line that was asked for last.
    last: (usize, usize),
}

impl<'t> Lines<'t> {
    /// Line feeds part them.
    pub const fn feeds() -> Self {
        Self { rows: None, last: (1, 0) }
    }

    /// Rows say it.
    pub const fn rows(rows: &'t [Row]) -> Self {
        Self { rows: Some(rows), last: (1, 0) }
    }

    /// The line of a place.
    pub fn of(&mut self, text: &[u8], place: usize) -> (usize, usize) {
        if self.last.0 <= place && place <= self.last.1 {
            return self.last;
        }
        self.last = match self.rows {
            Some(rows) => Row::find(rows, place as u32).map_or((0, 0), |row| (row.start as usize, row.end as usize)),
            None => {
                let (before, after) = text.split_at(place.min(text.len()));
                let start = memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1);
                let end = memchr::memchr(b'\n', after).map_or(text.len(), |feed| place + feed);
                (start, end)
            }
        };
        self.last
    }
}

/// What no value goes over, in no reading: spaces, controls, quotes and angles. Only those that are found by a word do.
const fn parts(b: u8) -> bool {
    b <= 0x20 || matches!(b, b'"' | b'<' | b'>')
}

/// Calls `f` with the number of each set bit.
#[inline(always)]
pub(crate) fn each_bit(mut mask: u64, mut f: impl FnMut(u32)) {
    while mask != 0 {
        f(mask.trailing_zeros());
        mask &= mask - 1;
    }
}

/// A pass over a whole text.
struct Whole<'a, 'w> {
    pass: Pass<'a>,
    work: &'w mut Work,
}

impl Job for Whole<'_, '_> {
    #[inline(always)]
    fn go(self, engine: Engine) {
        self.pass.go(engine, self.work);
    }
}

/// The state of a pass.
pub(crate) struct Pass<'a> {
    pub index: &'a Index,
    pub text: &'a [u8],
    pub keys: Filter<'a>,
    pub pairs: Filter<'a>,
    pub sieve: Sieve<'a>,
    lines: Lines<'a>,
    hits: &'a mut Vec<Hit>,
    requests: &'a mut Vec<(u32, u32)>,
    narrow: &'a mut Vec<(u32, u32)>,
    host_lines: &'a mut Vec<(u32, u32)>,
    is_raw: bool,
    /// Whether values are found by words: such a value may have any sign in it.
    pub literals: bool,
    /// The piece that was asked for last.
    piece: (usize, usize),
    /// Up to here decoding has been asked for.
    requested_to: usize,
    narrowed_to: usize,
    pub v6_to: usize,
    pub hex_to: usize,
}

impl<'a> Pass<'a> {
    pub fn new(
        index: &'a Index,
        text: &'a [u8],
        lines: Lines<'a>,
        hits: &'a mut Vec<Hit>,
        requests: &'a mut Vec<(u32, u32)>,
        [narrow, host_lines]: [&'a mut Vec<(u32, u32)>; 2],
    ) -> Self {
        Self {
            index,
            text,
            keys: Filter(index.section(Section::Keys)),
            pairs: Filter(index.section(Section::Pairs)),
            sieve: Sieve::of(index),
            is_raw: lines.rows.is_none(),
            literals: index.word_lens() != 0,
            piece: (1, 0),
            lines,
            hits,
            requests,
            narrow,
            host_lines,
            requested_to: 0,
            narrowed_to: 0,
            v6_to: 0,
            hex_to: 0,
        }
    }

    /// Notes a hit.
    pub fn hit(&mut self, entry: u32, start: usize, end: usize) {
        let (line_start, line_end) = self.lines.of(self.text, start);
        let hit = if self.is_raw {
            Hit { line_start, entry, line_end, start, end, plain: true }
        } else {
            let (start, end) = self.lines.rows.map_or((0, 0), |rows| Row::raw_of(rows, line_start as u32));
            let (start, end) = (start as usize, end as usize);
            Hit { line_start: start, entry, line_end: end, start, end, plain: false }
        };
        self.hits.push(hit);
    }

    /// Asks that what stands around a place be decoded; returns where that ends. It is the line if values may have any sign in
    /// them. If not, it goes on both sides to what parts all values: such a sign is no part of an escape either, but for a
    /// quote that ends one, so that the piece, with the sign that ends it, decodes to what it does within its line.
    pub fn request(&mut self, place: usize) -> usize {
        let (start, end) = if self.literals {
            self.lines.of(self.text, place)
        } else {
            if place < self.piece.0 || place >= self.piece.1 {
                let (before, after) = self.text.split_at(place.min(self.text.len()));
                let start = before.iter().rposition(|&b| parts(b)).map_or(0, |at| at + 1);
                let end = after.iter().position(|&b| parts(b)).map_or(self.text.len(), |at| place + at + 1);
                self.piece = (start, end);
            }
            self.piece
        };
        if self.requests.last() != Some(&(start as u32, end as u32)) {
            self.requests.push((start as u32, end as u32));
        }
        end
    }

    /// Notes that a line of the block names the host of a URL, probably.
    pub fn host_line(&mut self, place: usize) {
        if self.is_raw {
            let (start, end) = self.lines.of(self.text, place);
            self.host_lines.push((start as u32, end as u32));
        }
    }

    /// Scans the text.
    pub fn run(self, engine: Engine, work: &mut Work) {
        engine.enter(Whole { pass: self, work });
    }

    /// Eight kilobytes at a time.
    #[inline(always)]
    fn go(mut self, engine: Engine, work: &mut Work) {
        let text = self.text;
        let mut base = 0;
        let mut beyond = Beyond::default();
        work.planes.begin();
        work.derived.begin();
        // At least one byte behind the text is classified too, so that every run ends.
        while base <= text.len() {
            let words = ((text.len() - base) / WORD + 1).min(WORDS);
            let rare = self.classify(engine, base, words, &mut work.planes);
            let (has_hashes, has_colons) = derive(&work.planes, words, &mut work.derived);
            let found = ends(words, work);
            self.hosts(base, found, work);
            self.specials(engine, base, words, work);
            if has_hashes {
                self.hashes(base, words, &work.planes, &work.derived);
            }
            if has_colons {
                self.colons(base, words, work);
            }
            if rare.high || beyond.goes_on() {
                self.beyond(engine, base, words, &mut beyond, work);
            }
            if rare.zero && self.is_raw {
                self.zeros(base, words);
            }
            if self.literals {
                self.words(base, words, &work.planes.alnum);
            }
            self.ask(engine, work);
            if words == WORDS {
                work.planes.turn();
                work.derived.turn();
            }
            base += WORDS * WORD;
        }
    }

    /// Fills the planes of so many words from `base` on, and of the one behind them.
    #[inline(always)]
    fn classify(&self, engine: Engine, base: usize, words: usize, planes: &mut Planes) -> Rare {
        let rest = self.text.get(base..).unwrap_or_default();
        let whole = (rest.len() / WORD).min(words + 1);
        let mut rare = engine.classify(slice(rest, 0, whole * WORD), planes, 1, !self.literals);
        for number in whole..words + 1 {
            let mut block = [b'\n'; WORD];
            let tail = rest.get(number * WORD..).unwrap_or_default();
            for (to, from) in block.iter_mut().zip(tail) {
                *to = *from;
            }
            rare = rare.or(engine.classify(&block, planes, number + 1, false));
        }
        rare
    }

    /// Looks for what may begin an encoding.
    #[inline(always)]
    fn specials(&mut self, engine: Engine, base: usize, words: usize, work: &mut Work) {
        let mut count = 0;
        for (number, &signs) in work.planes.special.iter().skip(1).take(words).enumerate() {
            if let Some(place) = work.specials.get_mut(count) {
                *place = Special { place: (base + number * WORD) as u32, signs };
            }
            count += usize::from(signs != 0);
        }
        let specials = work.specials.get_mut(..count).unwrap_or_default();
        if !self.literals {
            engine.interesting(self.text, specials);
        }
        for &Special { place, signs } in &*specials {
            each_bit(signs, |bit| {
                let special = (place + bit) as usize;
                if special >= self.requested_to && (self.literals || decode::wakes(self.text, special)) {
                    self.requested_to = self.request(special);
                }
            });
        }
    }

    /// Runs of digits and colons that may be IPv6 addresses.
    #[cold]
    fn colons(&mut self, base: usize, words: usize, work: &Work) {
        let Work { planes, derived, .. } = work;
        for (number, mask) in colons(words, derived) {
            if mask != 0 {
                let signs = |number: usize| {
                    let of = |plane: &Plane| plane.get(number).copied().unwrap_or(0);
                    of(&planes.hex) | of(&planes.colon) | of(&planes.dot)
                };
                let (before, now, after) = (signs(number), signs(number + 1), signs(number + 2));
                each_bit(mask, |bit| {
                    let place = base + number * WORD + bit as usize;
                    // In order, as a run is looked at once.
                    if place >= self.v6_to {
                        let behind = (u128::from(now) | u128::from(after) << WORD) >> bit;
                        let before = window(before, now, bit).leading_ones();
                        self.six(place, before as usize, behind.trailing_ones() as usize);
                    }
                });
            }
        }
    }

    /// Runs of 32 hexadecimal digits and more.
    #[cold]
    fn hashes(&mut self, base: usize, words: usize, planes: &Planes, derived: &Derived) {
        let all = planes.hex.iter().zip(planes.hex.iter().skip(1).zip(planes.hex.iter().skip(2)));
        for (number, ((&before, (&now, &after)), &hashes)) in
            all.zip(derived.hashes.iter().skip(1)).take(words).enumerate()
        {
            each_bit(hashes, |bit| {
                let place = base + number * WORD + bit as usize;
                if place >= self.hex_to {
                    let behind = (u128::from(now) | u128::from(after) << WORD) >> bit;
                    self.digits(
                        place,
                        window(before, now, bit).leading_ones() as usize,
                        behind.trailing_ones() as usize,
                    );
                }
            });
        }
    }

    /// Runs that have a byte beyond ASCII.
    #[cold]
    fn beyond(&mut self, engine: Engine, base: usize, words: usize, state: &mut Beyond, work: &mut Work) {
        let Work { planes, high, .. } = work;
        let rest = slice(self.text, base, self.text.len());
        let whole = (rest.len() / WORD).min(words);
        engine.highs(slice(rest, 0, whole * WORD), high, 1);
        if whole < words {
            let mut block = [0; WORD];
            for (to, from) in block.iter_mut().zip(slice(rest, whole * WORD, rest.len())) {
                *to = *from;
            }
            engine.highs(&block, high, whole + 1);
        }
        for number in 1..=words {
            let of = |plane: &Plane, number: usize| plane.get(number).copied().unwrap_or(0);
            let place = base + (number - 1) * WORD;
            let high = of(high, number);
            // Only a run that has a byte beyond ASCII, here or in the words before, is asked for.
            if high != 0 || state.goes_on() {
                let (name, dot) = (of(&planes.name, number), of(&planes.dot, number));
                let runs = (of(&planes.name, number - 1) | of(&planes.dot, number - 1) | state.high) >> 63 == 1;
                let wide = name | dot | high;
                let crosses = runs && wide & 1 == 1;
                state.sticky = state.goes_on() && crosses;
                // Runs with a dot, as far as this word tells.
                let sum = wide.wrapping_add(dot).wrapping_add(u64::from(crosses));
                let ends = (sum & !wide) | u64::from(runs && !crosses);
                each_bit(ends, |bit| self.beyond_ascii(place + bit as usize));
            }
            state.high = high;
        }
    }

    /// Words of letters and digits that find a value.
    #[cold]
    fn words(&mut self, base: usize, words: usize, alnum: &Plane) {
        for (number, (&before, &now)) in alnum.iter().zip(alnum.iter().skip(1)).take(words).enumerate() {
            let place = base + number * WORD;
            let ends = !now & (now << 1 | before >> 63);
            each_bit(ends, |bit| {
                let len = window(before, now, bit).leading_ones();
                if len < 64 && self.index.word_lens() >> len & 1 == 1 {
                    self.word(place + bit as usize - len as usize, place + bit as usize);
                }
            });
        }
    }

    /// Zero bytes.
    #[cold]
    fn zeros(&mut self, base: usize, words: usize) {
        let piece = slice(self.text, base, self.text.len().min(base + words * WORD));
        for zero in memchr::memchr_iter(0, piece).map(|zero| base + zero) {
            if zero >= self.narrowed_to {
                let (start, end) = self.lines.of(self.text, zero);
                self.narrow.push((start as u32, end as u32));
                self.narrowed_to = end;
            }
        }
    }
}

/// What a word leaves to the next of bytes beyond ASCII.
#[derive(Default)]
struct Beyond {
    high: u64,
    /// Whether a run that goes on has some in earlier words.
    sticky: bool,
}

impl Beyond {
    const fn goes_on(&self) -> bool {
        self.high != 0 || self.sticky
    }
}

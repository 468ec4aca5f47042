//! One pass over a text: from planes of bits to candidates, and from candidates by the filters to the exact tables.

use crate::decode;
use crate::hash::{FOLD, Filter, of_number, part};
use crate::index::{HALVES_BYTES, Index, Section, class};
use crate::raw::{Engine, Job, Planes, WORD, WORDS};
use crate::scan::{Hit, Work};
use crate::signs::{at, other_start, slice};
use crate::v4::{quick_v4, v4};

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

    fn of(&mut self, text: &[u8], place: usize) -> (usize, usize) {
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

/// What is made of the planes of 64 bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pieces {
    /// Name signs and inner dots.
    host: u64,
    inner: u64,
    /// Hyphens and underscores.
    dash: u64,
}

/// A host value that the filter is to be asked of.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    hash: u64,
    start: u32,
    end: u32,
}

/// The 64 bits before bit `bit` of a word: the highest is the one right before it.
#[inline(always)]
const fn window(before: u64, word: u64, bit: u32) -> u64 {
    if bit == 0 { before } else { word << (64 - bit) | before >> bit }
}

/// Bit `n` is set if bits `n` to `n + 7` are.
#[inline(always)]
const fn eights(plane: u64) -> u64 {
    let four = plane & plane >> 4;
    let two = four & four >> 2;
    two & two >> 1
}

const EACH_8: u64 = 0x0101_0101_0101_0101;
const EACH_16: u64 = 0x0001_0001_0001_0001;

/// Calls `f` with the number of each set bit.
#[inline(always)]
fn each_bit(mut mask: u64, mut f: impl FnMut(u32)) {
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
    pairs: Filter<'a>,
    halves: &'a [u8],
    lines: Lines<'a>,
    hits: &'a mut Vec<Hit>,
    requests: &'a mut Vec<(u32, u32)>,
    narrow: &'a mut Vec<(u32, u32)>,
    host_lines: &'a mut Vec<(u32, u32)>,
    is_raw: bool,
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
            halves: index.section(Section::Halves),
            is_raw: lines.rows.is_none(),
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

    /// Asks that the line of a place be decoded.
    pub fn request(&mut self, place: usize) {
        let (start, end) = self.lines.of(self.text, place);
        if self.requests.last() != Some(&(start as u32, end as u32)) {
            self.requests.push((start as u32, end as u32));
        }
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
        let literals = self.index.word_lens() != 0;
        let mut base = 0;
        let mut carry = false;
        // The same for runs of name signs, dots and bytes beyond ASCII; and whether one that goes on may have the latter.
        let (mut wide_carry, mut sticky) = (false, false);
        if let (Some(planes), Some(pieces)) = (work.planes.first_mut(), work.pieces.first_mut()) {
            (*planes, *pieces) = Default::default();
        }
        // At least one byte behind the text is classified too, so that every run ends.
        while base <= text.len() {
            let words = ((text.len() - base) / WORD + 1).min(WORDS);
            self.classify(engine, base, words, &mut work.planes);
            self.hosts(base, words, &mut carry, work);
            for number in 1..=words {
                let Some([before, planes, ..]) = work.planes.get(number - 1..) else { break };
                let place = base + (number - 1) * WORD;
                if planes.special != 0 {
                    self.specials(planes.special, place, literals);
                }
                let all = planes.hex | planes.colon;
                let lanes = eights(all) & EACH_8;
                let pairs = planes.colon & (planes.colon << 1 | before.colon >> 63);
                if lanes | pairs != 0 {
                    self.lanes(planes, lanes, pairs, place);
                }
                let wide = planes.name | planes.dot | planes.high;
                let (sum, over) = wide.overflowing_add(planes.dot);
                let (sum, again) = sum.overflowing_add(u64::from(wide_carry));
                wide_carry = over | again;
                let crosses = (before.name | before.dot | before.high) >> 63 & wide & 1 == 1;
                sticky = before.high != 0 || (sticky && crosses);
                if planes.high != 0 || sticky {
                    each_bit(sum & !wide, |bit| self.beyond_ascii(place + bit as usize));
                }
                if planes.zero != 0 {
                    self.zeros(planes.zero, place);
                }
                if literals {
                    let ends = !planes.alnum & (planes.alnum << 1 | before.alnum >> 63);
                    let (before, alnum) = (before.alnum, planes.alnum);
                    each_bit(ends, |bit| {
                        let len = window(before, alnum, bit).leading_ones();
                        if len < 64 && self.index.word_lens() >> len & 1 == 1 {
                            self.word(place + bit as usize - len as usize, place + bit as usize);
                        }
                    });
                }
            }
            self.ask(work);
            for part in [WORDS].into_iter().filter(|_| words == WORDS) {
                work.planes.copy_within(part..=part, 0);
                work.pieces.copy_within(part..=part, 0);
            }
            base += WORDS * WORD;
        }
    }

    /// Fills the planes of so many words from `base` on, and of the one behind them.
    #[inline(always)]
    fn classify(&self, engine: Engine, base: usize, words: usize, planes: &mut [Planes]) {
        let rest = self.text.get(base..).unwrap_or_default();
        let whole = (rest.len() / WORD).min(words + 1);
        let Some(out) = planes.get_mut(1..words + 2) else { return };
        engine.classify(slice(rest, 0, whole * WORD), out);
        for (number, planes) in out.iter_mut().enumerate().skip(whole) {
            let mut block = [b'\n'; WORD];
            let tail = rest.get(number * WORD..).unwrap_or_default();
            for (to, from) in block.iter_mut().zip(tail) {
                *to = *from;
            }
            *planes = engine.classify_block(&block);
        }
    }

    /// Finds every run of name signs and inner dots that has a dot.
    #[inline(always)]
    fn hosts(&mut self, base: usize, words: usize, carry: &mut bool, work: &mut Work) {
        let Work { planes, pieces, candidates, addresses, .. } = work;
        let mut last = pieces.first().copied().unwrap_or_default();
        for number in 1..=words {
            let Some([before, now, after, ..]) = planes.get(number - 1..) else { return };
            let inner = now.dot & (now.name << 1 | before.name >> 63) & (now.name >> 1 | after.name << 63);
            let host = now.name | inner;
            let piece = Pieces { host, inner, dash: now.name & !now.alnum };
            // A dot added to the run that it stands in carries to the first bit behind the run, and nowhere else.
            let (sum, over) = host.overflowing_add(inner);
            let (sum, again) = sum.overflowing_add(u64::from(*carry));
            *carry = over | again;
            let place = base + (number - 1) * WORD;
            each_bit(sum & !host, |bit| {
                self.dotted(
                    place + bit as usize,
                    window(last.host, host, bit),
                    window(last.inner, inner, bit),
                    window(last.dash, piece.dash, bit),
                    candidates,
                    addresses,
                );
            });
            last = piece;
            if number == words
                && let Some(place) = pieces.get_mut(WORDS)
            {
                *place = piece;
            }
        }
    }

    /// A run with a dot ends before `end`; the windows show the 64 bytes before that.
    #[inline(always)]
    fn dotted(
        &mut self,
        end: usize,
        host: u64,
        inner: u64,
        dash: u64,
        candidates: &mut Vec<Candidate>,
        addresses: &mut Vec<(u32, u32, u32)>,
    ) {
        let len = host.leading_ones();
        if len == 64 {
            return self.long(end, candidates, addresses);
        }
        let own = !(u64::MAX >> len);
        let dots = inner & own;
        let last = dots.leading_zeros();
        let start = end - len as usize;
        let escaped = matches!(at(self.text, start.wrapping_sub(1)), b'\\' | b'%');
        if at(self.text, end - last as usize).is_ascii_digit() {
            if dots.count_ones() >= 3 {
                if at(self.text, start.wrapping_sub(1)) == b':' {
                    self.v6_run(start);
                }
                if escaped || dash & own != 0 || start < 4 {
                    self.pieces(start, end, addresses);
                } else if dots.count_ones() == 3
                    && let Some(address) = quick_v4(self.text, start, end, dots)
                {
                    addresses.push((address, start as u32, end as u32));
                }
            }
            return;
        }
        let rest = dots << last << 1;
        let from = if rest == 0 { start } else { end - 1 - last as usize - rest.leading_zeros() as usize };
        candidates.push(Candidate {
            hash: part(class::PAIR, self.text, from, end, FOLD),
            start: start as u32,
            end: end as u32,
        });
        if escaped
            && rest == 0
            && let Some(other) = other_start(self.text, start)
            && other < end - 1 - last as usize
        {
            let hash = part(class::PAIR, self.text, other, end, FOLD);
            candidates.push(Candidate { hash, start: other as u32, end: end as u32 });
        }
        if dots.count_ones() >= 3 && (escaped || dash & own != 0) {
            self.pieces(start, end, addresses);
        }
    }

    /// A run of 64 bytes and more.
    #[cold]
    fn long(&mut self, end: usize, candidates: &mut Vec<Candidate>, addresses: &mut Vec<(u32, u32, u32)>) {
        let text = self.text;
        let mut start = end;
        while start > 0 {
            let inner = at(text, start - 1) == b'.' && start > 1 && crate::signs::is_name(at(text, start - 2));
            if !inner && !crate::signs::is_name(at(text, start - 1)) {
                break;
            }
            start -= 1;
        }
        let run = slice(text, start, end);
        let mut dots = memchr::memrchr_iter(b'.', run);
        let last = dots.next();
        let from = dots.next().map_or(start, |dot| start + dot + 1);
        if last.is_some_and(|dot| !at(run, dot + 1).is_ascii_digit()) {
            let hash = part(class::PAIR, text, from, end, FOLD);
            candidates.push(Candidate { hash, start: start as u32, end: end as u32 });
            if let Some(other) = other_start(text, start)
                && last.is_some_and(|dot| other < start + dot)
                && from == start
            {
                let hash = part(class::PAIR, text, other, end, FOLD);
                candidates.push(Candidate { hash, start: other as u32, end: end as u32 });
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

    /// Asks the filters of all candidates in one go, so that the memory accesses of many overlap.
    #[inline(always)]
    fn ask(&mut self, work: &mut Work) {
        let Work { candidates, addresses, key, .. } = work;
        let mut passed = 0;
        for number in 0..candidates.len() {
            let Some(&candidate) = candidates.get(number) else { break };
            if let Some(place) = candidates.get_mut(passed) {
                *place = candidate;
            }
            passed += usize::from(self.pairs.may_have(candidate.hash));
        }
        candidates.truncate(passed);
        for candidate in candidates.drain(..) {
            self.host(candidate.start as usize, candidate.end as usize, key);
        }
        for (address, start, end) in addresses.drain(..) {
            let (exact, range) = self.half(address);
            if exact && self.keys.may_have(of_number(class::V4, address.into())) {
                self.address(address, start as usize, end as usize, key);
            }
            if range {
                self.range(address.into(), 4, start as usize, end as usize);
            }
        }
    }

    /// Whether an address, or a range, that begins with the same half is listed.
    #[inline(always)]
    pub fn half(&self, address: u32) -> (bool, bool) {
        let (byte, bit) = ((address >> 19) as usize, address >> 16 & 7);
        let is = |byte: usize| at(self.halves, byte) >> bit & 1 == 1;
        (is(byte), is(HALVES_BYTES + byte))
    }

    #[inline(always)]
    fn specials(&mut self, mask: u64, place: usize, literals: bool) {
        each_bit(mask, |bit| {
            let special = place + bit as usize;
            if special >= self.requested_to && (literals || decode::wakes(self.text, special)) {
                self.request(special);
                self.requested_to = self.lines.of(self.text, special).1;
            }
        });
    }

    /// Runs of eight hexadecimal digits and colons on an even place: hashes and IPv6 addresses hold one.
    fn lanes(&mut self, planes: &Planes, lanes: u64, pairs: u64, place: usize) {
        let eight = eights(planes.hex);
        each_bit(eight & eight >> 8 & EACH_16, |bit| self.digits(place + bit as usize));
        // In order, as a run is looked at once.
        each_bit(lanes | pairs, |bit| {
            if (planes.colon >> bit & 0xff) | (pairs >> bit & 1) != 0 {
                self.v6(place + bit as usize);
            }
        });
    }

    /// Zero bytes.
    #[cold]
    fn zeros(&mut self, mask: u64, place: usize) {
        if self.is_raw {
            each_bit(mask, |bit| {
                let zero = place + bit as usize;
                if zero >= self.narrowed_to {
                    let (start, end) = self.lines.of(self.text, zero);
                    self.narrow.push((start as u32, end as u32));
                    self.narrowed_to = end;
                }
            });
        }
    }
}

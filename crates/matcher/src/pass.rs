//! One pass over a text: from planes of bits to candidates, and from candidates by the filters to the exact tables.

use crate::decode;
use crate::hash::Filter;
use crate::index::{Index, Section};
use crate::raw::{Engine, Job, Planes, WORD, WORDS};
use crate::runs::{Sieve, window};
use crate::scan::{Hit, Work};
use crate::signs::slice;

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

/// Bit `n` is set if bits `n` to `n + 7` are.
#[inline(always)]
const fn eights(plane: u64) -> u64 {
    let four = plane & plane >> 4;
    let two = four & four >> 2;
    two & two >> 1
}

/// A place in each run of 32 hexadecimal digits, and one in each that may be an IPv6 address: that has `::`, or is 15 bytes long
/// and has colons. Hashes hold 16 digits on an even place. Addresses hold eight signs on an even place and four more beside these.
#[inline(always)]
fn lanes(before: &Planes, now: &Planes, after: &Planes) -> (u64, u64) {
    let eight = eights(now.hex);
    let hashes = eight & eight >> 8 & EACH_16;
    let all = |planes: &Planes| planes.hex | planes.colon;
    let (signs, colon) = (all(now), now.colon);
    let twos = signs & signs >> 1;
    let fours = twos & twos >> 2;
    let beside = fours << 4 | u64::from(all(before) >> 60 == 15) | fours >> 8 | u64::from(all(after) & 15 == 15) << 56;
    let near = colon | colon >> 4;
    let near = near | near >> 2;
    let near = near | near >> 1;
    let sixes = fours & fours >> 4 & near & beside & EACH_8;
    (hashes, sixes | (colon & (colon << 1 | before.colon >> 63)))
}

/// Whether a run of name signs, dots and bytes beyond ASCII goes to the end of a word.
const fn before_runs(before: &Planes) -> bool {
    (before.name | before.dot | before.high) >> 63 == 1
}

const EACH_8: u64 = 0x0101_0101_0101_0101;
const EACH_16: u64 = 0x0001_0001_0001_0001;

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
        // Whether a run that goes on has bytes beyond ASCII in earlier words.
        let mut sticky = false;
        if let (Some(planes), Some(pieces)) = (work.planes.first_mut(), work.pieces.first_mut()) {
            (*planes, *pieces) = Default::default();
        }
        // At least one byte behind the text is classified too, so that every run ends.
        while base <= text.len() {
            let words = ((text.len() - base) / WORD + 1).min(WORDS);
            self.classify(engine, base, words, &mut work.planes);
            self.hosts(base, words, &mut carry, work);
            for number in 1..=words {
                let Some([before, planes, after, ..]) = work.planes.get(number - 1..) else { break };
                let place = base + (number - 1) * WORD;
                // What may begin an encoding does so before a dot, a colon, a letter or a digit only; but a value that is found by
                // a word may have any sign in it.
                let behind = planes.dot | planes.colon | planes.alnum;
                let behind = behind >> 1 | (after.dot | after.colon | after.alnum) << 63;
                let special = planes.special & if literals { u64::MAX } else { behind };
                if special != 0 {
                    self.specials(special, place, literals);
                }
                let (hashes, sixes) = lanes(before, planes, after);
                if hashes | sixes != 0 {
                    self.lanes(hashes, sixes, place);
                }
                // Only a run that has a byte beyond ASCII, here or in the words before, is asked for.
                if planes.high != 0 || before.high != 0 || sticky {
                    let wide = planes.name | planes.dot | planes.high;
                    let crosses = (before.name | before.dot | before.high) >> 63 & wide & 1 == 1;
                    sticky = (before.high != 0 || sticky) && crosses;
                    // Runs with a dot, as far as this word tells.
                    let sum = wide.wrapping_add(planes.dot).wrapping_add(u64::from(crosses));
                    let ends = (sum & !wide) | u64::from(before_runs(before) && !crosses);
                    each_bit(ends, |bit| self.beyond_ascii(place + bit as usize));
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
            self.ask(engine, work);
            if words == WORDS {
                work.planes.copy_within(WORDS..=WORDS, 0);
                work.pieces.copy_within(WORDS..=WORDS, 0);
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

    /// Places within hashes and within IPv6 addresses, probably.
    fn lanes(&mut self, hashes: u64, sixes: u64, place: usize) {
        each_bit(hashes, |bit| self.digits(place + bit as usize));
        // In order, as a run is looked at once.
        each_bit(sixes, |bit| self.v6(place + bit as usize));
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

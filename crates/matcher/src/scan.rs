//! Scans blocks of text: the text as it is, then, of lines that ask for it, their other readings.

use crate::decode;
use crate::index::{EntryId, Index};
use crate::pass::{Lines, Pass, Row};
use crate::raw::{Engine, Four, Plane, Planes, Special, WORDS};
use crate::runs::{Ask, Found, Heap, Name, RUNS_MAX};
use crate::sums::Derived;

/// Times that a line is decoded in a row.
pub const DECODINGS_MAX: usize = 3;
/// Most bytes of a block: places in it are 32 bits.
pub const BLOCK_BYTES_MAX: usize = 1 << 30;

/// A line that holds an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// Where the line begins in the block.
    pub line_start: usize,
    /// The indicator: [`Index::entry`].
    pub entry: EntryId,
    /// Where the line ends, without its line feed.
    pub line_end: usize,
    /// Where the value stands in the block; the whole line if it stands in another reading of it.
    pub start: usize,
    /// Where the value ends.
    pub end: usize,
    /// Whether it stands there as it is, not only decoded or narrowed.
    pub plain: bool,
}

/// What a decoded reading was made of.
#[derive(Default)]
struct Level {
    text: Vec<u8>,
    rows: Vec<Row>,
    requests: Vec<(u32, u32)>,
}

/// What is gathered in one pass over a block.
pub(crate) struct Work {
    pub planes: Box<Planes>,
    pub derived: Box<Derived>,
    /// Bytes of 0x80 and above, where there are any.
    pub high: Box<Plane>,
    /// Ends of runs, counted from the first byte of these words: of those that may be names, and of those that may be addresses.
    pub name_ends: Box<[u32]>,
    pub four_ends: Box<[u32]>,
    pub specials: Box<[Special]>,
    pub names: Heap<Name>,
    pub fours: Heap<Four>,
    pub found: Heap<Found>,
    pub asks: Heap<Ask>,
    pub addresses: Vec<(u32, u32, u32)>,
    pub key: Vec<u8>,
}

/// Looks for the indicators of an index. It keeps its buffers, so scanning allocates nothing but hits.
pub struct Scanner<'i> {
    index: &'i Index,
    engine: Engine,
    work: Work,
    levels: [Level; DECODINGS_MAX + 1],
    narrowed: Level,
    narrow: Vec<(u32, u32)>,
    host_lines: Vec<(u32, u32)>,
}

impl<'i> Scanner<'i> {
    /// One that uses the best engine of this machine.
    #[must_use]
    pub fn new(index: &'i Index) -> Self {
        Self::with_engine(index, Engine::best())
    }

    /// One that uses an engine; the scalar one if the processor does not have it.
    #[must_use]
    pub fn with_engine(index: &'i Index, engine: Engine) -> Self {
        Self {
            index,
            engine: if engine.is_here() { engine } else { Engine::Scalar },
            work: Work {
                planes: Box::new(Planes::new()),
                derived: Box::new(Derived::new()),
                high: Box::new([0; WORDS + 2]),
                name_ends: vec![0; RUNS_MAX].into(),
                four_ends: vec![0; RUNS_MAX].into(),
                specials: vec![Special::default(); WORDS + 1].into(),
                // A run behind an escape gives two names.
                names: Heap::new(2),
                fours: Heap::new(1),
                found: Heap::new(1),
                // One as a whole for each name, and one for each of its dots, of which every second byte may be one.
                asks: Heap::new(4),
                addresses: Vec::new(),
                key: Vec::new(),
            },
            levels: Default::default(),
            narrowed: Level::default(),
            narrow: Vec::new(),
            host_lines: Vec::new(),
        }
    }

    /// Appends the hits of a block of whole lines to `hits`, each line and indicator once, in order of lines. Of a block of
    /// more than [`BLOCK_BYTES_MAX`] bytes only so many are read.
    ///
    /// ```
    /// use matcher::{Builder, Scanner};
    /// use model::{Kind, Observable};
    ///
    /// let mut builder = Builder::new();
    /// builder.add(&Observable::parse(Kind::Domain, "evil.example")?, 7)?;
    /// let index = builder.finish();
    /// let mut hits = Vec::new();
    /// Scanner::new(&index).scan(b"fine\nGET http://www.EVIL.example/ 200\n", &mut hits);
    /// let entry = index.entry(hits[0].entry).unwrap();
    /// assert_eq!((hits.len(), hits[0].line_start, entry.value.as_str(), entry.note), (1, 5, "evil.example", 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(&mut self, block: &[u8], hits: &mut Vec<Hit>) {
        let block = block.get(..BLOCK_BYTES_MAX).unwrap_or(block);
        let begin = hits.len();
        let [first, ..] = &mut self.levels;
        first.requests.clear();
        self.narrow.clear();
        self.host_lines.clear();
        Pass::new(
            self.index,
            block,
            Lines::feeds(),
            hits,
            &mut first.requests,
            [&mut self.narrow, &mut self.host_lines],
        )
        .run(self.engine, &mut self.work);
        self.decoded(block, 0, hits);
        if !self.narrow.is_empty() {
            self.narrowed(block, hits);
        }
        self.tidy(begin, hits);
        self.host_lines.sort_unstable();
        self.host_lines.dedup();
    }

    /// Lines of the block that was scanned last that name, probably, the host of a listed URL or mail address: where the rest of
    /// a URL stands in another field of the line, who knows the format can put them together and scan that.
    #[must_use]
    pub fn host_lines(&self) -> &[(u32, u32)] {
        &self.host_lines
    }

    /// Scans what the lines decode to that level `from` asks for, and so on.
    fn decoded(&mut self, block: &[u8], from: usize, hits: &mut Vec<Hit>) {
        for depth in from..DECODINGS_MAX {
            let Some((above, [level, ..])) = self.levels.split_at_mut_checked(depth + 1) else { return };
            let Some(above) = above.last_mut() else { return };
            above.requests.sort_unstable();
            above.requests.dedup();
            level.text.clear();
            level.rows.clear();
            level.requests.clear();
            let source: &[u8] = if depth == 0 { block } else { &above.text };
            let mut lines = Lines::feeds();
            for &(start, end) in &above.requests {
                let line = source.get(start as usize..end as usize).unwrap_or_default();
                let begin = level.text.len();
                if decode::decode(line, &mut level.text) {
                    let raw = if depth == 0 {
                        let (start, end) = lines.of(block, start as usize);
                        (start as u32, end as u32)
                    } else {
                        Row::raw_of(&above.rows, start)
                    };
                    level.rows.push(Row { start: begin as u32, end: level.text.len() as u32, raw });
                    level.text.push(b'\n');
                }
            }
            if level.rows.is_empty() {
                return;
            }
            let Level { text, rows, requests } = level;
            Pass::new(self.index, text, Lines::rows(rows), hits, requests, [&mut self.narrow, &mut self.host_lines])
                .run(self.engine, &mut self.work);
        }
    }

    /// Scans lines with zero bytes, narrowed, as if they were lines of their own.
    fn narrowed(&mut self, block: &[u8], hits: &mut Vec<Hit>) {
        let mut level = std::mem::take(&mut self.narrowed);
        level.text.clear();
        level.rows.clear();
        self.narrow.sort_unstable();
        self.narrow.dedup();
        for &(start, end) in &self.narrow {
            let begin = level.text.len();
            decode::narrow(block.get(start as usize..end as usize).unwrap_or_default(), &mut level.text);
            level.rows.push(Row { start: begin as u32, end: level.text.len() as u32, raw: (start, end) });
            level.text.push(b'\n');
        }
        let mut own = Vec::new();
        let [first, ..] = &mut self.levels;
        first.requests.clear();
        Pass::new(
            self.index,
            &level.text,
            Lines::rows(&level.rows),
            &mut own,
            &mut first.requests,
            [&mut self.narrow, &mut self.host_lines],
        )
        .run(self.engine, &mut self.work);
        // Decoded lines know the narrowed lines that they were made of; these know the lines of the block.
        let narrowed = hits.len();
        hits.append(&mut own);
        let before = hits.len();
        self.decoded(&level.text, 0, hits);
        for hit in hits.get_mut(before..).unwrap_or_default() {
            let (start, end) = Row::raw_of(&level.rows, hit.line_start as u32);
            *hit = Hit {
                line_start: start as usize,
                line_end: end as usize,
                start: start as usize,
                end: end as usize,
                ..*hit
            };
        }
        debug_assert!(narrowed <= before);
        self.narrowed = level;
    }

    /// Each line and indicator once, a plain one rather than a decoded one.
    fn tidy(&self, begin: usize, hits: &mut Vec<Hit>) {
        let Some(new) = hits.get_mut(begin..) else { return };
        new.sort_unstable_by_key(|hit| (hit.line_start, hit.entry, !hit.plain, hit.start));
        let mut kept = begin;
        for at in begin..hits.len() {
            let Some(&hit) = hits.get(at) else { break };
            let last = kept.checked_sub(1).filter(|&last| last >= begin).and_then(|last| hits.get(last));
            if last.is_some_and(|last| (last.line_start, last.entry) == (hit.line_start, hit.entry)) {
                continue;
            }
            if let Some(place) = hits.get_mut(kept) {
                *place = hit;
            }
            kept += 1;
        }
        hits.truncate(kept);
    }
}

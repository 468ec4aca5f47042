//! One thread of a hunt: reads blocks of whole lines, scans them, and keeps what each indicator was found in.

use std::collections::HashMap;
use std::io::{self, Read};

use matcher::{EntryId, Hit, Scanner};
use memchr::{memchr, memrchr};

use crate::engine::Hunt;
use crate::logs::Reader;

/// Bytes read at a time: few enough to stay in a cache until they have been scanned.
pub(crate) const BLOCK_BYTES: usize = 1 << 18;
/// Longest line that is looked at as one.
pub const LINE_BYTES_MAX: usize = 8 << 20;
/// Bytes of a longer line that are looked at with both of its pieces.
pub const OVERLAP_BYTES: usize = 16 << 10;
/// Lines that are kept for each indicator.
pub const SAMPLES_MAX: usize = 3;
/// Bytes of a line that are shown around a value.
const CONTEXT_BYTES: usize = 90;

/// A line in which an indicator was found.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Number of the source.
    pub source: usize,
    /// Where the line begins in the (unpacked) source.
    pub offset: u64,
    /// When, if the line tells.
    pub time: Option<i64>,
    /// The line, cut around the value.
    pub line: String,
    /// The value as it stands there; empty if it was encoded.
    pub value: String,
}

/// What was found of an indicator.
#[derive(Clone, Debug, Default)]
pub struct Mention {
    /// Lines.
    pub lines: u64,
    /// Earliest time of a line.
    pub first: Option<i64>,
    /// Latest.
    pub last: Option<i64>,
    /// Some lines, in order of source and place.
    pub samples: Vec<Sample>,
    /// Why it is kept quiet.
    pub quiet: Option<String>,
}

impl Mention {
    pub(crate) fn join(&mut self, other: Self) {
        self.lines += other.lines;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.samples.extend(other.samples);
        self.samples.sort_by_key(|sample| (sample.source, sample.offset));
        self.samples.truncate(SAMPLES_MAX);
        self.quiet = self.quiet.take().or(other.quiet);
    }
}

/// What a thread has.
pub(crate) struct Worker<'h> {
    hunt: &'h Hunt<'h>,
    scanner: Scanner<'h>,
    joined: Scanner<'h>,
    hits: Vec<Hit>,
    text: Vec<u8>,
    pub mentions: HashMap<EntryId, Option<Mention>>,
}

/// A place in a source.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub source: usize,
    pub reader: &'static Reader,
    pub offset: u64,
}

impl<'h> Worker<'h> {
    pub fn new(hunt: &'h Hunt<'h>) -> Self {
        let index = hunt.index;
        let (scanner, joined) = (Scanner::new(index), Scanner::new(index));
        Self { hunt, scanner, joined, hits: Vec::new(), text: Vec::new(), mentions: HashMap::new() }
    }

    /// Scans a stream of lines and returns their bytes. Lines that begin at `end` or behind are another's; with `skip` the
    /// first line is, too. What was read before a failure is scanned all the same.
    pub fn stream(&mut self, input: &mut dyn Read, mut place: Place, end: u64, mut skip: bool) -> io::Result<u64> {
        let mut buffer: Vec<u8> = Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 4);
        let (mut scanned, mut known, mut head) = (0, 0, place.offset == 0);
        loop {
            let before = buffer.len();
            let read = (&mut *input).take(BLOCK_BYTES as u64).read_to_end(&mut buffer);
            let is_end = buffer.len() == before || read.is_err();
            if head {
                place.reader = crate::logs::reader(buffer.get(..4096).unwrap_or(&buffer));
                head = false;
            }
            if skip {
                match memchr(b'\n', &buffer) {
                    Some(feed) => {
                        buffer.drain(..=feed);
                        place.offset += feed as u64 + 1;
                        skip = false;
                    }
                    None if is_end => return read.map(|_| scanned),
                    None => {
                        place.offset += buffer.len() as u64;
                        buffer.clear();
                        continue;
                    }
                }
            }
            // A line that goes on is still of whoever has its beginning.
            if place.offset >= end && known == 0 {
                return Ok(scanned);
            }
            let stop = end.saturating_sub(place.offset).saturating_sub(1);
            let last = usize::try_from(stop).ok().and_then(|stop| buffer.get(stop..).map(|rest| (stop, rest)));
            if let Some((stop, rest)) = last
                && let Some(feed) = memchr(b'\n', rest)
            {
                self.block(buffer.get(..=stop + feed).unwrap_or_default(), place, known);
                return Ok(scanned + (stop + feed + 1 - known) as u64);
            }
            if is_end {
                self.block(&buffer, place, known);
                return read.map(|_| scanned + (buffer.len() - known) as u64);
            }
            if let Some(feed) = memrchr(b'\n', &buffer) {
                self.block(buffer.get(..=feed).unwrap_or_default(), place, known);
                buffer.drain(..=feed);
                scanned += (feed + 1 - known) as u64;
                place.offset += feed as u64 + 1;
                known = 0;
            } else if buffer.len() >= LINE_BYTES_MAX {
                self.block(&buffer, place, known);
                let gone = buffer.len() - OVERLAP_BYTES;
                scanned += (buffer.len() - known) as u64;
                buffer.drain(..gone);
                place.offset += gone as u64;
                known = OVERLAP_BYTES;
            }
        }
    }

    /// Scans whole lines; what ends within the first `known` bytes has been told.
    pub fn block(&mut self, block: &[u8], place: Place, known: usize) {
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        self.scanner.scan(block, &mut hits);
        for hit in &hits {
            if known == 0 || hit.end > known {
                self.hit(hit, block, place);
            }
        }
        let lines: Vec<(u32, u32)> = self.scanner.host_lines().to_vec();
        for (start, end) in lines {
            let line = block.get(start as usize..end as usize).unwrap_or_default();
            let mut text = std::mem::take(&mut self.text);
            text.clear();
            (place.reader.urls)(line, &mut text);
            if !text.is_empty() {
                hits.clear();
                self.joined.scan(&text, &mut hits);
                for hit in &hits {
                    let url = self.hunt.index.entry(hit.entry).is_some_and(|entry| entry.kind == model::Kind::Url);
                    if url {
                        let (start, end) = (start as usize, end as usize);
                        let whole = Hit { line_start: start, line_end: end, start, end, plain: false, ..*hit };
                        self.hit(&whole, block, place);
                    }
                }
            }
            self.text = text;
        }
        self.hits = hits;
    }

    fn hit(&mut self, hit: &Hit, block: &[u8], place: Place) {
        let hunt = self.hunt;
        let mention = self.mentions.entry(hit.entry).or_insert_with(|| hunt.mention(hit.entry));
        let Some(mention) = mention else { return };
        let line = block.get(hit.line_start..hit.line_end).unwrap_or_default();
        let near = if hit.plain { hit.start - hit.line_start } else { 0 };
        let time = (place.reader.time)(line, near).map(model::Timestamp::as_millis);
        if time.is_some_and(|time| {
            hunt.since.is_some_and(|since| time < since) || hunt.until.is_some_and(|until| time >= until)
        }) {
            return;
        }
        mention.lines += 1;
        mention.first = [mention.first, time].into_iter().flatten().min();
        mention.last = mention.last.max(time);
        let emit = hunt.each.is_some() && (hunt.all || (mention.quiet.is_none() && mention.lines <= hunt.common_lines));
        if mention.samples.len() >= SAMPLES_MAX && !emit {
            return;
        }
        let value = if hit.plain { block.get(hit.start..hit.end).unwrap_or_default() } else { b"" };
        let sample = Sample {
            source: place.source,
            offset: place.offset + hit.line_start as u64,
            time,
            line: cut(line, near, value.len()),
            value: String::from_utf8_lossy(value).into_owned(),
        };
        if emit && let Some(each) = hunt.each {
            each(hit.entry, &sample);
        }
        if mention.samples.len() < SAMPLES_MAX {
            mention.samples.push(sample);
        }
    }
}

/// A line as text, cut around a value, without control characters: a log may hold sequences that move a cursor.
fn cut(line: &[u8], at: usize, len: usize) -> String {
    let from = at.saturating_sub(CONTEXT_BYTES);
    let to = line.len().min(at + len.min(200) + CONTEXT_BYTES);
    let text = String::from_utf8_lossy(line.get(from..to).unwrap_or_default());
    let mut out = String::with_capacity(text.len() + 8);
    if from > 0 {
        out.push('…');
    }
    out.extend(text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }));
    if to < line.len() {
        out.push('…');
    }
    out
}

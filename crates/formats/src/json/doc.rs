//! A JSON document read piece by piece: containers are walked, one element's tree is held at a time, and a broken element
//! costs itself alone.

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;

pub(crate) use super::parser::Fault;
use super::parser::Parser;
use super::{Text, Value};
use crate::limits::{MEMBERS_MAX, RECOVER_RATIO, SKIM_BYTES_MAX};

/// Bytes of document for each entry of the table of line numbers.
const LINE_BLOCK_BYTES: usize = 1024;

/// A document in memory.
pub(crate) struct Doc<'a> {
    bytes: &'a [u8],
    first_line: u32,
    /// Line breaks before each block.
    breaks: Vec<u32>,
    /// What looking for the next whole element may still cost, in bytes.
    patience: Cell<usize>,
    hasher: RandomState,
    /// How often a walk has gone on at a later key, past what it could not read.
    jumps: Cell<usize>,
}

/// Why a walk ends before the end of its container.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The one who walks has seen enough.
    Stop,
    /// The grammar is broken: what follows cannot be told apart.
    Lost(Lost),
}

/// Where the grammar is broken.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Where.
    pub at: usize,
    /// From where on the text is looked through for something whole.
    from: usize,
    /// Whether the end of what holds it is not to be believed either.
    far: bool,
    /// What is wrong, unless it has been told.
    pub untold: Option<&'static str>,
    /// Whether the element's own end may be believed.
    syntax: bool,
}

impl From<&Fault> for Halt {
    fn from(fault: &Fault) -> Self {
        Self::Lost(Lost { at: fault.at, from: fault.from, far: false, untold: None, syntax: fault.syntax })
    }
}

/// Where a walk goes on: the end of what was walked over.
pub(crate) type Walk = Result<usize, Halt>;

/// What is done with each element: its number, its place, its tree.
pub(crate) type EachTree<'e, 'a> = dyn FnMut(usize, usize, Result<&Value<'a>, &Fault>) + 'e;

/// What the elements of an array look like, to find the next one behind a broken one.
pub(crate) struct Kin {
    /// How such an element is known.
    pub next: Next,
    /// Whether a value is an element of the array around it, so that this one must have ended.
    pub alien: fn(&Value<'_>) -> bool,
    /// Keys, with their quotes, that show that the array must have ended.
    pub ends: &'static [&'static str],
}

/// How the next whole element of an array is known.
pub(crate) enum Next {
    /// By its tree.
    Tree(fn(&Value<'_>) -> bool),
    /// By its first key, with its quotes.
    Key(&'static str),
}

fn lost(at: usize, untold: &'static str) -> Halt {
    lost_from(at, at, untold)
}

fn lost_from(at: usize, from: usize, untold: &'static str) -> Halt {
    Halt::Lost(Lost { at, from, far: false, untold: Some(untold), syntax: true })
}

impl<'a> Doc<'a> {
    /// A document whose first line has the number `first_line`.
    pub fn new(bytes: &'a [u8], first_line: u32) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut breaks = Vec::with_capacity(bytes.len() / LINE_BLOCK_BYTES + 1);
        let mut count = 0_u32;
        for block in bytes.chunks(LINE_BLOCK_BYTES) {
            breaks.push(count);
            count = count.saturating_add(breaks_in(block));
        }
        let patience = Cell::new(bytes.len().saturating_mul(RECOVER_RATIO).saturating_add(SKIM_BYTES_MAX));
        Self { bytes, first_line, breaks, patience, hasher: RandomState::new(), jumps: Cell::new(0) }
    }

    /// The byte at `at`.
    pub fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The bytes of a range.
    pub fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to.max(from).min(self.bytes.len())).unwrap_or_default()
    }

    /// Number of bytes.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The line of a place.
    pub fn line_at(&self, at: usize) -> Option<NonZeroU32> {
        let block = at.min(self.bytes.len()) / LINE_BLOCK_BYTES;
        let before = self.breaks.get(block).or(self.breaks.last()).copied().unwrap_or(0);
        let within = breaks_in(self.slice(block * LINE_BLOCK_BYTES, at));
        NonZeroU32::new(self.first_line.saturating_add(before).saturating_add(within))
    }

    /// The line of the member that `path` leads to from the object at `at`, or of the last one on the way.
    pub fn line_of(&self, mut at: usize, path: &[&str]) -> Option<NonZeroU32> {
        for key in path {
            match self.find(at, key) {
                Some(found) => at = found,
                None => break,
            }
        }
        self.line_at(at)
    }

    /// Where the value of a member of the object at `at` stands.
    pub fn find(&self, at: usize, key: &str) -> Option<usize> {
        let mut found = None;
        let _ = self.members(at, &[], &mut |name, value, _| {
            if name.as_str() == key {
                found = Some(value);
                return Err(Halt::Stop);
            }
            self.skim(value)
        });
        found
    }

    /// How often a walk has gone on at a later key, past what it could not read.
    pub const fn jumps(&self) -> usize {
        self.jumps.get()
    }

    /// What the value at `at` is, for an error.
    pub fn what(&self, at: usize) -> &'static str {
        match self.byte(at) {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b'-' | b'0'..=b'9') => "a number",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "no value",
        }
    }

    /// Past white space.
    pub fn ws(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            at += 1;
        }
        at
    }

    /// The value at `at` as a tree, and its end.
    pub fn value(&self, at: usize) -> Result<(Value<'a>, usize), Fault> {
        let mut parser = Parser::new(self.bytes, at);
        let value = parser.value(0)?;
        Ok((value, parser.pos))
    }

    /// A hash of a text, the same for all of this document.
    pub fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    /// The end of the value at `at`, by its brackets and quotes alone.
    pub fn skim(&self, at: usize) -> Walk {
        self.skim_within(at, self.bytes.len())
    }

    fn skim_within(&self, at: usize, until: usize) -> Walk {
        let mut pos = at;
        // One bit a bracket: set for a brace.
        let mut open: Vec<u64> = Vec::new();
        let mut depth = 0_usize;
        while pos < until {
            let Some(byte) = self.byte(pos) else { break };
            match byte {
                b'"' => match self.skim_string(pos, until) {
                    Some(end) => pos = end,
                    None => return Err(lost_from(pos, at, "broken JSON: a string has no end")),
                },
                b'{' | b'[' => {
                    let bit = 1_u64 << (depth % 64);
                    if depth.is_multiple_of(64) {
                        open.push(0);
                    }
                    if let Some(word) = open.last_mut() {
                        *word = if byte == b'{' { *word | bit } else { *word & !bit };
                    }
                    depth += 1;
                    pos += 1;
                }
                b'}' | b']' => {
                    if depth == 0 {
                        // A scalar ends before the end of what holds it.
                        return if pos > at { Ok(pos) } else { Err(lost(pos, "broken JSON: a value is missing")) };
                    }
                    depth -= 1;
                    let brace = open.last().is_some_and(|word| word & (1 << (depth % 64)) != 0);
                    if brace != (byte == b'}') {
                        return Err(lost_from(pos, at, "broken JSON: brackets do not match"));
                    }
                    if depth.is_multiple_of(64) {
                        open.pop();
                    }
                    pos += 1;
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => {
                    return if pos > at { Ok(pos) } else { Err(lost(pos, "broken JSON: a value is missing")) };
                }
                _ => pos += 1,
            }
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                return Ok(pos);
            }
        }
        if depth == 0 && pos > at { Ok(pos) } else { Err(lost_from(pos, at, "broken off JSON")) }
    }

    /// Past a string. A line break shows that its end is lost, since none may stand in a string.
    fn skim_string(&self, quote: usize, until: usize) -> Option<usize> {
        let mut pos = quote + 1;
        while pos < until {
            match self.byte(pos)? {
                b'\\' => pos += 2,
                b'"' => return Some(pos + 1),
                b'\n' => return None,
                _ => pos += 1,
            }
        }
        None
    }

    /// Walks the members of the object at `open`. `each` gets the key, the place of its value and whether the key stood
    /// before, and returns the value's end. Behind a broken member the walk goes on if its end is plain, or at one of `keys`.
    pub fn members(&self, open: usize, keys: &[&str], each: &mut dyn FnMut(&Text<'a>, usize, bool) -> Walk) -> Walk {
        let mut seen: Vec<u64> = Vec::new();
        let mut pos = self.ws(open + 1);
        if self.byte(pos) == Some(b'}') {
            return Ok(pos + 1);
        }
        loop {
            match self.member(pos, &mut seen, each) {
                Ok(end) => match self.byte(end) {
                    Some(b',') => pos = self.ws(end + 1),
                    Some(b'}') => return Ok(end + 1),
                    Some(_) => {
                        pos = self.next_key(end, keys).ok_or(lost(end, "broken JSON: a comma or } is missing"))?
                    }
                    None => return Err(lost(end, "broken off JSON: a comma or } is missing")),
                },
                Err(Halt::Stop) => return Err(Halt::Stop),
                Err(Halt::Lost(lost)) => match self.next_key(lost.from, keys) {
                    Some(key) => pos = key,
                    None => return Err(Halt::Lost(lost)),
                },
            }
        }
    }

    fn member(&self, pos: usize, seen: &mut Vec<u64>, each: &mut dyn FnMut(&Text<'a>, usize, bool) -> Walk) -> Walk {
        match self.byte(pos) {
            Some(b'"') => {}
            Some(_) => return Err(lost(pos, "broken JSON: a key is missing")),
            None => return Err(lost(pos, "broken off JSON: a key is missing")),
        }
        let mut parser = Parser::new(self.bytes, pos);
        let (key, end) = match parser.string() {
            Ok(key) => (key, parser.pos),
            // A key that cannot be read is nobody's; its value is passed over.
            Err(fault) if !fault.syntax => {
                let end = self.skim_string(pos, self.bytes.len());
                (Text::Plain("\u{fffd}"), end.ok_or(lost(pos, "broken JSON: a key has no end"))?)
            }
            Err(fault) => return Err(lost_from(fault.at, pos, "broken JSON: a key is broken")),
        };
        let colon = self.ws(end);
        match self.byte(colon) {
            Some(b':') => {}
            Some(_) => return Err(lost(colon, "broken JSON: a colon is missing")),
            None => return Err(lost(colon, "broken off JSON: a colon is missing")),
        }
        let value = self.ws(colon + 1);
        let hash = self.hash(key.as_str());
        let again = seen.contains(&hash);
        if seen.len() < MEMBERS_MAX {
            seen.push(hash);
        }
        match each(&key, value, again) {
            Ok(end) => Ok(self.ws(end)),
            Err(Halt::Lost(lost)) if lost.far => Err(Halt::Lost(lost)),
            Err(Halt::Lost(lost)) => match self.plain_end(value, lost.from, b'}') {
                Some(end) => Ok(end),
                None => Err(Halt::Lost(lost)),
            },
            Err(Halt::Stop) => Err(Halt::Stop),
        }
    }

    /// The end of a broken value, if its brackets and quotes still say it and what holds it goes on there.
    fn plain_end(&self, start: usize, at: usize, close: u8) -> Option<usize> {
        let until = at.saturating_add(SKIM_BYTES_MAX).min(self.bytes.len());
        self.spend(until.saturating_sub(start))?;
        let end = self.ws(self.skim_within(start, until).ok()?);
        self.byte(end).filter(|&byte| byte == b',' || byte == close).map(|_| end)
    }

    fn spend(&self, bytes: usize) -> Option<()> {
        self.patience.set(self.patience.get().checked_sub(bytes)?);
        Some(())
    }

    /// The next place at or behind `at` where one of `keys` begins a member.
    fn next_key(&self, at: usize, keys: &[&str]) -> Option<usize> {
        if keys.is_empty() {
            return None;
        }
        let rest = self.bytes.get(at..)?;
        for (offset, &byte) in rest.iter().enumerate() {
            if byte == b'"' && keys.iter().any(|key| self.starts_with(at + offset, key)) {
                self.spend(offset)?;
                self.jumps.set(self.jumps.get() + 1);
                return Some(at + offset);
            }
        }
        self.spend(rest.len());
        None
    }

    fn starts_with(&self, at: usize, text: &str) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    /// Walks the elements of the array at `open`. `each` gets the number and the place of an element and returns its end.
    pub fn elements(&self, open: usize, kin: &Kin, each: &mut dyn FnMut(usize, usize) -> Walk) -> Walk {
        let mut pos = self.ws(open + 1);
        let mut index = 0;
        if self.byte(pos) == Some(b']') {
            return Ok(pos + 1);
        }
        loop {
            let halt = match each(index, pos) {
                Ok(end) => {
                    let end = self.ws(end);
                    match self.byte(end) {
                        Some(b',') => {
                            pos = self.ws(end + 1);
                            index += 1;
                            continue;
                        }
                        Some(b']') => return Ok(end + 1),
                        Some(_) => Lost {
                            at: end,
                            from: end,
                            far: false,
                            untold: Some("broken JSON: a comma or ] is missing"),
                            syntax: true,
                        },
                        None => return Err(lost(end, "broken off JSON: a comma or ] is missing")),
                    }
                }
                Err(Halt::Lost(lost)) => lost,
                Err(Halt::Stop) => return Err(Halt::Stop),
            };
            let Some((next, closed)) = self.recover(pos, &halt, kin) else {
                return Err(Halt::Lost(Lost { far: true, ..halt }));
            };
            if closed && self.byte(next) == Some(b']') {
                return Ok(next + 1);
            }
            pos = if closed { self.ws(next + 1) } else { next };
            index += 1;
        }
    }

    /// Each element of the array at `open` as a tree, or why it is none.
    pub fn trees(&self, open: usize, kin: &Kin, each: &mut EachTree<'_, 'a>) -> Walk {
        self.elements(open, kin, &mut |index, start| match self.value(start) {
            Ok((value, _)) if (kin.alien)(&value) => {
                let why = format!("broken JSON: {} is no element of this array", value.what());
                let fault = Fault { at: start, from: start, field: String::new(), why, syntax: true };
                each(index, start, Err(&fault));
                Err(Halt::Lost(Lost { at: start, from: start, far: true, untold: None, syntax: true }))
            }
            Ok((value, end)) => {
                each(index, start, Ok(&value));
                Ok(end)
            }
            Err(fault) => {
                each(index, start, Err(&fault));
                Err(Halt::from(&fault))
            }
        })
    }

    /// Where an array goes on behind a broken element: at the element's own end (`true`), or at the next whole one.
    fn recover(&self, start: usize, lost: &Lost, kin: &Kin) -> Option<(usize, bool)> {
        let closed = if lost.far { None } else { self.plain_end(start, lost.from, b']') };
        if let Some(end) = closed
            && (!lost.syntax || matches!(kin.next, Next::Key(_)))
        {
            return Some((end, true));
        }
        // The element's end may be the end of several, so a whole one before it is believed rather; and the end of the array
        // may be one of a list within the element, so a whole one behind it is, unless another array has begun.
        let within = closed.unwrap_or(0);
        let until = closed.filter(|&end| self.byte(end) == Some(b',')).unwrap_or(self.bytes.len());
        let mut pos = lost.from.max(start + 1);
        while pos < until {
            match self.byte(pos) {
                Some(b'"') if pos >= within && kin.ends.iter().any(|key| self.starts_with(pos, key)) => break,
                Some(b'{' | b'[') => {
                    let fits = match kin.next {
                        Next::Tree(fits) => fits,
                        Next::Key(key) if self.starts_with(self.ws(pos + 1), key) => return Some((pos, false)),
                        Next::Key(_) => {
                            pos += 1;
                            continue;
                        }
                    };
                    let read = self.value(pos);
                    let cost = match &read {
                        Ok((_, end)) => end - pos,
                        Err(fault) => fault.at.saturating_sub(pos),
                    };
                    self.spend(cost + 1)?;
                    if let Ok((value, end)) = read
                        && fits(&value)
                        && matches!(self.byte(self.ws(end)), Some(b',' | b']') | None)
                    {
                        return Some((pos, false));
                    }
                }
                _ => {}
            }
            pos += 1;
        }
        self.spend(pos.saturating_sub(start))?;
        closed.map(|end| (end, true))
    }
}

fn breaks_in(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.iter().filter(|&&byte| byte == b'\n').count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

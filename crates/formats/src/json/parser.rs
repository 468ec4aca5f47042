//! The strict reading of one JSON value into a tree, within bounds of depth and memory.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{Text, Value};
use crate::limits::{DEPTH_MAX, TREE_FLOOR_BYTES, TREE_RATIO};

/// Up to this many keys of an object are compared with each other; more go into a set.
const SCAN_KEYS_MAX: usize = 24;
/// Characters of a key that a path shows.
const KEY_CHARS_SHOWN: usize = 60;

/// Why a value could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Where in the document.
    pub at: usize,
    /// Where what is broken may have begun: the last string may have run on into what follows.
    pub from: usize,
    /// The path within the value.
    pub field: String,
    /// What is wrong.
    pub why: String,
    /// Whether the grammar is broken, so that the value's own end is not to be trusted.
    pub syntax: bool,
}

/// What stands behind the end of a document.
pub(crate) fn trailing(at: usize) -> Fault {
    Fault { at, from: at, field: String::new(), why: "broken JSON: trailing characters".to_owned(), syntax: true }
}

enum Step<'a> {
    Key(Text<'a>),
    Index(usize),
}

/// One reading.
pub(super) struct Parser<'a> {
    bytes: &'a [u8],
    start: usize,
    pub pos: usize,
    last_string: usize,
    path: Vec<Step<'a>>,
    spent: usize,
}

type Read<T> = Result<T, Fault>;

impl<'a> Parser<'a> {
    pub fn new(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, start, pos: start, last_string: start, path: Vec::new(), spent: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn ws(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.pos += 1;
        }
    }

    fn fault(&self, why: impl Into<String>, syntax: bool) -> Fault {
        let mut field = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.extend(key.as_str().chars().take(KEY_CHARS_SHOWN));
                }
                Step::Index(index) => {
                    let _ = write!(field, "[{index}]");
                }
            }
        }
        Fault { at: self.pos, from: self.last_string.min(self.pos), field, why: why.into(), syntax }
    }

    fn broken(&self, expected: &str) -> Fault {
        match self.byte() {
            None => self.fault(format!("broken off JSON: {expected} is missing"), true),
            Some(_) => self.fault(format!("broken JSON: {expected} is missing"), true),
        }
    }

    /// Room for a tree grows with what has been read of the text: dense shapes are refused before memory is.
    fn spend(&mut self, bytes: usize) -> Read<()> {
        self.spent = self.spent.saturating_add(bytes);
        let budget = TREE_FLOOR_BYTES.saturating_add((self.pos - self.start).saturating_mul(TREE_RATIO));
        if self.spent > budget {
            return Err(self.fault("too many small values for the size of the text", false));
        }
        Ok(())
    }

    pub fn value(&mut self, depth: usize) -> Read<Value<'a>> {
        match self.byte() {
            Some(b'{' | b'[') if depth >= DEPTH_MAX => {
                Err(self.fault(format!("nested more than {DEPTH_MAX} deep"), false))
            }
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.broken("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Read<Value<'a>> {
        if self.bytes.get(self.pos..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.pos += word.len();
            return Ok(value);
        }
        Err(self.broken("a value"))
    }

    fn list(&mut self, depth: usize) -> Read<Value<'a>> {
        self.pos += 1;
        let mut items = Vec::new();
        loop {
            self.ws();
            if items.is_empty() && self.byte() == Some(b']') {
                break;
            }
            self.path.push(Step::Index(items.len()));
            let item = self.value(depth + 1)?;
            self.path.pop();
            // Twice, since a growing list moves.
            self.spend(2 * size_of::<Value<'_>>())?;
            items.push(item);
            self.ws();
            match self.byte() {
                Some(b',') => self.pos += 1,
                Some(b']') => break,
                _ => return Err(self.broken("a comma or ]")),
            }
        }
        self.pos += 1;
        Ok(Value::List(items.into_boxed_slice()))
    }

    fn map(&mut self, depth: usize) -> Read<Value<'a>> {
        self.pos += 1;
        let mut entries: Vec<(Text<'a>, Value<'a>)> = Vec::new();
        let mut seen: HashSet<Box<str>> = HashSet::new();
        loop {
            self.ws();
            match self.byte() {
                Some(b'}') if entries.is_empty() => break,
                Some(b'"') => {}
                _ => return Err(self.broken("a key")),
            }
            let key = self.string()?;
            let again = if entries.len() < SCAN_KEYS_MAX {
                entries.iter().any(|(name, _)| name.as_str() == key.as_str())
            } else {
                if seen.is_empty() {
                    self.spend(SCAN_KEYS_MAX * 64)?;
                    seen.extend(entries.iter().map(|(name, _)| Box::from(name.as_str())));
                }
                self.spend(key.as_str().len() + 64)?;
                !seen.insert(key.as_str().into())
            };
            self.path.push(Step::Key(key.clone()));
            if again {
                return Err(self.fault("this key stands twice in its object", false));
            }
            self.ws();
            if self.byte() != Some(b':') {
                return Err(self.broken("a colon"));
            }
            self.pos += 1;
            self.ws();
            let value = self.value(depth + 1)?;
            self.path.pop();
            self.spend(2 * size_of::<(Text<'_>, Value<'_>)>())?;
            entries.push((key, value));
            self.ws();
            match self.byte() {
                Some(b',') => self.pos += 1,
                Some(b'}') => break,
                _ => return Err(self.broken("a comma or }")),
            }
        }
        self.pos += 1;
        Ok(Value::Map(entries.into_boxed_slice()))
    }

    fn number(&mut self) -> Read<Value<'a>> {
        let start = self.pos;
        if self.byte() == Some(b'-') {
            self.pos += 1;
        }
        match self.byte() {
            Some(b'0') => self.pos += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.broken("a digit")),
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            whole = false;
            self.pos += 1;
            self.some_digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            whole = false;
            self.pos += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            self.some_digits()?;
        }
        if matches!(self.byte(), Some(b'0'..=b'9')) {
            return Err(self.fault("broken JSON: a number begins with 0", true));
        }
        let text = self.bytes.get(start..self.pos).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or("");
        if whole && let Ok(value) = text.parse() {
            return Ok(Value::Int(value));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Float(value)),
            _ => Err(self.fault("the number is out of range", false)),
        }
    }

    fn digits(&mut self) {
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
    }

    fn some_digits(&mut self) -> Read<()> {
        if !matches!(self.byte(), Some(b'0'..=b'9')) {
            return Err(self.broken("a digit"));
        }
        self.digits();
        Ok(())
    }

    /// A string, at its opening quote.
    pub fn string(&mut self) -> Read<Text<'a>> {
        self.last_string = self.pos;
        self.pos += 1;
        let mut owned: Option<String> = None;
        loop {
            let start = self.pos;
            while self.byte().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.pos += 1;
            }
            let bytes: &'a [u8] = self.bytes;
            let piece = match std::str::from_utf8(bytes.get(start..self.pos).unwrap_or_default()) {
                Ok(piece) => piece,
                Err(error) => {
                    self.pos = start + error.valid_up_to();
                    return Err(self.fault("broken JSON: invalid UTF-8", false));
                }
            };
            match self.byte() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(match owned {
                        None => Text::Plain(piece),
                        Some(mut text) => {
                            text.push_str(piece);
                            self.spend(2 * text.len())?;
                            Text::Owned(text.into_boxed_str())
                        }
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(piece);
                    self.pos += 1;
                    let read = self.escape()?;
                    if let Some(text) = &mut owned {
                        text.push(read);
                    }
                }
                Some(_) => return Err(self.fault("broken JSON: a control character in a string", true)),
                None => return Err(self.broken("the end of a string")),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let read = match self.byte() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.pos += 1;
                return self.unicode();
            }
            _ => return Err(self.broken("a known escape")),
        };
        self.pos += 1;
        Ok(read)
    }

    fn unicode(&mut self) -> Read<char> {
        let high = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&high) {
            if self.bytes.get(self.pos..self.pos + 2) != Some(b"\\u") {
                return Err(self.broken("the second half of a character"));
            }
            self.pos += 2;
            let low = self.hex()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.broken("the second half of a character"));
            }
            0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| self.broken("the first half of a character"))
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.bytes.get(self.pos..self.pos + 4).filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let code = digits
            .and_then(|four| std::str::from_utf8(four).ok())
            .and_then(|four| u32::from_str_radix(four, 16).ok())
            .ok_or_else(|| self.broken("four hexadecimal digits"))?;
        self.pos += 4;
        Ok(code)
    }
}

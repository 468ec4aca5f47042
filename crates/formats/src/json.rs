//! One strict JSON reader: no duplicate keys, no deep nesting, no invalid UTF-8, errors with line and field.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::fmt::Write as _;
use std::num::NonZeroU32;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use crate::Problem;
use crate::limits::DEPTH_MAX;

/// Bytes that the tree of a small document may take, whatever its size.
const TREE_FLOOR_BYTES: usize = 32 << 20;
/// Bytes of tree for each byte of document; with the document itself that is three times the input.
const TREE_RATIO: usize = 2;
/// Up to this many keys of an object are compared with each other; more go into a set.
const SCAN_KEYS_MAX: usize = 24;

/// A text inside a document, without a copy where it has no escapes.
#[derive(Clone, Debug, PartialEq)]
pub enum Text<'a> {
    /// As it stands in the document.
    Plain(&'a str),
    /// With its escapes undone.
    Owned(Box<str>),
}

impl Text<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Owned(text) => text,
        }
    }
}

/// A JSON value that borrows from its document.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Text<'a>),
    /// An array.
    List(Box<[Value<'a>]>),
    /// An object, in the order of the document.
    Map(Box<[(Text<'a>, Value<'a>)]>),
}

impl<'a> Value<'a> {
    /// The member `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The string member `key`; `None` also if it is something else.
    #[must_use]
    pub fn str(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_str)
    }

    /// The elements of an array; none if it is something else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The members of an object; none if it is something else.
    #[must_use]
    pub fn entries(&self) -> &[(Text<'a>, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What it is, for an error.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Str(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
        }
    }
}

enum Step<'a> {
    Key(Text<'a>),
    Index(usize),
}

struct Reading<'a> {
    path: RefCell<Vec<Step<'a>>>,
    spent: Cell<usize>,
    budget: usize,
}

impl Reading<'_> {
    fn spend<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        let spent = self.spent.get().saturating_add(bytes);
        self.spent.set(spent);
        if spent > self.budget { Err(E::custom("too many small values for the size of the document")) } else { Ok(()) }
    }

    fn field(&self) -> String {
        let mut field = String::new();
        for step in self.path.borrow().iter() {
            match step {
                Step::Key(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.extend(key.as_str().chars().take(60));
                }
                Step::Index(index) => {
                    let _ = write!(field, "[{index}]");
                }
            }
        }
        field
    }
}

#[derive(Clone, Copy)]
struct Seed<'r, 'a> {
    reading: &'r Reading<'a>,
    depth: usize,
}

impl<'a> DeserializeSeed<'a> for Seed<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Seed<'_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'a>, E> {
        Ok(Value::Int(value))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Value<'a>, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'a>, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::Str(Text::Plain(value)))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value<'a>, E> {
        self.reading.spend(value.len())?;
        Ok(Value::Str(Text::Owned(value.into())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Value<'a>, A::Error> {
        let next = self.deeper()?;
        let mut items = Vec::new();
        loop {
            self.reading.path.borrow_mut().push(Step::Index(items.len()));
            let item = seq.next_element_seed(next)?;
            self.reading.path.borrow_mut().pop();
            let Some(item) = item else { break };
            self.reading.spend(size_of::<Value<'_>>())?;
            items.push(item);
        }
        Ok(Value::List(items.into_boxed_slice()))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Value<'a>, A::Error> {
        let next = self.deeper()?;
        let mut entries: Vec<(Text<'a>, Value<'a>)> = Vec::new();
        let mut seen: HashSet<Box<str>> = HashSet::new();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let again = if entries.len() < SCAN_KEYS_MAX {
                entries.iter().any(|(name, _)| name.as_str() == key.as_str())
            } else {
                if seen.is_empty() {
                    seen.extend(entries.iter().map(|(name, _)| Box::from(name.as_str())));
                }
                self.reading.spend(key.as_str().len() + 32)?;
                !seen.insert(key.as_str().into())
            };
            self.reading.path.borrow_mut().push(Step::Key(key.clone()));
            if again {
                return Err(A::Error::custom("this key stands twice in its object"));
            }
            let value = map.next_value_seed(next)?;
            self.reading.path.borrow_mut().pop();
            self.reading.spend(size_of::<(Text<'_>, Value<'_>)>())?;
            entries.push((key, value));
        }
        Ok(Value::Map(entries.into_boxed_slice()))
    }
}

impl Seed<'_, '_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!("nested more than {DEPTH_MAX} deep")));
        }
        Ok(Self { reading: self.reading, depth: self.depth + 1 })
    }
}

struct KeySeed;

impl<'a> DeserializeSeed<'a> for KeySeed {
    type Value = Text<'a>;

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<Text<'a>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for KeySeed {
    type Value = Text<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, value: &'a str) -> Result<Text<'a>, E> {
        Ok(Text::Plain(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Text<'a>, E> {
        Ok(Text::Owned(value.into()))
    }
}

/// Reads one document.
///
/// # Errors
/// A [`Problem`] with the line and the path of the field.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let budget = TREE_FLOOR_BYTES.max(bytes.len().saturating_mul(TREE_RATIO));
    let reading = Reading { path: RefCell::new(Vec::new()), spent: Cell::new(0), budget };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let outcome = Seed { reading: &reading, depth: 0 }.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    outcome.map_err(|error| Problem {
        line: u32::try_from(error.line()).ok().and_then(NonZeroU32::new),
        field: reading.field(),
        why: why(&error),
    })
}

fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or("not JSON");
    let text = text.replace("invalid unicode code point", "invalid UTF-8");
    if error.is_eof() {
        format!("broken off JSON: {text}")
    } else if error.is_syntax() {
        format!("broken JSON: {text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], line: u32, field: &str, why: &str) {
        let problem = parse(text).unwrap_err();
        assert_eq!((problem.line.map(NonZeroU32::get), problem.field.as_str()), (Some(line), field), "{problem:?}");
        assert!(problem.why.contains(why), "{problem:?}");
    }

    #[test]
    fn names_line_and_field() {
        check(b"{\n\"a\": {\"b\": [1, 2,\n {\"c\": tru}]}}", 3, "a.b[2].c", "broken JSON");
        check(b"{\"a\":1,\n\"a\":2}", 2, "a", "stands twice");
        check(b"{\"a\": \"\xff\"}", 1, "a", "invalid UTF-8");
        check(b"{\"a\": [1,", 1, "a[1]", "broken off");
        check(b"{} x", 1, "", "trailing");
        check("[".repeat(10_000).as_bytes(), 1, &"[0]".repeat(64), "nested more than 64 deep");
        check("{\"a\":".repeat(10_000).as_bytes(), 1, &["a"; 64].join("."), "nested more than 64 deep");
        let many = (0..40).map(|n| format!("\"k{n}\":1")).chain(["\"k7\":1".to_owned()]).collect::<Vec<_>>().join(",");
        check(format!("{{{many}}}").as_bytes(), 1, "k7", "stands twice");
    }

    #[test]
    fn many_small_values_are_refused_before_memory_is() {
        let dense = format!("[{}1]", "1,".repeat(4_000_000));
        check(dense.as_bytes(), 1, "", "too many small values");
    }

    #[test]
    fn reads_what_it_should() {
        let value = parse(b"\xef\xbb\xbf{\"a\": [1, -2.5, \"x\\ny\", null, true], \"b\": {}}").unwrap();
        assert_eq!(value.get("a").unwrap().items().len(), 5);
        assert_eq!(value.get("a").unwrap().items()[2].as_str(), Some("x\ny"));
    }
}

//! One strict JSON reader: no duplicate keys, no deep nesting, no invalid UTF-8, errors with line and field.

pub(crate) mod doc;
mod outline;
mod parser;

use crate::Problem;
use doc::Doc;

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

/// Reads one document as one tree. What may be big is read piece by piece instead, by `doc::Doc`.
///
/// # Errors
/// A [`Problem`] with the line and the path of the field.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, Problem> {
    let doc = Doc::new(bytes, 1);
    let outcome = doc.value(doc.ws(0)).and_then(|(value, end)| {
        let end = doc.ws(end);
        if doc.byte(end).is_none() { Ok(value) } else { Err(parser::trailing(end)) }
    });
    outcome.map_err(|fault| Problem { line: doc.line_at(fault.at), field: fault.field, why: fault.why })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

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

//! JSON of no known format: every string of it, read without building a tree.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Place;
use super::gather::Gather;
use super::text::{self, Text};
use crate::limits::DEPTH_MAX;

/// Longest name of a field that is told.
const PATH_CHARS_MAX: usize = 80;

/// Reads one field: a value, or words.
pub(super) fn field(text: &str, gather: &mut Gather) {
    text::read(text, Text::Field, gather);
}

/// Reads a document or lines of JSON; `false` if it is none, and nothing was taken.
pub(super) fn read(text: &str, gather: &mut Gather) -> bool {
    // Two passes: what breaks half-way is read as text instead, and must leave nothing behind.
    let mut documents = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut from = 0;
    while let Some(value) = values.next() {
        if value.is_err() {
            return false;
        }
        documents.push((from, values.byte_offset()));
        from = values.byte_offset();
    }
    // Each by a reader of its own: one reader counts lines from the start of the text whenever it tells where it is.
    for (from, to) in documents {
        let mut deserializer = serde_json::Deserializer::from_str(text.get(from..to).unwrap_or_default());
        let seed = Strings { gather: &mut *gather, path: String::new(), depth: 0 };
        if seed.deserialize(&mut deserializer).is_err() {
            break;
        }
    }
    gather.place = Place::Text;
    true
}

struct Strings<'g> {
    gather: &'g mut Gather,
    path: String,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.gather.place = Place::Field(self.path.chars().take(PATH_CHARS_MAX).collect());
        field(text, self.gather);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.depth >= DEPTH_MAX {
            while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while list
            .next_element_seed(Strings { gather: &mut *self.gather, path: self.path.clone(), depth: self.depth + 1 })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.depth >= DEPTH_MAX {
                map.next_value::<serde::de::IgnoredAny>()?;
                continue;
            }
            let mut path = self.path.clone();
            if path.len() < PATH_CHARS_MAX {
                if !path.is_empty() {
                    path.push('.');
                }
                path.extend(key.chars().take(PATH_CHARS_MAX));
            }
            map.next_value_seed(Strings { gather: &mut *self.gather, path, depth: self.depth + 1 })?;
        }
        Ok(())
    }
}

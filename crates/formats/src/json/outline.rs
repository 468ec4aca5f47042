//! The outline of a document: its first members and elements, enough to tell its format.

use super::Value;
use super::doc::{Doc, Halt, Kin, Next, Walk};

/// Members of an object that an outline shows.
const MEMBERS_SHOWN: usize = 64;
/// Elements of an array that an outline shows.
const ELEMENTS_SHOWN: usize = 8;
/// Levels that an outline shows.
const LEVELS_SHOWN: usize = 8;
/// Values below the first two levels that an outline shows.
const DEEP_SHOWN: usize = 2000;

const NONE: Kin = Kin { next: Next::Tree(|_| false), alien: |_| false, ends: &[] };

impl<'a> Doc<'a> {
    /// The outline of the value at `at`. What is broken is left out of it.
    pub fn outline(&self, at: usize) -> Value<'a> {
        self.outlined(at, 0, &mut DEEP_SHOWN.clone()).unwrap_or(Value::Null)
    }

    fn outlined(&self, at: usize, level: usize, left: &mut usize) -> Option<Value<'a>> {
        if level > 2 {
            *left = left.checked_sub(1)?;
        }
        match self.byte(at)? {
            b'{' if level < LEVELS_SHOWN => {
                let mut entries = Vec::new();
                let mut more = |key: &super::Text<'a>, value: usize, _: bool| -> Walk {
                    if entries.len() >= MEMBERS_SHOWN {
                        return Err(Halt::Stop);
                    }
                    if let Some(value) = self.outlined(value, level + 1, left) {
                        entries.push((key.clone(), value));
                    }
                    self.skim(value)
                };
                let _ = self.members(at, &[], &mut more);
                Some(Value::Map(entries.into_boxed_slice()))
            }
            b'[' if level < LEVELS_SHOWN => {
                let mut items = Vec::new();
                let mut more = |index: usize, element: usize| -> Walk {
                    if index >= ELEMENTS_SHOWN {
                        return Err(Halt::Stop);
                    }
                    items.extend(self.outlined(element, level + 1, left));
                    self.skim(element)
                };
                let _ = self.elements(at, &NONE, &mut more);
                Some(Value::List(items.into_boxed_slice()))
            }
            b'{' => Some(Value::Map(Box::default())),
            b'[' => Some(Value::List(Box::default())),
            _ => self.value(at).ok().map(|(value, _)| value),
        }
    }
}

//! Everything that was seen, as fields and values: nothing here knows what a leak looks like.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::classifier::{Feature, Fields};

/// Deepest nesting that is walked.
const DEPTH_MAX: usize = 12;
/// Beginnings and ends of bytes that are looked at by themselves.
const ENDS: [(usize, &str, &str); 3] = [(1, "first 1", "last 1"), (2, "first 2", "last 2"), (4, "first 4", "last 4")];
/// Numbers of which it is told how they changed.
const CHANGES_MAX: usize = 60;

/// The fields of one report.
pub struct Bag<'a> {
    fields: &'a mut Fields,
    name: String,
    seen: Vec<Feature>,
}

impl<'a> Bag<'a> {
    pub fn new(fields: &'a mut Fields) -> Self {
        Self { fields, name: String::new(), seen: Vec::new() }
    }

    pub fn done(self) -> Vec<Feature> {
        self.seen
    }

    /// Within a name of its own.
    pub fn within(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        let before = self.name.len();
        self.name.push('.');
        self.name.push_str(name);
        fill(self);
        self.name.truncate(before);
    }

    pub fn put(&mut self, end: &str, value: impl Hash) {
        let before = self.name.len();
        self.name.push(' ');
        self.name.push_str(end);
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let field = self.fields.number(&self.name);
        self.name.truncate(before);
        self.seen.push((field, hasher.finish() as u32));
    }

    /// A number in itself, in its last digits and bits, and coarsely.
    pub fn number(&mut self, n: i64) {
        self.put("", n);
        for (name, modulus) in [("%10", 10), ("%12", 12), ("%16", 16), ("%100", 100), ("%256", 256), ("%1000", 1_000)] {
            self.put(name, n.rem_euclid(modulus));
        }
        self.put("%100/8", n.rem_euclid(100) / 8);
        self.put("%1000/50", n.rem_euclid(1_000) / 50);
        self.put("size", 64 - n.unsigned_abs().leading_zeros());
    }

    /// A moment: beside the number, how long before the moment at hand.
    pub fn moment(&mut self, at: i64, now: i64) {
        self.number(at);
        self.put("ago", now - at);
        self.put("ago/10", (now - at) / 10);
    }

    /// Bytes in whole, by their ends, and by how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.put("whole", bytes);
        self.put("length", bytes.len());
        for (length, first, last) in ENDS {
            self.put(first, bytes.get(..length));
            self.put(last, bytes.len().checked_sub(length).and_then(|from| bytes.get(from..)));
        }
    }

    pub fn text(&mut self, text: &str, now: i64) {
        if let Some(at) = text.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond()) {
            return self.moment(at, now);
        }
        self.bytes(text.as_bytes());
        let digits: String = text.chars().filter(char::is_ascii_digit).take(15).collect();
        if let Ok(n) = digits.parse::<i64>() {
            self.within("digits", |bag| bag.number(n));
        }
    }

    /// A JSON text: of each list the element that names one of the marks, and its place.
    pub fn json(&mut self, value: &Value, marks: &[&str], now: i64) {
        self.walk(value, marks, now, 0);
    }

    fn walk(&mut self, value: &Value, marks: &[&str], now: i64, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match value {
            Value::Null => self.put("", "null"),
            Value::Bool(is) => self.put("", is),
            Value::Number(n) => match n.as_i64() {
                // Milliseconds of this time of the world.
                Some(n) if n > 1_000_000_000_000 => self.moment(n, now),
                Some(n) => self.number(n),
                None => self.put("", n.to_string()),
            },
            Value::String(text) => self.text(text, now),
            Value::Object(all) => {
                self.put("keys", all.len());
                for (key, value) in all {
                    self.within(key, |bag| bag.walk(value, marks, now, depth + 1));
                }
            }
            Value::Array(all) => {
                self.put("count", all.len());
                let Some(place) = all.iter().position(|value| names(value, marks)) else { return };
                self.put("place", place);
                self.put("place from the end", all.len() - place);
                let others = all.iter().skip(place + 1).filter(|value| names(value, marks)).count();
                self.put("more of it", others);
                self.within("[]", |bag| bag.walk(&all[place], marks, now, depth + 1));
            }
        }
    }

    /// An answer: status, headers, body.
    pub fn answer(&mut self, answer: &str, marks: &[&str], now: i64) {
        let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
        for line in head.lines() {
            match line.split_once(": ") {
                Some((name, value)) => self.within(name, |bag| bag.text(value, now)),
                None => self.put("status", line),
            }
        }
        self.put("bytes", body.len());
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            return self.json(&value, marks, now);
        }
        // Lines of a feed.
        let place = body.lines().position(|line| marks.iter().any(|mark| line.contains(mark)));
        self.put("line", place);
        self.put("line from the end", place.map(|place| body.lines().count() - place));
        self.put("the line", place.and_then(|place| body.lines().nth(place)));
    }

    /// How an answer has changed: what numbers of its head and of its body outside lists moved by.
    pub fn change(&mut self, before: &str, after: &str) {
        self.put("same", before == after);
        self.put("longer by", after.len() as i64 - before.len() as i64);
        let (before, after) = (numbers(before), numbers(after));
        for (name, after) in after.iter().take(CHANGES_MAX) {
            if let Some((_, before)) = before.iter().find(|(known, _)| known == name) {
                self.within(name, |bag| bag.put("moved by", after.wrapping_sub(*before)));
            }
        }
    }

    /// What came on a stream within one look: each event with its place, those that name a mark in full.
    pub fn events(&mut self, text: &str, marks: &[&str], now: i64) {
        let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty()).collect();
        self.put("events", events.len());
        self.within("came", |bag| if events.is_empty() { bag.put("", "nothing") } else { bag.number(now) });
        for (place, event) in events.iter().enumerate() {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let (kind, data) = (field("event").unwrap_or("none"), field("data").unwrap_or_default());
            let mine = marks.iter().any(|mark| data.contains(mark));
            self.within(kind, |bag| {
                bag.put("of how many", events.len());
                if !mine {
                    bag.put("came with it", data.len() / 64);
                    return;
                }
                bag.put("place", place);
                bag.put("place from the end", events.len() - place);
                bag.put("bytes", data.len());
                if let Some(id) = field("id") {
                    bag.within("id", |bag| bag.text(id, now));
                }
                if let Ok(value) = serde_json::from_str::<Value>(data) {
                    bag.json(&value, marks, now);
                }
            });
        }
    }
}

/// Whether a mark is named anywhere in a value.
pub fn names(value: &Value, marks: &[&str]) -> bool {
    match value {
        Value::String(text) => marks.iter().any(|mark| text.contains(mark)),
        Value::Array(all) => all.iter().any(|value| names(value, marks)),
        Value::Object(all) => all.values().any(|value| names(value, marks)),
        _ => false,
    }
}

/// Every number of an answer outside lists, with a name.
fn numbers(answer: &str) -> Vec<(String, i64)> {
    fn of(name: &str, value: &Value, all: &mut Vec<(String, i64)>) {
        match value {
            Value::Number(n) => all.extend(n.as_i64().map(|n| (name.to_owned(), n))),
            Value::Array(list) => all.push((format!("{name} count"), list.len() as i64)),
            Value::Object(object) => object.iter().for_each(|(key, value)| of(&format!("{name}.{key}"), value, all)),
            _ => {}
        }
    }
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
    let mut all = Vec::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        let digits: String = value.chars().filter(char::is_ascii_digit).take(15).collect();
        all.extend(digits.parse::<i64>().ok().map(|n| (name.to_owned(), n)));
    }
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        of("", &value, &mut all);
    }
    all
}

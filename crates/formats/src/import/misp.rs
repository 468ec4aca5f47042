//! MISP events: attributes, objects, tags; an event is one draft, and one more for what its distribution leaves to the cell.
//!
//! Attributes with `to_ids` false are read all the same: a value that is not fit for blocking still links reports. Not
//! read are deleted ones and those of the categories of references, whose links are not the attacker's. An event is walked
//! three times, since its labels may stand behind its attributes and none of it is kept.

use std::num::NonZeroU32;

use model::{Draft, DraftIndicator, Marking, Pap, Severity, Timestamp, Tlp};

use super::document::{join, told};
use super::kinds::{self, Named};
use super::out::{Out, add_tag, add_techniques, attack_of, indicator};
use crate::json::Value;
use crate::json::doc::{Doc, Halt, Kin, Next, Walk};
use crate::limits::{DEPTH_MAX, NARRATIVE_CHARS_MAX};

const REFERENCE_CATEGORIES: &[&str] = &["External analysis", "Internal reference"];

const EVENTS: Kin = Kin { next: Next::Key("\"Event\""), alien: |_| false, ends: &[] };
const ATTRIBUTES: Kin = Kin {
    next: Next::Tree(is_attribute),
    alien: |value| !is_attribute(value) && (is_object(value) || value.get("Event").is_some()),
    ends: &["\"Attribute\"", "\"Object\"", "\"ObjectReference\"", "\"Event\"", "\"info\"", "\"response\""],
};
const OBJECTS: Kin =
    Kin { next: Next::Tree(is_object), alien: |_| false, ends: &["\"Event\"", "\"info\"", "\"response\""] };
/// Members of an event that are read besides its attributes and objects.
const HEAD: &[&str] = &["info", "threat_level_id", "Orgc", "Org", "date", "Tag", "Galaxy", "distribution"];
/// Those of them that say how far the event may travel.
const BOUNDS: &[&str] = &["Tag", "distribution"];

/// Whether a document is of MISP.
pub(super) fn is_misp(value: &Value<'_>) -> bool {
    match value {
        Value::List(items) => items.iter().any(|first| first.get("Event").is_some() || is_event(first)),
        _ => value.get("Event").is_some() || value.get("response").is_some() || is_event(value),
    }
}

fn is_event(value: &Value<'_>) -> bool {
    value.get("info").is_some()
        && (value.get("Attribute").is_some() || value.get("Object").is_some() || value.get("uuid").is_some())
}

fn is_attribute(value: &Value<'_>) -> bool {
    value.str("type").is_some() && value.str("value").is_some() && value.get("proposal_to_delete").is_none()
}

fn is_object(value: &Value<'_>) -> bool {
    value.str("name").is_some() && matches!(value.get("Attribute"), Some(Value::List(_)))
}

/// Whether a document is the index of a MISP feed: ids, each with the head of an event.
pub(super) fn is_manifest(value: &Value<'_>) -> bool {
    let entries = value.entries();
    let uuid = |key: &str| key.len() == 36 && key.bytes().filter(|&b| b == b'-').count() == 4;
    !entries.is_empty()
        && entries
            .iter()
            .all(|(key, entry)| uuid(key.as_str()) && entry.get("info").is_some() && entry.get("timestamp").is_some())
}

pub(super) fn read(doc: &Doc<'_>, at: usize, out: &mut Out<'_>) -> Walk {
    read_any(doc, at, "", 0, out)
}

fn read_any(doc: &Doc<'_>, at: usize, path: &str, depth: usize, out: &mut Out<'_>) -> Walk {
    let walk = match doc.byte(at) {
        Some(b'[' | b'{') if depth >= DEPTH_MAX => {
            out.problem(doc.line_at(at), path, format!("nested more than {DEPTH_MAX} deep"));
            return doc.skim(at);
        }
        Some(b'[') => doc.elements(at, &EVENTS, &mut |index, start| {
            read_any(doc, start, &join(path, &format!("[{index}]")), depth + 1, out)
        }),
        Some(b'{') if is_wrapped(doc, at) => doc.members(at, &[], &mut |key, value, again| {
            let path = join(path, key.as_str());
            match (key.as_str(), doc.byte(value)) {
                ("response" | "Event", _) if again => {
                    out.problem(doc.line_at(value), path, "this key stands twice in its object");
                    doc.skim(value)
                }
                ("response", _) | ("Event", Some(b'[')) => read_any(doc, value, &path, depth + 1, out),
                ("Event", Some(b'{')) => read_event(doc, value, &path, out),
                ("Event", _) => {
                    out.problem(doc.line_at(value), path, format!("is {}, not an object", doc.what(value)));
                    doc.skim(value)
                }
                _ => doc.skim(value),
            }
        }),
        Some(b'{') => return read_event(doc, at, path, out),
        _ => {
            out.problem(doc.line_at(at), path, format!("is {}, not an event", doc.what(at)));
            doc.skim(at)
        }
    };
    told(doc, path, walk, out)
}

/// Whether an object holds events rather than being one.
fn is_wrapped(doc: &Doc<'_>, at: usize) -> bool {
    let mut wrapped = false;
    let _ = doc.members(at, &[], &mut |key, value, _| {
        if matches!(key.as_str(), "response" | "Event") {
            wrapped = true;
            return Err(Halt::Stop);
        }
        doc.skim(value)
    });
    wrapped
}

fn is_reference(attribute: &Value<'_>) -> bool {
    attribute.str("category").is_some_and(|category| REFERENCE_CATEGORIES.contains(&category))
}

/// Whether something is deleted. What MISP never writes there is taken for a yes.
fn is_deleted(deleted: Option<&Value<'_>>) -> bool {
    match deleted {
        None | Some(Value::Null | Value::Bool(false) | Value::Int(0)) => false,
        Some(Value::Str(text)) => !matches!(text.as_str(), "" | "0" | "false"),
        Some(_) => true,
    }
}

/// Whether a distribution leaves something to the cell: the own organisation only, a sharing group (whose members nobody
/// here knows), or a word that nobody knows. Communities (1 to 3) and, below an event, what it inherits (5) may travel.
fn is_held(distribution: Option<&Value<'_>>, of_event: bool) -> bool {
    let number = match distribution {
        None | Some(Value::Null) => return false,
        Some(Value::Int(number)) => Some(*number),
        Some(value) => value.as_str().and_then(|text| text.trim().parse().ok()),
    };
    !(matches!(number, Some(1..=3)) || (number == Some(5) && !of_event))
}

/// Where an attribute stands.
struct Place<'p> {
    path: &'p str,
    index: usize,
    start: usize,
    held: bool,
}

impl Place<'_> {
    fn field(&self, more: &str) -> String {
        join(&format!("{}[{}]", self.path, self.index), more)
    }
}

/// What a walk over attributes comes by.
enum Seen<'v, 'a> {
    Attribute(Place<'v>, &'v Value<'a>),
    Wrong(String, Option<NonZeroU32>, String),
}

type Each<'e, 'a> = &'e mut dyn FnMut(Seen<'_, 'a>);

#[derive(Clone, Copy)]
enum Part {
    Attributes(usize),
    Objects(usize),
}

fn walk_attributes<'a>(doc: &Doc<'a>, at: usize, path: &str, held: bool, each: Each<'_, 'a>) -> Walk {
    if doc.byte(at) != Some(b'[') {
        each(Seen::Wrong(path.to_owned(), doc.line_at(at), format!("is {}, not an array", doc.what(at))));
        return doc.skim(at);
    }
    let walk = doc.trees(at, &ATTRIBUTES, &mut |index, start, attribute| match attribute {
        Ok(attribute) => each(Seen::Attribute(Place { path, index, start, held }, attribute)),
        Err(fault) => {
            let field = join(&format!("{path}[{index}]"), &fault.field);
            each(Seen::Wrong(field, doc.line_at(fault.at), fault.why.clone()));
        }
    });
    told_to(doc, path, walk, each)
}

fn told_to<'a>(doc: &Doc<'a>, path: &str, walk: Walk, each: Each<'_, 'a>) -> Walk {
    walk.map_err(|halt| match halt {
        Halt::Lost(mut lost) => {
            if let Some(why) = lost.untold.take() {
                each(Seen::Wrong(path.to_owned(), doc.line_at(lost.at), why.to_owned()));
            }
            Halt::Lost(lost)
        }
        Halt::Stop => Halt::Stop,
    })
}

fn walk_objects<'a>(doc: &Doc<'a>, at: usize, path: &str, each: Each<'_, 'a>) -> Walk {
    match doc.byte(at) {
        // A search for objects answers with one at a time.
        Some(b'{') => walk_object(doc, at, path, each),
        Some(b'[') => {
            let walk = doc
                .elements(at, &OBJECTS, &mut |index, start| walk_object(doc, start, &format!("{path}[{index}]"), each));
            told_to(doc, path, walk, each)
        }
        _ => {
            each(Seen::Wrong(path.to_owned(), doc.line_at(at), format!("is {}, not an array", doc.what(at))));
            doc.skim(at)
        }
    }
}

fn walk_object<'a>(doc: &Doc<'a>, at: usize, path: &str, each: Each<'_, 'a>) -> Walk {
    if doc.byte(at) != Some(b'{') {
        each(Seen::Wrong(path.to_owned(), doc.line_at(at), format!("is {}, not an object", doc.what(at))));
        return doc.skim(at);
    }
    let (mut deleted, mut held, mut lists) = (false, false, Vec::new());
    let walk = doc.members(at, &[], &mut |key, value, again| match key.as_str() {
        "Attribute" if !again => {
            lists.push(value);
            walk_attributes(doc, value, path, false, &mut |_| {})
        }
        "deleted" | "distribution" => {
            let read = doc.value(value);
            let known = read.as_ref().ok().map(|(value, _)| value);
            if key.as_str() == "deleted" {
                deleted |= is_deleted(known);
            } else {
                held |= known.is_none() || is_held(known, false);
            }
            match read {
                Ok((_, end)) => Ok(end),
                Err(fault) => {
                    each(Seen::Wrong(join(path, key.as_str()), doc.line_at(fault.at), fault.why.clone()));
                    Err(Halt::from(&fault))
                }
            }
        }
        _ if again => {
            let why = "this key stands twice in its object".to_owned();
            each(Seen::Wrong(join(path, key.as_str()), doc.line_at(value), why));
            doc.skim(value)
        }
        _ => doc.skim(value),
    });
    if !deleted {
        // What is broken off may have said that it is not for everybody.
        held |= walk.is_err();
        for list in lists {
            let _ = walk_attributes(doc, list, &join(path, "Attribute"), held, each);
        }
    }
    told_to(doc, path, walk, each)
}

/// An event while it is read.
struct Reader<'r, 'a> {
    doc: &'r Doc<'a>,
    draft: Draft,
    marking: Option<Marking>,
    /// Whether all of it is left to the cell.
    held: bool,
    values: [Vec<DraftIndicator>; 2],
    sent: bool,
}

fn read_event(doc: &Doc<'_>, at: usize, path: &str, out: &mut Out<'_>) -> Walk {
    let (jumps, mut doubt) = (doc.jumps(), false);
    let mut head: Vec<(&str, Value<'_>, usize)> = Vec::new();
    let mut parts = Vec::new();
    let walk = doc.members(at, &["\"Attribute\"", "\"Object\""], &mut |key, value, again| {
        let key = key.as_str();
        if again {
            out.problem(doc.line_at(value), join(path, key), "this key stands twice in its object");
            doubt |= BOUNDS.contains(&key);
            return doc.skim(value);
        }
        match key {
            "Attribute" => {
                parts.push(Part::Attributes(value));
                return walk_attributes(doc, value, "", false, &mut |_| {});
            }
            "Object" => {
                parts.push(Part::Objects(value));
                return walk_objects(doc, value, "", &mut |_| {});
            }
            _ => {}
        }
        let Some(name) = HEAD.iter().find(|name| **name == key) else { return doc.skim(value) };
        match doc.value(value) {
            Ok((read, end)) => {
                head.push((name, read, value));
                Ok(end)
            }
            Err(fault) => {
                out.problem(doc.line_at(fault.at), join(path, &join(key, &fault.field)), fault.why.clone());
                doubt |= BOUNDS.contains(&key);
                Err(Halt::from(&fault))
            }
        }
    });
    let get = |key: &str| head.iter().find(|(name, ..)| *name == key).map(|(_, value, _)| value);
    // Labels that could not be read may have been the strictest.
    doubt |= (walk.is_err() || doc.jumps() > jumps) && BOUNDS.iter().any(|key| get(key).is_none());
    let mut reader = Reader {
        doc,
        draft: Draft::titled(get("info").and_then(Value::as_str).unwrap_or(out.name)),
        marking: None,
        held: doubt || is_held(get("distribution"), true),
        values: [Vec::new(), Vec::new()],
        sent: false,
    };
    reader.draft.origin.field = path.to_owned();
    reader.draft.origin.line = doc.line_at(at);
    reader.read_head(&get, out);
    if let Some((_, Value::Str(date), at)) = head.iter().find(|(name, ..)| *name == "date") {
        reader.draft.happened_at = out.time(date.as_str(), doc.line_at(*at), &join(path, "date"));
    }
    reader.walk(&parts, path, &mut |reader, seen| {
        if let Seen::Attribute(place, attribute) = seen {
            reader.read_label(&place, attribute, out);
        }
    });
    reader.draft.marking = reader.marking;
    let words = format!("{} {}", reader.draft.title, reader.draft.tags.join(" "));
    add_techniques(&mut reader.draft, &words);
    if let Some(attack) = attack_of(&words) {
        reader.draft.attack = attack;
    }
    reader.walk(&parts, path, &mut |reader, seen| match seen {
        Seen::Attribute(place, attribute) => reader.read_attribute(&place, attribute, out),
        Seen::Wrong(field, line, why) => out.problem(line, field, why),
    });
    reader.flush(true, out);
    reader.flush(false, out);
    told(doc, path, walk, out)
}

impl<'a> Reader<'_, 'a> {
    fn walk(&mut self, parts: &[Part], path: &str, each: &mut dyn FnMut(&mut Self, Seen<'_, 'a>)) {
        let doc = self.doc;
        for part in parts {
            let _ = match *part {
                Part::Attributes(at) => {
                    walk_attributes(doc, at, &join(path, "Attribute"), false, &mut |seen| each(self, seen))
                }
                Part::Objects(at) => walk_objects(doc, at, &join(path, "Object"), &mut |seen| each(self, seen)),
            };
        }
    }

    fn read_head<'v>(&mut self, get: &dyn Fn(&str) -> Option<&'v Value<'a>>, out: &Out<'_>)
    where
        'a: 'v,
    {
        self.draft.severity = match get("threat_level_id") {
            Some(Value::Int(1)) => Severity::High,
            Some(Value::Int(3)) => Severity::Low,
            Some(value) if value.as_str() == Some("1") => Severity::High,
            Some(value) if value.as_str() == Some("3") => Severity::Low,
            _ => Severity::Medium,
        };
        let firm = |key: &str| get(key).and_then(|firm| firm.str("name")).map(str::to_owned);
        self.draft.author = firm("Orgc").or_else(|| firm("Org"));
        let (tlp, pap) = self.read_tags(get("Tag"));
        let gap = out.options.marking;
        if tlp.is_some() || pap.is_some() {
            self.marking = Some(Marking { tlp: tlp.unwrap_or(gap.tlp), pap: pap.unwrap_or(gap.pap) });
        }
        for galaxy in get("Galaxy").map_or(&[][..], Value::items) {
            for cluster in galaxy.get("GalaxyCluster").map_or(&[][..], Value::items) {
                if let Some(name) = cluster.str("value") {
                    add_techniques(&mut self.draft, name);
                    add_tag(&mut self.draft, name);
                }
            }
        }
    }

    /// Takes names from tags, and returns the labels among them.
    fn read_tags(&mut self, tags: Option<&Value<'_>>) -> (Option<Tlp>, Option<Pap>) {
        let (mut tlp, mut pap): (Option<Tlp>, Option<Pap>) = (None, None);
        for tag in tags.map_or(&[][..], Value::items) {
            let Some(name) = tag.str("name") else { continue };
            let folded = name.to_ascii_lowercase();
            if folded.starts_with("tlp:") {
                // A TLP label that nobody knows is taken as the strictest.
                let read = name.parse().unwrap_or(Tlp::Red);
                tlp = Some(tlp.map_or(read, |now| now.max(read)));
            } else if folded.starts_with("pap:") {
                let read = name.parse().unwrap_or(Pap::Red);
                pap = Some(pap.map_or(read, |now| now.max(read)));
            } else {
                add_techniques(&mut self.draft, name);
                let quoted = name.split_once("=\"").and_then(|(_, value)| value.strip_suffix('"'));
                let value = if folded.starts_with("misp-galaxy:") { quoted.unwrap_or(name) } else { name };
                if !folded.starts_with("type:") && !folded.starts_with("osint:") {
                    add_tag(&mut self.draft, value);
                }
            }
        }
        (tlp, pap)
    }

    /// What an attribute says of the whole: labels, which can only make the event's stricter, and comments. It comes before
    /// the values, which may leave in parts. What is left to the cell says nothing of the rest.
    fn read_label(&mut self, place: &Place<'_>, attribute: &Value<'_>, out: &Out<'_>) {
        let held = place.held || is_held(attribute.get("distribution"), false);
        if is_deleted(attribute.get("deleted")) || is_reference(attribute) || (held && !self.held) {
            return;
        }
        let (tlp, pap) = self.read_tags(attribute.get("Tag"));
        if tlp.is_some() || pap.is_some() {
            let base = self.marking.unwrap_or(out.options.marking);
            let joined = base.join(Marking { tlp: tlp.unwrap_or(Tlp::Clear), pap: pap.unwrap_or(Pap::Clear) });
            if joined != base {
                self.marking = Some(joined);
            }
        }
        if attribute.str("type") == Some("comment") && self.draft.narrative.len() < NARRATIVE_CHARS_MAX {
            self.draft.narrative.push_str(attribute.str("value").unwrap_or(""));
            self.draft.narrative.push('\n');
        }
    }

    fn read_attribute(&mut self, place: &Place<'_>, attribute: &Value<'_>, out: &mut Out<'_>) {
        if is_deleted(attribute.get("deleted")) {
            return;
        }
        let doc = self.doc;
        let (Some(kind), Some(value)) = (attribute.str("type"), attribute.str("value")) else {
            let what = if attribute.str("type").is_none() { "type" } else { "value" };
            out.problem(doc.line_at(place.start), place.field(""), format!("has no text in {what}"));
            return;
        };
        let Some(named) = kinds::named(kind) else {
            let why = format!("type {:?} is not read", kind.chars().take(40).collect::<String>());
            out.problem(doc.line_of(place.start, &["type"]), place.field("type"), why);
            return;
        };
        if matches!(named, Named::NoValue) || is_reference(attribute) {
            return;
        }
        let held = self.held || place.held || is_held(attribute.get("distribution"), false);
        let seen_at = self.seen_at(place, attribute, out);
        for outcome in kinds::read(&named, value) {
            match outcome {
                Ok(observable) => {
                    let one = indicator(observable, seen_at, doc.line_at(place.start), place.field("value"));
                    self.push(one, held, out);
                }
                Err(why) => out.problem(doc.line_of(place.start, &["value"]), place.field("value"), why),
            }
        }
    }

    fn seen_at(&self, place: &Place<'_>, attribute: &Value<'_>, out: &mut Out<'_>) -> Option<Timestamp> {
        let (key, text) = match (attribute.str("first_seen"), attribute.get("timestamp")) {
            (Some(text), _) => ("first_seen", text.to_owned()),
            (None, Some(Value::Int(seconds))) if *seconds > 0 => ("timestamp", seconds.to_string()),
            (None, Some(Value::Str(text))) if !matches!(text.as_str(), "" | "0") => {
                ("timestamp", text.as_str().to_owned())
            }
            _ => return None,
        };
        match crate::when::parse_time(&text) {
            Ok(time) => Some(time),
            Err(why) => {
                out.problem(self.doc.line_of(place.start, &[key]), place.field(key), why);
                None
            }
        }
    }

    fn push(&mut self, value: DraftIndicator, held: bool, out: &mut Out<'_>) {
        let [open, kept] = &mut self.values;
        let values = if held { kept } else { open };
        values.push(value);
        if values.len() >= out.options.items_max {
            self.send(held, out);
        }
    }

    fn send(&mut self, held: bool, out: &mut Out<'_>) {
        let [open, kept] = &mut self.values;
        let indicators = std::mem::take(if held { kept } else { open });
        out.draft(Draft { indicators, cell_only: held, ..self.draft.clone() });
        self.sent = true;
    }

    /// Sends what is left; an event without values is one draft all the same.
    fn flush(&mut self, held: bool, out: &mut Out<'_>) {
        let [open, kept] = &self.values;
        let some = if held { !kept.is_empty() } else { !open.is_empty() || !self.sent };
        if some {
            self.send(if held || !open.is_empty() { held } else { self.held }, out);
        }
    }
}

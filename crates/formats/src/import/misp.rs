//! MISP events: attributes, objects, tags; an event is one draft.
//!
//! Attributes with `to_ids` false are read all the same: a value that is not fit for blocking still links reports. Not
//! read are deleted ones and those of the categories of references, whose links are not the attacker's.

use model::{Draft, Marking, Pap, Severity, Timestamp, Tlp};

use super::kinds::{self, Named};
use super::out::{Out, add_tag, add_techniques, attack_of, indicator};
use crate::json::Value;
use crate::limits::NARRATIVE_CHARS_MAX;

const REFERENCE_CATEGORIES: &[&str] = &["External analysis", "Internal reference"];

/// Whether a document is of MISP.
pub(super) fn is_misp(value: &Value<'_>) -> bool {
    match value {
        Value::List(items) => items.first().is_some_and(|first| first.get("Event").is_some() || is_event(first)),
        _ => value.get("Event").is_some() || value.get("response").is_some() || is_event(value),
    }
}

fn is_event(value: &Value<'_>) -> bool {
    value.get("info").is_some()
        && (value.get("Attribute").is_some() || value.get("Object").is_some() || value.get("uuid").is_some())
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

pub(super) fn read(value: &Value<'_>, out: &mut Out<'_>) {
    read_any(value, "", out);
}

fn read_any(value: &Value<'_>, path: &str, out: &mut Out<'_>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                read_any(item, &format!("{path}[{index}]"), out);
            }
        }
        Value::Map(_) => {
            if let Some(inner) = value.get("response") {
                read_any(inner, &join("response"), out);
            } else if let Some(event) = value.get("Event") {
                match event {
                    Value::Map(_) => read_event(event, &join("Event"), out),
                    Value::List(_) => read_any(event, &join("Event"), out),
                    other => out.problem(None, join("Event"), format!("is {}, not an object", other.what())),
                }
            } else {
                read_event(value, path, out);
            }
        }
        other => out.problem(None, path, format!("is {}, not an event", other.what())),
    }
}

struct Reader {
    draft: Draft,
    marking: Option<Marking>,
    parted: bool,
}

fn read_event(event: &Value<'_>, path: &str, out: &mut Out<'_>) {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let mut reader =
        Reader { draft: Draft::titled(event.str("info").unwrap_or(out.name)), marking: None, parted: false };
    reader.draft.origin.field = path.to_owned();
    reader.draft.severity = match event.get("threat_level_id") {
        Some(Value::Int(1)) => Severity::High,
        Some(Value::Int(3)) => Severity::Low,
        Some(value) if value.as_str() == Some("1") => Severity::High,
        Some(value) if value.as_str() == Some("3") => Severity::Low,
        _ => Severity::Medium,
    };
    let firm = |key: &str| event.get(key).and_then(|firm| firm.str("name")).map(str::to_owned);
    reader.draft.author = firm("Orgc").or_else(|| firm("Org"));
    if let Some(date) = event.str("date") {
        reader.draft.happened_at = out.time(date, None, &at("date"));
    }
    reader.read_tags(event, true);
    for galaxy in event.get("Galaxy").map_or(&[][..], Value::items) {
        for cluster in galaxy.get("GalaxyCluster").map_or(&[][..], Value::items) {
            if let Some(name) = cluster.str("value") {
                add_techniques(&mut reader.draft, name);
                add_tag(&mut reader.draft, name);
            }
        }
    }
    reader.read_labels(event);
    let draft = &mut reader.draft;
    draft.marking = reader.marking;
    let words = format!("{} {}", draft.title, draft.tags.join(" "));
    add_techniques(draft, &words);
    if let Some(attack) = attack_of(&words) {
        draft.attack = attack;
    }
    reader.read_attributes(event, &at("Attribute"), out);
    if let Some(objects) = event.get("Object") {
        match objects {
            Value::List(_) => {}
            // A search for objects answers with one at a time.
            Value::Map(_) => reader.read_attributes(objects, &format!("{}.Attribute", at("Object")), out),
            other => out.problem(None, at("Object"), format!("is {}, not an array", other.what())),
        }
        for (index, object) in objects.items().iter().enumerate().filter(|(_, object)| !is_deleted(object)) {
            reader.read_attributes(object, &format!("{}[{index}].Attribute", at("Object")), out);
        }
    }
    // A big event has handed out its values in parts by now.
    if !reader.draft.indicators.is_empty() || !reader.parted {
        out.draft(reader.draft);
    }
}

fn is_reference(attribute: &Value<'_>) -> bool {
    attribute.str("category").is_some_and(|category| REFERENCE_CATEGORIES.contains(&category))
}

fn is_deleted(holder: &Value<'_>) -> bool {
    matches!(holder.get("deleted"), Some(Value::Bool(true)))
}

impl Reader {
    /// Labels of the event say how far all of it may travel; a label of one attribute can only make it stricter.
    fn read_tags(&mut self, holder: &Value<'_>, of_event: bool) {
        let (mut tlp, mut pap): (Option<Tlp>, Option<Pap>) = (None, None);
        for tag in holder.get("Tag").map_or(&[][..], Value::items) {
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
        if tlp.is_none() && pap.is_none() {
            return;
        }
        if of_event {
            let fallback = Marking::default();
            self.marking = Some(Marking { tlp: tlp.unwrap_or(fallback.tlp), pap: pap.unwrap_or(fallback.pap) });
        } else {
            let base = self.marking.unwrap_or_default();
            let joined = base.join(Marking { tlp: tlp.unwrap_or(Tlp::Clear), pap: pap.unwrap_or(Pap::Clear) });
            if joined != base {
                self.marking = Some(joined);
            }
        }
    }

    /// What attributes say of the whole: labels and comments. It comes before their values, which may leave in parts.
    fn read_labels(&mut self, event: &Value<'_>) {
        let objects = event.get("Object").map_or(&[][..], |objects| match objects {
            Value::Map(_) => std::slice::from_ref(objects),
            other => other.items(),
        });
        let holders = std::iter::once(event).chain(objects.iter().filter(|object| !is_deleted(object)));
        for attribute in holders.flat_map(|holder| holder.get("Attribute").map_or(&[][..], Value::items)) {
            if is_deleted(attribute) || is_reference(attribute) {
                continue;
            }
            self.read_tags(attribute, false);
            if attribute.str("type") == Some("comment") && self.draft.narrative.len() < NARRATIVE_CHARS_MAX {
                self.draft.narrative.push_str(attribute.str("value").unwrap_or(""));
                self.draft.narrative.push('\n');
            }
        }
    }

    fn read_attributes(&mut self, holder: &Value<'_>, path: &str, out: &mut Out<'_>) {
        let Some(attributes) = holder.get("Attribute") else { return };
        if !matches!(attributes, Value::List(_)) {
            out.problem(None, path, format!("is {}, not an array", attributes.what()));
        }
        for (index, attribute) in attributes.items().iter().enumerate() {
            self.read_attribute(attribute, &format!("{path}[{index}]"), out);
        }
    }

    fn read_attribute(&mut self, attribute: &Value<'_>, path: &str, out: &mut Out<'_>) {
        if is_deleted(attribute) {
            return;
        }
        let (Some(kind), Some(value)) = (attribute.str("type"), attribute.str("value")) else {
            let what = if attribute.str("type").is_none() { "type" } else { "value" };
            out.problem(None, path, format!("has no text in {what}"));
            return;
        };
        let named = match kinds::named(kind) {
            Some(named) => named,
            None => {
                out.problem(
                    None,
                    format!("{path}.type"),
                    format!("type {:?} is not read", kind.chars().take(40).collect::<String>()),
                );
                return;
            }
        };
        if matches!(named, Named::NoValue) || is_reference(attribute) {
            return;
        }
        if self.draft.indicators.len() >= out.options.items_max {
            let indicators = std::mem::take(&mut self.draft.indicators);
            out.draft(Draft { indicators, ..self.draft.clone() });
            self.parted = true;
        }
        let seen_at = seen_at(attribute, path, out);
        for outcome in kinds::read(&named, value) {
            match outcome {
                Ok(observable) => {
                    self.draft.indicators.push(indicator(observable, seen_at, None, format!("{path}.value")))
                }
                Err(why) => out.problem(None, format!("{path}.value"), why),
            }
        }
    }
}

fn seen_at(attribute: &Value<'_>, path: &str, out: &mut Out<'_>) -> Option<Timestamp> {
    if let Some(text) = attribute.str("first_seen") {
        return out.time(text, None, &format!("{path}.first_seen"));
    }
    match attribute.get("timestamp") {
        Some(Value::Int(seconds)) if *seconds > 0 => out.time(&seconds.to_string(), None, &format!("{path}.timestamp")),
        Some(value) if value.as_str().is_some_and(|text| text != "0" && !text.is_empty()) => {
            out.time(value.as_str().unwrap_or(""), None, &format!("{path}.timestamp"))
        }
        _ => None,
    }
}

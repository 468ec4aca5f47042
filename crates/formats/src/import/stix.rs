//! STIX 2.0 and 2.1: indicators whose pattern is equalities, and cyber-observable objects; a bundle is one draft, or one
//! a report where it holds several.

use std::collections::HashMap;

use model::{Draft, DraftIndicator, Marking, Technique, Timestamp, Tlp};

use super::out::{Out, add_tag, add_techniques, attack_of, indicator};
use super::stix_pattern;
use crate::json::Value;
use crate::when::parse_time;

const TLP2_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// The markings that the standard defines once for all.
const KNOWN_MARKINGS: &[(&str, Tlp)] = &[
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// Objects that hold values.
const VALUE_TYPES: &[&str] = &[
    "indicator",
    "observed-data",
    "ipv4-addr",
    "ipv6-addr",
    "domain-name",
    "url",
    "email-addr",
    "email-message",
    "mac-addr",
    "file",
    "artifact",
    "x509-certificate",
    "mutex",
    "directory",
    "windows-registry-key",
    "user-account",
    "autonomous-system",
];

/// Objects whose name is a tag.
const NAMED_TYPES: &[&str] = &["malware", "tool", "campaign", "threat-actor", "intrusion-set"];

/// Whether a document is of STIX: a bundle, an envelope, an object, or a TAXII collection of them.
pub(super) fn is_stix(value: &Value<'_>) -> bool {
    is_object(value) || value.str("type") == Some("bundle") || holds_objects(value, 0)
}

fn is_object(value: &Value<'_>) -> bool {
    match (value.str("type"), value.str("id")) {
        (Some(kind), Some(id)) => id.strip_prefix(kind).is_some_and(|rest| rest.starts_with("--")),
        _ => false,
    }
}

fn holds_objects(value: &Value<'_>, depth: usize) -> bool {
    if depth > 6 {
        return false;
    }
    match value {
        Value::Map(entries) => entries.iter().any(|(key, inner)| {
            (key.as_str() == "objects" && inner.items().iter().any(is_object)) || holds_objects(inner, depth + 1)
        }),
        Value::List(items) => {
            items.iter().any(|item| (depth == 0 && is_object(item)) || holds_objects(item, depth + 1))
        }
        _ => false,
    }
}

/// Hands each group of objects that stand together to [`read_bundle`].
pub(super) fn read(value: &Value<'_>, out: &mut Out<'_>) {
    if is_object(value) && value.str("type") != Some("bundle") {
        read_bundle(std::slice::from_ref(value), "", out);
        return;
    }
    if let Some(objects) = value.get("objects") {
        match objects {
            Value::List(items) => read_bundle(items, "objects", out),
            other => out.problem(None, "objects", format!("is {}, not an array", other.what())),
        }
        return;
    }
    if value.str("type") == Some("bundle") {
        out.problem(None, "objects", "the bundle holds no objects");
        return;
    }
    if value.items().iter().any(is_object) {
        read_bundle(value.items(), "", out);
        return;
    }
    read_nested(value, "", out);
}

fn read_nested(value: &Value<'_>, path: &str, out: &mut Out<'_>) {
    for (key, inner) in value.entries() {
        let path = if path.is_empty() { key.as_str().to_owned() } else { format!("{path}.{}", key.as_str()) };
        if key.as_str() == "objects" && inner.items().iter().any(is_object) {
            read_bundle(inner.items(), &path, out);
        } else {
            read_nested(inner, &path, out);
        }
    }
    for (index, item) in value.items().iter().enumerate() {
        let path = format!("{path}[{index}]");
        if item.str("type") == Some("bundle") {
            read_bundle(item.get("objects").map_or(&[][..], Value::items), &format!("{path}.objects"), out);
        } else {
            read_nested(item, &path, out);
        }
    }
}

/// An object that may hold values, and how it is marked.
struct Found<'o, 'd> {
    object: &'o Value<'d>,
    index: usize,
    tlp: Option<Tlp>,
}

impl Found<'_, '_> {
    fn read(&self, path: &str, out: &mut Out<'_>) -> Vec<DraftIndicator> {
        let path = format!("{path}[{}]", self.index);
        match self.object.str("type") {
            Some("indicator") => read_indicator(self.object, &path, out),
            Some("observed-data") => read_observed(self.object, &path, out),
            Some(kind) => read_observable(self.object, kind, &path, None, out),
            None => Vec::new(),
        }
    }
}

/// What the drafts of one bundle share.
struct Bundle<'b> {
    shared: Draft,
    names: HashMap<&'b str, &'b str>,
    path: &'b str,
}

fn read_bundle(objects: &[Value<'_>], path: &str, out: &mut Out<'_>) {
    let markings = markings(objects);
    let tlp_of = |object: &Value<'_>| {
        let refs = object.get("object_marking_refs").map_or(&[][..], Value::items);
        refs.iter().filter_map(Value::as_str).filter_map(|id| markings.get(id).copied()).max()
    };
    let names: HashMap<&str, &str> = objects
        .iter()
        .filter(|o| o.str("type") == Some("identity"))
        .filter_map(|o| Some((o.str("id")?, o.str("name")?)))
        .collect();
    let reports: Vec<&Value<'_>> =
        objects.iter().filter(|o| matches!(o.str("type"), Some("report" | "grouping"))).collect();
    let several = if reports.len() > 1 { reports.as_slice() } else { &[] };
    // What several reports name belongs to the first of them.
    let mut owner: HashMap<&str, usize> = HashMap::new();
    for (number, report) in several.iter().enumerate() {
        for id in report.get("object_refs").map_or(&[][..], Value::items).iter().filter_map(Value::as_str) {
            owner.entry(id).or_insert(number);
        }
    }
    let mut owned: Vec<Vec<Found<'_, '_>>> = several.iter().map(|_| Vec::new()).collect();
    let mut rest = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let Some(kind) = object.str("type") else {
            out.problem(None, format!("{path}[{index}]"), "is no STIX object: it has no type");
            continue;
        };
        if VALUE_TYPES.contains(&kind) {
            let number = object.str("id").and_then(|id| owner.get(id));
            let group = number.and_then(|&number| owned.get_mut(number)).unwrap_or(&mut rest);
            group.push(Found { object, index, tlp: tlp_of(object) });
        }
    }
    let bundle = Bundle { shared: shared(objects, out), names, path };
    let mut sent = 0;
    for (report, found) in several.iter().zip(owned) {
        sent += bundle.send(&found, Some(report), tlp_of(report), out);
    }
    let report = if several.is_empty() { reports.first().copied() } else { None };
    let lead = report.or_else(|| objects.iter().find(|o| NAMED_TYPES.contains(&o.str("type").unwrap_or(""))));
    sent += bundle.send(&rest, lead, lead.and_then(tlp_of), out);
    if sent == 0 {
        out.problem(None, path, "holds no value that can be read");
    }
}

/// What every draft of a bundle gets: names as tags, techniques.
fn shared(objects: &[Value<'_>], out: &Out<'_>) -> Draft {
    let mut draft = Draft::titled(out.name);
    for object in objects {
        let kind = object.str("type").unwrap_or("");
        if NAMED_TYPES.contains(&kind)
            && let Some(name) = object.str("name")
        {
            add_tag(&mut draft, name);
        }
        if kind == "attack-pattern" {
            for reference in object.get("external_references").map_or(&[][..], Value::items) {
                let id = reference.str("external_id").and_then(Technique::parse);
                if let Some(technique) = id {
                    add_techniques(&mut draft, technique.as_str());
                }
            }
        }
    }
    draft
}

impl Bundle<'_> {
    /// Sends what belongs together, in parts if it is much; returns the number of drafts.
    fn send(&self, found: &[Found<'_, '_>], lead: Option<&Value<'_>>, tlp: Option<Tlp>, out: &mut Out<'_>) -> usize {
        let is_report = lead.is_some_and(|lead| lead.str("type") == Some("report"));
        if found.is_empty() && !is_report {
            return 0;
        }
        let mut draft = self.shared.clone();
        draft.origin.field = self.path.to_owned();
        if let Some(lead) = lead {
            if let Some(title) = lead.str("title").or_else(|| lead.str("name")) {
                title.clone_into(&mut draft.title);
            }
            lead.str("description").unwrap_or("").clone_into(&mut draft.narrative);
            draft.author = lead.str("created_by_ref").and_then(|id| self.names.get(id)).map(|name| (*name).to_owned());
            let time = lead
                .str("published")
                .map(|text| (text, "published"))
                .or_else(|| lead.str("created").map(|text| (text, "created")));
            if let Some((text, key)) = time {
                draft.happened_at = out.time(text, None, &format!("{}.{key}", self.path));
            }
            for label in lead.get("labels").map_or(&[][..], Value::items).iter().filter_map(Value::as_str) {
                add_tag(&mut draft, label);
            }
        }
        draft.marking = joined(found, tlp).map(|tlp| Marking { tlp, pap: Marking::default().pap });
        let words = format!("{} {}", draft.title, draft.tags.join(" "));
        add_techniques(&mut draft, &words);
        if let Some(attack) = attack_of(&words) {
            draft.attack = attack;
        }
        let mut sent = 0;
        for one in found {
            let values = one.read(self.path, out);
            if draft.happened_at.is_none() {
                draft.happened_at = values.iter().find_map(|value| value.seen_at);
            }
            if draft.indicators.len() + values.len() > out.options.items_max && !draft.indicators.is_empty() {
                let indicators = std::mem::take(&mut draft.indicators);
                out.draft(Draft { indicators, ..draft.clone() });
                sent += 1;
            }
            draft.indicators.extend(values);
        }
        if !draft.indicators.is_empty() || (is_report && sent == 0) {
            out.draft(draft);
            sent += 1;
        }
        sent
    }
}

/// One marking for all of a draft: the strictest. What is unmarked counts as its report is marked, else as AMBER.
fn joined(found: &[Found<'_, '_>], of_report: Option<Tlp>) -> Option<Tlp> {
    let strictest = found.iter().filter_map(|one| one.tlp).chain(of_report).max()?;
    let unmarked = of_report.is_none() && found.iter().any(|one| one.tlp.is_none());
    Some(if unmarked { strictest.max(Marking::default().tlp) } else { strictest })
}

fn markings(objects: &[Value<'_>]) -> HashMap<String, Tlp> {
    let mut markings: HashMap<String, Tlp> = KNOWN_MARKINGS.iter().map(|&(id, tlp)| (id.to_owned(), tlp)).collect();
    for object in objects.iter().filter(|o| o.str("type") == Some("marking-definition")) {
        let second =
            object.get("extensions").and_then(|all| all.get(TLP2_EXTENSION)).and_then(|one| one.str("tlp_2_0"));
        let first = object.get("definition").and_then(|one| one.str("tlp"));
        let named = object.str("name").filter(|name| name.to_ascii_uppercase().starts_with("TLP:"));
        if let (Some(id), Some(label)) = (object.str("id"), second.or(first).or(named)) {
            // A TLP label that nobody knows is taken as the strictest.
            markings.insert(id.to_owned(), label.parse().unwrap_or(Tlp::Red));
        }
    }
    markings
}

fn read_indicator(object: &Value<'_>, path: &str, out: &mut Out<'_>) -> Vec<DraftIndicator> {
    if matches!(object.get("revoked"), Some(Value::Bool(true))) {
        return Vec::new();
    }
    let field = format!("{path}.pattern");
    let Some(pattern) = object.str("pattern") else {
        out.problem(None, field, "the indicator has no pattern");
        return Vec::new();
    };
    if let Some(kind) = object.str("pattern_type").filter(|kind| *kind != "stix") {
        out.problem(None, field, format!("patterns of type {kind:?} are not read"));
        return Vec::new();
    }
    let seen_at = time_of(object, "valid_from").or_else(|| time_of(object, "created"));
    if seen_at.is_none()
        && let Some(text) = object.str("valid_from")
    {
        out.time(text, None, &format!("{path}.valid_from"));
    }
    let terms = match stix_pattern::equalities(pattern) {
        Ok(terms) => terms,
        Err(why) => {
            out.problem(None, field, why);
            return Vec::new();
        }
    };
    let mut indicators = Vec::new();
    for term in terms {
        match stix_pattern::observable(&term.path, &term.value) {
            Some(Ok(observable)) => indicators.push(indicator(observable, seen_at, None, field.clone())),
            Some(Err(why)) => out.problem(None, field.clone(), why),
            None => out.problem(None, field.clone(), format!("the property {} is not read", term.path)),
        }
    }
    indicators
}

fn time_of(object: &Value<'_>, key: &str) -> Option<Timestamp> {
    object.str(key).and_then(|text| parse_time(text).ok())
}

/// STIX 2.0 keeps the objects inside; in 2.1 they stand in the bundle and are read there.
fn read_observed(object: &Value<'_>, path: &str, out: &mut Out<'_>) -> Vec<DraftIndicator> {
    let seen_at = time_of(object, "first_observed");
    let mut indicators = Vec::new();
    for (key, inner) in object.get("objects").map_or(&[][..], Value::entries) {
        if let Some(kind) = inner.str("type") {
            indicators.extend(read_observable(inner, kind, &format!("{path}.objects.{}", key.as_str()), seen_at, out));
        }
    }
    indicators
}

fn read_observable(
    object: &Value<'_>,
    kind: &str,
    path: &str,
    seen_at: Option<Timestamp>,
    out: &mut Out<'_>,
) -> Vec<DraftIndicator> {
    let mut indicators = Vec::new();
    let mut take = |property: &str, value: &str, out: &mut Out<'_>| {
        let field = format!("{path}.{property}");
        match stix_pattern::observable(&format!("{kind}:{property}"), value) {
            Some(Ok(observable)) => indicators.push(indicator(observable, seen_at, None, field)),
            Some(Err(why)) => out.problem(None, field, why),
            None => {}
        }
    };
    let properties: &[&str] = match kind {
        "ipv4-addr" | "ipv6-addr" | "domain-name" | "url" | "email-addr" | "mac-addr" => &["value"],
        "file" | "mutex" => &["name"],
        "directory" => &["path"],
        "email-message" => &["subject"],
        "windows-registry-key" => &["key"],
        "user-account" => &["account_login"],
        _ => &[],
    };
    for property in properties {
        match object.get(property) {
            Some(Value::Str(text)) => take(property, text.as_str(), out),
            Some(other) => {
                out.problem(None, format!("{path}.{property}"), format!("is {}, not a string", other.what()))
            }
            None => {}
        }
    }
    if matches!(kind, "file" | "x509-certificate" | "artifact") {
        for (name, value) in object.get("hashes").map_or(&[][..], Value::entries) {
            if let Some(value) = value.as_str() {
                take(&format!("hashes.{}", name.as_str()), value, out);
            }
        }
    }
    if kind == "autonomous-system"
        && let Some(Value::Int(number)) = object.get("number")
    {
        take("number", &number.to_string(), out);
    }
    indicators
}

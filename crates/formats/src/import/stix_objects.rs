//! The objects of STIX that hold values: indicators, observed data, cyber-observables.

use model::{DraftIndicator, Timestamp};

use super::document::join;
use super::out::{Out, indicator};
use super::stix_pattern;
use crate::json::Value;
use crate::json::doc::Doc;
use crate::when::parse_time;

/// Where an object stands.
pub(super) struct Place<'p, 'd> {
    pub doc: &'p Doc<'d>,
    pub start: usize,
    pub path: &'p str,
}

impl Place<'_, '_> {
    fn problem(&self, steps: &[&str], why: String, out: &mut Out<'_>) {
        out.problem(self.doc.line_of(self.start, steps), join(self.path, &steps.join(".")), why);
    }
}

pub(super) fn read_indicator(object: &Value<'_>, place: &Place<'_, '_>, out: &mut Out<'_>) -> Vec<DraftIndicator> {
    if matches!(object.get("revoked"), Some(Value::Bool(true))) {
        return Vec::new();
    }
    let Some(pattern) = object.str("pattern") else {
        place.problem(&["pattern"], "the indicator has no pattern".to_owned(), out);
        return Vec::new();
    };
    if let Some(kind) = object.str("pattern_type").filter(|kind| *kind != "stix") {
        place.problem(&["pattern"], format!("patterns of type {kind:?} are not read"), out);
        return Vec::new();
    }
    let seen_at = time_of(object, "valid_from").or_else(|| time_of(object, "created"));
    if seen_at.is_none()
        && let Some(text) = object.str("valid_from")
        && let Err(why) = parse_time(text)
    {
        place.problem(&["valid_from"], why, out);
    }
    let terms = match stix_pattern::equalities(pattern) {
        Ok(terms) => terms,
        Err(why) => {
            place.problem(&["pattern"], why, out);
            return Vec::new();
        }
    };
    let line = place.doc.line_at(place.start);
    let mut indicators = Vec::new();
    for term in terms {
        match stix_pattern::observable(&term.path, &term.value) {
            Some(Ok(observable)) => indicators.push(indicator(observable, seen_at, line, join(place.path, "pattern"))),
            Some(Err(why)) => place.problem(&["pattern"], why, out),
            None => place.problem(&["pattern"], format!("the property {} is not read", term.path), out),
        }
    }
    indicators
}

fn time_of(object: &Value<'_>, key: &str) -> Option<Timestamp> {
    object.str(key).and_then(|text| parse_time(text).ok())
}

/// STIX 2.0 keeps the objects inside; in 2.1 they stand in the bundle and are read there.
pub(super) fn read_observed(object: &Value<'_>, place: &Place<'_, '_>, out: &mut Out<'_>) -> Vec<DraftIndicator> {
    let seen_at = time_of(object, "first_observed");
    let mut indicators = Vec::new();
    for (key, inner) in object.get("objects").map_or(&[][..], Value::entries) {
        if let Some(kind) = inner.str("type") {
            indicators.extend(read_observable(inner, kind, &["objects", key.as_str()], seen_at, place, out));
        }
    }
    indicators
}

pub(super) fn read_observable(
    object: &Value<'_>,
    kind: &str,
    steps: &[&str],
    seen_at: Option<Timestamp>,
    place: &Place<'_, '_>,
    out: &mut Out<'_>,
) -> Vec<DraftIndicator> {
    let mut indicators = Vec::new();
    let mut take = |property: &str, value: &str, out: &mut Out<'_>| {
        let steps = [steps, &[property]].concat();
        let line = place.doc.line_at(place.start);
        match stix_pattern::observable(&format!("{kind}:{property}"), value) {
            Some(Ok(observable)) => {
                indicators.push(indicator(observable, seen_at, line, join(place.path, &steps.join("."))))
            }
            Some(Err(why)) => place.problem(&steps, why, out),
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
                place.problem(&[steps, &[*property]].concat(), format!("is {}, not a string", other.what()), out)
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

//! Labelled reports: `reporter`, `time`, `refs` and pairs of type and value.

use std::num::NonZeroU32;

use model::{Draft, DraftIndicator, Observable};

use super::document::{join, told};
use super::kinds::{self, Named};
use super::out::{Out, add_techniques, attack_of, indicator};
use crate::json::Value;
use crate::json::doc::{Doc, Halt, Kin, Next, Walk};
use crate::limits::NARRATIVE_CHARS_MAX;

const PAIRS: Kin = Kin {
    next: Next::Tree(is_pair),
    alien: |value| value.as_str().is_some() || value.items().iter().any(|item| !item.items().is_empty()),
    ends: &["\"indicators\"", "\"reporter\"", "\"time\"", "\"refs\""],
};
const HEAD: &[&str] = &["title", "id", "reporter", "time", "refs"];

/// Whether a document is a labelled report.
pub(super) fn is_report(value: &Value<'_>) -> bool {
    matches!(value.get("indicators"), Some(Value::List(_)))
}

fn is_pair(value: &Value<'_>) -> bool {
    value.items().len() == 2 && value.items().iter().all(|part| part.as_str().is_some())
}

/// Reads one. Its `campaign` is the answer that a replay is judged by, so it is never read.
pub(super) fn read(doc: &Doc<'_>, at: usize, out: &mut Out<'_>) -> Walk {
    let mut head: Vec<(&str, Value<'_>, usize)> = Vec::new();
    let mut lists = Vec::new();
    let walk = doc.members(at, &["\"indicators\""], &mut |key, value, again| {
        let key = key.as_str();
        if again {
            out.problem(doc.line_at(value), key, "this key stands twice in its object");
            return doc.skim(value);
        }
        if key == "indicators" {
            lists.push(value);
            return doc.trees(value, &PAIRS, &mut |_, _, _| {});
        }
        let Some(name) = HEAD.iter().find(|name| **name == key) else { return doc.skim(value) };
        match doc.value(value) {
            Ok((read, end)) => {
                head.push((name, read, value));
                Ok(end)
            }
            Err(fault) => {
                out.problem(doc.line_at(fault.at), join(key, &fault.field), fault.why.clone());
                Err(Halt::from(&fault))
            }
        }
    });
    let get = |key: &str| head.iter().find(|(name, ..)| *name == key).map(|(_, value, at)| (value, *at));
    let text = |key: &str| get(key).and_then(|(value, _)| value.as_str());
    let title = text("title").map(str::to_owned).or_else(|| {
        let id = text("id")?;
        Some(match text("reporter") {
            Some(reporter) => format!("Report {id} by {reporter}"),
            None => format!("Report {id}"),
        })
    });
    let mut draft = Draft::titled(title.unwrap_or_else(|| out.name.to_owned()));
    draft.origin.line = doc.line_at(at);
    draft.author = text("reporter").map(str::to_owned);
    match get("time") {
        Some((Value::Str(text), at)) => draft.happened_at = out.time(text.as_str(), doc.line_at(at), "time"),
        Some((other, at)) => out.problem(doc.line_at(at), "time", format!("is {}, not a string", other.what())),
        None => {}
    }
    for reference in get("refs").map_or(&[][..], |(refs, _)| refs.items()).iter().filter_map(Value::as_str) {
        if draft.narrative.len() >= NARRATIVE_CHARS_MAX {
            break;
        }
        if !draft.narrative.is_empty() {
            draft.narrative.push('\n');
        }
        draft.narrative.push_str(reference);
    }
    let words = draft.title.clone();
    add_techniques(&mut draft, &words);
    if let Some(attack) = attack_of(&words) {
        draft.attack = attack;
    }
    let mut parted = false;
    for list in lists {
        let walk = doc.trees(list, &PAIRS, &mut |index, start, pair| {
            let field = format!("indicators[{index}]");
            let line = doc.line_at(start);
            let pair = match pair {
                Ok(pair) => pair,
                Err(fault) => {
                    out.problem(doc.line_at(fault.at), join(&field, &fault.field), fault.why.clone());
                    return;
                }
            };
            let mut values = read_pair(pair, line, &field, out);
            for value in &mut values {
                value.sighting.seen_at = draft.happened_at;
            }
            if draft.indicators.len() + values.len() > out.options.items_max && !draft.indicators.is_empty() {
                let indicators = std::mem::take(&mut draft.indicators);
                out.draft(Draft { indicators, ..draft.clone() });
                parted = true;
            }
            draft.indicators.extend(values);
        });
        let _ = told(doc, "indicators", walk, out);
    }
    if !draft.indicators.is_empty() || !parted {
        out.draft(draft);
    }
    told(doc, "", walk, out)
}

fn read_pair(pair: &Value<'_>, line: Option<NonZeroU32>, field: &str, out: &mut Out<'_>) -> Vec<DraftIndicator> {
    let mut items = pair.items().iter().map(Value::as_str);
    let (Some(Some(kind)), Some(Some(value))) = (items.next(), items.next()) else {
        out.problem(line, field, "is no pair of type and value");
        return Vec::new();
    };
    let outcomes = match kinds::named(kind) {
        Some(named @ (Named::Kind(_) | Named::Pair(..) | Named::Refused(_))) => kinds::read(&named, value),
        _ => vec![
            Observable::detect(value)
                .ok_or_else(|| format!("type {:?} is not read", kind.chars().take(40).collect::<String>())),
        ],
    };
    let mut read = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(observable) => read.push(indicator(observable, None, line, field)),
            Err(why) => out.problem(line, field, why),
        }
    }
    read
}

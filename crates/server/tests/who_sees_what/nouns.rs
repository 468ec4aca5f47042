//! The nouns of a report, and how each is told from answers in which form it was shown.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::seen::{Seen, each_field};

// Words that stand in one place of a report and nowhere else, so that where they turn up tells what was shown.
pub const VALUE: &str = "quiet-lantern.test";
pub const TITLE: &str = "Xylophone ledger";
pub const NARRATIVE: &str = "Marzipan bulletin";
pub const TAG: &str = "obsidianrake";
pub const TECHNIQUE: &str = "T1205.001";
pub const HAPPENED: [&str; 2] = ["2026-02-03T04:05", "1770091506"];

/// What a scenario's reports are known by.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When reports were received, to the millisecond.
    pub received: Vec<i64>,
    /// Pseudonyms of the cases.
    pub cases: Vec<String>,
    /// Names of the reporters.
    pub firms: Vec<String>,
    /// Ids of files.
    pub files: Vec<String>,
}

pub fn utc(millis: i64) -> String {
    let text = released::rfc3339(model::Timestamp::from_millis(millis));
    text.trim_end_matches('Z').to_owned()
}

/// A noun, and how it is told from answers in which form it was shown; the empty text is "nothing".
pub type Derive = fn(&[Seen], &Facts) -> String;

pub fn holds(seen: &[Seen], words: &[&str]) -> bool {
    seen.iter().any(|seen| words.iter().any(|word| seen.text.contains(word)))
}

pub fn told(is: bool, form: &str) -> String {
    if is { form.to_owned() } else { String::new() }
}

/// How often a name stands in an answer as a whole: `Firm 1` is not in `Firm 10`.
pub fn times_named(seen: &Seen, name: &str) -> usize {
    let goes_on = |at: usize| seen.text[at + name.len()..].starts_with(|c: char| c.is_ascii_digit());
    seen.text.match_indices(name).filter(|(at, _)| !goes_on(*at)).count()
}

/// Whether a name stands in the answers.
pub fn names(seen: &[Seen], name: &str) -> bool {
    seen.iter().any(|seen| times_named(seen, name) > 0)
}

pub fn forms(seen: &[Seen], mut of: impl FnMut(&str, &Value, &mut BTreeSet<String>)) -> String {
    let mut found = BTreeSet::new();
    for value in seen.iter().flat_map(|seen| &seen.json) {
        of("", value, &mut found);
        each_field(value, "", &mut |_, name, value| of(name, value, &mut found));
    }
    found.into_iter().collect::<Vec<_>>().join(" and ")
}

pub fn is_there(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) => true,
    }
}

pub fn is_band(text: &str) -> bool {
    text.strip_suffix('+').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

pub fn value_shown(seen: &[Seen], facts: &Facts) -> String {
    let named = facts.firms.iter().any(|firm| names(seen, firm));
    told(holds(seen, &[VALUE]), if named { "the value, with its reporter" } else { "the value, without its reporter" })
}

pub fn verdict_shown(seen: &[Seen], _: &Facts) -> String {
    forms(seen, |name, value, found| {
        if let ("verdict", Some(word)) =
            (name, value.as_str().filter(|word| !["not-seen", "unreadable"].contains(word)))
        {
            found.insert(word.to_owned());
        }
    })
}

pub fn campaign_shown(seen: &[Seen], _: &Facts) -> String {
    told(
        !forms(seen, |name, value, found| {
            let campaign = matches!(name, "campaign" | "campaign_id" | "campaigns") && is_there(value);
            let typed = name == "type" && value == "campaign";
            if campaign || typed {
                found.insert("x".into());
            }
        })
        .is_empty(),
        "the campaign",
    )
}

pub fn breadth_shown(seen: &[Seen], _: &Facts) -> String {
    const COUNTS: [&str; 5] = ["firms", "members", "organisations", "distinct", "others"];
    forms(seen, |_, value, found| {
        if let Some(band) = value.as_str().filter(|text| is_band(text)) {
            found.insert(band.to_owned());
        }
        let counted = |name: &&str| value[*name].as_u64().is_some_and(|n| n > 0);
        if value.is_object() && COUNTS.iter().any(counted) {
            let most = value["firms_at_most"] == true;
            found.insert(if most { "the most that it can be" } else { "exact count" }.to_owned());
        }
    })
}

pub fn sector_shown(seen: &[Seen], _: &Facts) -> String {
    forms(seen, |name, value, found| match (name, value) {
        ("sectors" | "regions", Value::Array(items)) if items.iter().any(Value::is_string) => {
            found.insert("the name without a number".into());
        }
        ("sector" | "lane" | "region", Value::String(_)) => {
            found.insert("that of each report".into());
        }
        _ => {}
    })
}

pub fn time_shown(seen: &[Seen], facts: &Facts) -> String {
    let any = |of: &dyn Fn(i64) -> Vec<String>| {
        let texts: Vec<String> = facts.received.iter().flat_map(|at| of(*at)).collect();
        holds(seen, &texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let minute = any(&|at| vec![utc(at - at.rem_euclid(60_000))]);
    let second = any(&|at| vec![utc(at - at.rem_euclid(1_000))]);
    if any(&|at| vec![utc(at), at.to_string()]) {
        return "to the millisecond".into();
    }
    if second { "to the second".into() } else { told(minute, "to the minute") }
}

pub fn reports_shown(seen: &[Seen], facts: &Facts) -> String {
    let counted = forms(seen, |name, value, found| {
        if ["reports", "seen", "cases", "sightings"].contains(&name) && value.as_u64().is_some_and(|n| n > 0) {
            found.insert("exact count".into());
        }
    });
    // Whoever sees each case can count them.
    let each = facts.cases.iter().all(|case| holds(seen, &[case])) && !facts.cases.is_empty();
    if each { "exact count".into() } else { counted }
}

pub fn feed_shown(seen: &[Seen], name: &str, form: &str) -> String {
    told(seen.iter().any(|seen| seen.route.ends_with(name) && seen.text.contains(VALUE)), form)
}

/// Every noun of a report, in the order of the file.
pub const NOUNS: [(&str, Derive); 20] = [
    ("Indicator (the value)", value_shown),
    ("Verdict of a look-up", verdict_shown),
    ("Who reported", |seen, facts| told(facts.firms.iter().any(|firm| names(seen, firm)), "the name")),
    ("Letter of its source", |seen, _| {
        forms(seen, |name, value, found| {
            if name == "grade" && is_there(value) {
                found.insert("the letter".into());
            }
        })
    }),
    ("Watch feed, as text", |seen, _| feed_shown(seen, "watch.txt", "the value")),
    ("Watch feed, as a table", |seen, _| feed_shown(seen, "watch.csv", "the value")),
    ("Block feed", |seen, _| feed_shown(seen, "block.txt", "the value")),
    ("Campaign", campaign_shown),
    ("How many members are hit", breadth_shown),
    ("Sector and region that are hit", sector_shown),
    ("Technique", |seen, _| told(holds(seen, &[TECHNIQUE]), "the technique")),
    ("Kind of attack", |seen, _| told(holds(seen, &["Flooding", "flooding"]), "the kind")),
    ("Title of the report", |seen, _| told(holds(seen, &[TITLE]), "the title")),
    ("Narrative of the report", |seen, _| told(holds(seen, &[NARRATIVE]), "the narrative")),
    ("Tags of the report", |seen, _| told(holds(seen, &[TAG]), "the tags")),
    ("Time of the report", time_shown),
    ("When it happened", |seen, _| told(holds(seen, &HAPPENED), "the time")),
    ("Number of reports", reports_shown),
    ("Reference of the report", |seen, facts| {
        told(facts.cases.iter().any(|case| holds(seen, &[case])), "the reference")
    }),
    ("Who claimed it", |seen, _| {
        forms(seen, |_, value, found| {
            if value == "kit" {
                found.insert("the analyst's name".into());
            }
        })
    }),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::seen::Role;
    use crate::table::Table;

    /// Whatever a route were to show of a noun, the table would say so.
    #[test]
    fn what_is_shown_is_told_in_its_form() {
        let facts = Facts {
            files: Vec::new(),
            received: vec![1_790_000_007_237],
            cases: vec!["11111111-0000-4000-8000-000000000000".into()],
            firms: vec!["Firm 1".into()],
        };
        let derived = |noun: &str, body: &Value| {
            let (_, derive) = NOUNS.iter().find(|(name, _)| *name == noun).unwrap();
            derive(&[Seen::of("GET /api/v1/home", "200 OK\n", &body.to_string())], &facts)
        };
        for (noun, body, form) in [
            ("Indicator (the value)", json!({ "latest": [{ "value": VALUE }] }), "the value, without its reporter"),
            ("Indicator (the value)", json!({ "value": VALUE, "by": "Firm 1" }), "the value, with its reporter"),
            ("Indicator (the value)", json!({ "query": VALUE, "normal": VALUE, "verdict": "not-seen" }), ""),
            ("Verdict of a look-up", json!({ "query": VALUE, "verdict": "watch" }), "watch"),
            ("Verdict of a look-up", json!({ "query": VALUE, "verdict": "not-seen" }), ""),
            ("Who reported", json!({ "by": "Firm 1" }), "the name"),
            ("Who reported", json!({ "by": "Firm 10" }), ""),
            ("How many members are hit", json!({ "campaigns": [{ "firms": 3 }] }), "exact count"),
            ("How many members are hit", json!({ "firms": 3, "firms_at_most": true }), "the most that it can be"),
            ("How many members are hit", json!({ "band": "10+" }), "10+"),
            ("How many members are hit", json!({ "band": null, "firms": 0 }), ""),
            ("Sector and region that are hit", json!({ "sectors": ["Energy"] }), "the name without a number"),
            ("Sector and region that are hit", json!({ "x": { "sector": "energy" } }), "that of each report"),
            ("Technique", json!({ "tags": [TECHNIQUE] }), "the technique"),
            ("Kind of attack", json!({ "a": "flooding" }), "the kind"),
            ("Title of the report", json!({ "a": TITLE }), "the title"),
            ("Narrative of the report", json!({ "a": NARRATIVE }), "the narrative"),
            ("Tags of the report", json!({ "a": [TAG] }), "the tags"),
            ("Time of the report", json!({ "at": utc(1_790_000_007_237) }), "to the millisecond"),
            ("Time of the report", json!({ "at": 1_790_000_007_237_i64 }), "to the millisecond"),
            ("Time of the report", json!({ "at": format!("{}Z", utc(1_789_999_980_000)) }), "to the minute"),
            ("Time of the report", json!({ "at": format!("{}Z", utc(1_790_000_007_300)) }), ""),
            ("When it happened", json!({ "at": "2026-02-03T04:05:06.000Z" }), "the time"),
            ("Number of reports", json!({ "row": { "reports": 1 } }), "exact count"),
            ("Reference of the report", json!({ "x": facts.cases[0] }), "the reference"),
            ("Campaign", json!({ "latest": [{ "campaign": "x" }] }), "the campaign"),
            ("Campaign", json!({ "campaigns": [], "campaign": null }), ""),
            ("Letter of its source", json!({ "grade": "F" }), "the letter"),
            ("Letter of its source", json!({ "grade": null }), ""),
            ("Who claimed it", json!({ "owner": "kit" }), "the analyst's name"),
        ] {
            assert_eq!(derived(noun, &body), form, "{noun} of {body}");
        }
        // A header, and a field that no noun is told from, are seen too.
        let header = Seen::of("GET /api/v1/home", "200 OK\nx-by: Firm 1\n", "{}");
        assert!(names(&[header], "Firm 1"));
        let mut table = Table::default();
        table.note_fields(Role::Other, &[Seen::of("GET /api/v1/home", "", r#"{"latest":[{"surprise":7}]}"#)]);
        let mut text = String::new();
        table.write_fields(&mut text);
        assert!(text.contains("- person of another member: `latest` `latest.surprise`"), "{text}");
    }
}

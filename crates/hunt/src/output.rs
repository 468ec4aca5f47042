//! What was found, for a person, for a program, as a table, and as sightings of STIX.

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use matcher::Entry;
use model::{KeySeed, Observable};
use serde_json::{Value, json};

use crate::engine::{Found, Hunt, Seen};
use crate::note::Note;
use crate::worker::Sample;

/// Colours of a terminal, or none.
#[derive(Clone, Copy)]
pub(crate) struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Text of others without control characters.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(crate) fn time(millis: i64) -> String {
    Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |time| time.to_string())
}

fn name(sources: &[PathBuf], number: usize) -> String {
    sources.get(number).map_or_else(|| "-".to_owned(), |path| path.display().to_string())
}

/// `1 line`, `2 lines`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Days between two times, in words.
fn age(then: i64, now: i64) -> String {
    match (now - then) / 86_400_000 {
        ..=0 => "today".to_owned(),
        1 => "a day old".to_owned(),
        days @ 2..=60 => format!("{days} days old"),
        days if days < 730 => format!("{} months old", days / 30),
        days => format!("{} years old", days / 365),
    }
}

/// Why an indicator matters, in one line.
fn why(note: &Note, now: i64) -> String {
    let mut parts = Vec::new();
    if !note.campaign.is_empty() {
        parts.push(clean(&note.campaign));
    }
    if let Some(tlp) = &note.tlp {
        parts.push(format!("TLP:{tlp}"));
    }
    if let Some(seen) = note.seen.or(note.from) {
        parts.push(age(seen, now));
    }
    if note.until.is_some_and(|until| until <= now) {
        parts.push("no longer valid".to_owned());
    }
    if !note.tags.is_empty() {
        parts.push(clean(&note.tags.join(" ")));
    }
    parts.push(format!("from {}", clean(&note.source)));
    parts.join(" · ")
}

/// The readable report; `now` tells ages.
pub(crate) fn readable(hunt: &Hunt<'_>, found: &Found, sources: &[PathBuf], paint: Paint, now: i64) -> String {
    let mut out = String::new();
    let (quiet, loud): (Vec<&Seen>, Vec<&Seen>) =
        found.indicators.iter().partition(|seen| seen.mention.quiet.is_some() && !hunt.all);
    for seen in &loud {
        let value = paint.with("1;31", &clean(&seen.entry.value));
        let lines = counted(seen.mention.lines, "line");
        let _ = writeln!(out, "{value}  {} · {lines}", seen.entry.kind.title());
        for note in &seen.notes {
            let _ = writeln!(out, "  why   {}", why(hunt.notes.get(*note), now));
        }
        if let Some(quiet) = &seen.mention.quiet {
            let _ = writeln!(out, "  {}  {}", paint.with("33", "note"), clean(quiet));
        }
        if let (Some(first), Some(last)) = (seen.mention.first, seen.mention.last) {
            let _ = writeln!(out, "  seen  {} to {}", time(first), time(last));
        }
        for sample in &seen.mention.samples {
            let line = match sample.value.as_str() {
                "" => sample.line.clone(),
                value => sample.line.replacen(value, &paint.with("1;31", value), 1),
            };
            let _ = writeln!(
                out,
                "  {}  {line}",
                paint.with("36", &format!("{}@{}", name(sources, sample.source), sample.offset))
            );
        }
        out.push('\n');
    }
    if !quiet.is_empty() {
        let _ = writeln!(out, "{} kept quiet (--all shows them):", quiet.len());
        for seen in quiet.iter().take(20) {
            let why = seen.mention.quiet.as_deref().unwrap_or("");
            let lines = counted(seen.mention.lines, "line");
            let _ = writeln!(out, "  {}  {lines}, {}", clean(&seen.entry.value), clean(why));
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{} of {} found, in {} of {} ({})",
        loud.len(),
        counted(hunt.index.len(), "indicator"),
        counted(loud.iter().map(|seen| seen.mention.lines).sum::<u64>(), "line"),
        counted(found.sources, "source"),
        counted(found.bytes, "byte")
    );
    out
}

/// One line for a hit.
pub(crate) fn json_line(
    hunt: &Hunt<'_>,
    entry: &Entry,
    sample: &Sample,
    sources: &[PathBuf],
    quiet: Option<&str>,
) -> Value {
    let note = hunt.notes.get(entry.note);
    json!({
        "kind": entry.kind.as_str(),
        "value": entry.value,
        "source": name(sources, sample.source),
        "offset": sample.offset,
        "time": sample.time.map(time),
        "line": sample.line,
        "as_written": sample.value,
        "list": note.source,
        "campaign": note.campaign,
        "tlp": note.tlp,
        "pap": note.pap,
        "tags": note.tags,
        "valid_from": note.from.map(time),
        "valid_until": note.until.map(time),
        "indicator_id": note.id,
        "warning_list": quiet,
    })
}

/// A field of CSV, quoted where it must be; a sign with which a spreadsheet would begin a formula is kept from that.
fn field(text: &str) -> String {
    let text = clean(text);
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if text.contains([',', '"', '\'']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The table: a row for each indicator.
pub(crate) fn csv(hunt: &Hunt<'_>, found: &Found, sources: &[PathBuf]) -> String {
    let mut out = "kind,value,lines,first,last,campaign,tlp,list,note,source,offset,line\n".to_owned();
    for seen in found.indicators.iter().filter(|seen| hunt.all || seen.mention.quiet.is_none()) {
        let note = hunt.notes.get(seen.entry.note);
        let sample = seen.mention.samples.first();
        let row = [
            seen.entry.kind.as_str().to_owned(),
            field(&seen.entry.value),
            seen.mention.lines.to_string(),
            seen.mention.first.map(time).unwrap_or_default(),
            seen.mention.last.map(time).unwrap_or_default(),
            field(&note.campaign),
            note.tlp.clone().unwrap_or_default(),
            field(&note.source),
            field(seen.mention.quiet.as_deref().unwrap_or("")),
            field(&sample.map(|sample| name(sources, sample.source)).unwrap_or_default()),
            sample.map(|sample| sample.offset.to_string()).unwrap_or_default(),
            field(sample.map_or("", |sample| &sample.line)),
        ];
        let _ = writeln!(out, "{}", row.join(","));
    }
    out
}

/// An id that the same content gets again.
fn id(kind: &str, seen: &Observable, more: &str) -> String {
    let half = |seed: u8| {
        seen.key(KeySeed([seed; 16])).0 ^ Observable::from_normal(model::Kind::Mutex, more).key(KeySeed([seed; 16])).0
    };
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(half(1).to_be_bytes().into_iter().chain(half(2).to_be_bytes())) {
        *place = byte;
    }
    format!("{kind}--{}", uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// A bundle of STIX 2.1: a sighting for each indicator, and the indicator itself where its source gave it no id.
pub(crate) fn sightings(hunt: &Hunt<'_>, found: &Found, now: i64) -> Value {
    let mut objects = Vec::new();
    let stamp = format!("{:.3}", Timestamp::from_millisecond(now).unwrap_or_default());
    let at = |millis: i64| format!("{:.3}", Timestamp::from_millisecond(millis).unwrap_or_default());
    for seen in found.indicators.iter().filter(|seen| hunt.all || seen.mention.quiet.is_none()) {
        let observable = Observable::from_normal(seen.entry.kind, seen.entry.value.clone());
        let note = hunt.notes.get(seen.entry.note);
        let of = note.id.clone().filter(|id| id.starts_with("indicator--"));
        let Some(of) = of.or_else(|| {
            let made = id("indicator", &observable, "");
            let pattern = pattern(&seen.entry)?;
            objects.push(json!({
                "type": "indicator", "spec_version": "2.1", "id": made, "created": stamp, "modified": stamp,
                "name": seen.entry.value, "pattern": pattern, "pattern_type": "stix", "valid_from": stamp,
            }));
            Some(made)
        }) else {
            continue;
        };
        let mut sighting = json!({
            "type": "sighting", "spec_version": "2.1", "id": id("sighting", &observable, &stamp), "created": stamp,
            "modified": stamp, "sighting_of_ref": of, "count": seen.mention.lines.min(999_999_999),
        });
        if let (Some(first), Some(last), Some(map)) = (seen.mention.first, seen.mention.last, sighting.as_object_mut())
        {
            map.insert("first_seen".to_owned(), json!(at(first)));
            // The standard asks that the last is behind the first.
            map.insert("last_seen".to_owned(), json!(at(last.max(first + 1))));
        }
        objects.push(sighting);
    }
    let of_all = Observable::from_normal(model::Kind::Mutex, stamp.as_str());
    json!({"type": "bundle", "id": id("bundle", &of_all, "bundle"), "objects": objects})
}

/// The pattern of a value; `None` for kinds that STIX has no property for.
fn pattern(entry: &Entry) -> Option<String> {
    use model::Kind;
    let path = match entry.kind {
        Kind::Ipv4 => "ipv4-addr:value",
        Kind::Ipv6 => "ipv6-addr:value",
        Kind::Cidr if entry.value.contains(':') => "ipv6-addr:value",
        Kind::Cidr => "ipv4-addr:value",
        Kind::Domain | Kind::Hostname => "domain-name:value",
        Kind::Url => "url:value",
        Kind::Email => "email-addr:value",
        Kind::EmailSubject => "email-message:subject",
        Kind::Md5 => "file:hashes.MD5",
        Kind::Sha1 => "file:hashes.'SHA-1'",
        Kind::Sha256 => "file:hashes.'SHA-256'",
        Kind::Sha512 => "file:hashes.'SHA-512'",
        Kind::Ssdeep => "file:hashes.SSDEEP",
        Kind::Tlsh => "file:hashes.TLSH",
        Kind::FileName => "file:name",
        Kind::RegistryKey => "windows-registry-key:key",
        Kind::Mutex => "mutex:name",
        Kind::Mac => "mac-addr:value",
        Kind::Account => "user-account:account_login",
        _ => return None,
    };
    Some(format!("[{path} = '{}']", entry.value.replace('\\', "\\\\").replace('\'', "\\'")))
}

//! STIX 2.0 and 2.1: indicators whose pattern is one equality or an OR of equalities, with their validity and marking.

use std::collections::HashMap;

use formats::parse_time;
use model::{Kind, Observable};
use serde_json::Value;

use super::Gather;
use crate::note::Note;

/// Reads STIX; `false` if it is something else.
pub(super) fn read(bytes: &[u8], source: &str, gather: &mut Gather) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return false };
    let mut objects = Vec::new();
    collect(&value, 0, &mut objects);
    if !objects.iter().any(|object| text(object, "id").is_some_and(|id| id.contains("--"))) {
        return false;
    }
    let names: HashMap<&str, &str> =
        objects.iter().filter_map(|object| Some((text(object, "id")?, text(object, "name")?))).collect();
    let campaigns = campaigns(&objects, &names);
    for object in &objects {
        if text(object, "type") != Some("indicator") || object.get("revoked") == Some(&Value::Bool(true)) {
            continue;
        }
        let id = text(object, "id").unwrap_or("");
        let time = |key| text(object, key).and_then(|time| parse_time(time).ok()).map(model::Timestamp::as_millis);
        let note = Note {
            source: source.to_owned(),
            campaign: campaigns.get(id).copied().or(text(object, "name")).unwrap_or("").to_owned(),
            tlp: tlp(object, &names),
            pap: None,
            tags: Vec::new(),
            seen: time("created"),
            from: time("valid_from"),
            until: time("valid_until"),
            id: Some(id.to_owned()),
        };
        let pattern = text(object, "pattern").unwrap_or("");
        let kind = text(object, "pattern_type").unwrap_or("stix");
        if kind != "stix" {
            gather.report.unused(format!("the pattern is one of {kind}, not of STIX"), id, source);
            continue;
        }
        match equalities(pattern) {
            Ok(values) => {
                let note = gather.notes.add(note);
                for (path, value) in values {
                    match kind_of(&path).map(|kind| Observable::parse(kind, &value)) {
                        Some(Ok(observable)) => gather.add(&observable, note),
                        Some(Err(error)) => gather.report.unused(error.why, &value, source),
                        None => gather.report.unused(format!("patterns on {path} are not used"), id, source),
                    }
                }
            }
            Err(why) => gather.report.unused(why, id, source),
        }
    }
    true
}

fn collect<'v>(value: &'v Value, depth: usize, out: &mut Vec<&'v Value>) {
    if depth > 8 {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, out)),
        Value::Object(map) => {
            if map.contains_key("type") && map.contains_key("id") && !map.contains_key("objects") {
                out.push(value);
            } else if let Some(objects) = map.get("objects") {
                collect(objects, depth + 1, out);
            }
        }
        _ => {}
    }
}

fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key)?.as_str()
}

/// What an indicator indicates, by name.
fn campaigns<'v>(objects: &[&'v Value], names: &HashMap<&str, &'v str>) -> HashMap<&'v str, &'v str> {
    let mut campaigns = HashMap::new();
    for object in objects.iter().filter(|object| text(object, "relationship_type") == Some("indicates")) {
        if let (Some(from), Some(name)) =
            (text(object, "source_ref"), text(object, "target_ref").and_then(|target| names.get(target)))
        {
            campaigns.insert(from, *name);
        }
    }
    campaigns
}

/// Markings that every STIX library knows by id.
const TLP_IDS: &[(&str, &str)] = &[
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "CLEAR"),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "GREEN"),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "AMBER"),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "RED"),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "CLEAR"),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "GREEN"),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "AMBER"),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "AMBER+STRICT"),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "RED"),
];

fn tlp(object: &Value, names: &HashMap<&str, &str>) -> Option<String> {
    let marks = object.get("object_marking_refs")?.as_array()?;
    marks.iter().filter_map(Value::as_str).find_map(|mark| {
        let known = TLP_IDS.iter().find(|(id, _)| *id == mark).map(|(_, tlp)| (*tlp).to_owned());
        known.or_else(|| names.get(mark).and_then(|name| name.strip_prefix("TLP:")).map(str::to_owned))
    })
}

/// The kind of a path of a pattern.
fn kind_of(path: &str) -> Option<Kind> {
    let flat: String = path.chars().filter(|c| !matches!(c, '\'' | '"' | '-' | '_')).collect::<String>().to_lowercase();
    Some(match flat.as_str() {
        "ipv4addr:value" | "networktraffic:dstref.value" | "networktraffic:srcref.value" => Kind::Ipv4,
        "ipv6addr:value" => Kind::Ipv6,
        "domainname:value" => Kind::Domain,
        "url:value" => Kind::Url,
        "emailaddr:value" | "emailmessage:fromref.value" | "emailmessage:senderref.value" => Kind::Email,
        "emailmessage:subject" => Kind::EmailSubject,
        "file:hashes.md5" | "artifact:hashes.md5" => Kind::Md5,
        "file:hashes.sha1" | "artifact:hashes.sha1" => Kind::Sha1,
        "file:hashes.sha256" | "artifact:hashes.sha256" => Kind::Sha256,
        "file:hashes.sha512" => Kind::Sha512,
        "file:hashes.ssdeep" => Kind::Ssdeep,
        "file:hashes.tlsh" => Kind::Tlsh,
        "file:extensions.windowspebinaryext.imphash" => Kind::Imphash,
        "file:name" | "process:name" => Kind::FileName,
        "file:path" | "directory:path" | "process:commandline" => Kind::FilePath,
        "windowsregistrykey:key" => Kind::RegistryKey,
        "mutex:name" => Kind::Mutex,
        "macaddr:value" => Kind::Mac,
        "useraccount:accountlogin" | "useraccount:userid" | "useraccount:displayname" => Kind::Account,
        "x509certificate:hashes.sha1" | "x509certificate:hashes.sha256" => Kind::X509Fingerprint,
        "networktraffic:extensions.httprequestext.requestheader.useragent" => Kind::UserAgent,
        "autonomoussystem:number" => Kind::Asn,
        _ => return None,
    })
}

/// The equalities of a pattern that is one, or an OR of them.
fn equalities(pattern: &str) -> Result<Vec<(String, String)>, String> {
    let refused = |what: &str| format!("the pattern has {what}: only one equality or an OR of equalities is used");
    let mut values = Vec::new();
    let mut rest = pattern.trim();
    let mut brackets = 0_i32;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(sign) = rest.chars().next() else { break };
        match sign {
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets -= 1,
            _ => {
                let word_end = path_end(rest);
                let (word, after) = rest.split_at(word_end);
                match word {
                    "OR" => rest = after,
                    "AND" | "FOLLOWEDBY" | "NOT" | "WITHIN" | "REPEATS" | "START" | "STOP" => {
                        return Err(refused(word));
                    }
                    "" => return Err(refused(&format!("{sign:?}"))),
                    path => {
                        let (value, after) = compared(after.trim_start(), refused)?;
                        values.push((path.to_owned(), value));
                        rest = after;
                    }
                }
                continue;
            }
        }
        rest = rest.get(1..).unwrap_or("");
    }
    if values.is_empty() || brackets != 0 { Err(refused("no equality")) } else { Ok(values) }
}

/// Where a path or word ends: quoted parts of a path may hold anything.
fn path_end(text: &str) -> usize {
    let mut quoted = false;
    for (at, sign) in text.char_indices() {
        match sign {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            c if c.is_alphanumeric() || matches!(c, ':' | '.' | '_' | '-') => {}
            '[' if text.get(..at).is_some_and(|head| head.contains(':')) => {}
            _ => return at,
        }
    }
    text.len()
}

/// `= 'value'` and what comes behind.
fn compared(text: &str, refused: impl Fn(&str) -> String) -> Result<(String, &str), String> {
    let Some(rest) = text.strip_prefix('=') else {
        let sign: String = text.chars().take_while(|c| !c.is_whitespace()).take(12).collect();
        return Err(refused(&format!("the comparison {sign:?}")));
    };
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    let Some(inner) = rest.strip_prefix('\'') else {
        let end = rest.find([']', ' ', ')']).unwrap_or(rest.len());
        let (value, rest) = rest.split_at(end);
        return Ok((value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut signs = inner.char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => value.extend(signs.next().map(|(_, sign)| sign)),
            '\'' => return Ok((value, inner.get(at + 1..).unwrap_or(""))),
            _ => value.push(sign),
        }
    }
    Err(refused("a text without end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_used_and_not() {
        let one = |path: &str, value: &str| (path.to_owned(), value.to_owned());
        assert_eq!(
            equalities("[domain-name:value = 'evil.example']"),
            Ok(vec![one("domain-name:value", "evil.example")])
        );
        assert_eq!(
            equalities("[file:hashes.'SHA-256' = 'ab' OR file:hashes.MD5='cd'] OR [file:name = 'it\\'s.exe']"),
            Ok(vec![one("file:hashes.'SHA-256'", "ab"), one("file:hashes.MD5", "cd"), one("file:name", "it's.exe")])
        );
        for (pattern, why) in [
            ("[a:b = 'x' AND c:d = 'y']", "AND"),
            ("[a:b LIKE 'x%']", "LIKE"),
            ("[a:b != 'x']", "!="),
            ("[a:b = 'x'] FOLLOWEDBY [a:b = 'y']", "FOLLOWEDBY"),
            ("[a:b = 'x", "without end"),
            ("", "no equality"),
        ] {
            assert!(equalities(pattern).unwrap_err().contains(why), "{pattern}: {:?}", equalities(pattern));
        }
    }

    #[test]
    fn a_bundle_gives_values_with_validity_and_campaign() {
        let mut gather = Gather::default();
        assert!(read(
            br#"{"type":"bundle","id":"bundle--1","objects":[
            {"type":"indicator","id":"indicator--1","name":"n","pattern":"[domain-name:value = 'evil.example']","pattern_type":"stix",
             "valid_from":"2024-01-01T00:00:00Z","valid_until":"2024-06-01T00:00:00Z",
             "object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]},
            {"type":"indicator","id":"indicator--2","pattern":"[a:b LIKE 'x']","pattern_type":"stix"},
            {"type":"indicator","id":"indicator--3","pattern":"alert ...","pattern_type":"suricata"},
            {"type":"malware","id":"malware--1","name":"Agent X"},
            {"type":"relationship","id":"relationship--1","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"malware--1"}]}"#,
            "s",
            &mut gather
        ));
        assert_eq!((gather.report.taken, gather.report.unused.len()), (1, 2));
        let index = gather.builder.finish();
        let (_, entry) = index.entries().next().unwrap();
        let note = gather.notes.get(entry.note);
        assert_eq!(
            (note.campaign.as_str(), note.tlp.as_deref(), note.from.is_some()),
            ("Agent X", Some("GREEN"), true)
        );
        assert!(!read(br#"{"Event":{"info":"x"}}"#, "m", &mut Gather::default()));
    }
}

//! STIX 2.0 and 2.1: indicators whose pattern is equalities, and cyber-observable objects; a bundle is one draft, or one
//! a report where it holds several.

use std::collections::HashMap;

use model::{Draft, DraftIndicator, Marking, Technique, Tlp};

use super::document::{join, told};
use super::out::{Out, add_tag, add_techniques, attack_of, clipped};
use super::stix_marks::{Mark, Marks};
use super::stix_objects::{Place, read_indicator, read_observable, read_observed};
use crate::json::Value;
use crate::json::doc::{Doc, Fault, Halt, Kin, Next, Walk};
use crate::limits::{NARRATIVE_CHARS_MAX, TITLE_CHARS_MAX};

const OBJECTS: Kin = Kin { next: Next::Tree(is_object), alien: |_| false, ends: &["\"objects\""] };
const BUNDLES: Kin = Kin { next: Next::Key("\"type\""), alien: |_| false, ends: &[] };
/// How deep bundles are looked for in what holds them.
const LEVELS_MAX: usize = 8;
/// Identities and named objects that are kept in view.
const KEPT_MAX: usize = 1000;
/// Bytes of document for each reference of a report that is kept.
const BYTES_PER_REFERENCE: usize = 32;
/// How far behind a break a broken object is searched for signs of a report.
const DOUBT_BYTES: usize = 4096;

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

fn is_bundle(value: &Value<'_>) -> bool {
    value.str("type") == Some("bundle")
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
pub(super) fn read(doc: &Doc<'_>, at: usize, out: &mut Out<'_>) -> Walk {
    read_any(doc, at, "", 0, out)
}

fn read_any(doc: &Doc<'_>, at: usize, path: &str, depth: usize, out: &mut Out<'_>) -> Walk {
    match doc.byte(at) {
        Some(b'[' | b'{') if depth >= LEVELS_MAX => doc.skim(at),
        Some(b'[') => {
            // Objects that stand in an array by themselves are a bundle too; what holds objects is none of them.
            if depth == 0 && doc.outline(at).items().iter().any(|item| is_object(item) && !is_bundle(item)) {
                return read_bundle(doc, at, path, out);
            }
            let walk = doc.elements(at, &BUNDLES, &mut |index, start| {
                read_any(doc, start, &join(path, &format!("[{index}]")), depth + 1, out)
            });
            told(doc, path, walk, out)
        }
        Some(b'{') => read_holder(doc, at, path, depth, out),
        _ => doc.skim(at),
    }
}

fn read_holder(doc: &Doc<'_>, at: usize, path: &str, depth: usize, out: &mut Out<'_>) -> Walk {
    let outline = doc.outline(at);
    if is_object(&outline) && !is_bundle(&outline) {
        if depth == 0 {
            // An object by itself is read as if it stood in a bundle.
            return read_bundle(doc, at, path, out);
        }
        return doc.skim(at);
    }
    let mut found = false;
    let walk = doc.members(at, &["\"objects\""], &mut |key, value, again| {
        let path = join(path, key.as_str());
        if key.as_str() != "objects" {
            return if matches!(doc.byte(value), Some(b'{' | b'[')) {
                read_any(doc, value, &path, depth + 1, out)
            } else {
                doc.skim(value)
            };
        }
        found = true;
        if again {
            out.problem(doc.line_at(value), path.as_str(), "this key stands twice in its object");
        }
        if doc.byte(value) == Some(b'[') {
            return read_bundle(doc, value, &path, out);
        }
        out.problem(doc.line_at(value), path, format!("is {}, not an array", doc.what(value)));
        doc.skim(value)
    });
    if !found && is_bundle(&outline) && walk.is_ok() {
        out.problem(doc.line_at(at), join(path, "objects"), "the bundle holds no objects");
    }
    told(doc, path, walk, out)
}

/// Reads the objects of an array, or the one object at `at`.
fn read_bundle(doc: &Doc<'_>, at: usize, path: &str, out: &mut Out<'_>) -> Walk {
    let mut bundle = Bundle::new(doc, path);
    let walk = if doc.byte(at) == Some(b'[') {
        doc.trees(at, &OBJECTS, &mut |index, start, object| bundle.take(index, start, object, out))
    } else {
        let read = doc.value(at);
        bundle.take(0, at, read.as_ref().map(|(object, _)| object), out);
        read.map(|(_, end)| end).map_err(|fault| Halt::from(&fault))
    };
    // What is broken off may have been the report that marks the rest.
    bundle.doubt |= walk.is_err();
    if bundle.send_all(out) == 0 {
        out.problem(doc.line_at(at), path, "holds no value that can be read");
    }
    told(doc, path, walk, out)
}

/// Stands for the report of an object that no report names.
const NOBODY: u64 = u64::MAX;

/// An object that may hold values: its place, and first its id, then the number of the report that names it.
struct Found {
    owner: u64,
    start: u32,
    index: u32,
}

/// What is known of a bundle once it has been walked: where its objects stand, since they are read again one by one.
struct Bundle<'b, 'd> {
    doc: &'b Doc<'d>,
    path: &'b str,
    marks: Marks,
    identities: HashMap<u64, u32>,
    reports: Vec<u32>,
    /// The number of the first report that names an object.
    owners: HashMap<u64, u32>,
    /// Objects whose name or technique every draft gets.
    named: Vec<u32>,
    stand_in: Option<u32>,
    found: Vec<Found>,
    /// Whether a report may be among what could not be read, and with it how its objects are marked.
    doubt: bool,
}

/// What a draft is begun with.
struct Lead {
    draft: Draft,
    /// The label of the report or what stands in for it.
    mark: Mark,
    is_report: bool,
}

impl<'b, 'd> Bundle<'b, 'd> {
    fn new(doc: &'b Doc<'d>, path: &'b str) -> Self {
        Self {
            doc,
            path,
            marks: Marks::new(),
            identities: HashMap::new(),
            reports: Vec::new(),
            owners: HashMap::new(),
            named: Vec::new(),
            stand_in: None,
            found: Vec::new(),
            doubt: false,
        }
    }

    /// Notes one object.
    fn take(&mut self, index: usize, at: usize, object: Result<&Value<'_>, &Fault>, out: &mut Out<'_>) {
        let doc = self.doc;
        let field = if doc.byte(at) == Some(b'{') && self.path.is_empty() && index == 0 && at == doc.ws(0) {
            String::new()
        } else {
            format!("{}[{index}]", self.path)
        };
        let object = match object {
            Ok(object) => object,
            Err(fault) => {
                out.problem(doc.line_at(fault.at), join(&field, &fault.field), fault.why.clone());
                let around = String::from_utf8_lossy(doc.slice(at, fault.at.saturating_add(DOUBT_BYTES)));
                self.doubt |= around.contains("report") || around.contains("grouping");
                return;
            }
        };
        let Some(kind) = object.str("type") else {
            out.problem(doc.line_at(at), field, "is no STIX object: it has no type");
            return;
        };
        let (Ok(start), Ok(index)) = (u32::try_from(at), u32::try_from(index)) else { return };
        let id = object.str("id").map(|id| doc.hash(id));
        match kind {
            "identity" if self.identities.len() < KEPT_MAX => {
                self.identities.extend(id.map(|id| (id, start)));
            }
            "marking-definition" => self.marks.define(object),
            "report" | "grouping" => {
                let number = u32::try_from(self.reports.len()).unwrap_or(u32::MAX);
                self.reports.push(start);
                for id in object.get("object_refs").map_or(&[][..], Value::items).iter().filter_map(Value::as_str) {
                    if self.owners.len() >= KEPT_MAX.max(doc.len() / BYTES_PER_REFERENCE) {
                        out.problem(doc.line_at(at), join(&field, "object_refs"), "too many references for the size");
                        self.doubt = true;
                        break;
                    }
                    // What several reports name belongs to the first of them.
                    self.owners.entry(doc.hash(id)).or_insert(number);
                }
            }
            "attack-pattern" if self.named.len() < KEPT_MAX => self.named.push(start),
            kind if NAMED_TYPES.contains(&kind) => {
                self.stand_in.get_or_insert(start);
                if self.named.len() < KEPT_MAX {
                    self.named.push(start);
                }
            }
            kind if VALUE_TYPES.contains(&kind) => {
                self.found.push(Found { owner: id.unwrap_or(NOBODY), start, index });
            }
            _ => {}
        }
    }

    /// The object at a place where one has been read before.
    fn object(&self, start: u32) -> Option<Value<'d>> {
        self.doc.value(usize::try_from(start).ok()?).ok().map(|(object, _)| object)
    }

    /// Sends a draft for each report and one for the rest; returns the number of drafts.
    fn send_all(&mut self, out: &mut Out<'_>) -> usize {
        let mut found = std::mem::take(&mut self.found);
        for one in &mut found {
            one.owner = self.owners.get(&one.owner).map_or(NOBODY, |&number| u64::from(number));
        }
        let shared = self.shared(out);
        let reports = std::mem::take(&mut self.reports);
        if let [report] = reports.as_slice() {
            return self.send(&found, Some(*report), &shared, out);
        }
        let mut sent = 0;
        let mut rest = found.as_slice();
        if !reports.is_empty() {
            found.sort_unstable_by_key(|one| (one.owner, one.index));
            rest = found.as_slice();
            for (number, report) in reports.iter().enumerate() {
                let end = rest.partition_point(|one| one.owner <= number as u64);
                let (own, others) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                rest = others;
                sent += self.send(own, Some(*report), &shared, out);
            }
        }
        sent + self.send(rest, self.stand_in, &shared, out)
    }

    /// What every draft of a bundle gets: names as tags, techniques, and how strictly those are marked.
    fn shared(&self, out: &Out<'_>) -> (Draft, Mark) {
        let mut draft = Draft::titled(out.name);
        let mut mark = Mark::default();
        for object in self.named.iter().filter_map(|&start| self.object(start)) {
            let own = self.marks.of(&object);
            // What is for the cell alone lends its name to nothing.
            if own.held {
                continue;
            }
            let before = (draft.tags.len(), draft.techniques.len());
            if object.str("type") == Some("attack-pattern") {
                for reference in object.get("external_references").map_or(&[][..], Value::items) {
                    let id = reference.str("external_id").and_then(Technique::parse);
                    if let Some(technique) = id {
                        add_techniques(&mut draft, technique.as_str());
                    }
                }
            } else if let Some(name) = object.str("name") {
                add_tag(&mut draft, name);
            }
            if before != (draft.tags.len(), draft.techniques.len()) {
                mark = mark.join(own);
            }
        }
        (draft, mark)
    }

    fn lead(&self, start: Option<u32>, shared: &Draft, out: &mut Out<'_>) -> Lead {
        let mut lead = Lead { draft: shared.clone(), mark: Mark::default(), is_report: false };
        lead.draft.origin.field = self.path.to_owned();
        let Some((start, object)) = start.and_then(|start| Some((start as usize, self.object(start)?))) else {
            return lead;
        };
        lead.draft.origin.line = self.doc.line_at(start);
        lead.mark = self.marks.of(&object);
        lead.is_report = matches!(object.str("type"), Some("report" | "grouping"));
        if lead.mark.held && !lead.is_report {
            lead.mark = Mark::default();
            return lead;
        }
        let draft = &mut lead.draft;
        if let Some(title) = object.str("title").or_else(|| object.str("name")) {
            draft.title = clipped(title, TITLE_CHARS_MAX);
        }
        draft.narrative = object.str("description").unwrap_or("").chars().take(NARRATIVE_CHARS_MAX).collect();
        let author = object.str("created_by_ref").and_then(|id| self.identities.get(&self.doc.hash(id)));
        draft.author = author
            .and_then(|&start| self.object(start))
            .and_then(|identity| identity.str("name").map(|name| clipped(name, TITLE_CHARS_MAX)));
        let time = ["published", "created"].iter().find_map(|&key| Some((object.str(key)?, key)));
        if let Some((text, key)) = time {
            let line = self.doc.line_of(start, &[key]);
            draft.happened_at = out.time(text, line, &join(self.path, key));
        }
        for label in object.get("labels").map_or(&[][..], Value::items).iter().filter_map(Value::as_str) {
            add_tag(draft, label);
        }
        lead
    }

    /// The mark of an object within its draft: its own, or else that of the report that names it.
    fn mark(&self, object: &Value<'_>, one: &Found, lead: &Lead) -> Mark {
        let own = self.marks.of(object);
        if lead.is_report && lead.mark.held {
            return Mark { held: true, ..own };
        }
        if own.held || own.tlp.is_some() {
            return own;
        }
        if lead.is_report && one.owner != NOBODY && lead.mark.tlp.is_some() {
            return lead.mark;
        }
        Mark { tlp: None, held: self.doubt }
    }

    /// Sends what belongs together, in parts if it is much; returns the number of drafts.
    fn send(&self, found: &[Found], start: Option<u32>, shared: &(Draft, Mark), out: &mut Out<'_>) -> usize {
        let mut lead = self.lead(start, &shared.0, out);
        if found.is_empty() && !lead.is_report {
            return 0;
        }
        // One marking for all of a draft: the strictest of what was read for it. What is unmarked counts as the caller says.
        let mut all = shared.1.join(lead.mark);
        let mut unmarked = false;
        for one in found {
            let Some(object) = self.object(one.start) else { continue };
            let mark = self.mark(&object, one, &lead);
            if !mark.held {
                unmarked |= mark.tlp.is_none();
                all = all.join(mark);
            }
        }
        let gap = out.options.marking;
        lead.draft.marking =
            all.tlp.map(|tlp| Marking { tlp: if unmarked { tlp.max(gap.tlp) } else { tlp }, pap: gap.pap });
        let words = format!("{} {}", lead.draft.title, lead.draft.tags.join(" "));
        add_techniques(&mut lead.draft, &words);
        if let Some(attack) = attack_of(&words) {
            lead.draft.attack = attack;
        }
        let mut parts = Parts { open: Vec::new(), kept: Vec::new(), sent: 0 };
        for one in found {
            let Some(object) = self.object(one.start) else { continue };
            let held = self.mark(&object, one, &lead).held;
            let values = self.read_object(&object, one, out);
            if lead.draft.happened_at.is_none() {
                lead.draft.happened_at = values.iter().find_map(|value| value.sighting.seen_at);
            }
            parts.push(values, held, &lead.draft, out);
        }
        parts.send(true, &lead.draft, out);
        parts.send(false, &lead.draft, out);
        if parts.sent == 0 && lead.is_report {
            out.draft(Draft { cell_only: lead.mark.held, ..lead.draft });
            parts.sent = 1;
        }
        parts.sent
    }

    fn read_object(&self, object: &Value<'_>, one: &Found, out: &mut Out<'_>) -> Vec<DraftIndicator> {
        let start = one.start as usize;
        let path = if self.path.is_empty() && self.doc.ws(0) == start {
            String::new()
        } else {
            format!("{}[{}]", self.path, one.index)
        };
        let place = Place { doc: self.doc, start, path: &path };
        match object.str("type") {
            Some("indicator") => read_indicator(object, &place, out),
            Some("observed-data") => read_observed(object, &place, out),
            Some(kind) => read_observable(object, kind, &[], None, &place, out),
            None => Vec::new(),
        }
    }
}

/// The values of a draft: those that may travel, and those that are left to the cell.
struct Parts {
    open: Vec<DraftIndicator>,
    kept: Vec<DraftIndicator>,
    sent: usize,
}

impl Parts {
    fn push(&mut self, values: Vec<DraftIndicator>, held: bool, draft: &Draft, out: &mut Out<'_>) {
        let group = if held { &mut self.kept } else { &mut self.open };
        if group.len() + values.len() > out.options.items_max {
            self.send(held, draft, out);
        }
        if held { self.kept.extend(values) } else { self.open.extend(values) }
    }

    fn send(&mut self, held: bool, draft: &Draft, out: &mut Out<'_>) {
        let indicators = std::mem::take(if held { &mut self.kept } else { &mut self.open });
        if indicators.is_empty() {
            return;
        }
        let mut draft = Draft { indicators, cell_only: held, ..draft.clone() };
        if held {
            draft.marking = Some(Marking { tlp: Tlp::Red, pap: out.options.marking.pap });
        }
        out.draft(draft);
        self.sent += 1;
    }
}

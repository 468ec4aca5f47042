//! Everything in a whole draft that could name its reporter, with what may be done about each: left out, made general, kept.

use model::{Kind, Observable};

use super::encoded::{base64_texts, percent_decoded, refanged};
use super::lexicon::{Lexicon, Named, fold_host};
use super::{
    Cause, INTERNAL_ENDINGS, Trace, address, host_of_url, host_trace, is_within, named_trace, own_name_within, path,
    range, trace,
};

/// Findings in the words of one draft that are told; the rest is counted. Those in values are all told: each holds one.
pub const DRAFT_FINDINGS_MAX: usize = 300;

/// A field of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The title.
    Title,
    /// The reporter's own words.
    Narrative,
    /// A tag.
    Tag,
    /// A value: the only field of which anything is released.
    Value,
}

impl Field {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Narrative => "narrative",
            Self::Tag => "tags",
            Self::Value => "indicators",
        }
    }
}

/// What stands instead of a finding when it is made general.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generalised {
    /// Another text in the place of the words.
    Text(String),
    /// Another value in the place of the value.
    Value(Observable),
}

/// A word or value that could name the reporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stays the same as long as field and text do, wherever they stand.
    pub id: String,
    /// Where.
    pub field: Field,
    /// Which of several: a tag, a value.
    pub index: Option<usize>,
    /// Where in the field it begins, in characters.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The text itself.
    pub text: String,
    /// What sort, and why.
    pub trace: Trace,
    /// What may stand instead; `None` if it can only be left out or kept.
    pub generalised: Option<Generalised>,
}

/// A draft as the scrub reads it.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Title.
    pub title: &'a str,
    /// The reporter's own words.
    pub narrative: &'a str,
    /// Tags.
    pub tags: &'a [String],
    /// Values; `None` for one that could not be read.
    pub values: &'a [Option<Observable>],
}

/// What was found in a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// By field and place.
    pub found: Vec<Finding>,
    /// Findings in words that are not told.
    pub untold: usize,
}

fn id(field: Field, cause: Cause, text: &str) -> String {
    // FNV-1a: names a finding within one draft, and keeps nothing secret.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in [field.as_str(), cause.as_str(), text].join("\n").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// Looks through a whole draft.
#[must_use]
pub fn draft(draft: &Draft<'_>, own: &Lexicon, exercise: bool) -> Findings {
    let mut findings = Findings::default();
    let tags = draft.tags.iter().enumerate().map(|(index, tag)| (Field::Tag, Some(index), tag.as_str()));
    let words = [(Field::Title, None, draft.title), (Field::Narrative, None, draft.narrative)].into_iter().chain(tags);
    for (field, index, text) in words {
        for finding in text_findings(field, index, text, own, exercise) {
            if findings.found.len() < DRAFT_FINDINGS_MAX {
                findings.found.push(finding);
            } else {
                findings.untold += 1;
            }
        }
    }
    for (index, value) in draft.values.iter().enumerate() {
        findings.found.extend(value.as_ref().and_then(|value| value_finding(index, value, own, exercise)));
    }
    findings
}

/// What in a value could name the reporter: one finding, whatever stands in it.
#[must_use]
pub fn value_finding(index: usize, observable: &Observable, own: &Lexicon, exercise: bool) -> Option<Finding> {
    let trace = trace(observable, own, exercise)?;
    let text = observable.value().to_owned();
    Some(Finding {
        id: id(Field::Value, trace.cause, &format!("{} {text}", observable.kind().as_str())),
        field: Field::Value,
        index: Some(index),
        start: 0,
        end: text.chars().count(),
        text,
        generalised: generalised(observable, own, exercise).map(Generalised::Value),
        trace,
    })
}

/// A value that says less and names nobody: a URL's host, the domain of a mailbox, a path without account or machine.
fn generalised(observable: &Observable, own: &Lexicon, exercise: bool) -> Option<Observable> {
    let value = observable.value();
    let read = |kind, text: &str| {
        let read = Observable::parse(kind, text).ok()?;
        (&read != observable && trace(&read, own, exercise).is_none()).then_some(read)
    };
    match observable.kind() {
        Kind::Url => {
            let host = host_of_url(value).filter(|host| host_trace(host, own, exercise).is_none())?;
            let (scheme, rest) = value.split_once("://")?;
            let authority = rest.split(['/', '?', '#', '\\']).next()?.rsplit('@').next()?;
            read(Kind::Url, &format!("{scheme}://{authority}/")).or_else(|| read(Kind::Domain, host))
        }
        Kind::Email => read(Kind::Domain, value.rsplit_once('@')?.1),
        Kind::FilePath => path::without_user(value)
            .and_then(|text| read(Kind::FilePath, &text))
            .or_else(|| read(Kind::FileName, path::file(value)?)),
        _ => None,
    }
}

/// What stands for a look-alike that is made general.
const LIKE: &str = "[a look-alike of our name]";

/// Signs that part words of a text, beside blanks.
const fn parts(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '`' | ',' | ';' | '|' | '“' | '”' | '‘' | '’' | '«' | '»')
}

fn text_findings(field: Field, index: Option<usize>, text: &str, own: &Lexicon, exercise: bool) -> Vec<Finding> {
    let mut found: Vec<(usize, usize, Trace, String)> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if !parts(c) {
            continue;
        }
        let token = text.get(start..at).unwrap_or_default();
        let kept = token.trim_start_matches(['(', '{', '=']).trim_end_matches([')', ']', '}', '.', ':', '!', '?', '=']);
        if !kept.is_empty()
            && let Some((trace, instead)) = token_trace(kept, own, exercise)
        {
            let before = token.len() - token.trim_start_matches(['(', '{', '=']).len();
            found.push((start + before, start + before + kept.len(), trace, instead));
        }
        start = at + c.len_utf8();
    }
    let tokens = found.len();
    for (start, end, named) in own.names_in(text) {
        let told = found.get(..tokens).unwrap_or_default();
        // Both lists are in the order of the text.
        let next = told.partition_point(|(_, told_end, ..)| *told_end <= start);
        if told.get(next).is_some_and(|(told_start, ..)| *told_start < end) {
            continue;
        }
        let instead = match &named {
            Named::Brand(_) => "[our organisation]",
            Named::Like(_) => LIKE,
            Named::Colleague => "[a colleague]",
        };
        found.push((start, end, named_trace(named), instead.to_owned()));
    }
    found.sort_by_key(|(start, ..)| *start);
    let (mut byte, mut chars) = (0, 0);
    let finding = |(start, end, trace, instead): (usize, usize, Trace, String)| {
        let count = |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
        chars += count(byte, start);
        byte = start;
        let part = text.get(start..end).unwrap_or_default().to_owned();
        Finding {
            id: id(field, trace.cause, &part),
            field,
            index,
            start: chars,
            end: chars + count(start, end),
            text: part,
            trace,
            generalised: Some(Generalised::Text(instead)),
        }
    };
    found.into_iter().map(finding).collect()
}

/// What in one word between blanks could name the reporter, and what may stand instead.
fn token_trace(token: &str, own: &Lexicon, exercise: bool) -> Option<(Trace, String)> {
    let plain = percent_decoded(&refanged(token));
    let of_ours = |what: &str| format!("[{what} of ours]");
    let bare = plain.trim_matches(['[', ']']);
    let without_port = bare.rsplit_once(':').map_or(bare, |(before, _)| before).trim_matches(['[', ']']);
    if let Some(trace) = address(bare, own, exercise).or_else(|| address(without_port, own, exercise)) {
        return Some((trace, of_ours("an address")));
    }
    if bare.contains('/')
        && let Some(trace) = range(bare, own, exercise)
    {
        return Some((trace, of_ours("a range")));
    }
    if token.starts_with("\\\\") && path::machine(token).is_some() {
        let why = "path on a machine of somebody's own network".to_owned();
        return Some((Trace { cause: Cause::Machine, why }, of_ours("a machine")));
    }
    if let Some(why) = own_domain_in(&plain, own) {
        return Some((Trace { cause: Cause::OwnDomain, why }, of_ours("a name")));
    }
    // As it was written: what is base64 says something else in lower case.
    if let Some(trace) = base64_texts(&percent_decoded(token)).iter().find_map(|text| own_name_within(text, own)) {
        return Some((trace, of_ours("a name")));
    }
    if let Some(general) = path::without_user(token) {
        return Some((path::user_trace(), general));
    }
    if path::is_machine_name(token) {
        let why = "it is the name of a machine in somebody's own network".to_owned();
        return Some((Trace { cause: Cause::Machine, why }, of_ours("a machine")));
    }
    let host = host_of_url(&plain).or_else(|| plain.rsplit_once('@').map(|(_, host)| host)).unwrap_or(&plain);
    let is_host = host.contains('.')
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && !host.starts_with('.');
    if !is_host {
        return address_of(host, own, exercise).map(|trace| (trace, of_ours("an address")));
    }
    if let Some(ending) = INTERNAL_ENDINGS.iter().find(|ending| is_within(host, ending)) {
        let why = format!("names under .{ending} exist in somebody's own network only");
        return Some((Trace { cause: Cause::InternalName, why }, of_ours("a machine")));
    }
    if let Some(trace) = address_of(host, own, exercise) {
        return Some((trace, of_ours("an address")));
    }
    let like = own.looks_like(host)?;
    Some((named_trace(Named::Like(like.to_owned())), LIKE.to_owned()))
}

fn address_of(host: &str, own: &Lexicon, exercise: bool) -> Option<Trace> {
    address(host.trim_matches(['[', ']']), own, exercise)
}

/// Why a word names an own domain: as it stands between other signs, drawn alike, or as base64.
fn own_domain_in(plain: &str, own: &Lexicon) -> Option<String> {
    let bounded = |text: &str, needle: &str| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        text.match_indices(needle).any(|(at, found)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
            ends(before) && ends(after)
        })
    };
    let say = |domain: &str| format!("it names {domain}, the reporter's own domain");
    if let Some(domain) = own.domains.iter().find(|domain| bounded(plain, domain)) {
        return Some(say(domain));
    }
    if !plain.is_ascii() || plain.contains("xn--") {
        let folded = fold_host(plain);
        let at = own.folded_domains.iter().position(|domain| bounded(&folded, domain));
        if let Some(domain) = at.and_then(|at| own.domains.get(at)) {
            return Some(say(domain));
        }
    }
    None
}

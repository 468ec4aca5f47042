//! Values that are neither names nor addresses nor hashes: the forms in which they are written, and the word each is found by.

use std::borrow::Cow;
use std::ops::Range;

use model::Kind;

/// Shortest word that finds a value.
pub(crate) const ANCHOR_BYTES_MIN: usize = 3;
/// Longest word that finds a value.
pub(crate) const ANCHOR_BYTES_MAX: usize = 63;

/// Words that stand in every path, key or user agent, so that values are found by others where they have any.
const EVERYDAY: &[&str] = &[
    "windows",
    "system32",
    "syswow64",
    "users",
    "user",
    "public",
    "appdata",
    "local",
    "roaming",
    "temp",
    "programdata",
    "program",
    "files",
    "x86",
    "software",
    "microsoft",
    "currentversion",
    "control",
    "currentcontrolset",
    "system",
    "services",
    "hklm",
    "hkcu",
    "hku",
    "mozilla",
    "applewebkit",
    "khtml",
    "like",
    "gecko",
    "chrome",
    "safari",
    "firefox",
    "compatible",
    "msie",
    "trident",
    "win64",
    "x64",
    "linux",
    "intel",
    "version",
    "http",
    "https",
    "www",
    "com",
    "exe",
    "dll",
    "tmp",
    "etc",
    "usr",
    "bin",
    "var",
    "lib",
    "home",
    "root",
    "log",
    "html",
    "php",
    "the",
    "cve",
];

/// The forms of a value, in lower case.
pub(crate) fn forms(kind: Kind, value: &str) -> Vec<Cow<'_, str>> {
    let mut forms = vec![Cow::Owned(value.to_ascii_lowercase())];
    match kind {
        Kind::Mac => forms.push(value.to_ascii_lowercase().replace(':', "-").into()),
        Kind::Tlsh => forms.push(value.trim_start_matches("T1").to_ascii_lowercase().into()),
        Kind::X509Fingerprint => {
            let mut spread = String::with_capacity(value.len() * 3 / 2);
            for (at, sign) in value.chars().enumerate() {
                if at > 0 && at % 2 == 0 {
                    spread.push(':');
                }
                spread.push(sign.to_ascii_lowercase());
            }
            forms = vec![spread.into()];
        }
        Kind::RegistryKey => {
            const HIVES: [(&str, &str); 5] = [
                ("HKLM", "hkey_local_machine"),
                ("HKCU", "hkey_current_user"),
                ("HKCR", "hkey_classes_root"),
                ("HKU", "hkey_users"),
                ("HKCC", "hkey_current_config"),
            ];
            for (short, long) in HIVES {
                if let Some(rest) = value.strip_prefix(short).filter(|rest| rest.is_empty() || rest.starts_with('\\')) {
                    forms.push(format!("{long}{}", rest.to_ascii_lowercase()).into());
                }
            }
        }
        _ => {}
    }
    forms
}

/// Whether a value may stand within words.
pub(crate) const fn anywhere(kind: Kind) -> bool {
    matches!(kind, Kind::UserAgent)
}

/// The place of the word by which a form is found: the longest that is no everyday one, and certain to be whole in a text.
pub(crate) fn anchor(kind: Kind, form: &[u8]) -> Option<Range<usize>> {
    let mut best: Option<(bool, usize, Range<usize>)> = None;
    let mut from = 0;
    for word in form.split(|b| !b.is_ascii_alphanumeric()) {
        let range = from..from + word.len();
        from = range.end + 1;
        let at_end = range.start == 0 || range.end == form.len();
        // MAC addresses and fingerprints with colons have no longer words.
        let least = if matches!(kind, Kind::Mac | Kind::X509Fingerprint) { 2 } else { ANCHOR_BYTES_MIN };
        if !(least..=ANCHOR_BYTES_MAX).contains(&word.len()) || (anywhere(kind) && at_end) {
            continue;
        }
        let rare = !EVERYDAY.iter().any(|everyday| everyday.as_bytes() == word);
        let better = best.as_ref().is_none_or(|(was_rare, len, _)| (rare, word.len()) >= (*was_rare, *len));
        if better {
            best = Some((rare, word.len(), range));
        }
    }
    best.map(|(_, _, range)| range)
}

/// Whether a form stands in `text` at `place`.
pub(crate) fn stands(kind: Kind, form: &[u8], text: &[u8], place: usize) -> bool {
    let end = place + form.len();
    let Some(there) = text.get(place..end) else { return false };
    let glued = |inner: Option<&u8>, outer: Option<&u8>| {
        inner.is_some_and(u8::is_ascii_alphanumeric) && outer.is_some_and(u8::is_ascii_alphanumeric)
    };
    let glued_there = (place > 0 && glued(form.first(), text.get(place - 1))) || glued(form.last(), text.get(end));
    there.eq_ignore_ascii_case(form) && (anywhere(kind) || !glued_there)
}

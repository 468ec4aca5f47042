//! What names a reporter, made ready once so that every word is then looked up and never compared with all of it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::Assets;
use super::address::parse_range;
use super::fold::{WORD_CHARS_MAX, fold, is_invisible, is_one_slip, neighbours};

/// Shortest brand that is looked for in values at all.
const BRAND_CHARS_MIN: usize = 2;
/// Shortest brand that is looked for within words: shorter ones are part of too many.
const BRAND_WITHIN_CHARS_MIN: usize = 4;
/// Shortest name of which a look-alike is told, where letters are only drawn alike.
const ALIKE_CHARS_MIN: usize = 4;
/// Shortest name of which a look-alike is told that is one slip away: shorter ones are one slip from ordinary words.
const SLIP_CHARS_MIN: usize = 6;
/// Shortest name of a person or mailbox.
const PERSON_CHARS_MIN: usize = 4;
/// Words of a name that are looked at together.
const WORDS_TOGETHER: usize = 4;
/// People of one organisation that are looked for.
pub const COLLEAGUES_MAX: usize = 2_000;

/// Mailboxes, accounts and labels that every firm has: they name nobody.
pub(super) const EVERYBODYS: &[&str] = &[
    "abuse",
    "accounts",
    "admin",
    "administrator",
    "all",
    "api",
    "app",
    "bank",
    "billing",
    "cell",
    "cloud",
    "contact",
    "data",
    "default",
    "energy",
    "enquiries",
    "example",
    "finance",
    "group",
    "guest",
    "hello",
    "help",
    "helpdesk",
    "home",
    "host",
    "info",
    "invoices",
    "login",
    "mail",
    "marketing",
    "network",
    "news",
    "nobody",
    "noreply",
    "office",
    "online",
    "operator",
    "payments",
    "payroll",
    "portal",
    "postmaster",
    "press",
    "public",
    "reception",
    "report",
    "reporter",
    "root",
    "sales",
    "secure",
    "security",
    "service",
    "services",
    "shop",
    "soc",
    "staff",
    "store",
    "support",
    "system",
    "team",
    "test",
    "user",
    "username",
    "users",
    "web",
    "webmaster",
    "who",
    "www",
];

/// Everyday words that hold a shorter word within which somebody may have as a brand: they name nobody.
const EVERYDAY: &[&str] = &[
    "acorn",
    "advisable",
    "advisory",
    "applet",
    "application",
    "applications",
    "background",
    "bombshell",
    "bootloader",
    "bootstrap",
    "bootstrapper",
    "cargo",
    "context",
    "corange",
    "cybershell",
    "disappear",
    "eggshell",
    "embargo",
    "envisage",
    "grapple",
    "hashshell",
    "interorange",
    "invisible",
    "newshell",
    "nextcloud",
    "nextjs",
    "nutshell",
    "pineapple",
    "powershell",
    "pseudoshell",
    "reverseshell",
    "seashell",
    "shellcode",
    "shellcodes",
    "shellexec",
    "shellexecute",
    "shellshock",
    "shells",
    "snapple",
    "subshell",
    "targeted",
    "targeting",
    "targets",
    "visible",
    "visage",
    "vodafones",
    "webshell",
    "webshells",
    "winshell",
];

/// Who or what a word names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A name or brand of the organisation's.
    Brand(String),
    /// It is drawn like a name of the organisation's.
    Like(String),
    /// Somebody who works there.
    Colleague,
}

/// Somebody who works for the reporter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colleague {
    /// Name.
    pub name: String,
    /// Mailbox: what stands before the sign in the address.
    pub mailbox: String,
}

/// What names a reporter: its own domains, ranges and brands, and the people who work for it.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    pub(super) domains: Vec<String>,
    pub(super) folded_domains: Vec<String>,
    pub(super) ranges: Vec<(String, (IpAddr, u8))>,
    brands: Vec<(String, String)>,
    names: HashMap<String, Named>,
    /// Labels and brands of which look-alikes are told: as they stand, folded, and as the reporter knows them.
    labels: Vec<(String, String, String)>,
    alike: HashMap<String, usize>,
    near: HashMap<String, Vec<usize>>,
}

/// A word with where it stands, in bytes.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) plain: String,
}

/// Letters and digits of a text, in lower case.
pub(super) fn plain(text: &str) -> String {
    let shown = text.chars().filter(|c| c.is_alphanumeric());
    shown.flat_map(char::to_lowercase).collect()
}

/// The words of a text: runs of letters and digits; characters that take no place do not part them.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    let end = [(text.len(), ' ')];
    for (at, c) in text.char_indices().chain(end) {
        match (start, c.is_alphanumeric() || is_invisible(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                let word = text.get(from..at).unwrap_or_default();
                let plain = plain(word);
                if !plain.is_empty() {
                    found.push(Word { text: word, start: from, plain });
                }
                start = None;
            }
            _ => {}
        }
    }
    found
}

impl Lexicon {
    /// Makes ready what belongs to an organisation and who works there.
    #[must_use]
    pub fn new(assets: &Assets, colleagues: impl IntoIterator<Item = Colleague>) -> Self {
        let mut own = Self::default();
        for domain in &assets.domains {
            let domain = domain.trim_matches('.').to_lowercase();
            if !domain.is_empty() {
                own.folded_domains.push(fold_host(&domain));
                let registrable = psl::domain_str(&domain).unwrap_or(&domain);
                let label = registrable.split('.').next().unwrap_or_default().to_owned();
                own.label(&label, &domain);
                own.domains.push(domain);
            }
        }
        for range in &assets.ranges {
            own.ranges.extend(parse_range(range).map(|parsed| (range.clone(), parsed)));
        }
        for brand in &assets.brands {
            let needle = plain(brand);
            if needle.chars().count() >= BRAND_CHARS_MIN {
                own.label(&needle, brand);
                own.names.insert(needle.clone(), Named::Brand(brand.clone()));
                own.brands.push((needle, brand.clone()));
            }
        }
        for colleague in colleagues.into_iter().take(COLLEAGUES_MAX) {
            own.colleague(&colleague);
        }
        own
    }

    /// Lexicon of an organisation without people.
    #[must_use]
    pub fn of(assets: &Assets) -> Self {
        Self::new(assets, [])
    }

    fn label(&mut self, label: &str, shown: &str) {
        let label = unicode(label);
        let letters = label.chars().count();
        if !(ALIKE_CHARS_MIN..=WORD_CHARS_MAX).contains(&letters) || EVERYBODYS.contains(&label.as_str()) {
            return;
        }
        let (at, folded) = (self.labels.len(), fold(&label));
        self.alike.entry(folded.clone()).or_insert(at);
        if letters >= SLIP_CHARS_MIN {
            for near in neighbours(&folded) {
                self.near.entry(near).or_default().push(at);
            }
        }
        self.labels.push((label, folded, shown.to_owned()));
    }

    fn colleague(&mut self, colleague: &Colleague) {
        let parts = colleague.name.split([' ', ',', '.', '\t']).map(plain).filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.collect();
        let mut names = vec![plain(&colleague.mailbox)];
        if let (Some(first), Some(last), true) = (parts.first(), parts.last(), parts.len() > 1) {
            let initial: String = first.chars().take(1).collect();
            names.extend([parts.concat(), format!("{first}{last}"), format!("{last}{first}")]);
            names.extend([format!("{initial}{last}"), format!("{last}{initial}")]);
        }
        for name in names {
            if name.chars().count() >= PERSON_CHARS_MIN && !EVERYBODYS.contains(&name.as_str()) {
                self.names.entry(name).or_insert(Named::Colleague);
            }
        }
    }

    /// The first words of a text, together, that name somebody or something of the reporter's; where they stand, in bytes.
    pub(super) fn names_in(&self, text: &str) -> Vec<(usize, usize, Named)> {
        let mut found = Vec::new();
        if self.names.is_empty() {
            return found;
        }
        let words = words(text);
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let mut joined = String::new();
            let mut hit = None;
            for (taken, next) in words.iter().enumerate().skip(at).take(WORDS_TOGETHER) {
                joined.push_str(&next.plain);
                if let Some(named) = self.named(&joined, next.text) {
                    hit = Some((taken, next.start + next.text.len(), named));
                }
            }
            let within = || self.brand_within(&word.plain).map(|brand| (at, word.start + word.text.len(), brand));
            match hit.or_else(within) {
                Some((taken, end, named)) => {
                    found.push((word.start, end, named));
                    at = taken + 1;
                }
                None => at += 1,
            }
        }
        found
    }

    fn named(&self, joined: &str, last: &str) -> Option<Named> {
        if let Some(named) = self.names.get(joined) {
            return Some(named.clone());
        }
        // Drawn alike: only where a letter is none of the alphabet, or a digit stands among letters.
        let odd = !last.is_ascii() || last.bytes().any(|byte| byte.is_ascii_digit());
        let (_, _, shown) = self.labels.get(*self.alike.get(&fold(joined)).filter(|_| odd)?)?;
        joined.chars().any(char::is_alphabetic).then(|| Named::Like(shown.clone()))
    }

    fn brand_within(&self, word: &str) -> Option<Named> {
        if EVERYDAY.contains(&word) {
            return None;
        }
        let long = |needle: &str| needle.chars().count() >= BRAND_WITHIN_CHARS_MIN;
        let found = self.brands.iter().find(|(needle, _)| long(needle) && word.contains(needle.as_str()));
        found.map(|(_, brand)| Named::Brand(brand.clone()))
    }

    /// A brand that stands across several words, from the beginning of one: signs between letters do not matter.
    pub(super) fn brand_across(&self, text: &str) -> Option<&str> {
        let long: Vec<_> =
            self.brands.iter().filter(|(needle, _)| needle.chars().count() >= BRAND_WITHIN_CHARS_MIN).collect();
        if long.is_empty() {
            return None;
        }
        let words = words(text);
        let together: String = words.iter().map(|word| word.plain.as_str()).collect();
        let starts: HashSet<usize> = words
            .iter()
            .scan(0, |at, word| {
                let start = *at;
                *at += word.plain.len();
                Some(start)
            })
            .collect();
        let found = long.into_iter().find(|(needle, _)| {
            together.match_indices(needle.as_str()).any(|(at, _)| {
                let everyday = || words.iter().any(|word| EVERYDAY.contains(&word.plain.as_str()));
                starts.contains(&at) && !everyday()
            })
        });
        found.map(|(_, brand)| brand.as_str())
    }

    /// What of the reporter's a label of a host name looks like, or is, under another's name.
    pub(super) fn looks_like(&self, host: &str) -> Option<&str> {
        let mut seen = HashSet::new();
        let host = unicode(host);
        let mut labels: Vec<&str> = host.split('.').collect();
        if labels.len() > 1 {
            labels.pop();
        }
        for label in labels {
            let parts = label.split('-').filter(|_| label.contains('-'));
            let together = label.replace(['-', '_'], "");
            for word in [label, together.as_str()].into_iter().chain(parts) {
                let long = word.chars().count();
                if !(ALIKE_CHARS_MIN..=WORD_CHARS_MAX).contains(&long) || !seen.insert(word.to_owned()) {
                    continue;
                }
                if let Some(found) = self.like(word) {
                    return Some(found);
                }
            }
        }
        None
    }

    fn like(&self, word: &str) -> Option<&str> {
        let folded = fold(word);
        let shown = |at: &usize| self.labels.get(*at).map(|(_, _, shown)| shown.as_str());
        if let Some(at) = self.alike.get(&folded) {
            return shown(at);
        }
        if self.near.is_empty() || EVERYDAY.contains(&word) {
            return None;
        }
        neighbours(&folded).iter().filter_map(|near| self.near.get(near)).flatten().find_map(|at| {
            let (label, own, shown) = self.labels.get(*at)?;
            let plural = word.strip_suffix('s') == Some(label) || label.strip_suffix('s') == Some(word);
            (!plural && is_one_slip(own, &folded)).then_some(shown.as_str())
        })
    }

    /// The own domain that a host is, or is below.
    pub(super) fn own_domain(&self, host: &str) -> Option<&str> {
        self.domains.iter().find(|own| super::is_within(host, own)).map(String::as_str)
    }
}

/// A host name with its Punycode undone, in lower case.
pub(super) fn unicode(host: &str) -> String {
    let host = host.to_lowercase();
    if host.contains("xn--") { idna::domain_to_unicode(&host).0 } else { host }
}

/// A host name, label by label with letters that are drawn alike made one.
pub(super) fn fold_host(host: &str) -> String {
    let dots = unicode(host).replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
    dots.split('.').map(fold).collect::<Vec<_>>().join(".")
}

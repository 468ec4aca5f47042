//! The rules that find related reports: one file each, one line in the list.
//!
//! A rule names *features* of a value: what another value may have in common with it. Two reports that share a feature may be
//! related; how much that says is the feature's rarity (see `weigh`), times the rule's weight.

mod autonomous_system;
mod digits;
mod domain_word;
mod file_pattern;
mod mail_subject;
mod network;
mod network_wide;
mod owned_domain;
mod same_name;
mod same_value;
mod sub_domain;
mod url_file;
mod url_folder;
mod url_host;
mod url_path;
mod url_query;

use std::hash::Hasher as _;

use model::{KeySeed, Kind, Observable};
use siphasher::sip::SipHasher13;

use crate::Networks;
use crate::parts::Parts;
use crate::zones::Zones;

/// What of a value a rule looks at: of one value only the strongest rule of each aspect counts, since the weaker ones say the
/// same again (who shares a domain shares its words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// Where it is: name, address, owner, network. Also the value as a whole.
    Place,
    /// What is asked for there: path, file, query.
    Path,
}

/// A feature of a value.
pub(crate) enum Feature<'a> {
    /// The name of a host, under which the domain of that name is found as well.
    Host(&'a str),
    /// Texts that are common to all values that have the feature.
    Text(&'a [&'a str]),
}

/// What a rule may ask beside the value.
pub(crate) struct Context<'a> {
    /// Which networks belong to whom.
    pub networks: &'a Networks,
}

/// Takes a rule's features, one at a time.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(&Feature<'_>);

/// A rule.
pub(crate) struct Rule {
    /// Its name in data.
    pub name: &'static str,
    /// The sentence of its reason: `{value}` is the later report's value, `{shared}` what both have.
    pub sentence: &'static str,
    /// What of a value it looks at.
    pub aspect: Aspect,
    /// How far its evidence is trusted: 1 would be a naive Bayes likelihood ratio taken at its word. Learned by
    /// `cargo xtask bench fusion --learn` from the first half of the labelled reports; see docs/fusion.md.
    pub weight: f32,
    /// In one of how many unrelated reports such a feature is found before anything is known of it.
    pub typical: f32,
    /// Gives the features of a value.
    pub features: fn(&Parts<'_>, &Context<'_>, Sink<'_>),
}

/// Every rule; within an aspect the strongest first.
pub(crate) const ALL: [Rule; 16] = [
    same_value::RULE,
    url_host::RULE,
    owned_domain::RULE,
    same_name::RULE,
    digits::RULE,
    network::RULE,
    sub_domain::RULE,
    domain_word::RULE,
    network_wide::RULE,
    autonomous_system::RULE,
    file_pattern::RULE,
    mail_subject::RULE,
    url_path::RULE,
    url_folder::RULE,
    url_file::RULE,
    url_query::RULE,
];

/// Names of the rules, in order.
#[must_use]
pub fn rule_names() -> [&'static str; RULES] {
    ALL.each_ref().map(|rule| rule.name)
}

/// Number of rules.
pub const RULES: usize = ALL.len();
/// Index of the rule of equal values.
pub(crate) const SAME_VALUE: u8 = 0;
/// Index of the rule of a URL's host.
pub(crate) const URL_HOST: u8 = 1;
/// Index of the rule of what one owner has registered.
pub(crate) const OWNED: u8 = 2;

/// Features of one value under one rule: what has more is cut, so that no value makes unbounded work.
const FEATURES_PER_RULE_MAX: usize = 6;

/// Gives each feature of a value as its rule's index and its key. The value as a whole is none of them.
pub(crate) fn features(parts: &Parts<'_>, context: &Context<'_>, seed: KeySeed, sink: &mut dyn FnMut(u8, u64)) {
    for (index, rule) in (0_u8..).zip(&ALL) {
        let mut count = 0;
        (rule.features)(parts, context, &mut |feature| {
            count += 1;
            if count <= FEATURES_PER_RULE_MAX {
                sink(index, key(rule, feature, seed));
            }
        });
    }
}

fn key(rule: &Rule, feature: &Feature<'_>, seed: KeySeed) -> u64 {
    match feature {
        Feature::Host(host) => model::ObservableKey::of(Kind::Domain, host, seed).0,
        Feature::Text(texts) => {
            let mut hasher = SipHasher13::new_with_key(&seed.0);
            hasher.write(rule.name.as_bytes());
            for text in *texts {
                hasher.write_u8(0);
                hasher.write(text.as_bytes());
            }
            hasher.finish()
        }
    }
}

/// The sentence of a reason, given the text of the later report's value.
pub(crate) fn sentence(name: &str, value: &str) -> String {
    if name == crate::ANALYST {
        return "an analyst says that both are of one attack".to_owned();
    }
    let Some(rule) = ALL.iter().find(|known| known.name == name) else { return format!("linked by {value}") };
    if !rule.sentence.contains("{shared}") {
        return rule.sentence.replace("{value}", value);
    }
    let shared = shared(rule, value).unwrap_or_else(|| "something".to_owned());
    rule.sentence.replace("{value}", value).replace("{shared}", &shared)
}

/// What a value shares under a rule, as a person reads it.
fn shared(rule: &Rule, value: &str) -> Option<String> {
    let (zones, networks) = (Zones::own(), Networks::default());
    Observable::readings(value).iter().find_map(|observable| {
        let mut found: Vec<String> = Vec::new();
        (rule.features)(&Parts::of(observable, &zones), &Context { networks: &networks }, &mut |feature| {
            found.push(match feature {
                Feature::Host(host) => (*host).to_owned(),
                Feature::Text(texts) => texts.concat(),
            });
        });
        (!found.is_empty()).then(|| found.join(", "))
    })
}

/// The rule set as text, whose hash the journal records: new rules act from then on.
#[must_use]
pub fn rule_set_text() -> String {
    let mut text = format!("fusion {}\n", env!("CARGO_PKG_VERSION"));
    text.push_str(
        "over-common: by distinct members, decided at epochs; everyday: by the lists in use when it is seen\n",
    );
    text.push_str(&crate::weigh::text());
    for rule in &ALL {
        text.push_str(&format!(
            "{}: {} (weight {}, typical {})\n",
            rule.name, rule.sentence, rule.weight, rule.typical
        ));
    }
    text
}

/// A text whose runs of digits became one `#` each; `None` if it has none, or little else.
pub(crate) fn without_digits(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut digits, mut letters) = (false, 0);
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !out.ends_with('#') {
                out.push('#');
            }
            digits = true;
        } else {
            letters += usize::from(c.is_alphabetic());
            out.push(c);
        }
    }
    (digits && letters >= 4).then_some(out)
}

#[cfg(test)]
pub(crate) fn check(rule: &Rule, kind: Kind, value: &str, expect: &[&str]) {
    let observable = Observable::from_normal(kind, value);
    let networks = Networks::from_ranges([(0x2d09_9400, 0x2d09_94ff, 64_500)]);
    let mut found: Vec<String> = Vec::new();
    (rule.features)(&Parts::of(&observable, &Zones::own()), &Context { networks: &networks }, &mut |feature| {
        found.push(match feature {
            Feature::Host(host) => format!("host {host}"),
            Feature::Text(texts) => texts.concat(),
        });
    });
    assert_eq!(found, expect, "{} of {value}", rule.name);
}

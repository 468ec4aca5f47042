//! The rules that find related reports: one file each, one line in the list.
//!
//! A rule names *features* of a value: what another value may have in common with it. Two reports that share a feature may be
//! related; how much that says is the feature's rarity (see `weigh`), times the rule's weight.

mod autonomous_system;
mod digits;
mod domain_word;
mod file_pattern;
mod generated_name;
mod mail_sender;
mod mail_subject;
mod network;
mod network_wide;
mod owned_domain;
mod same_name;
mod same_value;
mod shared_tag;
mod shared_zone;
mod sub_domain;
mod url_file;
mod url_folder;
mod url_host;
mod url_path;
mod url_query;
mod user_agent_pattern;

use std::hash::Hasher as _;

use std::net::IpAddr;

use model::{KeySeed, Kind, ObservableKey};
use siphasher::sip::SipHasher13;

use crate::Networks;
use crate::parts::Parts;

/// What of a value a rule looks at: of one value only the strongest rule of each aspect counts, since the weaker ones say the
/// same again (who shares a domain shares its words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// Where it is: name, address, owner, network. Also the value as a whole.
    Place,
    /// What is asked for there: path, file, query.
    Path,
    /// Of no value: what the report says beside them.
    Told,
}

/// A feature of a value.
pub(crate) enum Feature<'a> {
    /// The name of a host, under which the domain of that name is found as well.
    Host(&'a str),
    /// The address of a host, under which the address as a value is found as well.
    Address(IpAddr),
    /// The network of so many bits that an address is in.
    Network(IpAddr, u8),
    /// An autonomous system.
    System(u32),
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
    /// The sentence of its reason: `{value}` is the later report's value, `{shared}` what both have, `{other}` the earlier report's value.
    pub sentence: &'static str,
    /// What the earlier report's value is called where it is not known.
    pub other: &'static str,
    /// The sentence where the earlier report names what both have; none if that reads as any other.
    pub named: Option<&'static str>,
    /// The sentence where the later report's value is itself what both have.
    pub whole: Option<&'static str>,
    /// What of a value it looks at.
    pub aspect: Aspect,
    /// Whether those who have it in common seldom do so by being customers of one provider, or by speaking one language.
    pub specific: bool,
    /// How far its evidence is trusted: 1 would be a naive Bayes likelihood ratio taken at its word. Learned by
    /// `cargo xtask bench fusion --learn` from the first half of the labelled reports; see docs/fusion.md.
    pub weight: f32,
    /// In one of how many unrelated reports such a feature is found before anything is known of it.
    pub typical: f32,
    /// Gives the features of a value.
    pub features: fn(&Parts<'_>, &Context<'_>, Sink<'_>),
}

/// Every rule; within an aspect the strongest first.
pub(crate) static ALL: [Rule; RULES] = [
    same_value::RULE,
    url_host::RULE,
    owned_domain::RULE,
    same_name::RULE,
    digits::RULE,
    network::RULE,
    sub_domain::RULE,
    domain_word::RULE,
    generated_name::RULE,
    network_wide::RULE,
    shared_zone::RULE,
    autonomous_system::RULE,
    file_pattern::RULE,
    mail_sender::RULE,
    mail_subject::RULE,
    user_agent_pattern::RULE,
    url_path::RULE,
    url_folder::RULE,
    url_file::RULE,
    url_query::RULE,
    shared_tag::RULE,
];

/// Names of the rules, in order.
#[must_use]
pub fn rule_names() -> [&'static str; RULES] {
    ALL.each_ref().map(|rule| rule.name)
}

/// Number of rules.
pub const RULES: usize = 21;
/// Index of the rule of equal values.
pub(crate) const SAME_VALUE: u8 = 0;
/// Index of the rule of a URL's host.
pub(crate) const URL_HOST: u8 = 1;
/// Index of the rule of what one owner has registered.
pub(crate) const OWNED: u8 = 2;
/// Index of the rule of tags.
pub(crate) const TAG: u8 = 20;

/// Features of one value under one rule: what has more is cut, so that no value makes unbounded work.
const FEATURES_PER_RULE_MAX: usize = 6;

/// Key of a tag, however it is written; `None` if it says nothing.
pub(crate) fn tag(tag: &str, seed: KeySeed) -> Option<u64> {
    let plain = shared_tag::plain(tag)?;
    let mut hasher = SipHasher13::new_with_key(&seed.0);
    hasher.write(shared_tag::RULE.name.as_bytes());
    hasher.write_u8(0);
    hasher.write(plain.as_bytes());
    Some(hasher.finish())
}

/// What of a value a rule looks at, by the rule's index.
pub(crate) fn aspect(rule: u8) -> Aspect {
    ALL.get(usize::from(rule)).map_or(Aspect::Place, |rule| rule.aspect)
}

/// Keys of a value's names that are known already.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// Of its host.
    pub host: Option<u64>,
    /// Of what its owner has.
    pub owned: Option<u64>,
    /// With which the others are made.
    pub seed: KeySeed,
}

/// Whether what is shared under a rule is more than a provider or a word that unrelated attackers share as well, by the rule's index.
pub(crate) fn is_specific(rule: u8) -> bool {
    ALL.get(usize::from(rule)).is_some_and(|rule| rule.specific)
}

/// Gives each feature of a value as its rule's index and its key. The value as a whole is none of them.
pub(crate) fn features(parts: &Parts<'_>, context: &Context<'_>, keys: Keys, sink: &mut dyn FnMut(u8, u64)) {
    for (index, rule) in (1_u8..).zip(ALL.iter().skip(1)) {
        let mut count = 0;
        (rule.features)(parts, context, &mut |feature| {
            count += 1;
            if count <= FEATURES_PER_RULE_MAX {
                sink(index, key(rule, feature, parts, keys));
            }
        });
    }
}

/// The key of an address, of whichever family.
pub(crate) fn address_key(address: IpAddr, seed: KeySeed) -> u64 {
    let kind = if address.is_ipv4() { Kind::Ipv4 } else { Kind::Ipv6 };
    ObservableKey::of(kind, &address.to_string(), seed).0
}

fn key(rule: &Rule, feature: &Feature<'_>, parts: &Parts<'_>, keys: Keys) -> u64 {
    let mut hasher = SipHasher13::new_with_key(&keys.seed.0);
    hasher.write(rule.name.as_bytes());
    match feature {
        Feature::Host(host) => {
            let known =
                if parts.host == Some(host) { keys.host } else { keys.owned.filter(|_| parts.owned == Some(host)) };
            return known.unwrap_or_else(|| ObservableKey::of(Kind::Domain, host, keys.seed).0);
        }
        Feature::Address(address) => return keys.host.unwrap_or_else(|| address_key(*address, keys.seed)),
        Feature::Text(texts) => {
            for text in *texts {
                hasher.write_u8(0);
                hasher.write(text.as_bytes());
            }
        }
        Feature::Network(address, bits) => {
            let [high, low] = network(*address, *bits);
            hasher.write_u64(high);
            hasher.write_u64(low);
            hasher.write_u8(*bits);
        }
        Feature::System(number) => hasher.write_u32(*number),
    }
    hasher.finish()
}

/// An address whose bits beyond the network's are zero.
fn network(address: IpAddr, bits: u8) -> [u64; 2] {
    let (number, wide) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let kept = number.checked_shr(wide - u32::from(bits)).unwrap_or(0);
    [(kept >> 64) as u64, kept as u64]
}

/// The rule set as text, whose hash the journal records: new rules act from then on.
#[must_use]
pub fn rule_set_text() -> String {
    let mut text = format!("fusion {}\n", env!("CARGO_PKG_VERSION"));
    text.push_str(
        "over-common: by distinct members, decided at epochs; everyday: by the lists in use when it is seen\n",
    );
    text.push_str(&format!("values of one report: the first {}\n", crate::take::VALUES_MAX));
    text.push_str(&crate::weigh::text());
    for rule in &ALL {
        text.push_str(&format!(
            "{}: {} (weight {}, typical {}{})\n",
            rule.name,
            rule.sentence,
            rule.weight,
            rule.typical,
            if rule.specific { "" } else { ", not specific" }
        ));
    }
    text
}

/// A text whose runs of digits became one `#` each; `None` if it has none, or little else.
pub(crate) fn without_digits(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = 0;
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !out.ends_with('#') {
                out.push('#');
            }
        } else {
            letters += usize::from(c.is_alphabetic());
            out.push(c);
        }
    }
    (letters >= 4).then_some(out)
}

#[cfg(test)]
pub(crate) fn check(rule: &Rule, kind: Kind, value: &str, expect: &[&str]) {
    let observable = model::Observable::from_normal(kind, value);
    let networks = Networks::from_ranges([(0x2d09_9400, 0x2d09_94ff, 64_500)]);
    let mut found: Vec<String> = Vec::new();
    (rule.features)(&Parts::of(&observable, &crate::Zones::own()), &Context { networks: &networks }, &mut |feature| {
        found.push(match feature {
            Feature::Host(host) => format!("host {host}"),
            other => crate::sentences::text(other),
        });
    });
    assert_eq!(found, expect, "{} of {value}", rule.name);
}

#[cfg(test)]
#[test]
fn a_value_of_many_words_makes_no_more_features_than_one_of_few() {
    let name: String = ('a'..='z').map(|c| format!("{}.", c.to_string().repeat(5))).collect();
    let observable = model::Observable::from_normal(Kind::Domain, format!("{name}quartz.net"));
    let (zones, networks) = (crate::Zones::own(), Networks::default());
    let mut of_rule = [0; RULES];
    let keys = Keys { host: None, owned: None, seed: KeySeed([7; 16]) };
    features(&Parts::of(&observable, &zones), &Context { networks: &networks }, keys, &mut |rule, _| {
        of_rule[usize::from(rule)] += 1;
    });
    assert_eq!(of_rule.iter().max(), Some(&FEATURES_PER_RULE_MAX));
}

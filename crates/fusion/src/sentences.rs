//! A reason as a person reads it.

use model::Observable;

use crate::engine::Fusion;
use crate::parts::Parts;
use crate::rules::{ALL, Context, Feature, Rule, SAME_VALUE, TAG};
use crate::{ANALYST, Reason};

/// Values of the earlier report that are looked through for the one that is alike.
const OTHERS_MAX: usize = 256;

/// Stands for a number in a feature; no part of a link or a name has it.
const ANY_NUMBER: char = '#';

/// What two reports have in common under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// What both have, as a person reads it.
    pub shared: String,
    /// The earlier report's value that has it.
    pub other: Observable,
}

impl Fusion {
    /// A reason as a person reads it, given the later report's value and those of the earlier one as far as they are known: the first
    /// of them that is alike is named.
    #[must_use]
    pub fn sentence<'a>(
        &self,
        reason: &Reason,
        value: &Observable,
        others: impl IntoIterator<Item = &'a Observable>,
    ) -> String {
        if reason.rule == ANALYST {
            return "an analyst says that both are of one attack".to_owned();
        }
        let Some(rule) = ALL.iter().find(|rule| rule.name == reason.rule) else {
            return format!("both have something of {}", value.value());
        };
        let likeness = self.likeness(reason.rule, value, others);
        let known = likeness.as_ref().map(|likeness| likeness.other.value());
        let shared = match &likeness {
            Some(likeness) => likeness.shared.clone(),
            None => self.features(rule, value).join(" or "),
        };
        let template = match (rule.whole, rule.named) {
            // A name that is not below another has no features by these rules: it is what is shared.
            (Some(whole), _) if shared == value.value() || shared.is_empty() => whole,
            (_, Some(named)) if known == Some(&*shared) => named,
            _ => rule.sentence,
        };
        let other = format!("{} in the other report", known.unwrap_or(rule.other));
        // What is put in is not looked through again: values may be written so that they hold such words.
        let mut told = String::with_capacity(template.len() + value.value().len() + shared.len() + other.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            told.push_str(before);
            told.push_str(match name {
                "value" => value.value(),
                "shared" => &shared,
                _ => &other,
            });
            rest = after;
        }
        told.push_str(rest);
        told
    }

    /// The sentence of a reason that is a tag.
    #[must_use]
    pub fn sentence_of_tag(&self, tag: &str) -> String {
        let sentence = ALL.get(usize::from(TAG)).map_or("", |rule| rule.sentence);
        sentence.replace("{value}", tag)
    }

    /// What a value has in common with the first of others that has anything in common with it under a rule.
    #[must_use]
    pub fn likeness<'a>(
        &self,
        rule: &str,
        value: &Observable,
        others: impl IntoIterator<Item = &'a Observable>,
    ) -> Option<Likeness> {
        let (place, rule) = ALL.iter().enumerate().find(|(_, known)| known.name == rule)?;
        let others = others.into_iter().take(OTHERS_MAX);
        if place == usize::from(SAME_VALUE) {
            return others
                .into_iter()
                .find(|other| *other == value)
                .map(|other| Likeness { shared: value.value().to_owned(), other: other.clone() });
        }
        let (is_name, mut mine) = (rule.whole.is_some(), self.features(rule, value));
        if is_name && mine.is_empty() {
            mine = self.names(value);
        }
        others.into_iter().find_map(|other| {
            let theirs = if is_name { self.names(other) } else { self.features(rule, other) };
            let shared = mine.iter().find(|shared| theirs.contains(shared))?.clone();
            Some(Likeness { shared, other: other.clone() })
        })
    }

    /// Under what names a value is found by the rules of hosts and owners.
    fn names(&self, value: &Observable) -> Vec<String> {
        let parts = Parts::of(value, &self.config.zones);
        let address = parts.address.map(|address| address.to_string());
        let names = [parts.host, parts.owned].into_iter().flatten().map(str::to_owned);
        names.chain(address).collect()
    }

    fn features(&self, rule: &Rule, value: &Observable) -> Vec<String> {
        let mut found = Vec::new();
        let context = Context { networks: &self.config.networks };
        (rule.features)(&Parts::of(value, &self.config.zones), &context, &mut |feature| {
            found.push(text(feature).replace(ANY_NUMBER, "[number]"));
        });
        found
    }
}

/// A feature as a person reads it.
pub(crate) fn text(feature: &Feature<'_>) -> String {
    match feature {
        Feature::Host(host) => (*host).to_owned(),
        Feature::Address(address) => address.to_string(),
        Feature::Network(address, bits) => ipnet::IpNet::new(*address, *bits)
            .map_or_else(|_| address.to_string(), |network| network.trunc().to_string()),
        Feature::System(number) => format!("AS{number}"),
        Feature::Text(texts) => texts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use model::{CaseId, KeySeed, Kind, ObservableKey};

    use super::*;
    use crate::Config;

    fn check(rule: &'static str, value: &str, others: &[&str], expect: &str) {
        let engine = Fusion::new(Config::new(false, KeySeed([7; 16])));
        let read = |value: &str| {
            Observable::detect(value).unwrap_or_else(|| Observable::from_normal(Kind::EmailSubject, value))
        };
        let others: Vec<Observable> = others.iter().map(|other| read(other)).collect();
        let reason = Reason { rule, key: ObservableKey(1), other: CaseId::from_bytes([1; 16]) };
        assert_eq!(engine.sentence(&reason, &read(value), &others), expect, "{rule} of {value}");
    }

    #[test]
    fn what_both_have_is_named_and_so_is_the_other_value_where_it_is_known() {
        check("same-value", "evil.net", &["evil.net"], "both name evil.net");
        let link = "https://evil.net/a";
        check("url-host", link, &[], "https://evil.net/a is on the host evil.net, as a link in the other report is");
        check(
            "url-host",
            link,
            &["other.net", "https://evil.net/b"],
            "https://evil.net/a is on the host evil.net, as https://evil.net/b in the other report is",
        );
        check(
            "url-host",
            link,
            &["evil.net"],
            "https://evil.net/a is on the host evil.net, which the other report names",
        );
        check(
            "shared-word",
            "vpn.secure-login7.net",
            &["login-bank.org"],
            "vpn.secure-login7.net has the word login in its name, as login-bank.org in the other report has",
        );
        check(
            "shared-word",
            "secure-login7.net",
            &[],
            "secure-login7.net has the word secure or login in its name, as a name in the other report has",
        );
        check(
            "url-file",
            "http://a.net/gate77.php",
            &["http://b.net/x/gate8.php"],
            "http://a.net/gate77.php ends in gate[number].php, as http://b.net/x/gate8.php in the other report does",
        );
        check("analyst", "evil.net", &[], "an analyst says that both are of one attack");
    }

    #[test]
    fn a_name_that_is_itself_what_both_have_reads_so() {
        check("url-host", "evil.net", &[], "evil.net is the host of a link in the other report");
        check(
            "url-host",
            "evil.net",
            &["http://evil.net/a"],
            "evil.net is the host of http://evil.net/a in the other report",
        );
        check("owned-domain", "evil.net", &[], "evil.net is the registered domain of a name in the other report");
        check(
            "owned-domain",
            "evil.net",
            &["mail.evil.net"],
            "evil.net is the registered domain of mail.evil.net in the other report",
        );
        check(
            "owned-domain",
            "www.evil.net",
            &["http://evil.net/a"],
            "www.evil.net belongs to the owner of evil.net, as http://evil.net/a in the other report does",
        );
        check(
            "owned-domain",
            "www.evil.net",
            &["evil.net"],
            "www.evil.net belongs to the owner of evil.net, which the other report names",
        );
    }

    #[test]
    fn what_a_value_says_is_never_taken_for_a_part_of_the_sentence() {
        check(
            "mail-subject",
            "your {other} is {shared",
            &[],
            "the subject your {other} is {shared says what a subject in the other report says, but for its numbers",
        );
    }
}

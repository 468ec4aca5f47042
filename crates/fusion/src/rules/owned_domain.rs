//! Two names lie below one that a single owner has registered.

use model::Kind;

use super::{Aspect, Feature, Rule};

/// The rule. Below a zone where anybody gets names the owner has only the next label. The host of a URL is found by its
/// own rule.
pub(super) const RULE: Rule = Rule {
    name: "owned-domain",
    sentence: "{value} belongs to the owner of {shared}, as {other} does",
    other: "a name",
    named: Some("{value} belongs to the owner of {shared}, which the other report names"),
    whole: Some("{value} is the registered domain of {other}"),
    aspect: Aspect::Place,
    specific: true,
    weight: 0.42,
    typical: 1500.0,
    features: |parts, _, sink| {
        if let (Some(host), Some(owned)) = (parts.host, parts.owned)
            && (host != owned || parts.kind == Some(Kind::Email))
        {
            sink(&Feature::Host(owned));
        }
    },
};

#[cfg(test)]
#[test]
fn names_below_one_registration_have_one_owner() {
    super::check(&RULE, Kind::Domain, "a.b.attack.co.uk", &["host attack.co.uk"]);
    super::check(&RULE, Kind::Domain, "attack.co.uk", &[]);
    super::check(&RULE, Kind::Domain, "x.mine.duckdns.org", &["host mine.duckdns.org"]);
    super::check(&RULE, Kind::Url, "http://a.attack.net/a", &["host attack.net"]);
    super::check(&RULE, Kind::Url, "http://attack.net/a", &[]);
    super::check(&RULE, Kind::Email, "bill@attack.net", &["host attack.net"]);
}

//! One report names a URL, another its host or a URL beside it.

use model::Kind;

use super::{Aspect, Feature, Rule};

/// The rule. Hosts that everybody uses are noise and link nothing.
pub(super) const RULE: Rule = Rule {
    name: "url-host",
    sentence: "{value} is on the host {shared}, as {other} is",
    other: "a link",
    named: Some("{value} is on the host {shared}, which the other report names"),
    whole: Some("{value} is the host of {other}"),
    aspect: Aspect::Place,
    specific: true,
    weight: 0.53,
    typical: 2000.0,
    features: |parts, _, sink| {
        if parts.kind == Some(Kind::Url) {
            if let Some(host) = parts.host {
                sink(&Feature::Host(host));
            } else if let Some(address) = parts.address {
                sink(&Feature::Address(address));
            }
        }
    },
};

#[cfg(test)]
#[test]
fn a_urls_host_is_found_by_its_name_or_address() {
    super::check(&RULE, Kind::Url, "http://login.attack.test/a?b=c.example", &["host login.attack.test"]);
    super::check(&RULE, Kind::Url, "http://192.0.2.1/a", &["192.0.2.1"]);
    super::check(&RULE, Kind::Ipv4, "192.0.2.1", &[]);
    super::check(&RULE, Kind::Domain, "attack.test", &[]);
}

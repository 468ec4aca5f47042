//! Addresses in one small network: a /24, or a /48 of IPv6.

use super::{Aspect, Feature, Rule};

/// The rule. Networks where many unrelated actors rent say little, by their rarity.
pub(super) const RULE: Rule = Rule {
    name: "network",
    sentence: "{value} is in the network {shared}, as {other} is",
    other: "an address",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.33,
    typical: 300.0,
    features: |parts, _, sink| {
        if let Some(address) = parts.address {
            sink(&Feature::Network(address, if address.is_ipv4() { 24 } else { 48 }));
        }
    },
};

#[cfg(test)]
#[test]
fn an_address_is_in_one_small_network() {
    use model::Kind;
    super::check(&RULE, Kind::Ipv4, "192.0.2.77", &["192.0.2.0/24"]);
    super::check(&RULE, Kind::Url, "http://192.0.2.77/a", &["192.0.2.0/24"]);
    super::check(&RULE, Kind::Ipv6, "2001:db8:7::1", &["2001:db8:7::/48"]);
}

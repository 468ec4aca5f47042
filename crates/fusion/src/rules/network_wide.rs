//! Addresses in one wide network: a /16, or a /32 of IPv6.

use super::{Aspect, Feature, Rule};

/// The rule. By itself it links only where hardly anybody else was seen for long; with something else it may sooner.
pub(super) const RULE: Rule = Rule {
    name: "wide-network",
    sentence: "{value} is in the wide network {shared}, as {other} is",
    other: "an address",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: false,
    weight: 0.24,
    typical: 40.0,
    features: |parts, _, sink| {
        if let Some(address) = parts.address {
            sink(&Feature::Network(address, if address.is_ipv4() { 16 } else { 32 }));
        }
    },
};

#[cfg(test)]
#[test]
fn an_address_is_in_one_wide_network() {
    use model::Kind;
    super::check(&RULE, Kind::Ipv4, "192.0.2.77", &["192.0.0.0/16"]);
    super::check(&RULE, Kind::Ipv6, "2001:db8:7::1", &["2001:db8::/32"]);
}

//! Addresses in one small network: a /24, or a /48 of IPv6.

use std::net::IpAddr;

use super::{Aspect, Feature, Rule};

/// The rule. Networks where many unrelated actors rent say little, by their rarity.
pub(super) const RULE: Rule = Rule {
    name: "network",
    sentence: "{value} is in the network {shared}, as an address in the other report is",
    aspect: Aspect::Place,
    weight: 0.32,
    typical: 300.0,
    features: |parts, _, sink| match parts.address {
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            sink(&Feature::Text(&[&format!("{a}.{b}.{c}.0/24")]));
        }
        Some(IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            sink(&Feature::Text(&[&format!("{a:x}:{b:x}:{c:x}::/48")]));
        }
        None => {}
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

//! Addresses that one network operator announces.

use super::{Aspect, Feature, Rule};

/// The rule; it needs a table of networks. By itself it never links; with something else it may.
pub(super) const RULE: Rule = Rule {
    name: "network-operator",
    sentence: "{value} is with the network operator {shared}, as {other} is",
    other: "an address",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: false,
    weight: 0.04,
    typical: 25.0,
    features: |parts, context, sink| {
        if let Some(address) = parts.address
            && let Some(system) = context.networks.of(address)
        {
            sink(&Feature::System(system));
        }
    },
};

#[cfg(test)]
#[test]
fn the_table_tells_the_operator() {
    use model::Kind;
    super::check(&RULE, Kind::Ipv4, "45.9.148.3", &["AS64500"]);
    super::check(&RULE, Kind::Ipv4, "192.0.2.1", &[]);
}

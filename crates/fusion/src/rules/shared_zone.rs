//! Names below one zone of dynamic DNS or hosting, or in one cloud.

use super::{Aspect, Feature, Rule};

/// The rule: such a zone is to names what a wide network is to addresses. Where everybody gets names it says nothing, by its rarity.
pub(super) const RULE: Rule = Rule {
    name: "shared-zone",
    sentence: "{value} is below {shared}, where anybody gets names, as {other} is",
    other: "a name",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: false,
    weight: 0.42,
    typical: 20.0,
    features: |parts, _, sink| {
        if let Some(zone) = parts.zone {
            sink(&Feature::Text(&[zone]));
        }
    },
};

#[cfg(test)]
#[test]
fn a_cloud_is_one_zone_over_all_its_regions() {
    use model::Kind;
    super::check(&RULE, Kind::Domain, "evil.eastus2.cloudapp.azure.com", &["cloudapp.azure.com"]);
    super::check(&RULE, Kind::Url, "http://a.evil.duckdns.org/x", &["duckdns.org"]);
    super::check(&RULE, Kind::Domain, "evil.co.uk", &[]);
}

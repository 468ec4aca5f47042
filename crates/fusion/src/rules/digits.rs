//! Names that differ in their numbers only: `secure-login12.net` and `secure-login47.net`.

use super::{Aspect, Feature, Rule, without_digits};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "numbered-name",
    sentence: "{value} has a name that differs from that of {other} in its numbers only",
    other: "a host",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.54,
    typical: 800.0,
    features: |parts, _, sink| {
        if let Some(pattern) = parts.label().and_then(without_digits) {
            sink(&Feature::Text(&[&pattern, ".", parts.suffix]));
        }
    },
};

#[cfg(test)]
#[test]
fn numbers_become_one_sign() {
    use model::Kind;
    super::check(&RULE, Kind::Domain, "secure-login12.net", &["secure-login#.net"]);
    super::check(&RULE, Kind::Domain, "a1.net", &[]);
    super::check(&RULE, Kind::Domain, "plain-name.net", &[]);
}

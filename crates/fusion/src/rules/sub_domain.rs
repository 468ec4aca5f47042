//! The same name below two registrations: `vpn-update.a.net` and `vpn-update.b.net`.

use super::{Aspect, Feature, Rule};

/// Sub-domains that everybody has.
const EVERYDAY: [&str; 17] = [
    "www", "mail", "smtp", "webmail", "ftp", "ns1", "ns2", "api", "cdn", "app", "m", "blog", "dev", "test", "admin",
    "login", "static",
];
/// Shortest one that says something.
const NAME_BYTES_MIN: usize = 4;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "sub-domain",
    sentence: "{value} has the sub-domain {shared}, as {other} has below another owner's name",
    other: "a name",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.42,
    typical: 500.0,
    features: |parts, _, sink| {
        if let Some(below) = parts.below().filter(|below| below.len() >= NAME_BYTES_MIN && !EVERYDAY.contains(below)) {
            sink(&Feature::Text(&[below]));
        }
    },
};

#[cfg(test)]
#[test]
fn what_stands_before_the_registration_counts_unless_everybody_has_it() {
    use model::Kind;
    super::check(&RULE, Kind::Domain, "vpn-update.evil.net", &["vpn-update"]);
    super::check(&RULE, Kind::Domain, "www.evil.net", &[]);
    super::check(&RULE, Kind::Domain, "evil.net", &[]);
}

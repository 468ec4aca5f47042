//! One name under two endings: `evil-shop.com` and `evil-shop.net`.

use super::{Aspect, Feature, Rule};

/// Shortest name that says something.
const NAME_BYTES_MIN: usize = 6;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "same-name",
    sentence: "{value} has the name {shared}, as {other} has under another ending",
    other: "a name",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.24,
    typical: 800.0,
    features: |parts, _, sink| {
        if let Some(label) = parts.label().filter(|label| label.len() >= NAME_BYTES_MIN) {
            sink(&Feature::Text(&[label]));
        }
    },
};

#[cfg(test)]
#[test]
fn the_registered_label_is_the_name() {
    use model::Kind;
    super::check(&RULE, Kind::Domain, "a.evil-shop.co.uk", &["evil-shop"]);
    super::check(&RULE, Kind::Domain, "short.co.uk", &[]);
}

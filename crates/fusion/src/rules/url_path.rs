//! The same path on another host.

use super::{Aspect, Feature, Rule};

/// Shortest path that says something, in bytes.
const PATH_BYTES_MIN: usize = 6;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "url-path",
    sentence: "{value} has the path {shared}, as {other} has",
    other: "a link",
    named: None,
    whole: None,
    aspect: Aspect::Path,
    specific: true,
    weight: 0.49,
    typical: 400.0,
    features: |parts, _, sink| {
        if parts.path.len() >= PATH_BYTES_MIN {
            sink(&Feature::Text(&[parts.path]));
        }
    },
};

#[cfg(test)]
#[test]
fn a_path_without_its_query() {
    use model::Kind;
    super::check(&RULE, Kind::Url, "http://evil.net/panel/gate.php?id=1", &["/panel/gate.php"]);
    super::check(&RULE, Kind::Url, "http://evil.net/a", &[]);
}

//! The same parameters asked for in links on other hosts.

use super::{Aspect, Feature, Rule};

/// Parameters that are looked at.
const NAMES_MAX: usize = 8;

/// The rule: the names of the parameters in their order, with the last part of the path. One short name alone says nothing.
pub(super) const RULE: Rule = Rule {
    name: "url-query",
    sentence: "{value} asks for {shared} by parameters of the same names, as {other} does",
    other: "a link",
    named: None,
    whole: None,
    aspect: Aspect::Path,
    specific: true,
    weight: 0.48,
    typical: 200.0,
    features: |parts, _, sink| {
        if parts.query.is_empty() {
            return;
        }
        let names: Vec<&str> =
            parts.query.split('&').take(NAMES_MAX).map(|pair| pair.split('=').next().unwrap_or(pair)).collect();
        let names = names.join(",");
        if names.len() >= 4 {
            let file = parts.path.rsplit('/').next().unwrap_or("");
            sink(&Feature::Text(&[file, "?", &names]));
        }
    },
};

#[cfg(test)]
#[test]
fn names_of_parameters_count_and_their_values_do_not() {
    use model::Kind;
    super::check(&RULE, Kind::Url, "http://evil.net/g.php?user=1&build=2", &["g.php?user,build"]);
    super::check(&RULE, Kind::Url, "http://evil.net/g.php?a=1", &[]);
}

//! Names that share a word.

use super::{Aspect, Feature, Rule};

/// Shortest word that says something.
const WORD_BYTES_MIN: usize = 4;

/// The rule. A name of one word has it as its name already.
pub(super) const RULE: Rule = Rule {
    name: "shared-word",
    sentence: "{value} has the word {shared} in its name, as {other} has",
    other: "a name",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: false,
    weight: 0.34,
    typical: 200.0,
    features: |parts, _, sink| {
        let (Some(host), Some(label)) = (parts.host, parts.label()) else { return };
        let names = host.strip_suffix(parts.suffix).unwrap_or(host);
        for word in names.split(|c: char| !c.is_alphabetic()) {
            if word.len() >= WORD_BYTES_MIN && word != label {
                sink(&Feature::Text(&[word]));
            }
        }
    },
};

#[cfg(test)]
#[test]
fn words_are_split_at_everything_but_letters() {
    use model::Kind;
    super::check(&RULE, Kind::Domain, "vpn.secure-login7.net", &["secure", "login"]);
    super::check(&RULE, Kind::Domain, "evilshop.net", &[]);
}

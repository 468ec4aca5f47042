//! User agents that differ in their numbers only: another version of one tool.

use model::Kind;

use super::{Aspect, Feature, Rule, without_digits};

/// What browsers of everybody begin with: their versions say nothing.
const BROWSERS: &str = "mozilla/";

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "user-agent-pattern",
    sentence: "{value} calls itself what {other} does, but for its numbers",
    other: "a user agent",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.42,
    typical: 300.0,
    features: |parts, _, sink| {
        if parts.kind != Some(Kind::UserAgent) {
            return;
        }
        let lower = parts.value.to_lowercase();
        if !lower.starts_with(BROWSERS)
            && let Some(pattern) = without_digits(&lower)
        {
            sink(&Feature::Text(&[&pattern]));
        }
    },
};

#[cfg(test)]
#[test]
fn versions_do_not_matter_and_browsers_say_nothing() {
    super::check(&RULE, Kind::UserAgent, "EvilLoader/2.17 (build 44)", &["evilloader/#.# (build #)"]);
    super::check(&RULE, Kind::UserAgent, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", &[]);
    super::check(&RULE, Kind::UserAgent, "wget", &[]);
}

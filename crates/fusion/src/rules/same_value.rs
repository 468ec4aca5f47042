//! Two reports name the same value.

use super::{Aspect, Rule};

/// The rule. The engine finds a value by its own key: there are no features beside it.
pub(super) const RULE: Rule = Rule {
    name: "same-value",
    sentence: "both name {value}",
    other: "",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.44,
    typical: 3000.0,
    features: |_, _, _| {},
};

//! Two cases name the same value.

use super::Rule;

/// The rule; it looks under the observation's own key.
pub(super) const RULE: Rule = Rule { name: "same-value", sentence: "both name {}", pivot: |_| None };

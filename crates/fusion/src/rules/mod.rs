//! The rules that link cases: one file each, one line in the list.

mod same_value;
mod url_host;

use model::Observable;

/// A rule: which keys of an observation may link its case to earlier ones.
pub(crate) struct Rule {
    /// Its name in data.
    pub name: &'static str,
    /// The sentence of its reason; `{}` is the value.
    pub sentence: &'static str,
    /// The value under which it looks for earlier cases, if it applies and is not that of the observation itself.
    pub pivot: fn(&Observable) -> Option<Observable>,
}

/// Name of the rule of equal values.
pub(crate) const SAME_VALUE: &str = same_value::RULE.name;
/// Name of the rule of a URL's host.
pub(crate) const URL_HOST: &str = url_host::RULE.name;

/// Every rule, strongest first.
pub(crate) const ALL: &[Rule] = &[same_value::RULE, url_host::RULE];

/// The reason's sentence.
pub(crate) fn sentence(rule: &str, value: &str) -> String {
    ALL.iter()
        .find(|known| known.name == rule)
        .map_or_else(|| format!("linked by {value}"), |rule| rule.sentence.replace("{}", value))
}

/// The rule set as text, whose hash the journal records: new rules act from then on.
#[must_use]
pub fn rule_set_text() -> String {
    let mut text = format!("fusion {}\n", env!("CARGO_PKG_VERSION"));
    text.push_str(
        "over-common: by distinct members, decided at epochs; everyday: by the lists in use when it is seen\n",
    );
    for rule in ALL {
        text.push_str(rule.name);
        text.push_str(": ");
        text.push_str(rule.sentence);
        text.push('\n');
    }
    text
}

//! Both reports speak of one technique, malware or other tag.

use super::{Aspect, Rule};

/// Longest tag that is looked at, in bytes.
const TAG_BYTES_MAX: usize = 64;

/// The rule: of the report itself and of none of its values. However much of it two reports have, they are of one campaign only if
/// something else says so as well (see `weigh::TOLD_MAX`): many use one kind of malware.
pub(super) const RULE: Rule = Rule {
    name: "shared-tag",
    sentence: "both speak of {value}",
    other: "",
    named: None,
    whole: None,
    aspect: Aspect::Told,
    specific: false,
    weight: 0.36,
    typical: 30.0,
    features: |_, _, _| {},
};

/// A tag without what writers put around it: `#AsyncRAT`, `asyncrat` and `Async-RAT` are one. `None` if it says nothing.
pub(super) fn plain(tag: &str) -> Option<String> {
    let plain: String = tag.chars().filter(|c| c.is_alphanumeric() || *c == '.').flat_map(char::to_lowercase).collect();
    (plain.len() >= 2 && plain.len() <= TAG_BYTES_MAX).then_some(plain)
}

#[cfg(test)]
#[test]
fn a_tag_is_one_however_it_is_written() {
    for tag in ["#AsyncRAT", "asyncrat", "Async-RAT", " async rat "] {
        assert_eq!(plain(tag).as_deref(), Some("asyncrat"), "{tag}");
    }
    assert_eq!(plain("T1566.002").as_deref(), Some("t1566.002"));
    assert_eq!(plain("#"), None);
    assert_eq!(plain(&"x".repeat(65)), None);
}

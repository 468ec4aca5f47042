//! Mail subjects that say the same but for numbers, case and reply marks.

use model::Kind;

use super::{Aspect, Feature, Rule, without_digits};

/// Fewest words of a subject that says something.
const WORDS_MIN: usize = 3;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "mail-subject",
    sentence: "the subject {value} says what {other} says, but for its numbers",
    other: "a subject",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.54,
    typical: 500.0,
    features: |parts, _, sink| {
        if parts.kind != Some(Kind::EmailSubject) {
            return;
        }
        let lower = parts.value.to_lowercase();
        let mut rest = lower.trim();
        while let Some(after) = ["re:", "fw:", "fwd:", "aw:", "wg:"].iter().find_map(|mark| rest.strip_prefix(mark)) {
            rest = after.trim_start();
        }
        let words: Vec<&str> = rest.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if words.len() >= WORDS_MIN {
            let text = words.join(" ");
            let plain = without_digits(&text).unwrap_or(text);
            sink(&Feature::Text(&[&plain]));
        }
    },
};

#[cfg(test)]
#[test]
fn reply_marks_case_and_numbers_do_not_matter() {
    super::check(&RULE, Kind::EmailSubject, "RE: Your invoice 4711 is overdue", &["your invoice # is overdue"]);
    super::check(&RULE, Kind::EmailSubject, "your Invoice 12 is overdue!", &["your invoice # is overdue"]);
    super::check(&RULE, Kind::EmailSubject, "Hello there", &[]);
}

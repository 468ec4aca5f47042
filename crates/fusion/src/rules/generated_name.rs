//! Names that one generator may have made: as long, of the same signs and below the same ending, and no word of any language.

use super::{Aspect, Feature, Rule};

/// Shortest name that is looked at.
const NAME_BYTES_MIN: usize = 8;
/// Consonants in a row that hardly any word has.
const CONSONANTS_MIN: usize = 6;
/// Changes between letters and digits that no name has that a person thought of.
const CHANGES_MIN: usize = 4;
/// One letter in so many is a vowel in words; in names with fewer they come by chance.
const LETTERS_PER_VOWEL_MAX: usize = 5;

/// The rule: how domain generation algorithms (DGA) of one family are alike, where their names are not.
pub(super) const RULE: Rule = Rule {
    name: "generated-name",
    sentence: "{value} is a made-up name as {other} is: as long, of the same signs, and below the same ending",
    other: "a name",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.25,
    typical: 300.0,
    features: |parts, _, sink| {
        if let Some(signs) = parts.label().and_then(signs) {
            let length = parts.label().map_or(0, str::len).to_string();
            sink(&Feature::Text(&[&length, signs, parts.suffix]));
        }
    },
};

/// Of which signs a name is, if it looks as if a machine had made it. Each sign is looked at once.
fn signs(name: &str) -> Option<&'static str> {
    if name.len() < NAME_BYTES_MIN {
        return None;
    }
    let (mut digits, mut vowels, mut changes) = (0, 0, 0);
    let (mut consonants, mut run) = (0, 0);
    let (mut hex, mut was_digit) = (true, None);
    for byte in name.bytes() {
        let is_digit = byte.is_ascii_digit();
        if !is_digit && !byte.is_ascii_alphabetic() {
            return None;
        }
        let is_vowel = matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        run = if is_digit || is_vowel { 0 } else { run + 1 };
        consonants = consonants.max(run);
        digits += usize::from(is_digit);
        vowels += usize::from(is_vowel);
        changes += usize::from(was_digit.is_some_and(|was| was != is_digit));
        hex &= is_digit || matches!(byte, b'a'..=b'f');
        was_digit = Some(is_digit);
    }
    let letters = name.len() - digits;
    let is_hex = hex && digits >= 2;
    let few_vowels = letters >= NAME_BYTES_MIN && vowels * LETTERS_PER_VOWEL_MAX < letters;
    let is_made = is_hex || consonants >= CONSONANTS_MIN || changes >= CHANGES_MIN || few_vowels;
    is_made.then_some(match (is_hex, digits, letters) {
        (true, ..) => "hexadecimal digits",
        (_, 0, _) => "letters",
        _ => "letters and digits",
    })
}

#[cfg(test)]
#[test]
fn what_looks_made_up_has_its_form_and_words_have_none() {
    use model::Kind;
    super::check(&RULE, Kind::Domain, "xkqzvbtrwmpl.top", &["12letterstop"]);
    super::check(&RULE, Kind::Domain, "a1b2c3d4e5f6.net", &["12hexadecimal digitsnet"]);
    super::check(&RULE, Kind::Url, "http://cdn.q9w8e7r6t5z4.co.uk/a", &["12letters and digitsco.uk"]);
    for word in ["secure-login.net", "lighthouse.org", "healthcheck.com", "a1b2.net", "windows10update.com"] {
        super::check(&RULE, Kind::Domain, word, &[]);
    }
}

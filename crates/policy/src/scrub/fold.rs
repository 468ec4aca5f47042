//! When one name looks like another: letters that are drawn alike become one letter, and one slip of a key is forgiven.

use unicode_security::confusable_detection::skeleton;

/// Longest word that is folded: a label of a host name is no longer.
pub(super) const WORD_CHARS_MAX: usize = 64;

/// A word with letters that are drawn alike made one: UTS 39's skeleton for what is not ASCII, then digits and pairs that
/// stand for letters.
pub(super) fn fold(word: &str) -> String {
    let word = word.to_lowercase();
    let mut plain = if word.is_ascii() { word } else { skeleton(&word).collect::<String>().to_lowercase() };
    plain.retain(|c| !is_invisible(c));
    for (pair, one) in [("rn", "m"), ("vv", "w"), ("cl", "d")] {
        if plain.contains(pair) {
            plain = plain.replace(pair, one);
        }
    }
    plain
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' | '|' | '!' => 'l',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            '8' => 'b',
            '9' => 'g',
            other => other,
        })
        .collect()
}

/// Characters that take no place on the screen.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{180e}' | '\u{34f}')
}

/// Every string that one letter less makes of a word, and the word itself: two words that are one slip apart share one.
pub(super) fn neighbours(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().take(WORD_CHARS_MAX).collect();
    let less = |gone: usize| {
        let kept = letters.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, letter)| *letter);
        kept.collect::<String>()
    };
    std::iter::once(word.to_owned()).chain((0..letters.len()).map(less)).collect()
}

/// Whether one letter added, left out, changed or swapped with the next makes one word of the other.
pub(super) fn is_one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    let after = |rest: &[char], count: usize| rest.get(count..).unwrap_or_default().to_vec();
    let swapped = matches!((rest_a, rest_b), ([a, b, ..], [c, d, ..]) if a == d && b == c);
    after(rest_a, 1) == after(rest_b, 1)
        || after(rest_a, 1) == rest_b
        || after(rest_b, 1) == rest_a
        || swapped && after(rest_a, 2) == after(rest_b, 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_drawn_alike_folds_alike() {
        for (a, b) in [
            ("acme", "ACME"),
            ("acme", "\u{430}cme"),
            ("acme", "acrne"),
            ("acme", "4cm3"),
            ("acme", "\u{ff41}\u{ff43}\u{ff4d}\u{ff45}"),
            ("acme", "ac\u{200b}me"),
            ("google", "g00gle"),
            ("paypal", "paypa1"),
            ("microsoft", "rnicros0ft"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("acme"), fold("acne"));
    }

    #[test]
    fn one_slip_is_one_letter() {
        for (a, b, expect) in [
            ("northgrid", "northgid", true),
            ("northgrid", "northhgrid", true),
            ("northgrid", "nortgrid", true),
            ("northgrid", "nrothgrid", true),
            ("northgrid", "northgrib", true),
            ("northgrid", "northgrid", false),
            ("northgrid", "northsea", false),
            ("northgrid", "norhtgrdi", false),
        ] {
            assert_eq!(is_one_slip(a, b), expect, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn words_one_slip_apart_share_a_neighbour(word in "[a-d]{1,8}", other in "[a-d]{1,8}") {
            prop_assert_eq!(is_one_slip(&word, &other), is_one_slip(&other, &word));
            if is_one_slip(&word, &other) {
                let near = neighbours(&other);
                prop_assert!(neighbours(&word).iter().any(|shared| near.contains(shared)));
            }
        }

        #[test]
        fn folding_never_panics(text in ".*") {
            let _ = fold(&text);
        }
    }
}

//! What a name, a line of text and an e-mail address may consist of.

use crate::insert::NAME_CHARS_MAX;
use crate::register::RegisterError;

/// Longest local part of an address (RFC 5321).
const LOCAL_BYTES_MAX: usize = 64;
/// Longest domain.
const DOMAIN_BYTES_MAX: usize = 253;
/// Longest label of a domain.
const LABEL_BYTES_MAX: usize = 63;

/// Characters that nobody sees but that change what others look like: overrides and marks of direction, invisible
/// spaces, separators of lines, tags. A name with one of them is shown as something that it is not.
const fn deceives(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether a text holds a control character (line breaks count) or one that deceives.
pub(crate) fn is_unclean(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || deceives(c))
}

/// One line of text: trimmed, runs of spaces as one; what it is called stands in the refusal.
pub(crate) fn line(what: &str, text: &str, chars_max: usize) -> Result<String, RegisterError> {
    let refused = |why: String| Err(RegisterError::Refused(format!("{what} {why}")));
    // Counted first: what is far too long is not looked through.
    if text.len() > chars_max.saturating_mul(8) || text.trim().chars().count() > chars_max {
        return refused(format!("is longer than {chars_max} characters"));
    }
    if is_unclean(text.trim()) {
        return refused(
            "holds a control character, or one that is not seen and changes the direction of others".into(),
        );
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { refused("is empty".into()) } else { Ok(line) }
}

/// Several lines of text, each without what deceives.
pub(crate) fn lines(what: &str, text: &str, chars_max: usize) -> Result<String, RegisterError> {
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(RegisterError::Refused(format!("{what} is empty")));
    }
    if text.chars().count() > chars_max {
        return Err(RegisterError::Refused(format!("{what} is longer than {chars_max} characters")));
    }
    if text.lines().any(is_unclean) {
        return Err(RegisterError::Refused(format!(
            "{what} holds a control character, or one that is not seen and changes the direction of others"
        )));
    }
    Ok(text)
}

/// The name of a person or firm.
pub(crate) fn name(what: &str, text: &str) -> Result<String, RegisterError> {
    line(what, text, NAME_CHARS_MAX)
}

/// A domain name in lower case without a last dot: at least two labels of letters, digits and hyphens. Names in other
/// scripts come in their ASCII form (`xn--`), which is what mail and logs carry.
pub(crate) fn domain(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let numeric = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (text.len() <= DOMAIN_BYTES_MAX && text.contains('.') && !numeric && text.split('.').all(label)).then_some(text)
}

/// An e-mail address to which something is sent: nothing in it can begin another header or a second address.
pub(crate) fn address(what: &str, text: &str) -> Result<String, RegisterError> {
    let lower = text.trim().to_lowercase();
    let good = lower.split_once('@').filter(|(local, host)| {
        !local.is_empty()
            && local.len() <= LOCAL_BYTES_MAX
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte))
            && domain(host).is_some()
    });
    match good {
        Some(_) if lower.chars().count() <= NAME_CHARS_MAX => Ok(lower),
        _ => Err(RegisterError::Refused(format!("{what} is no e-mail address"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_deceive_are_refused_and_markup_is_text() {
        for bad in [
            "",
            "  ",
            "Calder\u{202e}rewoP",
            "Calder\u{2066}Power",
            "Calder\u{200b}Power",
            "Calder\nPower",
            "Calder\0",
            "\u{feff}Calder",
            "Calder\u{1b}[31m",
            "Calder \u{e0041}",
        ] {
            assert!(name("name", bad).is_err(), "{bad:?}");
        }
        assert!(name("name", &"x".repeat(10_000)).is_err());
        assert!(name("name", &"x".repeat(NAME_CHARS_MAX)).is_ok());
        for good in ["<svg onload=alert(1)>", "<b>Calder</b> & Sons", "Łódź Wodociągi", "شركة المياه", "水道局"]
        {
            assert_eq!(name("name", good).unwrap(), good);
        }
        assert_eq!(name("name", "  Calder   Power ").unwrap(), "Calder Power");
    }

    #[test]
    fn addresses_carry_one_mailbox_and_no_header() {
        for bad in [
            "a",
            "a@b",
            "@b.example",
            "a@b.example\nBcc: c@d.example",
            "a@b.example, c@d.example",
            "A <a@b.example>",
            "a b@c.example",
            "a@b@c.example",
            "a@-b.example",
            "a@b..example",
            "a@10.0.0.1",
            "é@b.example",
            "\"a b\"@c.example",
            "a@\u{202e}b.example",
        ] {
            assert!(address("e-mail", bad).is_err(), "{bad:?}");
        }
        assert!(address("e-mail", &format!("{}@b.example", "x".repeat(65))).is_err());
        assert_eq!(address("e-mail", " Ann.O'Neil+x@Calder.Example ").unwrap(), "ann.o'neil+x@calder.example");
    }
}

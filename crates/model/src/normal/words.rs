//! Normal forms of short texts: subjects, user agents, mutexes, accounts, JA4, CVE.

use super::no_control;

/// One line: runs of white space become one space, case stays.
pub(super) fn line(text: &str) -> Result<String, &'static str> {
    let mut value = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(no_control(word)?);
    }
    if value.is_empty() { Err("it is empty") } else { Ok(value) }
}

/// As written, without control characters.
pub(super) fn exact(text: &str) -> Result<String, &'static str> {
    no_control(text).map(str::to_owned)
}

/// An account or handle: lower case, no `@` before it.
pub(super) fn account(text: &str) -> Result<String, &'static str> {
    let value = line(text.trim_start_matches('@'))?.to_lowercase();
    if value.is_empty() { Err("it is empty") } else { Ok(value) }
}

/// `t13d1516h2_8daaf6152771_b186095e22b6` in lower case.
pub(super) fn ja4(text: &str) -> Result<String, &'static str> {
    let value = text.to_ascii_lowercase();
    let mut parts = value.split('_');
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("it does not have three parts");
    };
    let hex = |part: &str| part.len() == 12 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let first = a.len() == 10
        && a.starts_with(['t', 'q', 'd'])
        && a.bytes().all(|b| b.is_ascii_alphanumeric())
        && a.get(3..4).is_some_and(|sni| matches!(sni, "d" | "i"))
        && a.get(4..8).is_some_and(|counts| counts.bytes().all(|b| b.is_ascii_digit()));
    if first && hex(b) && hex(c) { Ok(value) } else { Err("its parts are not those of JA4") }
}

/// `CVE-2021-44228`.
pub(super) fn cve(text: &str) -> Result<String, &'static str> {
    let upper = text.to_ascii_uppercase();
    let rest = upper.strip_prefix("CVE").ok_or("it does not begin with CVE")?;
    let mut parts = rest
        .trim_start_matches(['-', '_', ' ', ':', '\u{2010}', '\u{2011}', '\u{2013}'])
        .splitn(2, ['-', '_', ' ', '\u{2010}', '\u{2011}', '\u{2013}']);
    let (Some(year), Some(number)) = (parts.next(), parts.next()) else { return Err("it has no year and number") };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !("1990".."2100").contains(&year) {
        return Err("its year is not one of 1990 to 2099");
    }
    if !(4..=10).contains(&number.len()) || !digits(number) {
        return Err("its number does not have 4 to 10 digits");
    }
    Ok(format!("CVE-{year}-{number}"))
}

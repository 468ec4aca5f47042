//! Indicators in running text: bare domains, URLs and mail addresses count only if defanged, so that references are not
//! taken for indicators; hashes, addresses and CVE numbers count as they are.

use model::{Kind, Observable, refang};

/// Signs that never belong to a value at its ends.
const TRIM: &[char] = &[
    '.', ',', ';', ':', '!', '?', '"', '\'', '*', '+', '`', '(', ')', '[', ']', '{', '}', '<', '>', '|', '=', '_', '~',
    '\u{2022}', '\u{2013}', '\u{2014}', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{200b}',
];

/// The indicators in a text, in order, each once.
#[cfg(test)]
fn extract(text: &str) -> Vec<Observable> {
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for line in text.lines() {
        extract_line(line, &mut |observable| {
            if seen.insert(observable.clone()) {
                found.push(observable);
            }
        });
    }
    found
}

/// The indicators of one line.
pub(crate) fn extract_line(line: &str, found: &mut dyn FnMut(Observable)) {
    let linked;
    let line = if line.contains("](") {
        linked = line.replace("](", "] (");
        &linked
    } else {
        line
    };
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '|' | '`' | '"' | '<' | '>' | '\u{201c}' | '\u{201d}' | '\u{a0}')
    };
    for token in line.split(ends).filter(|token| token.len() >= 4) {
        let plain = refang(token);
        if plain != token {
            // Commas part values unless they stand in the path of a URL.
            if plain.contains("://") {
                defanged(&plain, found);
            } else {
                plain.split([',', ';']).for_each(|part| defanged(part, found));
            }
        } else if !token.contains("://") {
            token.split([',', ';', '=', '(', ')', '[', ']']).for_each(|part| bare(part, found));
        }
    }
}

fn trimmed(token: &str) -> &str {
    let token = token.trim_end_matches(TRIM).trim_start_matches(TRIM);
    token.strip_suffix("'s").unwrap_or(token)
}

fn defanged(token: &str, found: &mut dyn FnMut(Observable)) {
    let token = trimmed(token);
    let wanted = |observable: &Observable| {
        matches!(
            observable.kind(),
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Domain | Kind::Url | Kind::Email | Kind::FileName
        )
    };
    let known = Observable::detect(token).filter(wanted);
    match known {
        Some(observable) => found(observable),
        None if !token.contains("://") => bare(token, found),
        None => {}
    }
}

/// A value that counts without being defanged.
fn bare(token: &str, found: &mut dyn FnMut(Observable)) {
    let token = trimmed(token);
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    // "sha256:…": what follows the last colon, if that is a hash.
    let last = token.rsplit([':', '-']).next().unwrap_or(token);
    let kind = match last.len() {
        32 => Some(Kind::Md5),
        40 => Some(Kind::Sha1),
        64 => Some(Kind::Sha256),
        128 => Some(Kind::Sha512),
        _ => None,
    };
    if let Some(kind) = kind.filter(|_| hex(last) && !last.bytes().all(|b| Some(b) == last.bytes().next())) {
        if let Ok(observable) = Observable::parse(kind, last) {
            found(observable);
        }
        return;
    }
    let head = token.get(..4).unwrap_or("");
    if head.eq_ignore_ascii_case("cve-") {
        if let Ok(observable) = Observable::parse(Kind::Cve, token) {
            found(observable);
        }
        return;
    }
    let first = token.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let address = (first && token.bytes().filter(|&b| b == b'.').count() == 3)
        || (token.contains("::") && token.len() > 6)
        || token.matches(':').count() == 7;
    if address && let Ok(observable) = Observable::parse(Kind::Ipv4, token) {
        found(observable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let got: Vec<String> =
            extract(text).iter().map(|found| format!("{} {}", found.kind().as_str(), found.value())).collect();
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn finds_what_was_meant() {
        check(
            "It calls evil[.]example and hxxps://bad[.]example/Path, then stops.",
            &["domain evil.example", "url https://bad.example/Path"],
        );
        check("See https://vendor.example/blog and vendor.example or me@vendor.example.", &[]);
        check("| `192[.]0[.]2[.]1` | 198.51.100.7:443 |", &["ipv4 192.0.2.1", "ipv4 198.51.100.7"]);
        check(
            "SHA256: AAAABBBBCCCCDDDDEEEEFFFF0000111122223333444455556666777788889999.",
            &["sha256 aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"],
        );
        check("md5=0123456789abcdef0123456789abcdef;", &["md5 0123456789abcdef0123456789abcdef"]);
        check("exploits (CVE-2021-44228), and cve-2020-1472.", &["cve CVE-2021-44228", "cve CVE-2020-1472"]);
        check("[click](hxxp://evil[.]example/a)", &["url http://evil.example/a"]);
        check(
            "mail bad[@]evil[.]example, worse(at)evil(dot)example",
            &["email bad@evil.example", "email worse@evil.example"],
        );
        check("a[.]example,b[.]example;c[.]example", &["domain a.example", "domain b.example", "domain c.example"]);
        check("evil[.]example evil[.]example", &["domain evil.example"]);
        check("https://github.example/x/commit/0123456789abcdef0123456789abcdef01234567", &[]);
        check("* +evil[.]example+", &["domain evil.example"]);
        check("drops invoice[.]exe", &["file-name invoice.exe"]);
        check("Chrome/120.0.0.0 2001:db8::1", &["ipv6 2001:db8::1"]);
        check("192.0.2.0/24 is theirs", &["cidr 192.0.2.0/24"]);
    }
}

//! The part of STIX patterns that lists values: equalities and address ranges joined by AND, OR and FOLLOWEDBY.
//! Everything else is refused.

use model::{Kind, Observable};

use super::kinds;

const TERMS_MAX: usize = 1000;

/// One equality.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Such as `file:hashes.SHA-256`, quotes taken off.
    pub path: String,
    /// The value.
    pub value: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// The equalities of a pattern.
pub(super) fn equalities(pattern: &str) -> Result<Vec<Term>, String> {
    let tokens = tokens(pattern)?;
    let mut terms = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let path = match token {
            Token::Sign('[' | ']' | '(' | ')') => continue,
            Token::Sign(sign) => return Err(format!("the pattern has {sign:?} where none can be")),
            Token::Text(_) => return Err("the pattern has a text where none can be".to_owned()),
            Token::Word(word) => match word.as_str() {
                "AND" | "OR" | "FOLLOWEDBY" => continue,
                "WITHIN" | "REPEATS" | "START" | "STOP" => {
                    let amount = tokens.next();
                    // `t'…'` is read as the word `t` and a text.
                    if matches!(&amount, Some(Token::Word(word)) if word == "t") {
                        tokens.next();
                    }
                    if matches!(tokens.peek(), Some(Token::Word(word)) if matches!(word.as_str(), "SECONDS" | "TIMES"))
                    {
                        tokens.next();
                    }
                    continue;
                }
                "NOT" => return Err("the pattern negates: only equalities are read".to_owned()),
                _ => word,
            },
        };
        match tokens.next() {
            Some(Token::Sign('=')) => match tokens.next() {
                Some(Token::Text(value) | Token::Word(value)) => terms.push(Term { path, value }),
                _ => return Err("the pattern breaks off after =".to_owned()),
            },
            Some(Token::Word(word)) if word == "IN" => {
                if tokens.next() != Some(Token::Sign('(')) {
                    return Err("the pattern has IN without a list".to_owned());
                }
                loop {
                    match tokens.next() {
                        Some(Token::Text(value)) => terms.push(Term { path: path.clone(), value }),
                        Some(Token::Sign(',')) => {}
                        Some(Token::Sign(')')) => break,
                        _ => return Err("the pattern has a broken list after IN".to_owned()),
                    }
                    if terms.len() > TERMS_MAX {
                        return Err(format!("the pattern has more than {TERMS_MAX} terms"));
                    }
                }
            }
            // A range stands for what lies in it; what a range must hold stands for the least such range, itself.
            Some(Token::Word(word)) if matches!(word.as_str(), "ISSUBSET" | "ISSUPERSET") => {
                if !matches!(path.as_str(), "ipv4-addr:value" | "ipv6-addr:value") {
                    return Err(format!("the pattern uses {word} for {path}: it is read for addresses only"));
                }
                match tokens.next() {
                    Some(Token::Text(value)) => terms.push(Term { path, value }),
                    _ => return Err(format!("the pattern breaks off after {word}")),
                }
            }
            Some(Token::Word(word)) => return Err(format!("the pattern uses {word}: only equalities are read")),
            Some(Token::Sign(sign)) => return Err(format!("the pattern uses {sign}: only equalities are read")),
            _ => return Err("the pattern breaks off".to_owned()),
        }
        if terms.len() > TERMS_MAX {
            return Err(format!("the pattern has more than {TERMS_MAX} terms"));
        }
    }
    if terms.is_empty() { Err("the pattern has no equality".to_owned()) } else { Ok(terms) }
}

fn tokens(pattern: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c == '\'' {
            chars.next();
            tokens.push(Token::Text(quoted(&mut chars)?));
        } else if is_word(c) {
            let mut word = String::new();
            while let Some(&c) = chars.peek() {
                if c == '\'' && word != "t" {
                    chars.next();
                    word.push_str(&quoted(&mut chars)?);
                } else if c == '[' {
                    // An index such as `[*]` or `[0]` belongs to the path.
                    for c in chars.by_ref() {
                        word.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                } else if is_word(c) {
                    word.push(c);
                    chars.next();
                } else {
                    break;
                }
            }
            tokens.push(Token::Word(word));
        } else {
            chars.next();
            tokens.push(Token::Sign(c));
        }
    }
    Ok(tokens)
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '*')
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\'' => return Ok(text),
            '\\' => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    Err("the pattern has a text without end".to_owned())
}

/// The observable that a property of a cyber-observable object is; `None` if it is none.
pub(super) fn observable(path: &str, value: &str) -> Option<Result<Observable, String>> {
    let (object, property) = path.split_once(':')?;
    let folded = property.to_ascii_lowercase();
    let any = |kinds: &[Kind]| kinds.iter().find_map(|&kind| Observable::parse(kind, value).ok());
    let kind = match (object, folded.as_str()) {
        ("ipv4-addr" | "ipv6-addr", "value") => Kind::Ipv4,
        ("domain-name", "value") => Kind::Domain,
        ("url", "value") => Kind::Url,
        ("email-addr", "value") => Kind::Email,
        ("email-message", "subject") => Kind::EmailSubject,
        ("email-message", "from_ref.value" | "sender_ref.value") => Kind::Email,
        ("file", "name") => Kind::FileName,
        ("file", "path" | "parent_directory_ref.path") | ("directory", "path") => Kind::FilePath,
        ("windows-registry-key", "key") => Kind::RegistryKey,
        ("mutex", "name") => Kind::Mutex,
        ("mac-addr", "value") => Kind::Mac,
        ("autonomous-system", "number") => Kind::Asn,
        ("user-account", "account_login" | "user_id") => Kind::Account,
        ("network-traffic", "dst_ref.value" | "src_ref.value") | ("domain-name", "resolves_to_refs[*].value") => {
            return Some(
                any(&[Kind::Ipv4, Kind::Domain])
                    .ok_or_else(|| format!("{:?} is no address", value.chars().take(80).collect::<String>())),
            );
        }
        ("network-traffic", agent) if agent.ends_with("user-agent") => Kind::UserAgent,
        ("file" | "artifact" | "x509-certificate", hashes) => {
            let name = hashes.split_once("hashes.").map(|(_, name)| name.replace(['-', '_', '\''], ""))?;
            match (object, name.as_str()) {
                ("x509-certificate", "sha1" | "sha256") => Kind::X509Fingerprint,
                (_, "md5") => Kind::Md5,
                (_, "sha1") => Kind::Sha1,
                (_, "sha256") => Kind::Sha256,
                (_, "sha512") => Kind::Sha512,
                (_, "ssdeep") => Kind::Ssdeep,
                (_, "tlsh") => Kind::Tlsh,
                (_, "imphash") => Kind::Imphash,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(kinds::read_one(kind, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expect: &[(&str, &str)]) {
        let got = equalities(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        let got: Vec<_> = got.iter().map(|term| (term.path.as_str(), term.value.as_str())).collect();
        assert_eq!(got, expect, "{pattern}");
    }

    #[test]
    fn reads_equalities() {
        check("[domain-name:value='evil.example']", &[("domain-name:value", "evil.example")]);
        check(
            "[file:hashes.'SHA-256' = 'ab' AND file:name = 'a\\'b']",
            &[("file:hashes.SHA-256", "ab"), ("file:name", "a'b")],
        );
        check(
            "[a:b = 'x'] OR ([c:d[*].e = 'y'] FOLLOWEDBY [f:g = 5]) WITHIN 5 SECONDS",
            &[("a:b", "x"), ("c:d[*].e", "y"), ("f:g", "5")],
        );
        check("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", &[("ipv4-addr:value", "192.0.2.0/24")]);
        check(
            "[ipv6-addr:value ISSUPERSET '2001:db8::1' OR a:b = 'x']",
            &[("ipv6-addr:value", "2001:db8::1"), ("a:b", "x")],
        );
        check("[a:b IN ('x', 'y')]", &[("a:b", "x"), ("a:b", "y")]);
        check("[a:b = 'x'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'", &[("a:b", "x")]);
    }

    #[test]
    fn refuses_the_rest() {
        for pattern in [
            "",
            "[a:b != 'x']",
            "[a:b MATCHES 'x']",
            "[a:b NOT = 'x']",
            "[a:b = 'x",
            "[a:b =",
            "[a:b > 5]",
            "[a:b ISSUBSET '192.0.2.0/24']",
            "[ipv4-addr:value ISSUBSET]",
            "[ipv4-addr:value NOT ISSUBSET '192.0.2.0/24']",
            "'x'",
            "[a:b IN 'x']",
            "rule x {}",
        ] {
            assert!(equalities(pattern).is_err(), "{pattern}");
        }
    }
}

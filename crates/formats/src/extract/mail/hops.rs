//! The way of a mail: which machine handed it over, and what that machine was told before.

use std::net::IpAddr;

use super::parts::{Header, all, first};

/// One line of the way: who gave the mail to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// Name that the giver has.
    pub from: String,
    /// Its address.
    pub address: Option<IpAddr>,
    /// For whom it was.
    pub recipient: Option<String>,
    /// Who took it.
    pub by: String,
}

/// Reads a `Received` field.
pub(super) fn hop(value: &str) -> Hop {
    let mut hop = Hop::default();
    let mut words = value.split_whitespace().peekable();
    let mut in_from = false;
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case("from") && hop.from.is_empty() && hop.by.is_empty() {
            hop.from = words.peek().map_or_else(String::new, |name| clean(name));
            in_from = true;
        } else if word.eq_ignore_ascii_case("by") && hop.by.is_empty() {
            hop.by = words.peek().map_or_else(String::new, |name| clean(name));
            in_from = false;
        } else if word.eq_ignore_ascii_case("for") && hop.recipient.is_none() {
            hop.recipient = words.peek().map(|name| clean(name)).filter(|name| name.contains('@'));
        }
        if in_from && hop.address.is_none() {
            hop.address = address(word);
        }
        if word.ends_with(';') {
            break;
        }
    }
    hop
}

fn clean(word: &str) -> String {
    word.trim_matches(['(', ')', '[', ']', '<', '>', ';', ',', '.']).to_owned()
}

/// An address with the brackets of mail headers around it.
pub(super) fn address(word: &str) -> Option<IpAddr> {
    let bare = word.trim_matches(['(', ')', '[', ']', ';', ',', '"']);
    let bare = bare.rsplit_once('@').map_or(bare, |(_, address)| address.trim_matches(['[', ']']));
    let bare = bare.strip_prefix("IPv6:").unwrap_or(bare);
    bare.parse().ok().or_else(|| bare.rsplit_once('[')?.1.parse().ok())
}

/// The address from which the recipient's own gateway got the mail, as that gateway notes it.
pub(super) fn handed_over_by(headers: &[Header]) -> Option<IpAddr> {
    let noted = |value: &str, mark: &str| {
        let at = value.to_ascii_lowercase().find(mark)? + mark.len();
        address(value.get(at..)?.split([' ', ';', ')', ',']).next()?)
    };
    let results = all(headers, "Authentication-Results").find_map(|value| noted(value, "sender ip is "));
    results
        .or_else(|| all(headers, "Received-SPF").find_map(|value| noted(value, "client-ip=")))
        .or_else(|| all(headers, "Received-SPF").find_map(|value| noted(value, "designates ")))
        .or_else(|| first(headers, "X-Sender-IP").and_then(address))
}

/// The verdict that a gateway noted for a method, such as `spf`.
pub(super) fn verdict(headers: &[Header], method: &str) -> Option<String> {
    let results = first(headers, "Authentication-Results")?;
    let mark = format!("{method}=");
    results.split([' ', ';', '\t']).find_map(|word| {
        let value = word.strip_prefix(&mark)?;
        Some(value.trim_matches(['(', ')', ',']).chars().filter(char::is_ascii_alphanumeric).take(20).collect())
    })
}

/// The domain whose signature a gateway found right.
pub(super) fn signed_by(headers: &[Header]) -> Option<String> {
    let results = first(headers, "Authentication-Results")?;
    let passed = verdict(headers, "dkim").is_some_and(|verdict| verdict == "pass");
    let domain = results.split([' ', ';', '\t']).find_map(|word| {
        let value = word.strip_prefix("header.d=").or_else(|| word.strip_prefix("header.i=@"))?;
        Some(value.trim_matches([',', ')', '"']).to_owned())
    })?;
    passed.then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_in_many_hands() {
        let check = |value: &str, from: &str, address: Option<&str>, recipient: Option<&str>| {
            let hop = hop(value);
            assert_eq!(
                (hop.from.as_str(), hop.address.map(|a| a.to_string()).as_deref(), hop.recipient.as_deref()),
                (from, address, recipient),
                "{value}"
            );
        };
        check(
            "from kolasder.example (203.0.113.7) by mx.a.example (10.13.156.235) with SMTP; Fri",
            "kolasder.example",
            Some("203.0.113.7"),
            None,
        );
        check(
            "from [203.0.113.9] (port=45739 helo=x) by s.example with esmtpsa id 1 for me@a.example; Sat",
            "203.0.113.9",
            Some("203.0.113.9"),
            Some("me@a.example"),
        );
        check(
            "from unknown (HELO User) (203.0.113.5) by s.example with ESMTPA; 4 Jun",
            "unknown",
            Some("203.0.113.5"),
            None,
        );
        check(
            "from a.example (a.example. [203.0.113.4]) by mx.b.example for <me@b.example> (v=1); x",
            "a.example",
            Some("203.0.113.4"),
            Some("me@b.example"),
        );
        check("by 2002:a05:6870 with SMTP id x; Fri", "", None, None);
    }
}

//! A value taken apart once, for all rules: the host, what of it is registered, the address, the path.

use std::net::IpAddr;

use model::{Kind, Observable};

use crate::zones::Zones;

/// Longest path or name that rules look at, in bytes: what is longer says no more and costs more.
const TEXT_BYTES_MAX: usize = 512;

/// What a value consists of; everything borrowed from its normal form.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts<'a> {
    /// The whole value.
    pub value: &'a str,
    /// Its kind, if it is of one.
    pub kind: Option<Kind>,
    /// The name of a host (a domain, or the host of a URL or mail address), never an address.
    pub host: Option<&'a str>,
    /// The part of the host that one owner has: below a public suffix, or below a zone where anybody gets names.
    pub owned: Option<&'a str>,
    /// The suffix under which it is owned.
    pub suffix: &'a str,
    /// The zone of dynamic DNS or hosting that it is below, if that is none of a registry's.
    pub zone: Option<&'a str>,
    /// The address, of a host or itself.
    pub address: Option<IpAddr>,
    /// The path of a URL with its leading slash, without the query; empty for the root page.
    pub path: &'a str,
    /// The query of a URL.
    pub query: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes a value apart.
    pub(crate) fn of(observable: &'a Observable, zones: &Zones) -> Self {
        let value = observable.value();
        let mut parts = Parts { value, kind: Some(observable.kind()), ..Parts::default() };
        match observable.kind() {
            Kind::Domain | Kind::Hostname => parts.name(value, zones),
            Kind::Ipv4 | Kind::Ipv6 => parts.address = value.parse().ok(),
            Kind::Url => {
                let Some((_, rest)) = value.split_once("://") else { return parts };
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at(end);
                let authority = authority.rsplit('@').next().unwrap_or(authority);
                if let Some(bracketed) = authority.strip_prefix('[') {
                    parts.address = bracketed.split_once(']').and_then(|(address, _)| address.parse().ok());
                } else {
                    let host = authority.split(':').next().unwrap_or(authority);
                    match host.parse::<IpAddr>() {
                        Ok(address) => parts.address = Some(address),
                        Err(_) => parts.name(host, zones),
                    }
                }
                let rest = rest.split('#').next().unwrap_or(rest);
                let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
                let path = path.strip_suffix('/').unwrap_or(path);
                (parts.path, parts.query) = (cut(path), cut(query));
            }
            Kind::Email => {
                if let Some((_, host)) = value.rsplit_once('@') {
                    parts.name(host, zones);
                }
            }
            _ => {}
        }
        parts
    }

    fn name(&mut self, host: &'a str, zones: &Zones) {
        if !host.contains('.') || !host.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return;
        }
        self.host = Some(host);
        if let Some(owned) = zones.owned(host) {
            (self.owned, self.suffix, self.zone) = (Some(owned.name), owned.suffix, owned.zone);
        }
    }

    /// The first label of what is owned: `evil-shop` of `www.evil-shop.co.uk`.
    pub(crate) fn label(&self) -> Option<&'a str> {
        self.owned?.split('.').next()
    }

    /// What stands before the owned part: `www` of `www.evil-shop.co.uk`.
    pub(crate) fn below(&self) -> Option<&'a str> {
        let (host, owned) = (self.host?, self.owned?);
        host.strip_suffix(owned)?.strip_suffix('.').filter(|below| !below.is_empty())
    }
}

/// The start of a text, cut where a character ends.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, value: &str, expect: &str) {
        let observable = Observable::from_normal(kind, value);
        let zones = Zones::own();
        let parts = Parts::of(&observable, &zones);
        let told = format!(
            "{}|{}|{}|{}|{}|{}",
            parts.host.unwrap_or("-"),
            parts.owned.unwrap_or("-"),
            parts.below().unwrap_or("-"),
            parts.address.map_or("-".to_owned(), |address| address.to_string()),
            parts.path,
            parts.query
        );
        assert_eq!(told, expect, "{value}");
    }

    #[test]
    fn a_value_is_taken_apart() {
        check(Kind::Domain, "a.evil-shop.co.uk", "a.evil-shop.co.uk|evil-shop.co.uk|a|-||");
        check(Kind::Domain, "co.uk", "co.uk|-|-|-||");
        check(Kind::Domain, "x.evil.duckdns.org", "x.evil.duckdns.org|evil.duckdns.org|x|-||");
        check(Kind::Domain, "attack.test", "attack.test|attack.test|-|-||");
        check(Kind::Url, "http://u@www.evil.net:81/a/b.php?x=1#f", "www.evil.net|evil.net|www|-|/a/b.php|x=1");
        check(Kind::Url, "http://192.0.2.7/gate/", "-|-|-|192.0.2.7|/gate|");
        check(Kind::Url, "http://[2001:db8::7]:8080/a", "-|-|-|2001:db8::7|/a|");
        check(Kind::Email, "a@mail.evil.net", "mail.evil.net|evil.net|mail|-||");
        check(Kind::Ipv6, "2001:db8::7", "-|-|-|2001:db8::7||");
        check(Kind::Sha256, "00ff", "-|-|-|-||");
    }

    #[test]
    fn a_long_path_is_cut_where_a_character_ends() {
        assert_eq!(cut(&"é".repeat(400)).len(), 512);
    }
}

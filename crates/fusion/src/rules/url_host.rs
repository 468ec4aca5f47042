//! One case names a URL, another the host that it is on.

use model::{Kind, Observable};

use super::Rule;

/// The rule. Hosts that everybody uses are noise and link nothing.
pub(super) const RULE: Rule =
    Rule { name: "url-host", sentence: "{} is on a host that the other names too", pivot: host };

/// The host of a URL in its normal form, if it is a domain.
fn host(observable: &Observable) -> Option<Observable> {
    if observable.kind() != Kind::Url {
        return None;
    }
    let after = observable.value().split_once("://")?.1;
    let authority = after.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let name = host.split(':').next()?;
    let is_domain = name.contains('.') && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_domain.then(|| Observable::from_normal(Kind::Domain, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expect: Option<&str>) {
        let found = host(&Observable::from_normal(Kind::Url, url));
        assert_eq!(found.as_ref().map(Observable::value), expect, "{url}");
    }

    #[test]
    fn takes_the_host_and_nothing_else() {
        check("http://login.attack.test/a?b=c.example", Some("login.attack.test"));
        check("https://user@evil.example:8443/", Some("evil.example"));
        check("http://192.0.2.1/a", None);
        check("http://[2001:db8::1]/a", None);
    }
}

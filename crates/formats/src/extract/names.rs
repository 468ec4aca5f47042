//! Names that are no domains, domains that are no indicators, addresses that are somebody's own: decided by lists and rules.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use model::{Kind, Observable};

use super::Mark;
use super::lists::{
    BOTH, BOTH_MOSTLY_DOMAIN, CARRIERS, DOCUMENTATION, EVERYDAY_HOSTS, EVERYDAY_ITSELF, INTERNAL_ENDINGS,
    MAIL_SERVICES, OTHER_ENDINGS, OTHERS, PRODUCTS, PROGRAMS, ROOTS, SYSTEM_PATHS, SYSTEM_PROGRAMS,
};

fn has(list: &[&str], word: &str) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(word))
}

/// Whether `host` is `parent` or lies under it.
pub(super) fn under(host: &str, parent: &str) -> bool {
    host.len() >= parent.len()
        && host.get(host.len() - parent.len()..).is_some_and(|end| end.eq_ignore_ascii_case(parent))
        && (host.len() == parent.len() || host.as_bytes().get(host.len() - parent.len() - 1) == Some(&b'.'))
}

/// What the ending of a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A domain.
    Domain,
    /// A file that runs.
    Program,
    /// A file that carries programs.
    Carrier,
    /// Any other file.
    File,
    /// Nothing known.
    None,
}

/// What a name with a dot ends as. `plain` names of two labels lean to files where both are possible.
pub(super) fn ending(name: &str, plain: bool) -> Ending {
    let Some((before, last)) = name.rsplit_once('.') else { return Ending::None };
    if has(BOTH, last) && !before.contains('.') && plain && !has(BOTH_MOSTLY_DOMAIN, last) {
        return if has(CARRIERS, last) { Ending::Carrier } else { Ending::File };
    }
    if is_public(name) {
        return Ending::Domain;
    }
    file_ending(last)
}

/// What kind of file an ending belongs to.
pub(super) fn file_ending(last: &str) -> Ending {
    if has(PROGRAMS, last) {
        Ending::Program
    } else if has(CARRIERS, last) {
        Ending::Carrier
    } else if has(OTHERS, last) || has(BOTH, last) {
        Ending::File
    } else {
        Ending::None
    }
}

/// Whether a name ends in a public suffix, or one that resolves elsewhere, and has a label before it.
pub(super) fn is_public(name: &str) -> bool {
    let bytes = name.as_bytes();
    let lowered;
    let bytes = if bytes.iter().any(u8::is_ascii_uppercase) {
        lowered = name.to_ascii_lowercase();
        lowered.as_bytes()
    } else {
        bytes
    };
    let last = bytes.rsplit(|&b| b == b'.').next().unwrap_or_default();
    if OTHER_ENDINGS.iter().any(|ending| ending.as_bytes() == last) {
        return bytes.len() > last.len() + 1;
    }
    psl::suffix(bytes).is_some_and(|suffix| suffix.is_known() && suffix.typ().is_some())
}

/// The domain under which a host was registered.
pub(super) fn registered(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

pub(super) fn is_product(name: &str) -> bool {
    has(PRODUCTS, name)
}

pub(super) fn is_mail_service(host: &str) -> bool {
    MAIL_SERVICES.iter().any(|service| under(host, service))
}

/// `com.example.app`: a domain turned round, as packages and services are named.
pub(super) fn is_package(name: &str) -> bool {
    let mut labels = name.split('.');
    let first = labels.next().unwrap_or_default();
    labels.count() >= 2
        && has(&["com", "org", "net", "android", "java", "javax", "sun", "io", "gov", "edu", "eu"], first)
}

/// Whether a path begins where paths of Unix systems begin.
pub(super) fn is_unix_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('/') else {
        return text.starts_with("$HOME/") || text.starts_with("~/");
    };
    rest.split_once('/').is_some_and(|(root, rest)| ROOTS.contains(&root) && !rest.is_empty())
}

/// The host of a URL in normal form.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.starts_with('[') {
        host.split_once(']').map_or(host, |(inside, _)| inside.trim_start_matches('['))
    } else {
        host.split(':').next().unwrap_or_default()
    }
}

/// Names by which a host is known: asked of every value, so each is found by its ending and none is compared with all.
static KNOWN: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let everyday = EVERYDAY_HOSTS
        .iter()
        .map(|one| (*one, if EVERYDAY_ITSELF.contains(one) { Known::Itself } else { Known::Everyday }));
    let documentation = DOCUMENTATION.iter().map(|one| (*one, Known::Everyday));
    let internal = INTERNAL_ENDINGS.iter().map(|one| (*one, Known::Internal));
    everyday.chain(documentation).chain(internal).collect()
});

/// What is known of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It and everything under it exist in somebody's own network only.
    Internal,
    /// It and everything under it are everyday.
    Everyday,
    /// It is everyday; what is under it is anybody's.
    Itself,
}

/// The mark that a value earns by itself. What was defanged was meant by somebody, and is not taken for everyday.
pub(super) fn own_mark(observable: &Observable, defanged: bool) -> Mark {
    let value = observable.value();
    let mark = match observable.kind() {
        Kind::Ipv4 | Kind::Ipv6 => value.parse().map_or(Mark::Offered, |addr| address_mark(addr, defanged)),
        Kind::Cidr => value
            .split_once('/')
            .and_then(|(addr, _)| addr.parse().ok())
            .map_or(Mark::Offered, |addr| address_mark(addr, defanged)),
        Kind::Domain | Kind::Hostname => host_mark(value),
        Kind::Url => {
            let host = host_of(value);
            host.parse().map_or_else(|_| host_mark(host), |addr| address_mark(addr, defanged))
        }
        Kind::Email => match value.rsplit_once('@') {
            Some((_, host)) if is_internal_name(host) => Mark::Internal,
            Some((_, host)) if DOCUMENTATION.iter().any(|one| under(host, one)) => Mark::Everyday,
            _ => Mark::Offered,
        },
        Kind::FileName if has(SYSTEM_PROGRAMS, value) => Mark::Everyday,
        Kind::FilePath if SYSTEM_PATHS.contains(&value) => Mark::Everyday,
        Kind::FilePath if value.starts_with("\\\\") => Mark::Internal,
        Kind::Md5 if value == "d41d8cd98f00b204e9800998ecf8427e" => Mark::Everyday,
        Kind::Sha1 if value == "da39a3ee5e6b4b0d3255bfef95601890afd80709" => Mark::Everyday,
        Kind::Sha256 if value == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" => Mark::Everyday,
        Kind::Mac => Mark::Internal,
        _ => Mark::Offered,
    };
    if defanged && mark == Mark::Everyday { Mark::Offered } else { mark }
}

fn is_internal_name(host: &str) -> bool {
    INTERNAL_ENDINGS.iter().any(|ending| under(host, ending))
}

/// The mark of a host in normal form.
fn host_mark(host: &str) -> Mark {
    let mut mark = Mark::Offered;
    let mut ending = Some(host);
    while let Some(name) = ending {
        match KNOWN.get(name) {
            Some(Known::Internal) => return Mark::Internal,
            Some(Known::Everyday) => mark = Mark::Everyday,
            Some(Known::Itself) if name == host.strip_prefix("www.").unwrap_or(host) => mark = Mark::Everyday,
            Some(Known::Itself) | None => {}
        }
        ending = name.split_once('.').map(|(_, rest)| rest);
    }
    mark
}

/// Private addresses are internal; those of resolvers, groups and documentation are everyday.
pub(super) fn address_mark(addr: IpAddr, defanged: bool) -> Mark {
    let everyday = match addr {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b)) {
                return Mark::Internal;
            }
            v4.is_documentation()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_unspecified()
                || a == 0
                || ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"].contains(&v4.to_string().as_str())
        }
        IpAddr::V6(v6) => {
            let first = v6.segments().first().copied().unwrap_or(0);
            if v6.is_loopback() || (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80 {
                return Mark::Internal;
            }
            v6.is_multicast() || v6.is_unspecified() || v6.segments().starts_with(&[0x2001, 0xdb8])
        }
    };
    if everyday && !defanged { Mark::Everyday } else { Mark::Offered }
}

/// Whether an address can be one of an attacker: public, and none of a network's own.
pub(super) fn is_foreign(addr: IpAddr) -> bool {
    address_mark(addr, true) == Mark::Offered && !addr.is_multicast() && !addr.is_unspecified()
}

//! Normal forms of what travels on networks: addresses, ranges, hosts, URLs, mail addresses, AS and MAC numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use ipnet::IpNet;
use url::{Host, Url};

use super::{Normal, composed, no_control};
use crate::Kind;

const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
const LOCAL_PART_BYTES_MAX: usize = 128;
/// Bits before the IPv4 address in an IPv6 one that stands for it.
const MAPPED_BITS: u8 = 96;

/// Schemes of a network, with the port that they mean where the URL standard does not know it.
const SCHEMES: &[(&str, Option<u16>)] = &[
    ("http", None),
    ("https", None),
    ("ftp", None),
    ("ws", None),
    ("wss", None),
    ("ftps", Some(990)),
    ("ssh", Some(22)),
    ("sftp", Some(22)),
    ("smb", Some(445)),
    ("ldap", Some(389)),
    ("ldaps", Some(636)),
    ("rtsp", Some(554)),
    ("dns", Some(53)),
    ("socks5", Some(1080)),
    ("tcp", None),
    ("udp", None),
    ("tls", None),
    ("stratum+tcp", None),
];

/// An address or range; the text decides which: `192.0.2.7/32` is an address, `::ffff:192.0.2.7` an IPv4 address.
/// A port is dropped, bits behind the prefix are cleared.
pub(super) fn address(text: &str) -> Normal {
    if let Some((addr, prefix)) = text.split_once('/') {
        let written = ip(addr).ok_or("it is no address")?;
        let prefix: u8 = prefix.parse().map_err(|_| "its prefix length is no number")?;
        // A mapped address has become an IPv4 one, but its prefix still counts the 96 bits before that. A shorter one
        // spans more than IPv4, and is the range of no IPv4 address.
        let mapped = written.is_ipv4() && addr.contains(':');
        let before = if mapped { MAPPED_BITS } else { 0 };
        return range(
            written,
            prefix.checked_sub(before).ok_or("its prefix is shorter than that of IPv4 within IPv6")?,
        );
    }
    if let Some(addr) = ip(text) {
        return Ok(of_ip(addr));
    }
    let without_port = text.rsplit_once(':').filter(|(_, port)| is_port(port)).map(|(host, _)| host);
    match without_port.and_then(ip) {
        // Without brackets, what looks like the port of an IPv6 address is its last group, which `ip` has tried above.
        Some(addr) if addr.is_ipv4() || text.starts_with('[') => Ok(of_ip(addr)),
        _ => Err("it is no address"),
    }
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit())
}

fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(addr) = text.parse::<Ipv4Addr>() {
        return Some(IpAddr::V4(addr));
    }
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let inner = inner.split_once('%').map_or(inner, |(addr, _zone)| addr);
    let addr: Ipv6Addr = inner.parse().ok()?;
    Some(addr.to_ipv4_mapped().map_or(IpAddr::V6(addr), IpAddr::V4))
}

fn of_ip(addr: IpAddr) -> (Kind, String) {
    match addr {
        IpAddr::V4(addr) => (Kind::Ipv4, addr.to_string()),
        IpAddr::V6(addr) => (Kind::Ipv6, addr.to_string()),
    }
}

fn range(addr: IpAddr, prefix: u8) -> Normal {
    let net = IpNet::new(addr, prefix).map_err(|_| "its prefix is too long")?.trunc();
    if net.prefix_len() == 0 {
        return Err("it is every address there is");
    }
    if net.prefix_len() == net.max_prefix_len() { Ok(of_ip(net.addr())) } else { Ok((Kind::Cidr, net.to_string())) }
}

/// A plain lower- or upper-case ASCII domain without anything to undo; `None` sends it the long way.
pub(super) fn plain_domain(text: &str) -> Option<String> {
    if text.len() > NAME_BYTES_MAX || !shape(text, true) || has_punycode(text) {
        return None;
    }
    let mut value = text.to_owned();
    value.make_ascii_lowercase();
    Some(value)
}

fn has_punycode(text: &str) -> bool {
    text.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"xn--"))
}

/// Whether every label is made of letters, digits, hyphens and underscores, and the last one could be a top-level domain.
fn shape(name: &str, dotted: bool) -> bool {
    let mut labels = 0_usize;
    let mut last = "";
    for label in name.split('.') {
        labels += 1;
        last = label;
        let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if label.is_empty() || label.len() > LABEL_BYTES_MAX || !label.bytes().all(sound) {
            return false;
        }
    }
    if !dotted && labels == 1 {
        return !last.bytes().all(|b| b.is_ascii_digit());
    }
    let punycode = last.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--"));
    labels >= 2 && last.len() >= 2 && (punycode || last.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// A domain or host name: IDNA, lower case, no trailing dot, no port, no `*.` before it.
/// A host name with a dot is a domain, so that it equals what another firm reports as a domain.
pub(super) fn host(kind: Kind, text: &str) -> Normal {
    if ip(text).is_some() {
        return Err("it is an address");
    }
    let text = text.strip_suffix('/').unwrap_or(text);
    let text = text.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(text, |(host, _)| host);
    let text = text.strip_prefix("*.").unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text);
    let name = ascii_name(text)?;
    if kind == Kind::Hostname && !name.contains('.') {
        return if shape(&name, false) { Ok((Kind::Hostname, name)) } else { Err("it is no host name") };
    }
    if !shape(&name, true) {
        return Err(if name.contains('.') { "it is no domain name" } else { "it has no dot" });
    }
    Ok((Kind::Domain, name))
}

fn ascii_name(text: &str) -> Result<String, &'static str> {
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| "its international name is not valid")?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii).to_ascii_lowercase();
    if name.len() > NAME_BYTES_MAX { Err("it is longer than 253 bytes") } else { Ok(name) }
}

/// A URL: scheme and host folded, default port and trailing dot of the host dropped, percent-encoding as RFC 3986 has it
/// (6.2.2); path and query keep their case. A missing scheme is taken to be `http`. `http://192.0.2.1/` stays a URL.
///
/// The URL standard leaves the host of a scheme that it does not know as it is written; here all hosts are treated alike.
pub(super) fn url(text: &str) -> Result<String, &'static str> {
    no_control(text)?;
    let text = text.trim_start_matches(['<', '"', '\'']).trim_end_matches(['>', '"', '\'']);
    let with_scheme;
    let text = if text.contains("://") {
        text
    } else if let Some(rest) = text.strip_prefix("//") {
        with_scheme = format!("http://{rest}");
        &with_scheme
    } else {
        let end = text.find(['/', '?', '#', ':']).unwrap_or(text.len());
        let name = text.get(..end).unwrap_or("");
        if ip(name).is_none() && host(Kind::Domain, name).is_err() {
            return Err("it has no scheme");
        }
        with_scheme = format!("http://{text}");
        &with_scheme
    };
    let mut url = Url::parse(text).map_err(|_| "it is no URL")?;
    let known = SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme());
    let (_, meant) = known.ok_or("its scheme is not one of a network")?;
    let clean = match url.host() {
        None => return Err("it has no host"),
        Some(Host::Ipv4(_)) => None,
        Some(Host::Ipv6(addr)) => addr.to_ipv4_mapped().map(|addr| addr.to_string()),
        Some(Host::Domain(name)) => {
            let folded = match Host::parse(name).map_err(|_| "its host is not valid")? {
                Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
                Host::Ipv4(addr) => addr.to_string(),
                Host::Ipv6(_) => return Err("its host is not valid"),
            };
            if folded.is_empty() {
                return Err("it has no host");
            }
            (folded != name).then_some(folded)
        }
    };
    if let Some(clean) = clean {
        url.set_host(Some(&clean)).map_err(|_| "its host is not valid")?;
    }
    if url.port().is_some() && url.port() == *meant {
        url.set_port(None).map_err(|()| "its port is not valid")?;
    }
    if !url.is_special() && url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
        url.set_path("");
    }
    Ok(unescaped(url.as_str()))
}

/// RFC 3986, 6.2.2: a sign that needs no escape has none, and an escape has upper-case digits.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let two = after.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(two) = two else {
            out.push('%');
            rest = after;
            continue;
        };
        match u8::from_str_radix(two, 16).map(char::from) {
            Ok(sign) if sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '_' | '~') => out.push(sign),
            _ => {
                out.push('%');
                out.push_str(&two.to_ascii_uppercase());
            }
        }
        rest = after.get(2..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// A mail address: the domain in normal form, the local part in lower case. `Name <a@b>` and `mailto:` are undone.
///
/// RFC 5321 lets a host tell `A@b` from `a@b`; none that matters does, and one address that two firms write in two ways
/// must be one value.
pub(super) fn email(text: &str) -> Result<String, &'static str> {
    no_control(text)?;
    let text = match (text.rfind('<'), text.rfind('>')) {
        (Some(from), Some(to)) if from < to => text.get(from + 1..to).unwrap_or(text),
        _ => text,
    };
    let text =
        text.get(..7).filter(|head| head.eq_ignore_ascii_case("mailto:")).and_then(|_| text.get(7..)).unwrap_or(text);
    let (local, domain) = text.rsplit_once('@').ok_or("it has no @")?;
    if local.is_empty() || local.len() > LOCAL_PART_BYTES_MAX {
        return Err("its local part is empty or too long");
    }
    if local.chars().any(|c| {
        c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '\\' | '"' | '@')
    }) {
        return Err("its local part holds a sign that no address has");
    }
    match host(Kind::Domain, domain) {
        Ok((_, domain)) => Ok(format!("{}@{domain}", composed(local).to_lowercase())),
        Err(_) => Err("the part after @ is no domain name"),
    }
}

/// `AS64496`; `asn 64496` and `64496` are read as well.
pub(super) fn asn(text: &str) -> Result<String, &'static str> {
    let digits = text.trim_start_matches(['a', 'A', 's', 'S', 'n', 'N', ' ', ':']);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("it is no number");
    }
    let number: u32 = digits.parse().map_err(|_| "it is more than 32 bits")?;
    Ok(format!("AS{number}"))
}

/// Six pairs of lower-case hexadecimal digits with colons.
pub(super) fn mac(text: &str) -> Result<String, &'static str> {
    let mut value = String::with_capacity(17);
    let mut digits = 0;
    for c in text.chars() {
        if c.is_ascii_hexdigit() {
            if digits > 0 && digits % 2 == 0 {
                value.push(':');
            }
            value.push(c.to_ascii_lowercase());
            digits += 1;
        } else if !matches!(c, ':' | '-' | '.') {
            return Err("it holds a sign that no MAC address has");
        }
        if digits > 12 {
            break;
        }
    }
    if digits == 12 { Ok(value) } else { Err("it does not have 12 digits") }
}

//! Whose address a request comes from when proxies stand before the listener: only those named as trusted are believed.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;

/// Hops that are looked through, from the nearest.
const HOPS_MAX: usize = 32;

/// An address or a network, such as `10.0.0.7`, `10.0.0.0/24` or `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    bits: u32,
    four: bool,
}

fn number(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(four) => (u128::from(u32::from(four)), true),
        IpAddr::V6(six) => (u128::from(six), false),
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address and no network such as 10.0.0.0/24");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let (address, four) = number(address.parse().map_err(|_| wrong())?);
        let width = if four { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width { Err(wrong()) } else { Ok(Self { address, bits, four }) }
    }
}

impl Network {
    /// Whether an address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let (address, four) = number(address);
        let rest = if self.four { 32 } else { 128 } - self.bits;
        four == self.four && address.checked_shr(rest).unwrap_or(0) == self.address.checked_shr(rest).unwrap_or(0)
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Arc<[Network]>);

impl Proxies {
    pub(crate) fn new(trusted: &[Network]) -> Self {
        Self(trusted.into())
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// The visitor's address: the nearest hop that is none of our proxies. Whatever else a header says, the visitor wrote.
    pub(crate) fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer.to_canonical();
        }
        let list = |name: &str, hop: fn(&str) -> Option<IpAddr>| {
            let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
            (!values.is_empty()).then(|| self.nearest(peer, &values.join(","), hop))
        };
        let plain = list("x-forwarded-for", address_of);
        let structured = list(FORWARDED.as_str(), forwarded_for);
        match (plain, structured) {
            (Some(visitor), None) | (None, Some(visitor)) => visitor,
            (Some(a), Some(b)) if a == b => a,
            // No header, or two that differ: one of them did not come from our proxy, and we cannot tell which.
            _ => peer.to_canonical(),
        }
    }

    fn nearest(&self, peer: IpAddr, hops: &str, hop: fn(&str) -> Option<IpAddr>) -> IpAddr {
        let mut nearest = peer;
        for text in hops.rsplit(',').take(HOPS_MAX) {
            // A hop that does not say who it was is as far as we can see.
            let Some(address) = hop(text.trim()) else { break };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        nearest.to_canonical()
    }
}

/// An address with or without a port and brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.rsplit_once(':')?.0.parse().ok().filter(IpAddr::is_ipv4)
}

/// The `for=` of one element of a `Forwarded` header (RFC 7239).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    address_of(named.next()?.1.trim().trim_matches('"'))
}

/// What the throttle counts by: an IPv4 address, or the /64 that one subscriber of IPv6 has to himself.
pub(crate) fn counted_by(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("{}/64", Ipv6Addr::from(u128::from(six) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_hop_that_is_no_proxy_of_ours_is_the_visitor() {
        let trusted = ["10.0.0.0/24", "fd00::/8"].map(|text| text.parse().unwrap());
        let proxies = Proxies::new(&trusted);
        let check = |peer: &str, lines: &[(&'static str, &'static str)], expect: &str| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            assert_eq!(proxies.visitor(peer.parse().unwrap(), &headers).to_string(), expect, "{peer} {lines:?}");
        };
        let (xff, fwd) = ("x-forwarded-for", "forwarded");
        check("10.0.0.7", &[(xff, "192.0.2.1")], "192.0.2.1");
        check("::ffff:10.0.0.7", &[(xff, "192.0.2.1")], "192.0.2.1");
        // What a visitor made up stands further left than what our proxy added.
        check("10.0.0.7", &[(xff, "198.51.100.9, 192.0.2.1")], "192.0.2.1");
        check("10.0.0.7", &[(xff, "198.51.100.9"), (xff, "192.0.2.1, 10.0.0.9")], "192.0.2.1");
        check("10.0.0.7", &[(fwd, "for=198.51.100.9, for=\"[2001:db8::17]:4711\";proto=https")], "2001:db8::17");
        check("fd00::1", &[(xff, "192.0.2.1:5555")], "192.0.2.1");
        // Nobody but a trusted proxy is believed.
        check("192.0.2.77", &[(xff, "198.51.100.9")], "192.0.2.77");
        check("10.0.1.7", &[(xff, "198.51.100.9")], "10.0.1.7");
        check("10.0.0.7", &[], "10.0.0.7");
        check("10.0.0.7", &[(xff, "192.0.2.1, unknown")], "10.0.0.7");
        check("10.0.0.7", &[(xff, "198.51.100.9"), (fwd, "for=192.0.2.1")], "10.0.0.7");
    }

    #[test]
    fn networks_are_read_strictly() {
        for wrong in ["", "10.0.0.0/33", "fd00::/129", "10.0.0", "proxy.example", "10.0.0.0/x", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds("203.0.113.9".parse().unwrap()) && !all.holds("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn six_is_counted_by_its_network() {
        let counted = |text: &str| counted_by(text.parse().unwrap());
        assert_eq!(counted("2001:db8:1:2:3::9"), counted("2001:db8:1:2::1"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
    }
}

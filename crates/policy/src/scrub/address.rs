//! Addresses and ranges: the reporter's own, and those that exist in somebody's own network only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn parse_range(text: &str) -> Option<(IpAddr, u8)> {
    let Some((base, bits)) = text.trim().split_once('/') else {
        let address: IpAddr = text.trim().parse().ok()?;
        return Some((address, if address.is_ipv4() { 32 } else { 128 }));
    };
    let base: IpAddr = base.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    (bits <= if base.is_ipv4() { 32 } else { 128 }).then_some((base, bits))
}

pub(super) fn holds((base, bits): (IpAddr, u8), address: IpAddr) -> bool {
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let shift = 32_u32.saturating_sub(u32::from(bits));
            u32::from(base).checked_shr(shift).unwrap_or(0) == u32::from(address).checked_shr(shift).unwrap_or(0)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            let shift = 128_u32.saturating_sub(u32::from(bits));
            u128::from(base).checked_shr(shift).unwrap_or(0) == u128::from(address).checked_shr(shift).unwrap_or(0)
        }
        _ => false,
    }
}

/// What kind of special address it is, if it is one that exists in somebody's own network only.
pub(super) fn special(address: IpAddr, exercise: bool) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address, exercise),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => special_v4(mapped, exercise),
            None => special_v6(address),
        },
    }
}

fn special_v4(address: Ipv4Addr, exercise: bool) -> Option<&'static str> {
    let [a, b, ..] = address.octets();
    let benchmark = a == 198 && matches!(b, 18 | 19);
    if address.is_private() {
        Some("a private address")
    } else if address.is_loopback() {
        Some("a loopback address")
    } else if address.is_link_local() {
        Some("a link-local address")
    } else if a == 100 && (64..128).contains(&b) {
        Some("an address behind a carrier's translation")
    } else if a == 0 || address.is_broadcast() {
        Some("an address of no machine")
    } else if benchmark && !exercise {
        Some("an address for benchmarks")
    } else {
        None
    }
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let first = address.segments().first().copied().unwrap_or(0);
    if address.is_loopback() {
        Some("a loopback address")
    } else if address.is_unspecified() {
        Some("an address of no machine")
    } else if first & 0xfe00 == 0xfc00 {
        Some("a private address")
    } else if first & 0xffc0 == 0xfe80 {
        Some("a link-local address")
    } else {
        None
    }
}

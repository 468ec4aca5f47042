//! Addresses and ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges, asked one by one.
#[derive(Default)]
pub(crate) struct Ranges(Vec<(IpAddr, u32, usize)>);

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

impl Ranges {
    pub(crate) fn add(&mut self, range: &str, number: usize) {
        if let Some((address, prefix)) = range.split_once('/')
            && let (Ok(address), Ok(prefix)) = (address.parse(), prefix.parse())
        {
            self.0.push((address, prefix, number));
        }
    }

    pub(crate) fn with(&self, address: IpAddr) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(move |&(range, prefix, number)| {
            let ((one, width), (two, other)) = (bits(range), bits(address));
            (width == other && (one ^ two).checked_shr(width - prefix).unwrap_or(0) == 0).then_some(number)
        })
    }
}

/// Four numbers.
pub(crate) fn v4(piece: &[u8]) -> Option<Ipv4Addr> {
    std::str::from_utf8(piece).ok()?.parse().ok()
}

/// The IPv6 address that begins here, as an IPv4 one if it stands for that.
pub(crate) fn v6_at(text: &[u8], start: usize) -> Option<IpAddr> {
    let sign = |b: u8| b.is_ascii_hexdigit() || b == b':' || b == b'.';
    let glued = |b: u8| b.is_ascii_alphanumeric() || b == b':' || b == b'.';
    if !sign(text[start]) || (start > 0 && glued(text[start - 1]) && !super::after_escape(text, start)) {
        return None;
    }
    let mut end = start;
    while end < text.len() && sign(text[end]) {
        end += 1;
        let stops = match (text.get(end), text.get(end + 1)) {
            (None, _) => true,
            (Some(b'.' | b':'), after) => !after.is_some_and(|&b| glued(b)),
            (Some(&b), _) => !glued(b),
        };
        if stops && let Ok(address) = std::str::from_utf8(&text[start..end]).ok()?.parse::<Ipv6Addr>() {
            return Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4));
        }
        if end - start > 64 {
            return None;
        }
    }
    None
}

//! The scrub: holds for the cell what could name its reporter or points into a network of somebody's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{Kind, Observable};

/// What belongs to the reporter's organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// Domains, in normal form; sub-domains and mailboxes are theirs too.
    pub domains: Vec<String>,
    /// Address ranges as `address/prefix`, or single addresses.
    pub ranges: Vec<String>,
    /// Names and brands; shorter than four letters are not looked for.
    pub brands: Vec<String>,
}

/// Shortest brand that is looked for in values.
const BRAND_CHARS_MIN: usize = 4;
/// Names under these endings exist in somebody's own network only.
const INTERNAL_ENDINGS: &[&str] =
    &["local", "internal", "lan", "localhost", "localdomain", "home", "corp", "intranet", "home.arpa"];

/// Why a value is held for the cell; `None` if it may be released.
///
/// In an exercise addresses and names that are reserved for documentation stand for the world and are not held.
#[must_use]
pub fn scrub(observable: &Observable, assets: &Assets, exercise: bool) -> Option<String> {
    let value = observable.value();
    match observable.kind() {
        Kind::Ipv4 | Kind::Ipv6 => address(value, assets, exercise),
        Kind::Cidr => range(value, assets, exercise),
        Kind::Domain | Kind::Hostname => name(value, assets),
        Kind::Url => {
            // A lure that is made for one firm carries its name in path or query.
            let host = host_of_url(value).and_then(|host| host_reason(host, assets, exercise));
            host.or_else(|| own_name_within(value, assets)).or_else(|| brand(value, assets))
        }
        Kind::Email => value
            .rsplit_once('@')
            .and_then(|(_, host)| host_reason(host, assets, exercise).map(|why| format!("mailbox: {why}")))
            .or_else(|| brand(value, assets)),
        Kind::FilePath if value.starts_with("\\\\") => {
            let host = value.trim_start_matches('\\').split('\\').next().unwrap_or_default();
            name(host, assets).or_else(|| Some("path on a machine of somebody's own network".to_owned()))
        }
        Kind::Account
        | Kind::EmailSubject
        | Kind::FileName
        | Kind::FilePath
        | Kind::UserAgent
        | Kind::Mutex
        | Kind::RegistryKey => own_name_within(value, assets).or_else(|| brand(value, assets)),
        Kind::Mac => Some("hardware address of a machine in somebody's own network".to_owned()),
        _ => None,
    }
}

fn host_reason(host: &str, assets: &Assets, exercise: bool) -> Option<String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() { address(bare, assets, exercise) } else { name(host, assets) }
}

/// The host of a URL in normal form, without user, port and path.
fn host_of_url(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    if host.starts_with('[') {
        return host.split_inclusive(']').next();
    }
    host.split(':').next()
}

fn name(host: &str, assets: &Assets) -> Option<String> {
    let host = host.trim_end_matches('.').to_lowercase();
    if let Some(own) = assets.domains.iter().find(|own| is_within(&host, own)) {
        return Some(format!("{own} is the reporter's own domain"));
    }
    if let Some(ending) = INTERNAL_ENDINGS.iter().find(|ending| is_within(&host, ending)) {
        return Some(format!("names under .{ending} exist in somebody's own network only"));
    }
    if !host.contains('.') && !host.is_empty() {
        return Some("a name without a domain exists in somebody's own network only".to_owned());
    }
    brand(&host, assets)
}

/// Whether `host` is `domain` or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.trim_matches('.').to_lowercase();
    !domain.is_empty() && host.strip_suffix(&domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn own_name_within(value: &str, assets: &Assets) -> Option<String> {
    let value = value.to_lowercase();
    let own = assets.domains.iter().find(|own| !own.is_empty() && value.contains(&own.to_lowercase()))?;
    Some(format!("it names {own}, the reporter's own domain"))
}

/// A brand counts where it stands as a word or part of a label: case and signs between letters do not matter.
fn brand(value: &str, assets: &Assets) -> Option<String> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    if assets.brands.is_empty() {
        return None;
    }
    let haystack = plain(value);
    let found = assets.brands.iter().find(|brand| {
        let needle = plain(brand);
        needle.chars().count() >= BRAND_CHARS_MIN && haystack.contains(&needle)
    })?;
    Some(format!("it names {found}, the reporter's own"))
}

fn address(text: &str, assets: &Assets, exercise: bool) -> Option<String> {
    let address: IpAddr = text.parse().ok()?;
    if let Some(own) = assets.ranges.iter().find(|range| parse_range(range).is_some_and(|range| holds(range, address)))
    {
        return Some(format!("it lies in {own}, a range of the reporter's own"));
    }
    special(address, exercise).map(|what| format!("{what} is of no use to others and may name the reporter"))
}

fn range(text: &str, assets: &Assets, exercise: bool) -> Option<String> {
    let (base, bits) = parse_range(text)?;
    for own in &assets.ranges {
        if let Some((own_base, own_bits)) = parse_range(own)
            && (holds((own_base, own_bits), base) && bits >= own_bits || holds((base, bits), own_base))
        {
            return Some(format!("it meets {own}, a range of the reporter's own"));
        }
    }
    special(base, exercise).map(|what| format!("{what} is of no use to others and may name the reporter"))
}

fn parse_range(text: &str) -> Option<(IpAddr, u8)> {
    let Some((base, bits)) = text.trim().split_once('/') else {
        let address: IpAddr = text.trim().parse().ok()?;
        return Some((address, if address.is_ipv4() { 32 } else { 128 }));
    };
    let base: IpAddr = base.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    (bits <= if base.is_ipv4() { 32 } else { 128 }).then_some((base, bits))
}

fn holds((base, bits): (IpAddr, u8), address: IpAddr) -> bool {
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
fn special(address: IpAddr, exercise: bool) -> Option<&'static str> {
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

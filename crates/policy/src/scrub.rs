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
    /// Names and brands; one of two or three letters counts as a whole word only.
    pub brands: Vec<String>,
}

/// Shortest brand that is looked for in values at all.
const BRAND_CHARS_MIN: usize = 2;
/// Shortest brand that is looked for within words: shorter ones are part of too many.
const BRAND_WITHIN_CHARS_MIN: usize = 4;
/// How often percent-encoding is undone: links within links are encoded again at each step.
const DECODED_MAX: usize = 3;
/// Shortest run of letters that is read as base64: shorter ones hold no mail address.
const BASE64_CHARS_MIN: usize = 12;
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
        Kind::Url => host_of_url(value)
            .and_then(|host| host_reason(host, assets, exercise))
            .or_else(|| after_host(value).and_then(|rest| own_within(rest, assets))),
        Kind::Email => {
            let (local, host) = value.rsplit_once('@').unwrap_or((value, ""));
            host_reason(host, assets, exercise)
                .map(|why| format!("mailbox: {why}"))
                .or_else(|| own_within(local, assets))
        }
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
        | Kind::RegistryKey => own_within(value, assets),
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

/// What stands before and after the host of a URL: its user and its path, query and fragment.
fn after_host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let host = host_of_url(url)?;
    // The user, if there is one, is part of what is looked through; the host itself has been looked at.
    if rest.starts_with(host) { rest.strip_prefix(host) } else { Some(rest) }
}

fn name(host: &str, assets: &Assets) -> Option<String> {
    let host = percent_decoded(host.trim_end_matches('.')).to_lowercase();
    if let Some(own) = assets.domains.iter().find(|own| is_within(&host, own)) {
        return Some(format!("{own} is the reporter's own domain"));
    }
    if let Some(ending) = INTERNAL_ENDINGS.iter().find(|ending| is_within(&host, ending)) {
        return Some(format!("names under .{ending} exist in somebody's own network only"));
    }
    if !host.contains('.') && !host.is_empty() {
        return Some("a name without a domain exists in somebody's own network only".to_owned());
    }
    // As labels of another's name, or joined with hyphens as proxies and look-alikes do.
    let labels = |text: &str| format!("-{}-", text.trim_matches('.').to_lowercase().replace(['.', '_'], "-"));
    let plain = labels(&host);
    if let Some(own) = assets.domains.iter().find(|own| own.contains('.') && plain.contains(&labels(own))) {
        return Some(format!("it names {own}, the reporter's own domain"));
    }
    brand(&host, assets)
}

/// Whether `host` is `domain` or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.trim_matches('.').to_lowercase();
    !domain.is_empty() && host.strip_suffix(&domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether a text names something of the reporter's, as it stands or behind what links hide addresses with.
fn own_within(text: &str, assets: &Assets) -> Option<String> {
    let decoded = percent_decoded(text);
    let plain = |text: &str| own_name_within(text, assets).or_else(|| brand(text, assets));
    plain(&decoded)
        .or_else(|| base64_texts(&decoded).iter().find_map(|text| plain(text)))
        .or_else(|| own_address_within(&decoded, assets))
}

/// Undoes percent-encoding, also where it was done several times; what is no UTF-8 after that becomes a sign of its own.
fn percent_decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..DECODED_MAX {
        if !text.contains('%') {
            break;
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            match (first, digit(0), digit(1)) {
                (b'%', Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    rest = after.get(2..).unwrap_or_default();
                }
                _ => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    text
}

/// What runs of letters say as base64, where that is text: links to false log-in pages carry the victim's address so.
fn base64_texts(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '_'))
        .filter(|run| run.len() >= BASE64_CHARS_MIN)
        .filter_map(|run| {
            let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
            for byte in run.bytes() {
                let six = match byte {
                    b'A'..=b'Z' => byte - b'A',
                    b'a'..=b'z' => byte - b'a' + 26,
                    b'0'..=b'9' => byte - b'0' + 52,
                    b'+' | b'-' => 62,
                    _ => 63,
                };
                bits = ((bits << 6) | u32::from(six)) & 0xff_ffff;
                held += 6;
                if held >= 8 {
                    held -= 8;
                    bytes.push(u8::try_from((bits >> held) & 0xff).unwrap_or_default());
                }
            }
            String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
        })
        .collect()
}

/// Whether an address of the reporter's own stands in a text.
fn own_address_within(text: &str, assets: &Assets) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let addresses = words.filter_map(|word| word.parse::<IpAddr>().ok());
    let own = addresses.into_iter().find_map(|address| {
        assets.ranges.iter().find(|range| parse_range(range).is_some_and(|range| holds(range, address)))
    })?;
    Some(format!("it names an address in {own}, a range of the reporter's own"))
}

fn own_name_within(value: &str, assets: &Assets) -> Option<String> {
    let value = value.to_lowercase();
    let own = assets.domains.iter().find(|own| {
        let own = own.trim_matches('.').to_lowercase();
        !own.is_empty() && value.contains(&own)
    })?;
    Some(format!("it names {own}, the reporter's own domain"))
}

/// A brand counts where it stands as a word or part of a label: case and signs between letters do not matter. A short one
/// counts as a word of its own.
fn brand(value: &str, assets: &Assets) -> Option<String> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    if assets.brands.is_empty() {
        return None;
    }
    let haystack = plain(value);
    let found = assets.brands.iter().find(|brand| {
        let needle = plain(brand);
        match needle.chars().count() {
            ..BRAND_CHARS_MIN => false,
            BRAND_CHARS_MIN..BRAND_WITHIN_CHARS_MIN => {
                value.split(|c: char| !c.is_alphanumeric()).any(|word| plain(word) == needle)
            }
            BRAND_WITHIN_CHARS_MIN.. => haystack.contains(&needle),
        }
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

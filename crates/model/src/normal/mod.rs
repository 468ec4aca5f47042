//! One normal form a kind: dispatch, and the promise that bringing a normal form to normal form changes nothing.

mod defang;
mod detect;
mod file;
mod money;
mod network;
mod words;

use defang::refang_host;
pub(crate) use defang::{defang, refang};
pub(crate) use detect::detect;

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::Kind;

/// Longest normal form of any observable, in bytes.
pub const VALUE_BYTES_MAX: usize = 4096;

/// Passes after which a form that still changes is given up.
const PASSES_MAX: usize = 6;

/// Outcome of one normaliser: the text may show a neighbouring kind (a range that is one address).
pub(crate) type Normal = Result<(Kind, String), &'static str>;

/// Brings `text` to the normal form of `kind`.
pub(crate) fn normalise(kind: Kind, text: &str) -> Normal {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > 2 * VALUE_BYTES_MAX {
        return Err("it is longer than 4,096 bytes");
    }
    if let Some(value) = fast(kind, text) {
        return Ok((kind, value));
    }
    // Folding, refanging and host parsing can each uncover work for another, so passes run until nothing changes.
    let mut now = once(kind, text)?;
    for _ in 0..PASSES_MAX {
        let next = once(now.0, &now.1)?;
        if next == now {
            return if now.1.len() > VALUE_BYTES_MAX { Err("it is longer than 4,096 bytes") } else { Ok(now) };
        }
        now = next;
    }
    Err("it has no stable form")
}

/// Values that need no thought, which are nearly all in a busy hour; the result is what the long way would give.
fn fast(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Domain => network::plain_domain(text),
        Kind::Ipv4 => text.parse::<std::net::Ipv4Addr>().ok().map(|_| text.to_owned()),
        Kind::Md5 | Kind::Imphash | Kind::Ja3 => file::hex(text, 32).ok(),
        Kind::Sha1 => file::hex(text, 40).ok(),
        Kind::Sha256 => file::hex(text, 64).ok(),
        Kind::Sha512 => file::hex(text, 128).ok(),
        _ => None,
    }
}

fn once(kind: Kind, text: &str) -> Normal {
    let text = text.trim();
    let same = |value: Result<String, &'static str>| value.map(|value| (kind, value));
    match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => network::address(&refang_host(text)),
        Kind::Domain | Kind::Hostname => network::host(kind, &refang_host(text)),
        Kind::Url => same(network::url(&refang(text))),
        Kind::Email => same(network::email(&refang_host(text))),
        Kind::Asn => same(network::asn(text)),
        Kind::Mac => same(network::mac(text)),
        Kind::Md5 | Kind::Imphash | Kind::Ja3 => same(file::hex(text, 32)),
        Kind::Sha1 => same(file::hex(text, 40)),
        Kind::Sha256 => same(file::hex(text, 64)),
        Kind::Sha512 => same(file::hex(text, 128)),
        Kind::Ssdeep => same(file::ssdeep(text)),
        Kind::Tlsh => same(file::tlsh(text)),
        Kind::X509Fingerprint => same(file::fingerprint(text)),
        Kind::FileName => file::name(text),
        Kind::FilePath => same(file::path(text)),
        Kind::RegistryKey => same(file::registry(text)),
        Kind::EmailSubject | Kind::UserAgent => same(words::line(text)),
        Kind::Mutex => same(words::exact(text)),
        Kind::Account => same(words::account(text)),
        Kind::Ja4 => same(words::ja4(text)),
        Kind::Cve => same(words::cve(text)),
        Kind::Phone => same(money::phone(text)),
        Kind::Iban => same(money::iban(text)),
        Kind::Btc => same(money::btc(text)),
    }
}

/// Letters with their marks in one (NFC): the same name, whichever system wrote it.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

/// Refuses control characters: they are never part of a value and spoil screens and lists.
pub(crate) fn no_control(text: &str) -> Result<&str, &'static str> {
    if text.chars().any(char::is_control) { Err("it holds a control character") } else { Ok(text) }
}

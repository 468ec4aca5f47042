//! The scrub: holds for the cell what could name its reporter or points into a network of somebody's own.

mod address;
mod draft;
mod encoded;
mod fold;
mod lexicon;
mod path;

use std::net::IpAddr;

use model::{Kind, Observable};

use address::{holds, parse_range, special};
pub use draft::{DRAFT_FINDINGS_MAX, Draft, Field, Finding, Findings, Generalised, draft, value_finding};
use encoded::{base64_texts, percent_decoded};
use lexicon::Named;
pub use lexicon::{COLLEAGUES_MAX, Colleague, Lexicon};

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

/// Names under these endings exist in somebody's own network only.
const INTERNAL_ENDINGS: &[&str] =
    &["local", "internal", "lan", "localhost", "localdomain", "home", "corp", "intranet", "home.arpa"];

/// What sort of trace something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The reporter's own domain, or a name or mailbox below it.
    OwnDomain,
    /// An address or range of the reporter's own.
    OwnAddress,
    /// A name or brand of the reporter's own.
    Brand,
    /// It looks like a name of the reporter's own: whoever attacks with it attacks that firm.
    LookAlike,
    /// Somebody who works for the reporter.
    Colleague,
    /// The name of somebody's account, in a path.
    UserPath,
    /// A machine in somebody's own network.
    Machine,
    /// A name that exists in somebody's own network only.
    InternalName,
    /// An address that exists in somebody's own network only.
    InternalAddress,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 9] = [
        Self::OwnDomain,
        Self::OwnAddress,
        Self::Brand,
        Self::LookAlike,
        Self::Colleague,
        Self::UserPath,
        Self::Machine,
        Self::InternalName,
        Self::InternalAddress,
    ];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnDomain => "own-domain",
            Self::OwnAddress => "own-address",
            Self::Brand => "brand",
            Self::LookAlike => "look-alike",
            Self::Colleague => "colleague",
            Self::UserPath => "user-path",
            Self::Machine => "machine",
            Self::InternalName => "internal-name",
            Self::InternalAddress => "internal-address",
        }
    }
}

/// A trace of the reporter: what sort, and why, in words for the reporter alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What sort.
    pub cause: Cause,
    /// Why, for the reporter.
    pub why: String,
}

impl Trace {
    const fn new(cause: Cause, why: String) -> Self {
        Self { cause, why }
    }

    /// Why, as it is stored: where the value itself does not say whose it is, the reason does not either.
    #[must_use]
    pub fn stored(&self) -> String {
        match self.cause {
            Cause::LookAlike => "it looks like a name of the reporter's own".to_owned(),
            Cause::Colleague => "it names somebody who works for the reporter".to_owned(),
            _ => self.why.clone(),
        }
    }
}

/// Why a value is held for the cell; `None` if it may be released.
///
/// In an exercise addresses and names that are reserved for documentation stand for the world and are not held.
#[must_use]
pub fn scrub(observable: &Observable, own: &Lexicon, exercise: bool) -> Option<String> {
    trace(observable, own, exercise).map(|trace| trace.stored())
}

/// What in a value could name its reporter.
#[must_use]
pub fn trace(observable: &Observable, own: &Lexicon, exercise: bool) -> Option<Trace> {
    let value = observable.value();
    match observable.kind() {
        Kind::Ipv4 | Kind::Ipv6 => address(value, own, exercise),
        Kind::Cidr => range(value, own, exercise),
        Kind::Domain | Kind::Hostname => name(value, own),
        Kind::Url => host_of_url(value)
            .and_then(|host| host_trace(host, own, exercise))
            .or_else(|| after_host(value).and_then(|rest| own_within(rest, own))),
        Kind::Email => {
            let (local, host) = value.rsplit_once('@').unwrap_or((value, ""));
            host_trace(host, own, exercise)
                .map(|trace| Trace { why: format!("mailbox: {}", trace.why), ..trace })
                .or_else(|| own_within(local, own))
        }
        Kind::FilePath | Kind::RegistryKey => path::machine(value)
            .map(|host| {
                name(host, own).filter(|trace| trace.cause != Cause::InternalName).unwrap_or_else(|| {
                    Trace::new(Cause::Machine, "path on a machine of somebody's own network".to_owned())
                })
            })
            .or_else(|| own_within(value, own))
            .or_else(|| path::user(value).map(|_| path::user_trace())),
        Kind::Account | Kind::EmailSubject | Kind::FileName | Kind::UserAgent | Kind::Mutex => own_within(value, own),
        Kind::Mac => {
            Some(Trace::new(Cause::Machine, "hardware address of a machine in somebody's own network".to_owned()))
        }
        _ => None,
    }
}

fn host_trace(host: &str, own: &Lexicon, exercise: bool) -> Option<Trace> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() { address(bare, own, exercise) } else { name(host, own) }
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

fn name(host: &str, own: &Lexicon) -> Option<Trace> {
    let host = percent_decoded(host.trim_end_matches('.')).to_lowercase();
    if let Some(own) = own.own_domain(&host) {
        return Some(Trace::new(Cause::OwnDomain, format!("{own} is the reporter's own domain")));
    }
    let internal = |why: String| Some(Trace::new(Cause::InternalName, why));
    if let Some(ending) = INTERNAL_ENDINGS.iter().find(|ending| is_within(&host, ending)) {
        return internal(format!("names under .{ending} exist in somebody's own network only"));
    }
    if !host.contains('.') && !host.is_empty() {
        return internal("a name without a domain exists in somebody's own network only".to_owned());
    }
    // As labels of another's name, or joined with hyphens as proxies and look-alikes do.
    let labels = |text: &str| format!("-{}-", text.trim_matches('.').to_lowercase().replace(['.', '_'], "-"));
    let plain = labels(&host);
    if let Some(own) = own.domains.iter().find(|own| own.contains('.') && plain.contains(&labels(own))) {
        return Some(Trace::new(Cause::OwnDomain, format!("it names {own}, the reporter's own domain")));
    }
    named(&host, own).or_else(|| own.looks_like(&host).map(|like| named_trace(Named::Like(like.to_owned()))))
}

/// Whether `host` is `domain` or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.trim_matches('.').to_lowercase();
    !domain.is_empty() && host.strip_suffix(&domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether a text names something of the reporter's, as it stands or behind what links hide addresses with.
fn own_within(text: &str, own: &Lexicon) -> Option<Trace> {
    let decoded = percent_decoded(text);
    let plain = |text: &str| own_name_within(text, own).or_else(|| named(text, own));
    plain(&decoded)
        .or_else(|| base64_texts(&decoded).iter().find_map(|text| plain(text)))
        .or_else(|| own_address_within(&decoded, own))
}

/// Whether an address of the reporter's own stands in a text.
fn own_address_within(text: &str, own: &Lexicon) -> Option<Trace> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let addresses = words.filter_map(|word| word.parse::<IpAddr>().ok());
    let own = addresses.into_iter().find_map(|address| own_range(address, own))?;
    Some(Trace::new(Cause::OwnAddress, format!("it names an address in {own}, a range of the reporter's own")))
}

fn own_name_within(value: &str, own: &Lexicon) -> Option<Trace> {
    let lower = value.to_lowercase();
    let exact = own.domains.iter().find(|own| lower.contains(own.as_str()));
    let alike = || {
        if value.is_ascii() {
            return None;
        }
        let folded = lexicon::fold_host(value);
        let at = own.folded_domains.iter().position(|own| folded.contains(own.as_str()))?;
        own.domains.get(at)
    };
    let found = exact.or_else(alike)?;
    Some(Trace::new(Cause::OwnDomain, format!("it names {found}, the reporter's own domain")))
}

/// Whether words of a text name something of the reporter's or somebody who works there. A brand counts where it stands as a
/// word or part of one: case and signs between letters do not matter. A short one counts as a word of its own.
fn named(text: &str, own: &Lexicon) -> Option<Trace> {
    match own.names_in(text).into_iter().next() {
        Some((.., named)) => Some(named_trace(named)),
        None => own.brand_across(text).map(|brand| named_trace(Named::Brand(brand.to_owned()))),
    }
}

fn named_trace(named: Named) -> Trace {
    match named {
        Named::Brand(brand) => Trace::new(Cause::Brand, format!("it names {brand}, the reporter's own")),
        Named::Like(like) => Trace::new(Cause::LookAlike, format!("it looks like {like}, the reporter's own")),
        Named::Colleague => Trace::new(Cause::Colleague, "it names somebody who works for the reporter".to_owned()),
    }
}

fn own_range(address: IpAddr, own: &Lexicon) -> Option<&str> {
    let found = own.ranges.iter().find(|(_, range)| holds(*range, address) || holds(*range, address.to_canonical()));
    found.map(|(range, _)| range.as_str())
}

fn address(text: &str, own: &Lexicon, exercise: bool) -> Option<Trace> {
    let address: IpAddr = text.parse().ok()?;
    if let Some(own) = own_range(address, own) {
        return Some(Trace::new(Cause::OwnAddress, format!("it lies in {own}, a range of the reporter's own")));
    }
    special(address, exercise).map(of_no_use)
}

fn of_no_use(what: &str) -> Trace {
    Trace::new(Cause::InternalAddress, format!("{what} is of no use to others and may name the reporter"))
}

fn range(text: &str, own: &Lexicon, exercise: bool) -> Option<Trace> {
    let (base, bits) = parse_range(text)?;
    for (own, (own_base, own_bits)) in &own.ranges {
        if holds((*own_base, *own_bits), base) && bits >= *own_bits || holds((base, bits), *own_base) {
            return Some(Trace::new(Cause::OwnAddress, format!("it meets {own}, a range of the reporter's own")));
        }
    }
    special(base, exercise).map(of_no_use)
}

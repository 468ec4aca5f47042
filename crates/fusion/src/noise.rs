//! Everyday values: they link nothing. What is only popular links, and says less. Every list answers in constant time, however long it is.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::{Kind, Observable};

use crate::keys::BuildQuick;

/// Entries of all substring lists together: each is tried on each value, so there may be only a few.
const SUBSTRINGS_MAX: usize = 2_000;
/// Shortest substring that is used: shorter ones would hide half of everything.
const SUBSTRING_BYTES_MIN: usize = 6;

/// How a list's entries are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// The whole value.
    Exact,
    /// The host itself or any name below it; of its URLs the root page only.
    Hostname,
    /// Addresses in a range.
    Cidr,
    /// A part of the value.
    Substring,
    /// Names that many visit, as on lists of the most visited: attackers own some of them, so they link, at a discount. Nothing
    /// below such a name is blocked, as nothing everyday is.
    Popular,
}

impl ListKind {
    /// Its name in a noise set.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Hostname => "hostname",
            Self::Cidr => "cidr",
            Self::Substring => "substring",
            Self::Popular => "popular",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Exact, Self::Hostname, Self::Cidr, Self::Substring, Self::Popular]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// First line of a noise set.
const SET_HEAD: &str = "fusioncell noise set 1";

/// Writes lists as one text that the journal names by its hash: a head line, then for each list a line `@kind name` and
/// its entries, one a line. Control characters, which no entry needs, become spaces.
#[derive(Clone, Debug)]
pub struct NoiseSet(String);

impl Default for NoiseSet {
    fn default() -> Self {
        Self(format!("{SET_HEAD}\n"))
    }
}

impl NoiseSet {
    /// Adds a list.
    pub fn add<'a>(&mut self, name: &str, kind: ListKind, entries: impl IntoIterator<Item = &'a str>) {
        let plain = |text: &str| text.replace(|c: char| c.is_control(), " ");
        self.0.push_str(&format!("@{} {}\n", kind.as_str(), plain(name).trim()));
        for entry in entries {
            let entry = plain(entry);
            let entry = entry.trim();
            if !entry.is_empty() && !entry.starts_with('@') {
                self.0.push_str(entry);
                self.0.push('\n');
            }
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Why a value is everyday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoiseVerdict {
    /// The list.
    pub list: String,
    /// In words.
    pub why: String,
}

/// The host of a URL that names its host and nothing more. Whatever lies under a path of an everyday host may be an
/// attacker's all the same, as on a host of shared files: such a URL is not everyday.
fn root_page_host(url: &str) -> Option<&str> {
    let (authority, path) = url.split_once("://")?.1.split_once('/').unwrap_or((url.split_once("://")?.1, ""));
    if !path.is_empty() || authority.contains(['?', '#', '@']) {
        return None;
    }
    if let Some(bracketed) = authority.strip_prefix('[') {
        return bracketed.split_once(']').map(|(host, _)| host);
    }
    authority.split(':').next()
}

/// All lists.
#[derive(Clone, Default)]
pub struct NoiseLists {
    names: Vec<String>,
    exact: HashMap<Box<str>, u16, BuildQuick>,
    hosts: HashMap<Box<str>, u16, BuildQuick>,
    popular: HashMap<Box<str>, u16, BuildQuick>,
    /// Range start by prefix length: one look-up for each prefix length in use.
    ranges: HashMap<(IpAddr, u8), u16, BuildQuick>,
    prefixes_v4: BTreeSet<u8>,
    prefixes_v6: BTreeSet<u8>,
    substrings: Vec<(Box<str>, u16)>,
    seen_substrings: HashSet<Box<str>>,
    exercise: bool,
}

impl NoiseLists {
    /// The project's own short lists.
    #[must_use]
    pub fn own(exercise: bool) -> Self {
        let mut lists = Self { exercise, ..Self::default() };
        let mut add = |name: &str, kind, text: &str| {
            lists.add_list(name, kind, text.lines().filter(|line| !line.starts_with('#')))
        };
        add("special-use address ranges", ListKind::Cidr, include_str!("../lists/special-use.txt"));
        if !exercise {
            add("addresses reserved for documentation", ListKind::Cidr, include_str!("../lists/documentation.txt"));
        }
        add("public DNS resolvers", ListKind::Exact, include_str!("../lists/public-resolvers.txt"));
        add("update and certificate hosts", ListKind::Hostname, include_str!("../lists/update-hosts.txt"));
        add("everyday hosts", ListKind::Exact, include_str!("../lists/everyday-hosts.txt"));
        add("hashes of the empty file", ListKind::Exact, include_str!("../lists/empty-files.txt"));
        lists
    }

    /// The project's own lists and those of a noise set.
    ///
    /// # Errors
    /// The line that is none of a noise set.
    pub fn with_set(exercise: bool, set: &str) -> Result<Self, String> {
        let mut lists = Self::own(exercise);
        let mut lines = set.lines().enumerate().peekable();
        if lines.next().is_none_or(|(_, head)| head != SET_HEAD) {
            return Err(format!("line 1 is not {SET_HEAD:?}"));
        }
        while let Some((number, line)) = lines.next() {
            let named = line.strip_prefix('@').and_then(|rest| rest.split_once(' '));
            let Some((kind, name)) = named.and_then(|(kind, name)| Some((ListKind::from_name(kind)?, name))) else {
                return Err(format!("line {} names no list", number + 1));
            };
            let entries =
                std::iter::from_fn(|| lines.next_if(|(_, line)| !line.starts_with('@')).map(|(_, line)| line));
            lists.add_list(name, kind, entries);
        }
        Ok(lists)
    }

    /// Adds a list; entries that cannot be read as its kind are left out. Gives the number that is used.
    pub fn add_list<'a>(&mut self, name: &str, kind: ListKind, entries: impl IntoIterator<Item = &'a str>) -> usize {
        let Ok(index) = u16::try_from(self.names.len()) else { return 0 };
        self.names.push(name.to_owned());
        let mut used = 0;
        for entry in entries {
            let entry = entry.trim().to_ascii_lowercase();
            if entry.is_empty() {
                continue;
            }
            used += usize::from(match kind {
                ListKind::Exact => self.exact.insert(entry.into(), index).is_none(),
                ListKind::Hostname => {
                    let host = entry.trim_start_matches("*.").trim_matches('.');
                    self.hosts.insert(host.into(), index).is_none()
                }
                ListKind::Popular => {
                    let host = entry.trim_matches('.');
                    self.popular.insert(host.into(), index).is_none()
                }
                ListKind::Cidr => self.add_range(&entry, index),
                ListKind::Substring => {
                    entry.len() >= SUBSTRING_BYTES_MIN
                        && self.substrings.len() < SUBSTRINGS_MAX
                        && self.seen_substrings.insert(entry.clone().into())
                        && {
                            self.substrings.push((entry.into(), index));
                            true
                        }
                }
            });
        }
        used
    }

    fn add_range(&mut self, entry: &str, index: u16) -> bool {
        let Some(net) = entry.parse::<IpNet>().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from)) else {
            return false;
        };
        let net = net.trunc();
        let prefixes = if net.addr().is_ipv4() { &mut self.prefixes_v4 } else { &mut self.prefixes_v6 };
        prefixes.insert(net.prefix_len());
        self.ranges.insert((net.addr(), net.prefix_len()), index).is_none()
    }

    fn on_list(&self, index: u16, what: &str) -> NoiseVerdict {
        let list = self.names.get(usize::from(index)).cloned().unwrap_or_default();
        // Warning lists are often called so themselves.
        let of = list.strip_prefix("List of ").or_else(|| list.strip_prefix("list of ")).unwrap_or(&list);
        NoiseVerdict { why: format!("{what} is on the list of {}", of.trim_end_matches('.')), list }
    }

    fn of_address(&self, addr: IpAddr, least_prefix: u8) -> Option<u16> {
        let (prefixes, width) = if addr.is_ipv4() { (&self.prefixes_v4, 32) } else { (&self.prefixes_v6, 128) };
        prefixes.iter().rev().filter(|prefix| **prefix <= least_prefix.min(width)).find_map(|prefix| {
            let net = IpNet::new(addr, *prefix).ok()?.trunc();
            self.ranges.get(&(net.addr(), *prefix)).copied()
        })
    }

    fn of_host(&self, host: &str, is_owned: bool) -> Option<NoiseVerdict> {
        let mut rest = host;
        loop {
            if let Some(&index) = self.hosts.get(rest) {
                return Some(self.on_list(index, rest));
            }
            match rest.split_once('.') {
                Some((_, parent)) if parent.contains('.') => rest = parent,
                _ => break,
            }
        }
        if let Some(&index) = self.exact.get(host) {
            return Some(self.on_list(index, host));
        }
        let reserved = [".test", ".example", ".invalid", ".localhost"].iter().find(|end| host.ends_with(**end));
        if let Some(end) = reserved
            && (!self.exercise || matches!(*end, ".invalid" | ".localhost"))
        {
            return Some(NoiseVerdict {
                list: "reserved names".to_owned(),
                why: format!("names under {end} are reserved and lead nowhere (RFC 2606)"),
            });
        }
        let local = [".local", ".internal", ".lan", ".home.arpa", ".corp"].iter().any(|end| host.ends_with(end));
        if local {
            return Some(NoiseVerdict { list: "local names".to_owned(), why: "the name is a local one".to_owned() });
        }
        // What somebody owns below a suffix is none.
        if is_owned {
            return None;
        }
        // In an exercise `attack.test` is an ordinary name, although `test` is no public suffix that the list knows.
        let suffix = psl::suffix(host.as_bytes()).filter(psl::Suffix::is_known);
        suffix.is_some_and(|suffix| suffix.as_bytes() == host.as_bytes()).then(|| NoiseVerdict {
            list: "public suffixes".to_owned(),
            why: format!("{host} is a public suffix: unrelated owners have names below it"),
        })
    }

    /// Whether a host is everyday, by any list.
    pub(crate) fn is_everyday_host(&self, host: &str) -> bool {
        self.of_host(host, false).is_some() || self.has_substring(host)
    }

    /// As [`Self::is_everyday_host`], of a name that an owner has below some suffix.
    pub(crate) fn is_everyday_owned(&self, host: &str) -> bool {
        self.of_host(host, true).is_some() || self.has_substring(host)
    }

    /// Whether an address is everyday, by any list.
    pub(crate) fn is_everyday_address(&self, address: IpAddr) -> bool {
        self.of_address(address, 128).is_some()
            || (!self.exact.is_empty() && self.exact.contains_key(address.to_string().as_str()))
    }

    fn has_substring(&self, host: &str) -> bool {
        self.substrings.iter().any(|(part, _)| host.contains(&**part))
    }

    /// Whether a name is on a list of popular ones.
    pub(crate) fn is_popular(&self, name: &str) -> bool {
        !self.popular.is_empty() && self.popular.contains_key(name)
    }

    /// Why a value is everyday or popular, if it is.
    #[must_use]
    pub fn verdict_of(&self, observable: &Observable) -> Option<NoiseVerdict> {
        self.verdict(observable, false).or_else(|| self.popular_verdict(observable))
    }

    /// Why a name is popular: it or one that it lies below; of URLs the root page only.
    fn popular_verdict(&self, observable: &Observable) -> Option<NoiseVerdict> {
        let host = match observable.kind() {
            Kind::Domain | Kind::Hostname => observable.value(),
            Kind::Url => root_page_host(observable.value())?,
            _ => return None,
        };
        let mut rest = host;
        loop {
            if let Some(&index) = self.popular.get(rest) {
                return Some(self.on_list(index, rest));
            }
            rest = rest.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'))?;
        }
    }

    /// As [`Self::verdict_of`]; whether the name in it is one that an owner has below some suffix may be known already.
    pub(crate) fn verdict(&self, observable: &Observable, has_owner: bool) -> Option<NoiseVerdict> {
        let value = observable.value();
        let found = match observable.kind() {
            Kind::Ipv4 | Kind::Ipv6 => {
                let addr: IpAddr = value.parse().ok()?;
                self.of_address(addr, 128).map(|index| self.on_list(index, value))
            }
            Kind::Cidr => {
                let net: IpNet = value.parse().ok()?;
                self.of_address(net.addr(), net.prefix_len()).map(|index| self.on_list(index, value))
            }
            Kind::Domain | Kind::Hostname => self.of_host(value, has_owner),
            Kind::Url => root_page_host(value).and_then(|host| match host.parse::<IpAddr>() {
                Ok(addr) => {
                    let index = self.of_address(addr, 128).or_else(|| self.exact.get(host).copied());
                    index.map(|index| self.on_list(index, host))
                }
                Err(_) => self.of_host(host, has_owner),
            }),
            _ => None,
        };
        found
            .or_else(|| {
                let lower;
                let text = if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    lower = value.to_ascii_lowercase();
                    &lower
                } else {
                    value
                };
                self.exact.get(text).map(|&index| self.on_list(index, value))
            })
            .or_else(|| {
                self.substrings
                    .iter()
                    .find(|(part, _)| value.contains(&**part))
                    .map(|(_, index)| self.on_list(*index, value))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exercise: bool, kind: Kind, value: &str, expect: Option<&str>) {
        let verdict = NoiseLists::own(exercise).verdict_of(&Observable::from_normal(kind, value));
        assert_eq!(verdict.as_ref().map(|verdict| verdict.list.as_str()), expect, "{value}");
    }

    #[test]
    fn everyday_values_are_named_with_their_list() {
        check(false, Kind::Ipv4, "10.1.2.3", Some("special-use address ranges"));
        check(false, Kind::Ipv4, "8.8.8.8", Some("public DNS resolvers"));
        check(false, Kind::Ipv4, "45.9.148.3", None);
        check(false, Kind::Ipv6, "fe80::1", Some("special-use address ranges"));
        check(false, Kind::Cidr, "10.1.0.0/16", Some("special-use address ranges"));
        check(false, Kind::Cidr, "0.0.0.0/1", None);
        check(false, Kind::Domain, "co.uk", Some("public suffixes"));
        check(false, Kind::Domain, "evil.co.uk", None);
        check(false, Kind::Domain, "a.b.windowsupdate.com", Some("update and certificate hosts"));
        check(false, Kind::Domain, "gmail.com", Some("everyday hosts"));
        check(false, Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", Some("hashes of the empty file"));
    }

    #[test]
    fn of_an_everyday_hosts_urls_only_the_root_page_is_everyday() {
        check(false, Kind::Url, "https://gmail.com/", Some("everyday hosts"));
        check(false, Kind::Url, "https://gmail.com", Some("everyday hosts"));
        check(false, Kind::Url, "https://gmail.com:8443/", Some("everyday hosts"));
        check(false, Kind::Url, "https://a.windowsupdate.com/", Some("update and certificate hosts"));
        check(false, Kind::Url, "http://8.8.8.8/", Some("public DNS resolvers"));
        check(false, Kind::Url, "http://[fe80::1]/", Some("special-use address ranges"));
        check(false, Kind::Url, "https://gmail.com/share/evil.exe", None);
        check(false, Kind::Url, "https://gmail.com/?id=1", None);
        check(false, Kind::Url, "https://gmail.com#x", None);
        check(false, Kind::Url, "https://gmail.com@evil.biz/", None);
        check(false, Kind::Url, "https://evil.biz/", None);
    }

    #[test]
    fn reserved_names_are_ordinary_in_an_exercise_only() {
        check(false, Kind::Domain, "attack.test", Some("reserved names"));
        check(true, Kind::Domain, "attack.test", None);
        check(false, Kind::Ipv4, "198.51.100.7", Some("addresses reserved for documentation"));
        check(true, Kind::Ipv4, "198.51.100.7", None);
    }

    #[test]
    fn a_noise_set_is_read_as_it_was_written() {
        let mut set = NoiseSet::default();
        set.add("ranges\nof @apple", ListKind::Cidr, ["17.0.0.0/8"]);
        set.add("mail", ListKind::Hostname, ["mail.example.net", "@exact no list", ""]);
        set.add("empty", ListKind::Exact, []);
        let lists = NoiseLists::with_set(false, set.text()).unwrap();
        let of = |kind, value| lists.verdict_of(&Observable::from_normal(kind, value)).map(|verdict| verdict.list);
        assert_eq!(of(Kind::Ipv4, "17.1.2.3").as_deref(), Some("ranges of @apple"));
        assert_eq!(of(Kind::Domain, "a.mail.example.net").as_deref(), Some("mail"));
        assert_eq!(of(Kind::Ipv4, "8.8.8.8").as_deref(), Some("public DNS resolvers"));
        assert_eq!(
            NoiseLists::with_set(false, "17.0.0.0/8").err().as_deref(),
            Some("line 1 is not \"fusioncell noise set 1\"")
        );
        let broken = "fusioncell noise set 1\n@cidr a\n17.0.0.0/8\n@words b\nx";
        assert_eq!(NoiseLists::with_set(false, broken).err().as_deref(), Some("line 4 names no list"));
    }

    #[test]
    fn a_list_is_named_once_as_one() {
        let mut lists = NoiseLists::own(false);
        lists.add_list("List of known resolvers", ListKind::Exact, ["192.0.2.53"]);
        lists.add_list("Hashes that many lists have.", ListKind::Exact, ["0123456789abcdef0123456789abcdef"]);
        let why = |kind, value| lists.verdict_of(&Observable::from_normal(kind, value)).unwrap().why;
        assert_eq!(why(Kind::Hostname, "192.0.2.53"), "192.0.2.53 is on the list of known resolvers");
        let hash = "0123456789abcdef0123456789abcdef";
        assert_eq!(why(Kind::Md5, hash), format!("{hash} is on the list of Hashes that many lists have"));
    }

    #[test]
    fn what_is_popular_is_listed_and_is_not_everyday() {
        let mut set = NoiseSet::default();
        set.add("Top 10 names", ListKind::Popular, ["video.net", "shop.co.uk"]);
        let lists = NoiseLists::with_set(false, set.text()).unwrap();
        let listed = |kind, value| lists.verdict_of(&Observable::from_normal(kind, value)).map(|verdict| verdict.list);
        for value in ["video.net", "cdn.video.net"] {
            assert_eq!(listed(Kind::Domain, value).as_deref(), Some("Top 10 names"), "{value}");
            assert_eq!(lists.verdict(&Observable::from_normal(Kind::Domain, value), true), None, "{value} links");
        }
        assert_eq!(listed(Kind::Url, "https://video.net/").as_deref(), Some("Top 10 names"));
        assert_eq!(listed(Kind::Url, "https://video.net/user/evil"), None);
        assert_eq!(listed(Kind::Domain, "other.co.uk"), None);
        assert!(lists.is_popular("shop.co.uk") && !lists.is_popular("a.shop.co.uk"));
    }

    #[test]
    fn added_lists_count_what_they_use() {
        let mut lists = NoiseLists::own(false);
        assert_eq!(lists.add_list("ranges", ListKind::Cidr, ["17.0.0.0/8", "nonsense", "17.0.0.0/8"]), 1);
        let apple = lists.verdict_of(&Observable::from_normal(Kind::Ipv4, "17.1.2.3")).unwrap();
        assert_eq!(apple.why, "17.1.2.3 is on the list of ranges");
        assert_eq!(lists.add_list("parts", ListKind::Substring, ["ab", "sandbox.example"]), 1);
    }

    #[test]
    fn parts_of_values_are_used_up_to_a_number_in_all() {
        let parts: Vec<String> = (0..SUBSTRINGS_MAX + 10).map(|n| format!("part-{n}")).collect();
        let mut lists = NoiseLists::default();
        assert_eq!(lists.add_list("many", ListKind::Substring, parts.iter().map(String::as_str)), SUBSTRINGS_MAX);
    }
}

//! Links of a mail, read last: by then it is known which addresses are the recipient's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::{Kind, Observable};

use super::senders::sender;
use super::{Reading, addresses, decode, parts};
use crate::extract::gather::Gather;
use crate::extract::{Mark, Place, Rule, names, token};
use crate::limits::OWN_ADDRESSES_MAX;

/// Links last: by now it is known which addresses are the recipient's.
pub(super) fn settle(gather: &mut Gather, reading: &mut Reading) {
    let links = std::mem::take(&mut reading.links);
    for (_, link) in &links {
        hidden_addresses(link, &mut reading.own);
    }
    gather.settle();
    for (place, link) in links {
        gather.place = place;
        one_link(&link, gather);
    }
    gather.place = Place::Header("To");
    for own in &reading.own {
        if let Ok(found) = Observable::parse(Kind::Email, own) {
            gather.take(found, Mark::Own);
        }
    }
    let carriers: Vec<String> = reading.own.iter().flat_map(|own| spellings(own)).collect();
    let own = &reading.own;
    let mut hosts = Vec::new();
    gather.remark(|observable| {
        let value = observable.value();
        match observable.kind() {
            Kind::Email => own.contains(value).then_some(Mark::Own),
            Kind::Url => {
                let names_own = names_own(value, own, &carriers);
                if names_own {
                    return Some(Mark::Own);
                }
                None
            }
            Kind::EmailSubject | Kind::FileName | Kind::Account => {
                let lower = value.to_lowercase();
                own.iter().any(|one| lower.contains(one.as_str())).then_some(Mark::Own)
            }
            _ => None,
        }
    });
    gather.each(|found| {
        if found.mark == Mark::Own && found.observable.kind() == Kind::Url {
            hosts.push((names::host_of(found.observable.value()).to_owned(), found.place.clone()));
        }
    });
    // A link that names the recipient is not for others; the machine that it leads to is.
    for (host, place) in hosts {
        gather.place = place;
        if WRAPPERS.iter().any(|one| names::under(&host, one)) {
            continue;
        }
        if let Ok(found) = Observable::parse(Kind::Ipv4, &host).or_else(|_| Observable::parse(Kind::Domain, &host)) {
            gather.take_plain(found);
        }
    }
}

fn one_link(link: &str, gather: &mut Gather) {
    let head = |len: usize| link.get(..len).unwrap_or_default();
    if head(7).eq_ignore_ascii_case("mailto:") {
        let rest = link.get(7..).unwrap_or_default();
        let to = rest.split('?').next().unwrap_or_default();
        for address in addresses(&String::from_utf8_lossy(&parts::percent(to))).take(4) {
            sender(&address, gather);
        }
        return;
    }
    if head(4).eq_ignore_ascii_case("tel:") {
        if let Ok(found) = Observable::parse(Kind::Phone, link) {
            gather.take_plain(found);
        }
        return;
    }
    let whole;
    let link = if link.starts_with("//") {
        whole = format!("https:{link}");
        &whole
    } else {
        link
    };
    if !link.contains("://") {
        return;
    }
    let joined: String = link.chars().filter(|c| !c.is_control()).collect();
    let Ok(found) = Observable::parse(Kind::Url, &joined) else {
        gather.leave(&joined, Rule::Unreadable, None);
        return;
    };
    if token::is_short_number(&joined) {
        gather.leave(&joined, Rule::Version, Some(found));
        return;
    }
    let host = names::host_of(found.value());
    if host.parse::<IpAddr>().is_err() && !host.contains(':') && !names::is_public(host) {
        gather.leave(&joined, Rule::NoSuchEnding, Some(found));
        return;
    }
    if let Some(target) = unwrapped(found.value()) {
        gather.take(found, Mark::Everyday);
        gather.take_plain(target);
    } else {
        gather.take_plain(found);
    }
}

/// Hosts whose links say in the open where they lead.
const WRAPPERS: &[&str] = &[
    "safelinks.protection.outlook.com",
    "urldefense.com",
    "urldefense.proofpoint.com",
    "www.google.com",
    "google.com",
    "translate.google.com",
    "l.facebook.com",
    "linkprotect.cudasvc.com",
    "protect.mimecast.com",
    "click.mailchimp.com",
    "secure-web.cisco.com",
    "www.bing.com",
    "l.instagram.com",
    "slack-redir.net",
    "steamcommunity.com",
    "vk.com",
    "www.youtube.com",
    "youtube.com",
    "googleadservices.com",
    "adservice.google.com",
    "medium.com",
    "t.umblr.com",
];

/// Where a link leads that names its target in the open; only of hosts that are known to do so.
fn unwrapped(url: &str) -> Option<Observable> {
    let host = names::host_of(url);
    if !WRAPPERS.iter().any(|one| names::under(host, one)) {
        return None;
    }
    if let Some((_, rest)) = url.split_once("/v3/__") {
        return Observable::parse(Kind::Url, rest.split("__;").next()?).ok();
    }
    let (_, query) = url.split_once('?')?;
    query.split(['&', '#']).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        if !["u", "url", "q", "target", "to", "dest", "redirect", "a", "adurl", "domain", "link"].contains(&key) {
            return None;
        }
        let decoded = String::from_utf8(parts::percent(value)).ok()?;
        let bare = decoded.split_once("://").map_or(decoded.as_str(), |(_, rest)| rest);
        let (target, _) = bare.split_once(['/', '?'])?;
        names::is_public(target).then(|| Observable::parse(Kind::Url, &decoded).ok()).flatten()
    })
}

/// Addresses that a link carries in disguise: who follows it is known by them.
fn hidden_addresses(link: &str, own: &mut BTreeSet<String>) {
    let Some((_, rest)) = link.split_once("://") else { return };
    let Some((_, path)) = rest.split_once(['/', '?', '#']) else { return };
    if path.len() > 4096 {
        return;
    }
    for run in path.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '-'))) {
        if !(12..=512).contains(&run.len()) || own.len() >= OWN_ADDRESSES_MAX {
            continue;
        }
        let Some(text) = decode::hidden_text(run).filter(|text| text.contains('@')) else { continue };
        for address in addresses(&text).take(2) {
            if address.rsplit_once('@').is_some_and(|(_, host)| names::is_public(host))
                && Observable::parse(Kind::Email, &address).is_ok()
            {
                own.insert(address);
            }
        }
    }
}

/// How an address can stand in a link: in hexadecimal digits, or in base 64 at each of its three places.
fn spellings(own: &str) -> Vec<String> {
    let hex = own.bytes().map(|b| format!("{b:02x}")).collect();
    vec![hex]
}

fn names_own(url: &str, own: &BTreeSet<String>, spellings: &[String]) -> bool {
    let lower = url.to_lowercase();
    let decoded = String::from_utf8_lossy(&parts::percent(&lower)).into_owned();
    if own.iter().any(|one| lower.contains(one.as_str()) || decoded.contains(one.as_str()))
        || spellings.iter().any(|one| lower.contains(one))
    {
        return true;
    }
    let Some((_, path)) = url.split_once("://").and_then(|(_, rest)| rest.split_once(['/', '?', '#'])) else {
        return false;
    };
    path.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '-')))
        .filter(|run| (8..=512).contains(&run.len()))
        .filter_map(decode::hidden_text)
        .any(|text| own.iter().any(|one| text.to_lowercase().contains(one.as_str())))
}

//! Who a mail says it is from, and the machines that it came through.

use std::net::IpAddr;

use model::{Kind, Observable};

use super::parts::{Header, all, first};
use super::{addresses, decode, hops};
use crate::extract::gather::Gather;
use crate::extract::{Place, Rule, names};
use crate::limits::TITLE_CHARS_MAX;

pub(super) fn header_place(name: &'static str) -> Place {
    Place::Header(name)
}

pub(super) fn subject(headers: &[Header], gather: &mut Gather) -> String {
    let subject = first(headers, "Subject").map(decode::words).unwrap_or_default();
    let subject = subject.trim();
    gather.place = header_place("Subject");
    if subject.contains('\u{fffd}') {
        gather.leave(subject, Rule::LostCharacters, None);
    } else if let Ok(found) = Observable::parse(Kind::EmailSubject, subject) {
        gather.take_plain(found);
    }
    subject.chars().take(TITLE_CHARS_MAX).collect()
}

pub(super) fn senders(headers: &[Header], gather: &mut Gather) -> String {
    let mut from = String::new();
    for name in ["From", "Reply-To", "Sender", "Return-Path"] {
        gather.place = header_place(name);
        let Some(value) = first(headers, name) else { continue };
        // The name that is shown may hold an address too: the one in brackets counts.
        let decoded = decode::words(value);
        let bracketed = decoded.rsplit_once('<').map(|(_, rest)| rest.split('>').next().unwrap_or(rest));
        let address = bracketed.unwrap_or(&decoded);
        for address in addresses(address).take(4) {
            if from.is_empty() && name == "From" {
                from.clone_from(&address);
            }
            sender(&address, gather);
        }
    }
    from
}

/// An address of the sender; of one made for this mail alone only the host counts.
pub(super) fn sender(address: &str, gather: &mut Gather) {
    let Some((local, host)) = address.rsplit_once('@') else { return };
    if !is_made_for_one_mail(local) {
        if names::is_public(host)
            && let Ok(found) = Observable::parse(Kind::Email, address)
        {
            gather.take_plain(found);
        }
        return;
    }
    gather.leave(address, Rule::MadeForOneMail, Observable::parse(Kind::Email, address).ok());
    host_of_sender(host, gather);
}

pub(super) fn host_of_sender(host: &str, gather: &mut Gather) {
    let host = host.trim_end_matches('.');
    if !names::is_public(host) {
        return;
    }
    let Ok(found) = Observable::parse(Kind::Domain, host) else { return };
    if names::is_mail_service(host) {
        gather.leave(host, Rule::MailService, Some(found));
    } else {
        gather.take_plain(found);
    }
}

/// Whether the part before the `@` was made for one mail: it is long, or names its recipient.
fn is_made_for_one_mail(local: &str) -> bool {
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    let run = local.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap_or(0);
    local.len() > 36
        || local.contains('=')
        || (run >= 16 && digits >= 4)
        || local.starts_with("bounce")
        || local.contains("+bnc")
        || (local.contains("bounce") && digits >= 4)
}

/// The machines that a mail came through.
pub(super) fn way(headers: &[Header], gather: &mut Gather) {
    gather.place = header_place("Received");
    let handed = hops::handed_over_by(headers);
    let mut outside = false;
    for value in all(headers, "Received").take(50) {
        let hop = hops::hop(value);
        let handover = match (handed, hop.address) {
            (Some(handed), Some(address)) => handed == address,
            (Some(_), None) => false,
            (None, Some(address)) => {
                names::is_foreign(address) && names::registered(&hop.from) != names::registered(&hop.by)
            }
            (None, None) => false,
        };
        if !outside && !handover {
            if !hop.from.is_empty() {
                gather.leave(&hop.from, Rule::OwnGateway, Observable::parse(Kind::Domain, &hop.from).ok());
            }
            continue;
        }
        outside = true;
        machine(&hop.from, hop.address, gather);
    }
    if !outside && let Some(address) = handed {
        machine("", Some(address), gather);
    }
    gather.place = header_place("X-Originating-IP");
    for name in ["X-Originating-IP", "X-Source-IP", "X-Client-IP"] {
        if let Some(address) = first(headers, name).and_then(hops::address) {
            machine("", Some(address), gather);
        }
    }
}

fn machine(host: &str, address: Option<IpAddr>, gather: &mut Gather) {
    let service = names::is_mail_service(host);
    if let Some(address) = address
        && let Ok(found) = Observable::parse(Kind::Ipv4, &address.to_string())
    {
        let text = found.value().to_owned();
        if service {
            gather.leave(&text, Rule::MailService, Some(found));
        } else {
            gather.take_plain(found);
        }
    }
    if !host.contains('.') || host.parse::<IpAddr>().is_ok() {
        return;
    }
    let digits = address.map(|address| address.to_string()).unwrap_or_default();
    let parts: Vec<&str> = digits.split('.').collect();
    let named_after =
        parts.len() == 4 && parts.iter().all(|part| host.split(|c: char| !c.is_ascii_digit()).any(|run| run == *part));
    if named_after {
        gather.leave(host, Rule::NamedAfterAddress, Observable::parse(Kind::Domain, host).ok());
    } else {
        host_of_sender(host, gather);
    }
}

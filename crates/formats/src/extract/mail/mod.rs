//! A mail: headers, links, verdicts, attachments. The recipient's own addresses are known for what they are.

pub(super) mod attach;
mod decode;
mod hops;
mod links;
mod parts;
mod senders;

use std::collections::BTreeSet;

use model::{Kind, Observable};

use self::attach::Attachment;
pub(super) use self::decode::Transfer;
use self::parts::{Header, Part, all, first};
use self::senders::{header_place, host_of_sender, senders, subject, way};
use super::gather::Gather;
use super::html::{self, Link};
use super::text::{self, Text};
use super::{Extracted, Place, Rule, names};
use crate::limits::{
    LINKS_MAX, MAIL_ATTACHMENTS_MAX, MAIL_BYTES_MAX, MAIL_NESTED_MAX, MAIL_TEXT_BYTES_MAX, OWN_ADDRESSES_MAX,
};

/// What a mail says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFacts {
    /// Its subject.
    pub subject: String,
    /// Address that it says it is from.
    pub from: String,
    /// Verdicts of the recipient's gateway; empty if it noted none.
    pub spf: String,
    /// As above.
    pub dkim: String,
    /// As above.
    pub dmarc: String,
    /// What was attached.
    pub attachments: Vec<Attachment>,
    /// The recipient's own addresses.
    pub own: Vec<String>,
}

/// Header fields that only a mail has.
const FIELDS: &[&str] = &[
    "received",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "return-path",
    "mime-version",
    "delivered-to",
    "reply-to",
    "x-received",
    "arc-seal",
    "dkim-signature",
    "content-type",
    "authentication-results",
    "sender",
    "cc",
    "x-mailer",
    "received-spf",
    "x-original-to",
    "envelope-to",
    "list-unsubscribe",
    "thread-topic",
    "references",
    "in-reply-to",
];

/// Whether bytes begin as a mail does: header fields, of which some are those of mails.
pub(crate) fn is_mail(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(16 << 10)).unwrap_or_default();
    let (mut known, mut certain, mut first) = (0, false, true);
    for line in head.split(|&b| b == b'\n').take(200) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if first {
                return false;
            }
            continue;
        }
        let name = line.iter().position(|&b| b == b':').and_then(|colon| line.get(..colon));
        let Some(name) = name.filter(|name| {
            !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_')
        }) else {
            if first && line.starts_with(b"From ") {
                first = false;
                continue;
            }
            break;
        };
        first = false;
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        known += usize::from(FIELDS.contains(&name.as_str()));
        certain |= matches!(name.as_str(), "received" | "message-id" | "mime-version" | "return-path" | "delivered-to");
    }
    known >= 3 || (known >= 2 && certain)
}

struct Reading {
    own: BTreeSet<String>,
    links: Vec<(Place, String)>,
    text_left: usize,
    links_beyond: u64,
}

/// Reads a mail.
pub(super) fn read(bytes: &[u8], gather: &mut Gather, out: &mut Extracted) {
    if bytes.len() > MAIL_BYTES_MAX {
        out.refused = Some(format!("the mail is more than {} MiB", MAIL_BYTES_MAX >> 20));
        return;
    }
    let mut facts = MailFacts::default();
    let mut reading =
        Reading { own: BTreeSet::new(), links: Vec::new(), text_left: MAIL_TEXT_BYTES_MAX, links_beyond: 0 };
    // Addresses of the recipient first: what follows is judged by them.
    match parts::split(bytes) {
        Ok((headers, _)) => own_addresses(&headers, &mut reading.own),
        Err(why) => {
            out.refused = Some(format!("the mail is not read: {why}"));
            return;
        }
    }
    let mut notes = Vec::new();
    let walked = parts::walk(bytes, &mut |part| {
        if part.mails > MAIL_NESTED_MAX {
            return Err(format!("mails lie in each other more than {MAIL_NESTED_MAX} deep, as in a mail bomb"));
        }
        one_part(&part, gather, &mut reading, &mut facts, &mut notes)
    });
    out.notes.append(&mut notes);
    let headers = match walked {
        Ok(headers) => headers,
        Err(why) => {
            out.refused = Some(format!("the mail is not read: {why}"));
            *gather = Gather::default();
            return;
        }
    };
    of_headers(&headers, gather, &mut reading, &mut facts);
    if reading.links_beyond > 0 {
        out.notes.push(format!("the mail has more than {LINKS_MAX} links: {} are not read", reading.links_beyond));
    }
    links::settle(gather, &mut reading);
    facts.own = reading.own.into_iter().collect();
    out.mail = Some(facts);
}

/// Every address in a header that lists some.
fn addresses(value: &str) -> impl Iterator<Item = String> {
    value
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')' | '\''))
        .filter(|word| word.len() > 4 && word.len() < 320)
        .filter_map(|word| {
            let word = word.trim_matches(['.', ':', '[', ']']);
            let word = word.strip_prefix("mailto:").unwrap_or(word);
            let (local, host) = word.rsplit_once('@')?;
            (!local.is_empty() && !host.is_empty()).then(|| word.to_lowercase())
        })
}

fn own_addresses(headers: &[Header], own: &mut BTreeSet<String>) {
    let named = [
        "To",
        "Cc",
        "Bcc",
        "Delivered-To",
        "X-Original-To",
        "Envelope-To",
        "X-Envelope-To",
        "X-Forwarded-To",
        "Resent-To",
        "X-RCPT-To",
        "Apparently-To",
    ];
    for value in named.iter().flat_map(|name| all(headers, name)) {
        for address in addresses(value) {
            if own.len() < OWN_ADDRESSES_MAX {
                own.insert(address);
            }
        }
    }
    // The latest hop that names one: earlier ones may be the sender's own.
    if let Some(recipient) = all(headers, "Received").find_map(|value| hops::hop(value).recipient) {
        own.insert(recipient.to_lowercase());
    }
}

fn one_part(
    part: &Part<'_>,
    gather: &mut Gather,
    reading: &mut Reading,
    facts: &mut MailFacts,
    notes: &mut Vec<String>,
) -> Result<(), String> {
    if part.mails > 0 && part.media != "message/rfc822" && part.depth == part.mails {
        nested_headers(&part.headers, gather, reading);
    }
    if part.media == "message/rfc822" && !part.attached {
        return Ok(());
    }
    let shown = matches!(part.media.as_str(), "text/plain" | "text/html") && !part.attached;
    if !shown {
        if facts.attachments.len() >= MAIL_ATTACHMENTS_MAX {
            return Err(format!("it has more than {MAIL_ATTACHMENTS_MAX} attachments, as a mail bomb does"));
        }
        let name = part.name.clone().unwrap_or_default();
        let read = attach::read(&name, part.body, part.transfer);
        // Pictures that belong to the text of the mail are not what somebody attached.
        let inline = part.media.starts_with("image/") && !part.attached;
        if read.bytes > 0 && !inline && part.media != "message/rfc822" {
            attachment(&read, gather);
            facts.attachments.push(read);
        }
        return Ok(());
    }
    if reading.text_left == 0 {
        return Ok(());
    }
    let mut body = Vec::new();
    let mut cut = false;
    decode::decode(part.body, part.transfer, &mut |piece| {
        let room = reading.text_left.saturating_sub(body.len());
        body.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
        cut |= piece.len() > room;
    });
    reading.text_left -= body.len();
    if cut {
        notes.push(format!("only the first {} MiB of the mail's text are read", MAIL_TEXT_BYTES_MAX >> 20));
    }
    let words = decode::text(&body, &part.charset);
    gather.line = None;
    gather.place = Place::Body;
    if part.media == "text/html" {
        let mut links = Vec::new();
        let shown = html::read(&words, &mut |kind, link| {
            if links.len() < LINKS_MAX {
                links.push((kind, link.to_owned()));
            } else {
                reading.links_beyond += 1;
            }
        });
        for (kind, link) in links {
            reading.link(Place::Link, &link, kind);
        }
        text::read(&shown, Text::Mail, gather);
        greeted(&shown, &mut reading.own);
    } else {
        text::read(&words, Text::Mail, gather);
        greeted(&words, &mut reading.own);
    }
    Ok(())
}

impl Reading {
    fn link(&mut self, place: Place, link: &str, _kind: Link) {
        if self.links.len() < LINKS_MAX {
            self.links.push((place, link.to_owned()));
        } else {
            self.links_beyond += 1;
        }
    }
}

/// Words with which a mail greets: the address behind one is the recipient's.
const GREETINGS: &[&str] = &[
    "hello",
    "hi",
    "dear",
    "hey",
    "hallo",
    "liebe",
    "lieber",
    "geehrte",
    "geehrter",
    "ola",
    "olá",
    "prezado",
    "prezada",
    "prezado(a)",
    "caro",
    "cara",
    "estimado",
    "estimada",
    "hola",
    "bonjour",
    "cher",
    "chère",
    "ciao",
    "gentile",
    "attention",
    "beste",
    "geachte",
    "user",
    "attn",
    "para",
    "an",
    "to",
];

fn greeted(text: &str, own: &mut BTreeSet<String>) {
    let mut greeting = 0;
    for word in text.split_whitespace().take(20_000) {
        let bare = word.trim_matches([',', '!', ':', ';', '.', '>', '<']);
        if greeting > 0 && bare.contains('@') && bare.len() < 320 && own.len() < OWN_ADDRESSES_MAX {
            own.extend(addresses(bare).take(1));
        }
        greeting = if word.len() <= 40 && GREETINGS.contains(&bare.to_lowercase().as_str()) {
            2
        } else {
            i32::max(0, greeting - 1)
        };
    }
}

fn attachment(read: &Attachment, gather: &mut Gather) {
    gather.place = Place::Attachment(read.name.clone());
    gather.line = None;
    for (kind, value) in [(Kind::Sha256, &read.sha256), (Kind::Md5, &read.md5)] {
        if let Ok(found) = Observable::parse(kind, value) {
            gather.take_plain(found);
        }
    }
    if let Ok(found) = Observable::parse(Kind::FileName, &read.name) {
        gather.take_plain(found);
    }
    for listed in &read.lists {
        let Ok(found) = Observable::parse(Kind::FileName, listed) else { continue };
        let ending = listed
            .rsplit_once('.')
            .map_or(names::Ending::None, |(_, last)| names::file_ending(&last.to_ascii_lowercase()));
        if matches!(ending, names::Ending::Program | names::Ending::Carrier) {
            gather.take_plain(found);
        } else {
            gather.leave(listed, Rule::FileInText, Some(found));
        }
    }
}

/// Senders of a mail that was forwarded within another.
fn nested_headers(headers: &[Header], gather: &mut Gather, reading: &mut Reading) {
    own_addresses(headers, &mut reading.own);
    senders(headers, gather);
    way(headers, gather);
    subject(headers, gather);
}

fn of_headers(headers: &[Header], gather: &mut Gather, reading: &mut Reading, facts: &mut MailFacts) {
    gather.line = None;
    facts.from = senders(headers, gather);
    facts.subject = subject(headers, gather);
    way(headers, gather);
    facts.spf = hops::verdict(headers, "spf").unwrap_or_default();
    facts.dkim = hops::verdict(headers, "dkim").unwrap_or_default();
    facts.dmarc = hops::verdict(headers, "dmarc").unwrap_or_default();
    gather.place = header_place("Authentication-Results");
    if let Some(domain) = hops::signed_by(headers) {
        host_of_sender(&domain, gather);
    }
    gather.place = header_place("Message-ID");
    if let Some(id) = first(headers, "Message-ID")
        && let Some((_, host)) = id.trim_matches(['<', '>', ' ']).rsplit_once('@')
    {
        let mut known = false;
        gather.each(|found| {
            let value = found.observable.value();
            let of = value.rsplit_once('@').map_or(value, |(_, of)| of);
            known |= names::registered(of).eq_ignore_ascii_case(names::registered(host));
        });
        if known || facts.spf == "pass" || facts.spf.is_empty() {
            host_of_sender(host, gather);
        } else {
            gather.leave(host, Rule::NobodyVouches, Observable::parse(Kind::Domain, host).ok());
        }
    }
    for value in all(headers, "List-Unsubscribe").take(4) {
        for link in value.split(['<', '>', ',']).map(str::trim).filter(|link| link.contains(':')) {
            reading.link(header_place("List-Unsubscribe"), link, Link::Click);
        }
    }
}

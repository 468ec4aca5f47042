//! Invented values: names under .example and .test, addresses reserved for documentation and benchmarking, random hashes.

use model::Kind;

use crate::random::Random;

/// A value with its kind, as a report carries it.
pub type Value = (Kind, String);

/// What sort of value a scenario uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recipe {
    /// A domain under .example or .test.
    #[default]
    Domain,
    /// An address of 198.18.0.0/15, which is reserved for benchmarking.
    Ipv4,
    /// An address of 2001:db8::/32, which is reserved for documentation.
    Ipv6,
    /// A page on one of the domains.
    Url,
    /// A sender on one of the domains.
    Sender,
    /// A mail subject.
    Subject,
    /// A SHA-256.
    Sha256,
    /// An MD5.
    Md5,
    /// A file name.
    FileName,
    /// A mutex.
    Mutex,
    /// A user agent.
    UserAgent,
    /// A TLS client fingerprint.
    Ja3,
}

const FRONT: [&str; 28] = [
    "secure", "portal", "docs", "invoice", "parcel", "update", "signin", "mail", "cloud", "support", "verify",
    "billing", "access", "remote", "share", "office", "helpdesk", "vpn", "sync", "storage", "payroll", "meeting",
    "supplier", "tender", "backup", "device", "token", "session",
];
const BACK: [&str; 28] = [
    "gate", "check", "hub", "desk", "link", "view", "node", "point", "drop", "relay", "cache", "panel", "route",
    "form", "bridge", "notice", "service", "login", "files", "renew", "center", "online", "direct", "assist", "proxy",
    "static", "edge", "space",
];
const PAGES: [&str; 12] = [
    "login",
    "sign/view",
    "auth/session",
    "files/open",
    "update/stage2",
    "pay/confirm",
    "mfa/push",
    "track",
    "doc/review",
    "api/beacon",
    "wp-includes/x",
    "owa/renew",
];
const SENDERS: [&str; 8] =
    ["accounts", "no-reply", "hr-team", "it-service", "delivery", "scanner", "legal", "procurement"];
const FILES: [&str; 8] = ["Invoice", "Statement", "Tender_Pack", "Rota", "Site_Plan", "Payslip", "Remittance", "Order"];
const ENDINGS: [&str; 6] = ["pdf.js", "iso", "lnk", "docm", "msi", "html"];

/// Addresses and names that very many firms see every day and that mean nothing: resolvers, time, updates, relays.
pub const EVERYDAY: [(Kind, &str); 5] = [
    (Kind::Ipv4, "198.51.100.53"),
    (Kind::Ipv4, "203.0.113.8"),
    (Kind::Domain, "time.everyday-sync.example"),
    (Kind::Domain, "updates.desktop-suite.example"),
    (Kind::Domain, "relay.bulk-post.example"),
];

/// Names and addresses that an exercise's operator knows to be everyday ones: on a list, they link nothing.
pub fn everyday() -> impl Iterator<Item = &'static str> {
    EVERYDAY.iter().map(|(_, value)| *value)
}

/// A new domain. It shares no word with any member's name.
pub fn domain(random: &mut Random) -> String {
    let ending = if random.percent(80) { "example" } else { "test" };
    format!("{}-{}-{}.{ending}", random.pick(&FRONT), random.pick(&BACK), random.hex(4))
}

fn ipv4(random: &mut Random) -> String {
    format!("198.{}.{}.{}", random.between(18, 19), random.below(256), random.between(1, 254))
}

fn ipv6(random: &mut Random) -> String {
    format!("2001:db8:{:x}:{:x}::{:x}", random.between(1, 0xffff), random.between(1, 0xffff), random.between(1, 0xffff))
}

/// A new value; pages and senders lie on one of `domains` if there is one.
pub fn value(random: &mut Random, recipe: Recipe, domains: &[String], subject: &str) -> Value {
    let host = match random.choose(domains) {
        Some(known) => known.clone(),
        None => domain(random),
    };
    match recipe {
        Recipe::Domain => (Kind::Domain, domain(random)),
        Recipe::Ipv4 => (Kind::Ipv4, ipv4(random)),
        Recipe::Ipv6 => (Kind::Ipv6, ipv6(random)),
        Recipe::Url => (Kind::Url, format!("https://{host}/{}/{}", random.pick(&PAGES), random.hex(6))),
        Recipe::Sender => (Kind::Email, format!("{}@{host}", random.pick(&SENDERS))),
        Recipe::Subject => (Kind::EmailSubject, format!("{subject} {}", random.between(10_000, 99_999))),
        Recipe::Sha256 => (Kind::Sha256, random.hex(64)),
        Recipe::Md5 => (Kind::Md5, random.hex(32)),
        Recipe::FileName => (
            Kind::FileName,
            format!("{}_{}.{}", random.pick(&FILES), random.between(10_000, 99_999), random.pick(&ENDINGS)),
        ),
        Recipe::Mutex => (Kind::Mutex, format!("Global\\{}", random.hex(12))),
        Recipe::UserAgent => (
            Kind::UserAgent,
            format!("Mozilla/5.0 (compatible; sync-agent/{}.{})", random.between(1, 9), random.between(1000, 9999)),
        ),
        Recipe::Ja3 => (Kind::Ja3, random.hex(32)),
    }
}

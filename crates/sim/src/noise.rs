//! Ordinary life: what members report on any day, mostly alone, some of it false alarms and everyday values.

use model::{AttackKind, Sector, Severity};

use crate::partnership::Partnership;
use crate::random::Random;
use crate::report::Report;
use crate::values::{EVERYDAY, Recipe, Value, value};

/// How often each sector reports on an ordinary day, relative to the others.
const RATES: [(Sector, u64); 13] = [
    (Sector::Chemicals, 4),
    (Sector::CivilNuclear, 3),
    (Sector::Communications, 9),
    (Sector::Defence, 6),
    (Sector::EmergencyServices, 5),
    (Sector::Energy, 9),
    (Sector::Finance, 14),
    (Sector::Food, 6),
    (Sector::Government, 12),
    (Sector::Health, 10),
    (Sector::Space, 2),
    (Sector::Transport, 8),
    (Sector::Water, 5),
];

struct Daily {
    attack: AttackKind,
    severity: Severity,
    title: &'static str,
    narrative: &'static str,
    techniques: &'static [&'static str],
    values: &'static [Recipe],
}

static DAILY: [Daily; 9] = [
    Daily {
        attack: AttackKind::Phishing,
        severity: Severity::Low,
        title: "Parcel mail with a false tracking page",
        narrative: "The usual parcel mail. Reported by staff, nobody followed it.",
        techniques: &["T1566.002"],
        values: &[Recipe::Url, Recipe::Sender],
    },
    Daily {
        attack: AttackKind::Phishing,
        severity: Severity::Medium,
        title: "Mail asks to renew a mailbox password",
        narrative: "One person opened the page and closed it. Password changed to be sure.",
        techniques: &["T1566.002"],
        values: &[Recipe::Domain, Recipe::Url, Recipe::Ipv4],
    },
    Daily {
        attack: AttackKind::Scanning,
        severity: Severity::Low,
        title: "Sign-in tries on the remote access page",
        narrative: "A few hundred tries, all refused.",
        techniques: &["T1110"],
        values: &[Recipe::Ipv4, Recipe::Ipv4],
    },
    Daily {
        attack: AttackKind::Scanning,
        severity: Severity::Low,
        title: "Web scanner at the public page",
        narrative: "Asks for files of well-known programs that we do not have.",
        techniques: &["T1595.002"],
        values: &[Recipe::Ipv4, Recipe::UserAgent],
    },
    Daily {
        attack: AttackKind::Malware,
        severity: Severity::Medium,
        title: "Attachment stopped by the mail filter",
        narrative: "Archive with a script. Stopped before delivery.",
        techniques: &["T1566.001"],
        values: &[Recipe::Sha256, Recipe::FileName, Recipe::Sender],
    },
    Daily {
        attack: AttackKind::Malware,
        severity: Severity::Low,
        title: "Unwanted program on a laptop",
        narrative: "Came with a free converter. Removed.",
        techniques: &["T1204"],
        values: &[Recipe::Md5, Recipe::Domain],
    },
    Daily {
        attack: AttackKind::StolenLogin,
        severity: Severity::Medium,
        title: "Sign-in from an unusual country",
        narrative: "The person was on leave at home. Session ended, password changed.",
        techniques: &["T1078"],
        values: &[Recipe::Ipv4, Recipe::Ja3],
    },
    Daily {
        attack: AttackKind::Fraud,
        severity: Severity::Low,
        title: "Mail in a director's name asks for gift cards",
        narrative: "Nobody answered.",
        techniques: &["T1656"],
        values: &[Recipe::Sender, Recipe::Subject],
    },
    Daily {
        attack: AttackKind::NotSure,
        severity: Severity::Low,
        title: "Traffic that we cannot place",
        narrative: "Regular small requests to one host. May be a program we do not know.",
        techniques: &[],
        values: &[Recipe::Ipv6, Recipe::Domain],
    },
];

/// One ordinary report of some member.
#[must_use]
pub fn ordinary(random: &mut Random, partnership: &Partnership) -> (usize, Report) {
    let rates = RATES.map(|(sector, rate)| (rate, Some(sector)));
    let sector = random.weighted(&rates).unwrap_or(Sector::Finance);
    let organisation = random.pick(&partnership.of_sector(sector));
    let report = match random.below(100) {
        0..5 => everyday(random),
        5..8 => own_name(random, partnership, organisation),
        _ => daily(random),
    };
    (organisation, report)
}

fn daily(random: &mut Random) -> Report {
    // DAILY is not empty, so this is never `None`; an empty list would only make a quiet exercise.
    let Some(daily) = random.choose(&DAILY) else { return everyday(random) };
    let indicators = daily.values.iter().map(|&recipe| value(random, recipe, &[], "Quick favour")).collect();
    base(random, daily, indicators)
}

/// A false alarm about a host that everybody sees: many firms hold it, and it must link nobody.
fn everyday(random: &mut Random) -> Report {
    let alarm = Daily {
        attack: AttackKind::NotSure,
        severity: Severity::Low,
        title: "Host seen in many logs; probably harmless",
        narrative: "Turned up in the proxy log next to an alarm. Likely ordinary.",
        techniques: &[],
        values: &[],
    };
    let (kind, host) = random.choose(&EVERYDAY).copied().unwrap_or((model::Kind::Ipv4, "198.51.100.53"));
    base(random, &alarm, vec![(kind, host.to_owned())])
}

/// A report whose value carries the member's own name: the scrub must hold it.
fn own_name(random: &mut Random, partnership: &Partnership, organisation: usize) -> Report {
    let own = partnership.members.get(organisation).map_or("member.example", |member| member.domain.as_str());
    let label = own.trim_end_matches(".example");
    let copied = Daily {
        attack: AttackKind::Phishing,
        severity: Severity::Medium,
        title: "Copy of our own sign-in page",
        narrative: "A copy of our page on a name that looks like ours.",
        techniques: &["T1583.001"],
        values: &[],
    };
    let host = format!("{label}-sign-in-{}.test", random.hex(4));
    let page = (model::Kind::Url, format!("https://{host}/login"));
    let address = value(random, Recipe::Ipv4, &[], "");
    base(random, &copied, vec![(model::Kind::Domain, host), page, address])
}

fn base(random: &mut Random, daily: &Daily, indicators: Vec<Value>) -> Report {
    Report {
        title: daily.title.to_owned(),
        narrative: daily.narrative.to_owned(),
        attack: daily.attack,
        severity: daily.severity,
        ongoing: random.percent(15),
        happened_before_millis: i64::try_from(random.between(60_000, 20_000_000)).unwrap_or(60_000),
        warn: random.weighted(&[(70, "now"), (15, "next-epoch"), (8, "once-three"), (7, "cell-only")]),
        know: random.weighted(&[(55, "nobody"), (40, "cell"), (5, "everybody")]),
        tlp: random.weighted(&[(55, "GREEN"), (20, "CLEAR"), (22, "AMBER"), (3, "AMBER+STRICT")]),
        techniques: daily.techniques.iter().map(ToString::to_string).collect(),
        tags: Vec::new(),
        indicators,
    }
}

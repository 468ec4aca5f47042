//! Scripts of operations over a few firms and a few hot values, so that collisions are common.

use crate::random::Random;

/// The reporter's first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warn {
    Now,
    NextEpoch,
    OnceThree,
    CellOnly,
    UnknownGroup,
}

/// Where a value names the firm itself, so that the scrub must hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    Host,
    Mailbox,
    Path,
    Query,
}

impl Own {
    /// Every place.
    pub const ALL: [Self; 4] = [Self::Host, Self::Mailbox, Self::Path, Self::Query];

    /// The value that names a firm there.
    pub fn text(self, firm: usize) -> String {
        let name = firm_domain(firm);
        match self {
            Self::Host => format!("https://mail.{name}/login"),
            Self::Mailbox => format!("payroll@{name}"),
            Self::Path => format!("http://lure.test/{name}/login"),
            Self::Query => format!("http://lure.test/login?to=who%40{name}&next={name}"),
        }
    }
}

/// How a report comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Form,
    Csv,
    Misp,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its own number, which it keeps when it is moved or filed by another firm.
    pub label: usize,
    pub firm: usize,
    pub values: Vec<usize>,
    pub warn: Warn,
    pub named: bool,
    pub tlp: &'static str,
    pub pap: &'static str,
    pub attack: &'static str,
    pub techniques: Vec<&'static str>,
    /// One more value names the firm itself.
    pub own_name: Option<Own>,
    pub via: Via,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Report(Report),
    /// Time passes, in milliseconds. Without any, it stands where something hidden was: time goes on as if it were there.
    Wait(i64),
    /// An analyst sends a text to members, perhaps about the campaign of a value.
    Advise {
        about: Option<usize>,
        tlp: &'static str,
    },
    /// A lead sets the posture.
    Posture(&'static str),
    /// An analyst takes the report of a label.
    Claim(usize),
    /// A firm's person has read the latest text.
    Read(usize),
}

/// The firms and what they do.
#[derive(Clone, Debug)]
pub struct Script {
    pub firms: usize,
    pub sectors: usize,
    /// Regions that firms lie in; with none nobody says where it is.
    pub regions: usize,
    /// Reports after which a value links nothing; with none the platform's own limit.
    pub common: Option<u32>,
    /// How long after the start of a token window it begins.
    pub late: i64,
    pub ops: Vec<Op>,
    /// A report on which much hangs, and another firm that might have filed it.
    pub focus: Option<(usize, usize)>,
}

impl Script {
    /// The sector of a firm.
    pub const fn sector(&self, firm: usize) -> usize {
        firm % self.sectors
    }

    /// The region of a firm.
    pub const fn region(&self, firm: usize) -> Option<usize> {
        if self.regions == 0 { None } else { Some((firm / self.sectors) % self.regions) }
    }

    /// Places of the reports.
    pub fn reports(&self) -> impl Iterator<Item = (usize, &Report)> {
        self.ops.iter().enumerate().filter_map(|(at, op)| match op {
            Op::Report(report) => Some((at, report)),
            _ => None,
        })
    }
}

/// Firms and sectors: of the small partnerships some are too small for a band, a mark, a hold.
const SIZES: &[(usize, usize)] =
    &[(12, 2), (12, 1), (12, 4), (14, 1), (24, 2), (12, 2), (12, 4), (24, 2), (11, 1), (5, 1)];

/// Number of hot values; higher numbers are values that nobody else reports.
pub const HOT: usize = 8;
/// The value that is held over the border of two token windows.
const BORDER: usize = HOT + 2_000;
/// How long a token window is.
pub const WINDOW: i64 = 30 * 86_400_000;

/// The text of value number `n`: domains, addresses, and URLs on hosts that are values themselves.
pub fn value(n: usize) -> String {
    match (n, host_of(n), n % 3) {
        (_, Some(host), _) => format!("http://attack{host}.test/a/{n}"),
        (.., 0) => format!("attack{n}.test"),
        (.., 1) => format!("198.51.100.{}", n % 250 + 1),
        _ => format!("http://evil{n}.test/a/{n}"),
    }
}

/// The hot domain that a hot URL is on.
pub const fn host_of(n: usize) -> Option<usize> {
    match n {
        2 | 6 => Some(0),
        5 => Some(3),
        _ => None,
    }
}

impl Report {
    /// How strict its two labels are, each from loose to strict.
    pub fn strictness(&self) -> (usize, usize) {
        let place = |all: &[&str], label: &str| all.iter().position(|known| *known == label).unwrap();
        (
            place(&["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"], self.tlp),
            place(&["CLEAR", "GREEN", "AMBER", "RED"], self.pap),
        )
    }
}

/// Name and domain of a firm.
pub fn firm_domain(firm: usize) -> String {
    format!("firm{firm}.example")
}

fn plain(firm: usize, value: usize, warn: Warn) -> Report {
    Report {
        label: 0,
        firm,
        values: vec![value],
        warn,
        named: false,
        tlp: "GREEN",
        pap: "GREEN",
        attack: "phishing",
        techniques: vec!["T1566"],
        own_name: None,
        via: Via::Form,
    }
}

fn report(random: &mut Random, firms: usize, fresh: &mut usize) -> Report {
    let mut values = Vec::new();
    for _ in 0..1 + random.below(3) {
        if random.percent(75) {
            values.push(random.below(HOT));
        } else {
            *fresh += 1;
            values.push(HOT + *fresh);
        }
    }
    values.sort_unstable();
    values.dedup();
    let warn = *random.pick(&[
        Warn::Now,
        Warn::Now,
        Warn::Now,
        Warn::Now,
        Warn::NextEpoch,
        Warn::NextEpoch,
        Warn::OnceThree,
        Warn::CellOnly,
        Warn::CellOnly,
        Warn::UnknownGroup,
    ]);
    let tlp = *random.pick(&["CLEAR", "GREEN", "GREEN", "GREEN", "AMBER", "AMBER", "AMBER+STRICT", "RED"]);
    let techniques = ["T1566", "T1110", "T1486.001"].into_iter().filter(|_| random.percent(40)).collect();
    let mut one = Report {
        label: 0,
        firm: random.below(firms),
        values,
        warn,
        named: random.percent(8),
        tlp,
        pap: random.word(&["GREEN", "GREEN", "GREEN", "CLEAR", "AMBER", "RED"]),
        attack: random.word(&["phishing", "phishing", "ransomware", "break-in", "not-sure"]),
        techniques,
        own_name: random.percent(12).then(|| *random.pick(&Own::ALL)),
        via: Via::Form,
    };
    // A group cannot be named beside a file.
    if random.percent(15) && one.warn != Warn::UnknownGroup {
        one.via = *random.pick(&[Via::Csv, Via::Misp]);
        // What neither format says is what an import assumes.
        one.pap = "GREEN";
        one.attack = "not-sure";
        one.techniques.clear();
    }
    one
}

/// A script from a seed: 5 to 40 operations, with bursts of one value by K−1, K or K+1 firms inside one epoch.
pub fn script(seed: u64) -> Script {
    let mut random = Random(seed);
    let (firms, sectors) = *random.pick(SIZES);
    let regions = *random.pick(&[0, 1, 1, 2]);
    let common = random.percent(15).then_some(3);
    let late = if random.percent(20) { WINDOW - 12_000 } else { 0 };
    let mut ops = Vec::new();
    let mut fresh = 0;
    let over_the_border = late != 0 && random.percent(50);
    let first = random.below(firms);
    if over_the_border {
        // Two members before the change of the token window and one of them again after it are not three.
        ops.extend([first, first + 1].map(|firm| Op::Report(plain(firm % firms, BORDER, Warn::OnceThree))));
    }
    let length = 5 + random.below(20);
    while ops.len() < length {
        match random.below(20) {
            0..=7 => ops.push(Op::Report(report(&mut random, firms, &mut fresh))),
            8..=11 => ops.push(Op::Wait(*random.pick(&[30, 100, 250, 1_000, 5_000, 20_000, 45_000]))),
            12..=14 => burst(&mut random, firms, &mut fresh, &mut ops),
            15 => again(&mut random, &mut ops),
            16 => acts(&mut random, firms, common.is_some(), &mut ops),
            17 => own_names(&mut random, firms, &mut fresh, &mut ops),
            _ => ops.push(Op::Wait(20_000)),
        }
    }
    let mut focus = None;
    if random.percent(40) {
        let wanted = random.below(5);
        let of = |firm: usize, warn, value| Op::Report(plain(firm, value, warn));
        let (hot, first) = (HOT + 1_000, random.below(firms));
        if wanted == 0 {
            // The third member has it with the third report or with the fourth, both inside one epoch.
            ops.push(Op::Wait(20_000));
            focus = Some((ops.len() + 4, (first + 2) % firms));
            for firm in [first, first + 1, first, first + 2] {
                ops.push(of(firm % firms, Warn::OnceThree, hot));
                ops.push(Op::Wait(100));
            }
        } else if sectors > 1 {
            // As many members as a mark stands for, in a sector that is too small to be named, and one elsewhere.
            for step in 0..4 {
                ops.push(of((first + step * sectors) % firms, Warn::Now, hot));
            }
            focus = Some((ops.len() - 1, (first + 3) % firms));
            ops.push(of((first + 1) % firms, Warn::Now, hot));
        } else if wanted == 2 {
            // One member twice is one.
            ops.extend([of(first, Warn::Now, hot), of(first, Warn::Now, hot)]);
        } else if wanted == 3 {
            // Two that are named, in an order that is nobody's to know, and too few others for a band.
            for (step, named) in [true, true, false, false, false].into_iter().enumerate() {
                let firm = (first + (5 - step) * sectors) % firms;
                ops.push(Op::Report(Report { named, ..plain(firm, hot, Warn::Now) }));
            }
        } else if wanted == 4 {
            // Somebody of the cell takes a case; a later one is of the same firm, or of another like it.
            let claimed = ops.len();
            ops.extend([of(first, Warn::CellOnly, hot), Op::Wait(250), Op::Claim(claimed)]);
            focus = Some((ops.len(), (first + sectors * regions.max(1)) % firms));
            ops.push(of(first, Warn::CellOnly, hot + 1));
        }
        ops.push(Op::Wait(30));
    }
    if over_the_border {
        ops.extend([Op::Report(plain(first, BORDER, Warn::OnceThree)), Op::Wait(20_000)]);
    }
    ops.push(Op::Wait(45_000));
    // Labels are places, so that whoever takes a report names one that came before.
    for (label, op) in ops.iter_mut().enumerate() {
        if let Op::Report(report) = op {
            report.label = label;
        }
    }
    Script { firms, sectors, regions, common, late, ops, focus }
}

fn burst(random: &mut Random, firms: usize, fresh: &mut usize, ops: &mut Vec<Op>) {
    let hot = random.below(HOT);
    let first = random.below(firms);
    for step in 0..3 + random.below(3) {
        let mut one = report(random, firms, fresh);
        one.firm = (first + step) % firms;
        one.values = vec![hot];
        one.warn = if random.percent(80) { Warn::Now } else { Warn::OnceThree };
        one.tlp = "GREEN";
        one.named = false;
        ops.push(Op::Report(one));
    }
}

/// The same member once more, with the same values: multiplicity is nobody's to see.
fn again(random: &mut Random, ops: &mut Vec<Op>) {
    let earlier: Vec<Report> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Report(report) => Some(report.clone()),
            _ => None,
        })
        .collect();
    if !earlier.is_empty() {
        let mut one = random.pick(&earlier).clone();
        if one.via == Via::Form && random.percent(50) {
            one.warn = Warn::Now;
        }
        ops.push(Op::Report(one));
    }
}

/// What the cell does, and members with it.
fn acts(random: &mut Random, firms: usize, small: bool, ops: &mut Vec<Op>) {
    match random.below(4) {
        0 => ops.push(Op::Posture(random.word(&["raised", "high", "normal"]))),
        1 => {
            let earlier: Vec<usize> = ops
                .iter()
                .enumerate()
                .filter(|(_, op)| matches!(op, Op::Report(report) if report.via == Via::Form))
                .map(|(at, _)| at)
                .collect();
            if !earlier.is_empty() {
                ops.push(Op::Claim(*random.pick(&earlier)));
            }
        }
        _ => {
            let about = (!small && random.percent(70)).then(|| random.below(HOT));
            ops.push(Op::Advise { about, tlp: random.word(&["CLEAR", "GREEN", "AMBER"]) });
            ops.push(Op::Wait(250));
            for _ in 0..random.below(4) {
                ops.push(Op::Read(random.below(firms)));
            }
        }
    }
}

/// A report of nothing but values that name its firm.
fn own_names(random: &mut Random, firms: usize, fresh: &mut usize, ops: &mut Vec<Op>) {
    let mut one = report(random, firms, fresh);
    one.values.clear();
    one.own_name = Some(*random.pick(&Own::ALL));
    (one.named, one.via) = (false, Via::Form);
    ops.push(Op::Report(one));
}

/// The same script with one report filed by another firm; `None` if it has no report.
pub fn swapped(script: &Script, random: &mut Random) -> Option<(Script, usize, usize)> {
    let reports: Vec<usize> = script.reports().map(|(at, _)| at).collect();
    if reports.is_empty() {
        return None;
    }
    let focus = script.focus.filter(|_| random.percent(60));
    let at = focus.map_or_else(|| *random.pick(&reports), |(at, _)| at);
    let mut other = script.clone();
    let Op::Report(report) = &mut other.ops[at] else { return None };
    let from = report.firm;
    if let Some((_, to)) = focus {
        report.firm = to;
        return (from != to).then_some((other, from, to));
    }
    // Often within one sector and region, so that the cell's view and the operator's may be compared too.
    let near: Vec<usize> = (0..script.firms)
        .filter(|firm| {
            *firm != from
                && script.sector(*firm) == script.sector(from)
                && (script.region(*firm) == script.region(from) || random.percent(20))
        })
        .collect();
    let to = if random.percent(70) && !near.is_empty() {
        *random.pick(&near)
    } else {
        (from + 1 + random.below(script.firms - 1)) % script.firms
    };
    if to == from {
        return None;
    }
    report.firm = to;
    Some((other, from, to))
}

/// What the second world of a presence pair lacks.
#[derive(Clone, Debug)]
pub struct Hidden {
    pub script: Script,
    /// Who filed what is hidden.
    pub firm: usize,
    /// Why it is never released, for the figures.
    pub why: &'static str,
}

fn why_hidden(report: &Report) -> Option<&'static str> {
    Some(match report {
        Report { warn: Warn::CellOnly, .. } => "the cell only",
        Report { warn: Warn::UnknownGroup, .. } => "a group",
        Report { tlp: "RED", .. } => "RED",
        Report { values, own_name: Some(_), .. } if values.is_empty() => "names its firm",
        Report { own_name: Some(_), .. } => "a value names its firm",
        Report { warn: Warn::OnceThree, .. } => "a hold",
        Report { tlp: "AMBER+STRICT", .. } => "AMBER+STRICT",
        Report { via: Via::Csv | Via::Misp, .. } => "an import",
        _ => return None,
    })
}

/// The same script without one report, or one value of it, that may never be released: whether it is, ρ says.
pub fn without_hidden(script: &Script, random: &mut Random) -> Option<Hidden> {
    let mut by_reason: Vec<(&'static str, Vec<usize>)> = Vec::new();
    for (at, report) in script.reports() {
        let Some(why) = why_hidden(report) else { continue };
        // An import says nothing only if its firm had sent all of it before.
        let before = |(_, other): &(usize, &Report)| {
            let (one, two) = (other.strictness(), report.strictness());
            let as_strict = one.0 >= two.0 && one.1 >= two.1;
            other.label < report.label && other.firm == report.firm && other.values == report.values && as_strict
        };
        if why == "an import" && !script.reports().any(|earlier| before(&earlier)) {
            continue;
        }
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, places)) => places.push(at),
            None => by_reason.push((why, vec![at])),
        }
    }
    if by_reason.is_empty() {
        return None;
    }
    // By reason first: the common ones would crowd out the others.
    let (why, places) = random.pick(&by_reason);
    let at = *random.pick(places);
    let mut other = script.clone();
    let Op::Report(report) = &mut other.ops[at] else { return None };
    let (firm, label) = (report.firm, report.label);
    if *why == "a value names its firm" {
        report.own_name = None;
    } else {
        for (place, op) in other.ops.iter_mut().enumerate() {
            if place == at || *op == Op::Claim(label) {
                *op = Op::Wait(0);
            }
        }
    }
    Some(Hidden { script: other, firm, why })
}

/// The same reports, some of them at another moment of the same release tick or in another order within it; `None` if
/// none can be moved. `apart` says whether two reports have nothing to do with each other.
pub fn rearrived(
    script: &Script,
    random: &mut Random,
    apart: impl Fn(usize, usize) -> bool,
) -> Option<(Script, Vec<usize>)> {
    let mut other = script.clone();
    let mut moved = Vec::new();
    let mut now = 0;
    for at in 0..other.ops.len() {
        if let Op::Wait(millis) = other.ops[at] {
            now += millis;
            let next = other.ops[at + 1..].iter().position(|op| matches!(op, Op::Wait(_))).map(|next| at + 1 + next);
            let later = 10 + random.below(80) as i64;
            if let Some(next) = next
                && next > at + 1
                && now % 100 + later < 100
                && let Op::Wait(rest) = other.ops[next]
                && rest > later
            {
                other.ops[at] = Op::Wait(millis + later);
                other.ops[next] = Op::Wait(rest - later);
                now += later;
                moved.extend(other.ops[at + 1..next].iter().filter_map(|op| match op {
                    Op::Report(report) => Some(report.firm),
                    _ => None,
                }));
            }
        }
    }
    for at in 1..other.ops.len() {
        if let (Op::Report(one), Op::Report(two)) = (&other.ops[at - 1], &other.ops[at])
            && one.firm != two.firm
            && apart(one.label, two.label)
        {
            moved.extend([one.firm, two.firm]);
            other.ops.swap(at - 1, at);
        }
    }
    moved.sort_unstable();
    moved.dedup();
    (!moved.is_empty() && moved.len() < script.firms).then_some((other, moved))
}

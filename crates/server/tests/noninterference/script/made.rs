//! Scripts made from seeds: ordinary reports, bursts, and the turns on which much hangs.

use super::{BORDER, Back, GROUPS, HOT, OPERATED, Op, Own, Report, SIZES, Script, Via, WINDOW, Warn};
use crate::random::Random;

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
        Warn::Group(0),
        Warn::Group(1),
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
    if random.percent(15) && !matches!(one.warn, Warn::UnknownGroup | Warn::Group(_)) {
        one.via = *random.pick(&[Via::Csv, Via::Misp]);
        // What neither format says is what an import assumes.
        one.pap = "GREEN";
        one.attack = "not-sure";
        one.techniques.clear();
    }
    one
}

/// Two of some reports.
fn two(random: &mut Random, filed: &[usize]) -> Option<(usize, usize)> {
    let one = *filed.get(random.below(filed.len().max(1)))?;
    let other = *filed.get(random.below(filed.len()))?;
    (one != other).then_some((one, other))
}

/// One in so many scripts links reports by the platform's own weights.
const WEIGHED_EACH: u64 = 4;

/// A script from a seed: 5 to 40 operations, with bursts of one value by K−1, K or K+1 firms inside one epoch.
pub fn script(seed: u64) -> Script {
    script_of(seed, SIZES)
}

/// As [`script`], with the firms and sectors to choose from.
pub fn script_of(seed: u64, sizes: &[(usize, usize)]) -> Script {
    let mut random = Random(seed);
    let (firms, sectors) = *random.pick(sizes);
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
        match random.below(23) {
            0..=7 => ops.push(Op::Report(report(&mut random, firms, &mut fresh))),
            8..=11 => ops.push(Op::Wait(*random.pick(&[30, 100, 250, 1_000, 5_000, 20_000, 45_000]))),
            12..=14 => burst(&mut random, firms, &mut fresh, &mut ops),
            15 => again(&mut random, &mut ops),
            16 => acts(&mut random, firms, common.is_some(), &mut ops),
            17 => own_names(&mut random, firms, &mut fresh, &mut ops),
            18 => circles(&mut random, firms, &mut fresh, &mut ops),
            19 => thread(&mut random, &mut ops),
            // Where values soon stop to link, what links when they are taken back is more than is modelled.
            20..=21 if common.is_none() => goes_back(&mut random, firms, &mut fresh, &mut ops),
            22 if common.is_none() => alone(&mut random, firms, &mut fresh, &mut ops),
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
    let weighed = seed.is_multiple_of(WEIGHED_EACH);
    if weighed {
        // Which campaign a text is about is the choice of somebody who sees both sides.
        let mut filed = Vec::new();
        for (label, op) in ops.iter_mut().enumerate() {
            match op {
                Op::Report(report) if report.via == Via::Form => filed.push(label),
                Op::Advise { about, .. } => {
                    *about = None;
                    if let Some((one, other)) = two(&mut random, &filed).filter(|_| random.percent(60)) {
                        *op = Op::Relate { one, other, same: random.percent(60) };
                    }
                }
                _ => {}
            }
        }
        for _ in 0..2 + random.below(3) {
            if let Some((one, other)) = two(&mut random, &filed) {
                ops.extend([Op::Relate { one, other, same: random.percent(60) }, Op::Wait(250)]);
            }
        }
        // What comes after a split finds one part or the other.
        let late = filed.len().min(2);
        for label in &filed[..late] {
            if let Op::Report(report) = &ops[*label] {
                let again = Report { label: ops.len(), firm: (report.firm + 1) % firms, ..report.clone() };
                ops.extend([Op::Report(again), Op::Wait(20_000)]);
            }
        }
    }
    // Its source may send less from now on: nothing comes after it that this could stop, which its firm would see.
    let filed: Vec<usize> = filed(&ops);
    if !filed.is_empty() && random.percent(30) {
        ops.extend([Op::Back { label: *random.pick(&filed), act: Back::Limit }, Op::Wait(250)]);
    }
    // Who reported is opened for two leads, and content goes by its time: chance of their own, so that scripts stay what they were.
    let mut last = Random(seed ^ 0x0DE1);
    if !filed.is_empty() && last.percent(25) {
        ops.extend([Op::Back { label: *last.pick(&filed), act: Back::Open }, Op::Wait(250)]);
    }
    if last.percent(20) {
        ops.extend([Op::Age, Op::Wait(*last.pick(&[250, 20_000]))]);
    }
    let networks = seed.is_multiple_of(2 * WEIGHED_EACH);
    if networks {
        // What is hidden lies between what members have, and has the operator in common with it.
        let mut random = Random(seed ^ 0x0B57);
        let (lure, first) = (HOT + 1_500, random.below(firms));
        for step in 0..4 {
            let warn = if step == 0 || random.percent(50) { Warn::Now } else { Warn::CellOnly };
            let plain = plain((first + step) % firms, lure + step / 2, warn);
            let values = vec![lure + step / 2, OPERATED + step];
            ops.extend([Op::Report(Report { label: ops.len(), values, ..plain }), Op::Wait(250)]);
        }
        ops.push(Op::Wait(20_000));
    }
    Script { firms, sectors, regions, common, late, weighed, networks, ops, focus }
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
            let mut about = (!small && random.percent(70)).then(|| random.below(HOT));
            if about.is_none() && !small && ops.len().is_multiple_of(2) {
                // About a case that only the cell has.
                let hidden = HOT + 4_100 + ops.len();
                ops.extend([Op::Report(plain(ops.len() % firms, hidden, Warn::CellOnly)), Op::Wait(250)]);
                about = Some(hidden);
            }
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

/// What happens in a group: reports for it, and somebody who comes or goes between them.
fn circles(random: &mut Random, firms: usize, fresh: &mut usize, ops: &mut Vec<Op>) {
    let group = random.below(GROUPS);
    // Somebody who is in it from the beginning, where anybody is.
    let inside = 2 * random.below(firms.min(3).div_ceil(2));
    let other = random.below(firms);
    if group == GROUPS - 1 {
        ops.push(Op::Join { group, firm: inside });
    }
    let mut told = report(random, firms, fresh);
    (told.firm, told.warn, told.via, told.own_name) = (inside, Warn::Group(group), Via::Form, None);
    told.tlp = random.word(&["GREEN", "AMBER", "AMBER+STRICT"]);
    let mut again = told.clone();
    again.tlp = random.word(&["GREEN", "AMBER+STRICT"]);
    again.named = false;
    match random.below(6) {
        0 => again.firm = other,
        1 => ops.push(Op::Join { group, firm: other }),
        _ => {}
    }
    ops.push(Op::Report(told));
    let turn = random.below(8);
    if turn == 4 {
        // Somebody who was in it from the beginning leaves between the report and its release.
        ops.push(Op::Leave { group, firm: 2 - inside });
    }
    ops.push(Op::Wait(250));
    match turn {
        0..=2 => ops.push(Op::Join { group, firm: other }),
        3 => ops.push(Op::Leave { group, firm: other }),
        5 => ops.extend([Op::Leave { group, firm: other }, Op::Join { group, firm: other }]),
        6 => ops.push(Op::End(group)),
        _ => {}
    }
    if random.percent(50) {
        ops.push(Op::Wait(30));
    }
    ops.extend([Op::Report(again), Op::Wait(250)]);
}

/// Places of the reports so far that came by the form: they will be their labels.
fn filed(ops: &[Op]) -> Vec<usize> {
    let is_one = |op: &Op| matches!(op, Op::Report(report) if report.via == Via::Form);
    ops.iter().enumerate().filter(|(_, op)| is_one(op)).map(|(at, _)| at).collect()
}

/// The reporter and the cell talk.
fn thread(random: &mut Random, ops: &mut Vec<Op>) {
    let labels = filed(ops);
    if labels.is_empty() {
        return;
    }
    let label = *random.pick(&labels);
    for _ in 0..1 + random.below(3) {
        let act = match random.below(4) {
            0 => Back::Say,
            1 => Back::ReadThread,
            2 => Back::Judge(random.word(&["confirmed", "false", "open"])),
            _ => Back::Reply { asks: random.percent(50) },
        };
        ops.extend([Op::Back { label, act }, Op::Wait(*random.pick(&[100, 250]))]);
    }
}

/// What only one report tells, and what becomes of it within a tick.
fn alone(random: &mut Random, firms: usize, fresh: &mut usize, ops: &mut Vec<Op>) {
    *fresh += 1;
    let (firm, value, label) = (random.below(firms), HOT + *fresh, ops.len());
    let (warn, wait, act, rest) = match random.below(4) {
        0 => (Warn::Now, 250, Back::Withdraw, 30),
        1 => (Warn::Now, 250, Back::Recall, 30),
        2 => (Warn::NextEpoch, 20_000, Back::Consent(Warn::Now), 250),
        _ => (Warn::CellOnly, 250, Back::Withdraw, 250),
    };
    ops.extend([Op::Report(plain(firm, value, warn)), Op::Wait(wait), Op::Back { label, act }, Op::Wait(rest)]);
}

/// A reporter changes what it has sent.
fn goes_back(random: &mut Random, firms: usize, fresh: &mut usize, ops: &mut Vec<Op>) {
    // Often of a value that somebody else has told as well, or tells at the same tick.
    let (hot, first) = (random.below(HOT), random.below(firms));
    if random.percent(40) {
        for step in 0..1 + random.below(3) {
            let warn = *random.pick(&[Warn::Now, Warn::Now, Warn::OnceThree, Warn::NextEpoch]);
            ops.push(Op::Report(plain((first + step) % firms, hot, warn)));
        }
        if random.percent(50) {
            ops.push(Op::Wait(*random.pick(&[30, 250, 5_000, 20_000])));
        }
    }
    let labels = filed(ops);
    if labels.is_empty() {
        return;
    }
    for _ in 0..1 + random.below(2) {
        let last = labels.len().saturating_sub(4);
        let label = if random.percent(60) { *random.pick(&labels[last..]) } else { *random.pick(&labels) };
        let Op::Report(report) = &ops[label] else { return };
        let for_group = matches!(report.warn, Warn::Group(_) | Warn::UnknownGroup);
        let act = match random.below(8) {
            0..=2 => Back::Withdraw,
            3 => Back::Recall,
            4..=5 => Back::Consent(*random.pick(&[Warn::Now, Warn::Now, Warn::NextEpoch, Warn::OnceThree])),
            _ => {
                let mut add = Vec::new();
                if !for_group && random.percent(60) {
                    *fresh += 1;
                    add.push(if random.percent(60) { random.below(HOT) } else { HOT + *fresh });
                }
                add.retain(|value| !report.values.contains(value));
                let drop = report.values.iter().copied().filter(|_| random.percent(50)).collect();
                Back::Correct { add, drop, attack: random.word(&["phishing", "ransomware", "break-in", "not-sure"]) }
            }
        };
        ops.push(Op::Back { label, act });
        if random.percent(70) {
            ops.push(Op::Wait(*random.pick(&[30, 100, 250, 5_000, 20_000])));
        }
    }
    if random.percent(25) {
        ops.push(Op::Report(plain((first + 3) % firms, hot, Warn::Now)));
    }
}

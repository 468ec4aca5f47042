//! The second script of a pair: another firm files, something hidden is missing, reports arrive otherwise.

use super::{Back, HOT, Op, Report, Script, Via, Warn};
use crate::random::Random;

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

/// The same script with somebody outside telling of hot values before time passes, and with nothing in their place.
pub fn told_from_outside(script: &Script, random: &mut Random) -> (Script, Script) {
    let (mut one, mut two) =
        (Script { ops: Vec::new(), ..script.clone() }, Script { ops: Vec::new(), ..script.clone() });
    for op in &script.ops {
        if matches!(op, Op::Wait(1..)) && random.percent(60) {
            one.ops.push(Op::Tell(random.below(HOT)));
            two.ops.push(Op::Wait(0));
        }
        let mut op = op.clone();
        // Which campaign a text is about is the choice of somebody who sees both sides: what was told leads there too.
        if let Op::Advise { about, .. } = &mut op {
            *about = None;
        }
        one.ops.push(op.clone());
        two.ops.push(op);
    }
    (one, two)
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
        Report { warn: Warn::UnknownGroup, .. } => "a group that is none",
        Report { warn: Warn::Group(_), .. } => "a group",
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
            if place == at || op.names(label) {
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
            // When somebody joins a group, or content goes by its time, is no report's time, and members are told it.
            let comes = |op: &Op| matches!(op, Op::Join { .. } | Op::Leave { .. } | Op::End(_) | Op::Age);
            if let Some(next) = next
                && next > at + 1
                && !other.ops[at + 1..next].iter().any(comes)
                && now % 100 + later < 100
                && let Op::Wait(rest) = other.ops[next]
                && rest > later
            {
                other.ops[at] = Op::Wait(millis + later);
                other.ops[next] = Op::Wait(rest - later);
                now += later;
                // Whose threads say when something was said or changed know the difference too.
                moved.extend(other.ops[at + 1..next].iter().filter_map(|op| match op {
                    Op::Report(report) => Some(report.firm),
                    act => script.firm_of(act.about()?),
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

/// Two scripts that differ behind the wall of a secondee of firm 0 alone: a report of that sector, which members never see,
/// says something else or is missing.
pub fn behind_a_wall(script: &Script, random: &mut Random) -> Option<(Script, Script, usize)> {
    let walled: Vec<usize> = script
        .reports()
        .filter(|(_, report)| script.sector(report.firm) == script.sector(0) && report.via == Via::Form)
        .map(|(at, _)| at)
        .collect();
    if walled.is_empty() {
        return None;
    }
    let at = *random.pick(&walled);
    let mut one = script.clone();
    let whole = script.ops.len();
    // Which campaign a text is about is the choice of somebody who sees both sides.
    for op in &mut one.ops {
        if let Op::Advise { about, .. } = op {
            *about = None;
        }
    }
    let Op::Report(report) = &mut one.ops[at] else { return None };
    (report.warn, report.named) = (Warn::CellOnly, false);
    // Often of two hot values, so that it links what else it would not.
    if random.percent(60) {
        report.values = vec![random.below(HOT), random.below(HOT)];
        report.values.sort_unstable();
        report.values.dedup();
    }
    let (firm, label) = (report.firm, report.label);
    // No wider answer: members never see it.
    for op in &mut one.ops {
        if matches!(op, Op::Back { label: of, act: Back::Consent(_) } if *of == label) {
            *op = Op::Wait(0);
        }
    }
    // What is said in its thread, and what its reporter changes, is as much behind the wall as itself.
    for (place, op) in one.ops.iter_mut().enumerate().skip(at + 1) {
        if matches!(op, Op::Wait(_)) && place + 1 < whole && random.percent(15) {
            let act = random
                .pick(&[
                    Back::Say,
                    Back::Reply { asks: true },
                    Back::Withdraw,
                    Back::Recall,
                    Back::ReadThread,
                    Back::Judge("confirmed"),
                ])
                .clone();
            *op = Op::Back { label, act };
        }
    }
    let mut two = one.clone();
    let acts = one.ops.iter().any(|op| op.names(label));
    if acts && random.percent(40) {
        for op in &mut two.ops {
            if op.names(label) {
                *op = Op::Wait(0);
            }
        }
    } else if random.percent(50) {
        let Op::Report(other) = &mut two.ops[at] else { return None };
        other.values = vec![HOT + 3_000];
        other.own_name = None;
        other.attack = if other.attack == "ransomware" { "flooding" } else { "ransomware" };
        other.techniques.clear();
    } else {
        for (place, op) in two.ops.iter_mut().enumerate() {
            if place == at || op.names(label) {
                *op = Op::Wait(0);
            }
        }
    }
    Some((one, two, firm))
}

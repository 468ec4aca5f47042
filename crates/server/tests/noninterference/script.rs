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
    /// One value names the firm itself, so that the scrub must hold it.
    pub own_name: bool,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Report(Report),
    /// Time passes, in milliseconds.
    Wait(i64),
}

/// The firms and what they do.
#[derive(Clone, Debug)]
pub struct Script {
    pub firms: usize,
    pub sectors: usize,
    pub ops: Vec<Op>,
    /// A report on which much hangs, and another firm that might have filed it.
    pub focus: Option<(usize, usize)>,
}

/// Number of hot values; higher numbers are values that nobody else reports.
pub const HOT: usize = 8;

/// The text of value number `n`.
pub fn value(n: usize) -> String {
    match n % 3 {
        0 => format!("attack{n}.test"),
        1 => format!("198.51.100.{}", n % 250 + 1),
        _ => format!("http://evil{n}.test/a/{n}"),
    }
}

/// Name and domain of a firm.
pub fn firm_domain(firm: usize) -> String {
    format!("firm{firm}.example")
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
    Report {
        label: 0,
        firm: random.below(firms),
        values,
        warn,
        named: random.percent(8),
        tlp,
        own_name: random.percent(10),
    }
}

/// A script from a seed: 5 to 40 operations, with bursts of one value by K−1, K or K+1 firms inside one epoch.
pub fn script(seed: u64) -> Script {
    let mut random = Random(seed);
    let (firms, sectors) = *random.pick(&[(12, 2), (12, 1), (12, 4), (14, 1), (24, 2)]);
    let mut ops = Vec::new();
    let mut fresh = 0;
    let length = 5 + random.below(20);
    while ops.len() < length {
        match random.below(10) {
            0..=4 => ops.push(Op::Report(report(&mut random, firms, &mut fresh))),
            5 | 6 => ops.push(Op::Wait(*random.pick(&[30, 100, 250, 1_000, 5_000, 20_000, 45_000]))),
            7 | 8 => {
                let hot = random.below(HOT);
                let first = random.below(firms);
                for step in 0..3 + random.below(3) {
                    let mut one = report(&mut random, firms, &mut fresh);
                    one.firm = (first + step) % firms;
                    one.values = vec![hot];
                    one.warn = if random.percent(80) { Warn::Now } else { Warn::OnceThree };
                    one.tlp = "GREEN";
                    one.named = false;
                    ops.push(Op::Report(one));
                }
            }
            _ => ops.push(Op::Wait(20_000)),
        }
    }
    let mut focus = None;
    if random.percent(40) {
        let wanted = random.below(2);
        let of = |firm: usize, warn, value| {
            Op::Report(Report {
                label: 0,
                firm,
                values: vec![value],
                warn,
                named: false,
                tlp: "GREEN",
                own_name: false,
            })
        };
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
        }
        ops.push(Op::Wait(30));
    }
    ops.push(Op::Wait(45_000));
    for (label, op) in ops.iter_mut().enumerate() {
        if let Op::Report(report) = op {
            report.label = label;
        }
    }
    Script { firms, sectors, ops, focus }
}

/// The same script with one report filed by another firm; `None` if it has no report.
pub fn swapped(script: &Script, random: &mut Random) -> Option<(Script, usize, usize)> {
    let reports: Vec<usize> =
        script.ops.iter().enumerate().filter(|(_, op)| matches!(op, Op::Report(_))).map(|(index, _)| index).collect();
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
    // Half of the time within one sector, so that the cell's view may be compared too.
    let to = if random.percent(50) {
        (from + script.sectors * (1 + random.below(script.firms / script.sectors - 1))) % script.firms
    } else {
        (from + 1 + random.below(script.firms - 1)) % script.firms
    };
    if to == from {
        return None;
    }
    report.firm = to;
    Some((other, from, to))
}

/// The same script without one report that is never released; `None` if it has none. Says who filed it.
pub fn without_hidden(script: &Script, random: &mut Random) -> Option<(Script, usize)> {
    let hidden: Vec<usize> = script
        .ops
        .iter()
        .enumerate()
        .filter(|(_, op)| matches!(op, Op::Report(report) if matches!(report.warn, Warn::CellOnly | Warn::UnknownGroup) || report.tlp == "RED"))
        .map(|(index, _)| index)
        .collect();
    if hidden.is_empty() {
        return None;
    }
    let at = *random.pick(&hidden);
    let mut other = script.clone();
    let Op::Report(report) = &other.ops[at] else { return None };
    let firm = report.firm;
    // Nothing takes its place, but no time is lost either: the clock is stepped by the waits alone.
    other.ops.remove(at);
    Some((other, firm))
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
                    Op::Wait(_) => None,
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

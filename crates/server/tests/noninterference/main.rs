//! Nobody can tell who reported: pairs of worlds that differ in who filed one report, or in a report that is never
//! released, must give every other observer equal bytes on every route; planted leaks must be caught.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::await_holding_lock, reason = "one thread drives each world")]

mod circles;
mod declared;
mod joining;
mod logs;
mod observe;
mod own;
mod pair;
mod random;
mod rho;
mod script;
mod world;

use pair::{Declared, Difference, Figures, Kind, Pair, compare, declared};
use random::Random;
use script::{Op, Report, Script, script};

/// Least share of pairs in which the declared release agrees, of those made.
const KEPT_SHARE_MIN: f64 = 0.30;
/// Times that each route must have been asked by each kind of observer.
const ASKED_MIN: u64 = 100;
/// Pairs of a swap in which the cell must have been compared too, and an operator's export, of a hundred.
const CELL_SHARE_MIN: f64 = 0.20;

/// One pair in which another firm files a report.
async fn swap(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let one = script(seed);
    let Some((two, from, to)) = script::swapped(&one, &mut Random(seed ^ 0x5A5A)) else { return Ok(()) };
    figures.made += 1;
    let (left, right) = (declared(&one), declared(&two));
    if left.members != right.members {
        return Ok(());
    }
    // Content that names its firm says so to the cell in both worlds, each with its own name.
    let names_itself = one.ops.iter().zip(&two.ops).any(|(a, b)| {
        a != b && matches!(a, Op::Report(Report { own_name, named, .. }) if own_name.is_some() || *named)
    });
    let content = one.sector(from) == one.sector(to) && !names_itself;
    let Some(hidden_from) = hidden_from(&one, &[from, to], &left, &right) else { return Ok(()) };
    let pair = Pair {
        kind: Kind::Swap,
        one: &one,
        two: &two,
        hidden_from: &hidden_from,
        cell: content && left.cell == right.cell,
        operator: left.operator == right.operator,
        export: content && left.operator == right.operator && one.region(from) == one.region(to),
        seed,
    };
    keep(&pair, figures).await
}

/// Who knows the difference: whose it is, and members of a group that was told otherwise; `None` if hardly anybody else is
/// left to look.
fn hidden_from(script: &Script, own: &[usize], left: &Declared, right: &Declared) -> Option<Vec<usize>> {
    let mut all = left.told_otherwise(right);
    all.extend(own);
    all.sort_unstable();
    all.dedup();
    (all.len() + ONLOOKERS_MIN <= script.firms).then_some(all)
}

/// Firms that must be left to look.
const ONLOOKERS_MIN: usize = 2;

async fn keep(pair: &Pair<'_>, figures: &mut Figures) -> Result<(), Difference> {
    if compare(pair, figures).await? {
        figures.kept += 1;
        figures.cell += u64::from(pair.cell);
    } else {
        figures.abandoned += 1;
    }
    Ok(())
}

/// One pair in which a report, or a value of one, that is never released is replaced by nothing.
async fn presence(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let one = script(seed);
    let Some(hidden) = script::without_hidden(&one, &mut Random(seed ^ 0xA5A5)) else { return Ok(()) };
    figures.made += 1;
    figures.reasons.entry(hidden.why).or_default().0 += 1;
    let (left, right) = (declared(&one), declared(&hidden.script));
    if left.members != right.members {
        return Ok(());
    }
    let Some(hidden_from) = hidden_from(&one, &[hidden.firm], &left, &right) else { return Ok(()) };
    let views = |told: &Declared| {
        told.cell.iter().filter_map(|view| Some(view.split_once(' ')?.1.to_owned())).collect::<Vec<_>>()
    };
    let pair = Pair {
        kind: Kind::Presence,
        one: &one,
        two: &hidden.script,
        hidden_from: &hidden_from,
        // Of all that is hidden, only a second import of the same is nothing to the cell too: it counts every value.
        cell: hidden.why == "an import" && views(&left) == views(&right),
        operator: false,
        export: false,
        seed,
    };
    let before = figures.kept;
    keep(&pair, figures).await?;
    figures.reasons.entry(hidden.why).or_default().1 += figures.kept - before;
    Ok(())
}

/// One pair in which somebody who is no member tells the cell of what members report too, or does not.
async fn from_outside(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let (one, two) = script::told_from_outside(&script(seed), &mut Random(seed ^ 0x7777));
    figures.made += 1;
    let pair = Pair {
        kind: Kind::Presence,
        one: &one,
        two: &two,
        hidden_from: &[],
        cell: false,
        operator: false,
        export: false,
        seed,
    };
    keep(&pair, figures).await
}

/// One pair in which reports arrive at other moments of their release tick, and in another order within it.
async fn arrival(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let one = script(seed);
    let together = rho::hang_together(&one);
    let apart = |a: usize, b: usize| together.get(&a) != together.get(&b);
    let Some((two, moved)) = script::rearrived(&one, &mut Random(seed ^ 0x3C3C), apart) else { return Ok(()) };
    figures.made += 1;
    let (left, right) = (declared(&one), declared(&two));
    if left.members != right.members {
        return Ok(());
    }
    let Some(hidden_from) = hidden_from(&one, &moved, &left, &right) else { return Ok(()) };
    let pair = Pair {
        kind: Kind::Arrival,
        one: &one,
        two: &two,
        hidden_from: &hidden_from,
        cell: false,
        operator: true,
        export: false,
        seed,
    };
    keep(&pair, figures).await
}

/// Firms and sectors of which each is large enough for a name: a secondee is walled from one of two or three.
const WALLED_SIZES: &[(usize, usize)] = &[(24, 2), (24, 2), (33, 3)];

/// One pair that differs behind a secondee's wall alone.
async fn behind_a_wall(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let whole = script::script_of(seed, WALLED_SIZES);
    let Some((one, two, firm)) = script::behind_a_wall(&whole, &mut Random(seed ^ 0x6969)) else { return Ok(()) };
    figures.made += 1;
    if declared(&one).members != declared(&two).members {
        return Ok(());
    }
    let pair = Pair {
        kind: Kind::Wall,
        one: &one,
        two: &two,
        hidden_from: &[firm],
        cell: false,
        operator: false,
        export: false,
        seed,
    };
    keep(&pair, figures).await
}

/// One world beside the model of the declared release.
async fn beside_the_model(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let one = script(seed);
    // Where values soon stop to link, the model says less than which report was the last that did.
    if one.common.is_some() {
        return Ok(());
    }
    figures.made += 1;
    figures.kept += u64::from(declared::as_declared(&one).await?);
    Ok(())
}

fn pairs(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A runtime whose threads, like this one, log to the desk of one test.
fn runtime() -> tokio::runtime::Runtime {
    let desk = logs::Desk::default();
    logs::sit(&desk);
    let sit = move || logs::sit(&desk);
    tokio::runtime::Builder::new_current_thread().on_thread_start(sit).enable_all().build().unwrap()
}

/// Whether shares are judged here: whoever runs a part of something longer judges them over the whole.
fn judged() -> bool {
    std::env::var_os("FUSIONCELL_PART").is_none()
}

fn report(name: &str, figures: &Figures) {
    let share = figures.kept as f64 / figures.made.max(1) as f64;
    println!(
        "{name}: {} pairs made, {} kept ({:.0} %), {} of them compared for the cell too, {} answers compared",
        figures.made,
        figures.kept,
        share * 100.0,
        figures.cell,
        figures.compared
    );
    println!(
        "{name}, besides: {} pairs abandoned since a firm had sent too much, {} compared for operators, {} with the journal's export, {} mailboxes with mail",
        figures.abandoned, figures.operator, figures.export, figures.mails
    );
    for (why, (made, kept)) in &figures.reasons {
        println!("{name} of {why}: {made} made, {kept} kept");
    }
    if !judged() {
        return;
    }
    assert!(figures.mails > 0, "{name}: no mail came to anybody");
    assert!(share >= KEPT_SHARE_MIN, "{name}: only {:.0} % of the pairs are kept", share * 100.0);
    assert!(
        figures.abandoned * 10 <= figures.made,
        "{name}: {} of {} pairs abandoned",
        figures.abandoned,
        figures.made
    );
}

/// Every route was asked often enough by every kind of observer that can reach it, or is listed with a reason.
fn all_asked(figures: &Figures) {
    if !judged() {
        return;
    }
    for ((route, kind), count) in &figures.tally {
        println!("{count:6} × {route} as {kind}");
    }
    let mut missing = Vec::new();
    for route in server::routes() {
        let name = format!("{} {}", route.method, route.path);
        for kind in observe::kinds(&route) {
            let asked = figures.tally.get(&(name.clone(), kind)).copied().unwrap_or(0);
            let exempt = observe::EXEMPT.iter().any(|(route, of, _)| *route == name && *of == kind);
            if asked < ASKED_MIN && !exempt {
                missing.push(format!("{name} was asked {asked} times as {kind}"));
            }
        }
    }
    assert!(missing.is_empty(), "asked fewer than {ASKED_MIN} times:\n{}", missing.join("\n"));
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn the_declared_release_agrees_often_enough_and_every_route_is_asked_and_no_byte_differs_when_another_firm_files() {
    let mut figures = Figures::default();
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    runtime().block_on(async {
        for seed in first..first + pairs("FUSIONCELL_SWAP_PAIRS", 400) {
            if let Err(Difference(what)) = swap(seed, &mut figures).await {
                panic!("seed {seed}: {what}");
            }
        }
    });
    report("swap", &figures);
    let shares = [("the cell", figures.cell), ("the journal's export", figures.export)];
    for (who, compared) in shares.into_iter().filter(|_| judged()) {
        let share = compared as f64 / figures.made.max(1) as f64;
        assert!(share >= CELL_SHARE_MIN, "{who} was compared in {:.0} % of the pairs only", share * 100.0);
    }
    all_asked(&figures);
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_when_what_is_hidden_is_replaced_by_nothing() {
    let mut figures = Figures::default();
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    runtime().block_on(async {
        for seed in first..first + pairs("FUSIONCELL_PRESENCE_PAIRS", 300) {
            if let Err(Difference(what)) = presence(seed, &mut figures).await {
                panic!("seed {seed}: {what}");
            }
        }
    });
    report("presence", &figures);
    let reasons = [
        "the cell only",
        "a group that is none",
        "a group",
        "RED",
        "names its firm",
        "a value names its firm",
        "a hold",
    ];
    for why in reasons.into_iter().filter(|_| judged()) {
        let (_, kept) = figures.reasons.get(why).copied().unwrap_or_default();
        assert!(kept >= PRESENCE_KEPT_MIN, "presence of {why}: only {kept} pairs are kept");
    }
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_for_any_member_when_somebody_outside_tells() {
    let mut figures = Figures::default();
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    runtime().block_on(async {
        for seed in first..first + pairs("FUSIONCELL_OUTSIDE_PAIRS", 100) {
            if let Err(Difference(what)) = from_outside(seed, &mut figures).await {
                panic!("seed {seed}: {what}");
            }
        }
    });
    report("outside", &figures);
}

/// Pairs of each sort of hidden report that must have been compared.
const PRESENCE_KEPT_MIN: u64 = 5;

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_when_reports_arrive_in_another_order_or_at_another_moment_of_their_tick() {
    let mut figures = Figures::default();
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    runtime().block_on(async {
        for seed in first..first + pairs("FUSIONCELL_ARRIVAL_PAIRS", 200) {
            if let Err(Difference(what)) = arrival(seed, &mut figures).await {
                panic!("seed {seed}: {what}");
            }
        }
    });
    report("arrival", &figures);
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_for_a_secondee_when_what_is_behind_the_wall_does() {
    let mut figures = Figures::default();
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    runtime().block_on(async {
        for seed in first..first + pairs("FUSIONCELL_WALL_PAIRS", 150) {
            if let Err(Difference(what)) = behind_a_wall(seed, &mut figures).await {
                panic!("seed {seed}: {what}");
            }
        }
    });
    report("wall", &figures);
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn members_get_what_is_declared_and_nothing_else() {
    let mut figures = Figures::default();
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    runtime().block_on(async {
        for seed in first..first + pairs("FUSIONCELL_MODEL_SCRIPTS", 400) {
            if let Err(Difference(what)) = beside_the_model(seed, &mut figures).await {
                panic!("seed {seed}: {what}");
            }
        }
    });
    println!("beside the model: {} scripts, {} played to their end", figures.made, figures.kept);
    assert!(
        !judged() || figures.kept * 2 >= figures.made,
        "only {} of {} scripts were played",
        figures.kept,
        figures.made
    );
}

/// The questions that a leak may answer.
#[cfg(feature = "planted-leaks")]
const QUESTIONS: [&str; 6] = ["model", "swap", "presence", "arrival", "wall", "outside"];
/// Scripts that are played beside the model before any pair is made: one world is cheaper than two.
#[cfg(feature = "planted-leaks")]
const MODEL_SCRIPTS: u64 = 100;

/// Asks one question of a seed; what it finds.
#[cfg(feature = "planted-leaks")]
async fn difference(question: &str, seed: u64) -> Option<String> {
    let mut figures = Figures::default();
    let found = match question {
        "model" => beside_the_model(seed, &mut figures).await,
        "swap" => swap(seed, &mut figures).await,
        "presence" => presence(seed, &mut figures).await,
        "wall" => behind_a_wall(seed, &mut figures).await,
        "outside" => from_outside(seed, &mut figures).await,
        _ => arrival(seed, &mut figures).await,
    };
    let Difference(what) = found.err()?;
    Some(format!("{question}, seed {seed}: {}", what.lines().next().unwrap_or_default()))
}

#[cfg(feature = "planted-leaks")]
#[test]
fn every_planted_leak_is_caught() {
    use policy::planted::{self, Leak};
    let pairs =
        (1..=pairs("FUSIONCELL_LEAK_PAIRS", 150)).flat_map(|seed| QUESTIONS[1..].iter().map(move |it| (*it, seed)));
    let asked: Vec<(&str, u64)> = (1..=MODEL_SCRIPTS).map(|seed| (QUESTIONS[0], seed)).chain(pairs).collect();
    let mut innocent = std::collections::BTreeSet::new();
    let mut missed = Vec::new();
    // A part of them, to look into: `FUSIONCELL_LEAKS=WithdrawnStays,ReplyToAll`.
    let part = std::env::var("FUSIONCELL_LEAKS").unwrap_or_default();
    let chosen = |leak: &&Leak| part.is_empty() || part.split(',').any(|name| name == format!("{leak:?}"));
    for leak in Leak::ALL.iter().filter(chosen) {
        let caught = runtime().block_on(async {
            for (question, seed) in &asked {
                planted::set(*leak);
                let found = difference(question, *seed).await;
                planted::clear();
                let Some(found) = found else { continue };
                // The leak was caught only if there is no difference without it.
                if innocent.insert((*question, *seed))
                    && let Some(what) = difference(question, *seed).await
                {
                    panic!("without any leak: {what}");
                }
                return Some(found);
            }
            None
        });
        println!(
            "{:<55} {}",
            leak.as_str(),
            caught.as_deref().map_or_else(|| "MISSED".to_owned(), |what| format!("caught by {what}"))
        );
        if caught.is_none() {
            missed.push(leak.as_str());
        }
    }
    assert!(missed.is_empty(), "leaks that no test catches: {missed:?}");
}

/// Prints what a seed's two worlds declare, to look into a difference: `FUSIONCELL_FIRST_SEED=n cargo test … -- --ignored`.
#[test]
#[ignore = "a tool for looking into a seed"]
fn show_a_seed() {
    let seed = pairs("FUSIONCELL_FIRST_SEED", 1);
    let one = script(seed);
    println!(
        "{} firms, {} sectors, {} regions, common {:?}, late {}",
        one.firms, one.sectors, one.regions, one.common, one.late
    );
    for (index, op) in one.ops.iter().enumerate() {
        println!("{index} {op:?}");
    }
    if let Some(hidden) = script::without_hidden(&one, &mut Random(seed ^ 0xA5A5)) {
        let at = one.ops.iter().zip(&hidden.script.ops).position(|(a, b)| a != b);
        println!("hidden for presence at {at:?}: {}, of firm {}", hidden.why, hidden.firm);
    }
    let Some((two, from, to)) = script::swapped(&one, &mut Random(seed ^ 0x5A5A)) else { return };
    println!("swapped at {:?}: firm {from} or {to}", one.ops.iter().zip(&two.ops).position(|(a, b)| a != b));
    println!("{}", declared(&one).members.last().unwrap());
}

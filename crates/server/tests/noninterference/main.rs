//! Nobody can tell who reported: pairs of worlds that differ in who filed one report, or in a report that is never
//! released, must give every other observer equal bytes on every route; planted leaks must be caught.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::await_holding_lock, reason = "one thread drives each world")]

mod circles;
mod declared;
mod joining;
#[cfg(feature = "planted-leaks")]
mod leaks;
mod light;
mod logs;
mod observe;
mod own;
mod pair;
mod questions;
mod random;
mod rho;
mod script;
mod spread;
mod world;

use std::io::Write as _;

use pair::{Difference, Figures, Pair, compare, declared};
use questions::{Base, Making, WALLED_SIZES};
use random::Random;
use script::script;
use spread::spread;

/// Most of what a world does is small: the allocator of the binary serves the tests too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Least share of pairs in which the declared release agrees, of those made.
const KEPT_SHARE_MIN: f64 = 0.30;
/// Times that each route must have been asked by each kind of observer.
const ASKED_MIN: u64 = 100;
/// Pairs of a swap in which the cell must have been compared too, and an operator's export, of a hundred.
const CELL_SHARE_MIN: f64 = 0.20;
/// Light pairs that a run must have made.
const PAIRS_MIN: u64 = 10_000;

/// Runs a pair that was made, if it was kept, asking every route at its end.
async fn keep(base: &Base, making: Making, seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let Some(made) = light::counted(making, figures) else { return Ok(()) };
    if compare(&Pair { one: &base.script, made: &made, seed }, figures).await? {
        light::kept(&made, figures);
    } else {
        figures.abandoned += 1;
    }
    Ok(())
}

/// One pair in which another firm files a report.
async fn swap(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let base = Base::new(script(seed));
    keep(&base, questions::swap(&base, &mut Random(seed ^ 0x5A5A)), seed, figures).await
}

/// One pair in which a report, or a value of one, that is never released is replaced by nothing.
async fn presence(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let base = Base::new(script(seed));
    keep(&base, questions::presence(&base, &mut Random(seed ^ 0xA5A5)), seed, figures).await
}

/// One pair in which somebody who is no member tells the cell of what members report too, or does not.
async fn from_outside(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let (base, making) = questions::outside(&script(seed), &mut Random(seed ^ 0x7777));
    keep(&base, making, seed, figures).await
}

/// One pair in which reports arrive at other moments of their release tick, and in another order within it.
async fn arrival(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let base = Base::new(script(seed));
    keep(&base, questions::arrival(&base, &mut Random(seed ^ 0x3C3C)), seed, figures).await
}

/// One pair that differs behind a secondee's wall alone.
async fn behind_a_wall(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let whole = script::script_of(seed, WALLED_SIZES);
    match questions::wall(&whole, &mut Random(seed ^ 0x6969)) {
        Some((base, making)) => keep(&base, making, seed, figures).await,
        None => Ok(()),
    }
}

/// One world beside the model of the declared release.
async fn beside_the_model(seed: u64, figures: &mut Figures) -> Result<(), Difference> {
    let one = script(seed);
    // Where values soon stop to link, the model says less than which report was the last that did.
    if one.common.is_some() || one.weighed {
        return Ok(());
    }
    figures.made += 1;
    figures.kept += u64::from(declared::as_declared(&one).await?);
    Ok(())
}

fn pairs(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The seeds of a test: from the first that the environment names, as many as it names.
fn seeds(name: &str, default: u64) -> std::ops::Range<u64> {
    let first = pairs("FUSIONCELL_FIRST_SEED", 1);
    first..first + pairs(name, default)
}

/// What all threads together have done.
fn summed(all: Vec<Figures>) -> Figures {
    all.into_iter().fold(Figures::default(), |mut sum, figures| {
        sum.add(figures);
        sum
    })
}

/// Whether shares are judged here: whoever runs a part of something longer judges them over the whole.
fn judged() -> bool {
    std::env::var_os("FUSIONCELL_PART").is_none()
}

/// Prints a figure that every run shows, also one that passes: past the capture of the runner, as it is no part of a test's output.
fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn report(name: &str, figures: &Figures) {
    let share = figures.kept as f64 / figures.made.max(1) as f64;
    tell(&format!(
        "{name}: {} pairs made, {} kept ({:.0} %), {} of them compared for the cell too, {} answers compared",
        figures.made,
        figures.kept,
        share * 100.0,
        figures.cell,
        figures.compared
    ));
    tell(&format!(
        "{name}, besides: {} pairs abandoned since a firm had sent too much, {} compared for operators, {} with the journal's export, {} with the pages of the members' store, {} mailboxes with mail",
        figures.abandoned, figures.operator, figures.export, figures.stores, figures.mails
    ));
    for (why, (made, kept)) in &figures.reasons {
        tell(&format!("{name} of {why}: {made} made, {kept} kept"));
    }
    if !judged() {
        return;
    }
    assert!(figures.mails > 0, "{name}: no mail came to anybody");
    assert!(figures.stores * 2 > figures.kept, "{name}: the members' store was compared in {} pairs", figures.stores);
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
        tell(&format!("{count:6} × {route} as {kind}"));
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
    let figures = summed(spread(seeds("FUSIONCELL_SWAP_PAIRS", 460), swap));
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
    let figures = summed(spread(seeds("FUSIONCELL_PRESENCE_PAIRS", 300), presence));
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
    let figures = summed(spread(seeds("FUSIONCELL_OUTSIDE_PAIRS", 100), from_outside));
    report("outside", &figures);
}

/// Pairs of each sort of hidden report that must have been compared.
const PRESENCE_KEPT_MIN: u64 = 5;

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_when_reports_arrive_in_another_order_or_at_another_moment_of_their_tick() {
    let figures = summed(spread(seeds("FUSIONCELL_ARRIVAL_PAIRS", 200), arrival));
    report("arrival", &figures);
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_for_a_secondee_when_what_is_behind_the_wall_does() {
    let figures = summed(spread(seeds("FUSIONCELL_WALL_PAIRS", 150), behind_a_wall));
    report("wall", &figures);
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn members_get_what_is_declared_and_nothing_else() {
    let figures = summed(spread(seeds("FUSIONCELL_MODEL_SCRIPTS", 400), beside_the_model));
    tell(&format!("beside the model: {} scripts, {} played to their end", figures.made, figures.kept));
    assert!(
        !judged() || figures.kept * 2 >= figures.made,
        "only {} of {} scripts were played",
        figures.kept,
        figures.made
    );
}

/// Seeds of light pairs, of each a few pairs.
const LIGHT_SEEDS: u64 = 1_480;

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn no_byte_differs_in_ten_thousand_pairs_that_ask_a_part_of_the_routes() {
    let started = std::time::Instant::now();
    let all = spread(seeds("FUSIONCELL_LIGHT_SEEDS", LIGHT_SEEDS), light::seed);
    let all = all.into_iter().fold(light::All::default(), light::All::with);
    let (mut made, mut kept) = (0, 0);
    for (name, figures) in all.named() {
        made += figures.made;
        kept += figures.kept;
        report(&format!("light {name}"), figures);
    }
    tell(&format!("light pairs: {made} made, {kept} kept, in {} s", started.elapsed().as_secs()));
    assert!(!judged() || made >= PAIRS_MIN, "only {made} light pairs were made, where a run takes {PAIRS_MIN}");
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

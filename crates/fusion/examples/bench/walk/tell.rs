//! Tells campaigns and mistakes in words.

use std::collections::BTreeMap;

use fusion::{Reason, Weights};
use model::Observable;

use super::pick::Mistake;
use super::{Held, Walked};
use crate::data;

/// Reports of a campaign that are told; of more the first and the last ones.
const REPORTS_TOLD: usize = 8;
/// Values of a report that are told.
const VALUES_TOLD: usize = 4;
/// Things in common that are told of a mistake.
const SHARED_TOLD: usize = 4;
/// Reasons of a rule that are told.
const REASONS_TOLD: usize = 2;
/// Longest value that is told whole, in characters.
const VALUE_CHARS: usize = 90;

/// A campaign, report by report.
pub fn campaign(walked: &Walked, reports: &[usize]) {
    let firms: std::collections::BTreeSet<u32> = reports.iter().map(|report| walked.reports[*report].member).collect();
    println!(
        "{} of {}, {} to {}. The truth: all are {}.",
        count(reports.len(), "report"),
        count(firms.len(), "reporter"),
        day(walked, reports[0]),
        day(walked, reports[reports.len() - 1]),
        walked.label(reports[0])
    );
    let left_out =
        if reports.len() > REPORTS_TOLD { REPORTS_TOLD - 2..reports.len() - 2 } else { reports.len()..reports.len() };
    for (place, report) in reports.iter().enumerate() {
        if place == left_out.start {
            println!("… {} reports in between", left_out.len());
        }
        if !left_out.contains(&place) {
            arrival(walked, *report);
        }
    }
}

/// A report as it arrived, and what the engine said.
fn arrival(walked: &Walked, report: usize) {
    let arrival = &walked.arrivals[report];
    header(walked, report);
    let Some(held) = arrival.joined.map(|joined| &arrival.considered[joined]) else {
        let nearest = arrival.considered.first().map_or_else(String::new, |held| {
            format!(
                "; the likeliest of {} came to {:+.2}",
                count(arrival.considered.len(), "campaign"),
                held.what.log_odds
            )
        });
        println!("  begins a campaign{nearest}");
        return;
    };
    let more =
        if arrival.merged > 0 { format!(", and {} more become one with it", arrival.merged) } else { String::new() };
    println!(
        "  joins a campaign of {} at log-odds {:+.2}{more}",
        count(held.reports.len(), "report"),
        held.what.log_odds
    );
    sum(walked, report, held, &arrival.reasons);
}

fn header(walked: &Walked, report: usize) {
    let told = &walked.reports[report];
    let mut values: Vec<String> = told.values.iter().take(VALUES_TOLD).map(|value| short(value.value())).collect();
    if told.values.len() > VALUES_TOLD {
        values.push(format!("… {} more", told.values.len() - VALUES_TOLD));
    }
    println!("{}  {}: {}", day(walked, report), count(told.values.len(), "value"), values.join(", "));
}

/// The terms of the sum, each rule with its sentences.
fn sum(walked: &Walked, report: usize, held: &Held, reasons: &[Reason]) {
    let weights = Weights::default();
    let mut terms: Vec<(f32, usize)> =
        held.what.evidence.iter().zip(weights.rules).map(|(e, w)| e * w).zip(0..).collect();
    terms.retain(|(term, _)| *term > 0.0);
    terms.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let names = fusion::rule_names();
    for (term, rule) in terms {
        println!("  {term:+.2}  {} ({:.2} nats × {:.2})", names[rule], held.what.evidence[rule], weights.rules[rule]);
        let of: Vec<&Reason> = reasons.iter().filter(|reason| reason.rule == names[rule]).collect();
        for reason in of.iter().take(REASONS_TOLD) {
            println!("         {}", sentence(walked, report, reason));
        }
        if of.is_empty() && !reasons.is_empty() {
            println!("         (by values beyond the eight strongest reasons, which alone are kept)");
        }
        if of.len() > REASONS_TOLD {
            println!("         … and {} more", of.len() - REASONS_TOLD);
        }
    }
    let quiet = weights.quiet * held.what.days.max(0.0).ln_1p();
    println!("  {:+.2}  to begin with: most reports are of no campaign that is known", weights.bias);
    if quiet < -0.005 {
        println!("  {quiet:+.2}  for {:.1} quiet days, or as many reports", held.what.days);
    }
    if held.what.young > 0.0 {
        println!("  {:+.2}  since the campaign began within six hours", held.what.young);
    }
    let cover = weights.cover * held.what.cover;
    if cover < 0.0 {
        println!("  {cover:+.2}  because so little of the report is shared");
    }
}

fn value<'a>(walked: &'a Walked, report: usize, reason: &Reason) -> &'a Observable {
    let values = &walked.reports[report].values;
    values.iter().find(|value| value.key(data::SEED) == reason.key).expect("a reason names a value of its report")
}

fn sentence(walked: &Walked, report: usize, reason: &Reason) -> String {
    let others = &walked.reports[data::number(reason.other) as usize].values;
    let told = walked.engine.sentence(reason, value(walked, report, reason), others);
    told.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// A mistake, with what the labels say and what would have helped.
pub fn mistake(walked: &Walked, mistake: Mistake) {
    match mistake {
        Mistake::Wrong { report } => wrong(walked, report),
        Mistake::Missed { report, earlier, shared } => missed(walked, report, earlier, shared),
    }
}

fn wrong(walked: &Walked, report: usize) {
    let Walked { arrivals, .. } = walked;
    let arrival_of = &arrivals[report];
    let Some(held) = arrival_of.joined.map(|joined| &arrival_of.considered[joined]) else { return };
    println!("The campaign that it joined:");
    for other in held.reports.iter().rev().take(3).rev() {
        header(walked, *other);
    }
    println!("The report:");
    arrival(walked, report);
    println!("The truth: the report is {}; the campaign is {}.", walked.label(report), labels(walked, &held.reports));
    let seen = hindsight(walked, report, &arrival_of.reasons);
    println!("Why: {}", why(walked, report, held, &seen));
    println!("Seen from the end:");
    for (rule, shared, who) in seen.iter().take(SHARED_TOLD) {
        println!("  {} ({rule}) is in {} in all: {}", short(shared), count(who.len(), "report"), labels(walked, who));
    }
    println!("What would have helped:");
    without_each(held);
    own_label(walked, report);
}

/// Labels of what is shared from which on it is everybody's.
const EVERYBODYS_LABELS: usize = 4;

/// The kind of mistake that a wrong link is, by what the reports share.
fn why(walked: &Walked, report: usize, held: &Held, seen: &[(&str, String, Vec<usize>)]) -> String {
    let values = &walked.reports[report].values;
    let named = |value: &&Observable| held.reports.iter().any(|other| walked.reports[*other].values.contains(value));
    let equal = values.iter().filter(named).count();
    let labels = |who: &[usize]| {
        who.iter().map(|report| walked.reports[*report].campaign).collect::<std::collections::BTreeSet<u32>>().len()
    };
    if equal > 0 {
        return format!(
            "{equal} of its {} are the campaign's as well: by all that reports say it is one attack, under two labels",
            count(values.len(), "value")
        );
    }
    match seen.iter().map(|(_, shared, who)| (labels(who), shared)).max() {
        Some((labels, shared)) if labels >= EVERYBODYS_LABELS => format!(
            "{} is everybody's: it has {labels} labels in all; what others there did was too little, or not known yet, for that to show",
            short(shared)
        ),
        _ => "what they share is rare, and two attacks have it all the same".to_owned(),
    }
}

/// What the sum would have been without one of its rules.
fn without_each(held: &Held) {
    let weights = Weights::default();
    for (rule, (evidence, weight)) in held.what.evidence.iter().zip(weights.rules).enumerate() {
        let term = evidence * weight;
        if term > 0.0 {
            let rest = held.what.log_odds - term;
            let then =
                if rest > weights.join { "it would have joined all the same" } else { "it would not have joined" };
            println!("  without {} {rest:+.2}: {then}", fusion::rule_names()[rule]);
        }
    }
}

/// Whether there was a campaign of its label that it could have joined.
fn own_label(walked: &Walked, report: usize) {
    let earlier = (0..report).filter(|other| walked.is_same(report, *other)).count();
    let considered = &walked.arrivals[report].considered;
    let own = considered.iter().find(|held| held.reports.iter().any(|other| walked.is_same(report, *other)));
    match own {
        Some(held) => println!(
            "  a campaign with reports of its label came to {:+.2} ({})",
            held.what.log_odds,
            labels(walked, &held.reports)
        ),
        None => println!(
            "  nothing leads to its label: it shares no feature with any of {} of it",
            count(earlier, "earlier report")
        ),
    }
}

fn missed(walked: &Walked, report: usize, earlier: usize, shared: usize) {
    println!("The earlier report:");
    header(walked, earlier);
    println!("The report:");
    arrival(walked, report);
    let own = walked.reports[report].values.len();
    println!(
        "The truth: both are {}; {shared} of its {} are the earlier report's as well.",
        walked.label(report),
        count(own, "value")
    );
    let arrival = &walked.arrivals[report];
    let held = arrival.considered.iter().find(|held| held.reports.contains(&earlier));
    match held {
        Some(held) => {
            println!(
                "What the earlier report's campaign of {} came to: {:+.2}",
                count(held.reports.len(), "report"),
                held.what.log_odds
            );
            sum(walked, report, held, &[]);
            if let Some(joined) = arrival.joined.map(|joined| &arrival.considered[joined]) {
                println!("  the campaign that it joined instead is {}", labels(walked, &joined.reports));
            }
            let lost = Weights::default().cover * held.what.cover;
            let whys = if held.what.log_odds - lost > Weights::default().join {
                "most of the report is not shared, which takes away more than what is shared can spare"
            } else {
                "what is shared says too little of a campaign that was quiet so long"
            };
            println!("Why: {whys}");
            println!("What would have helped:");
            println!(
                "  {:.2} nats more would have made it join",
                (Weights::default().join - held.what.log_odds).max(0.0)
            );
            println!("  the campaign is {}", labels(walked, &held.reports));
        }
        None => println!(
            "Nothing of it leads there: each value that both have links nothing, or leads to four campaigns already."
        ),
    }
    let values = walked.reports[report].values.iter().filter(|value| walked.reports[earlier].values.contains(value));
    for value in values.take(VALUES_TOLD) {
        let who: Vec<usize> =
            (0..walked.reports.len()).filter(|other| walked.reports[*other].values.contains(value)).collect();
        println!("  {} is in {} in all: {}", short(value.value()), count(who.len(), "report"), labels(walked, &who));
    }
    let at_the_end = walked.campaign(report).contains(&earlier);
    println!(
        "  at the end the two are {}",
        if at_the_end { "one campaign: a later report made them so" } else { "still apart" }
    );
}

/// What was shared, by rule, and which reports have it in all.
fn hindsight(walked: &Walked, report: usize, reasons: &[Reason]) -> Vec<(&'static str, String, Vec<usize>)> {
    let mut told: Vec<(&'static str, String, Vec<usize>)> = Vec::new();
    for reason in reasons {
        let value = value(walked, report, reason);
        let others = &walked.reports[data::number(reason.other) as usize].values;
        let Some(likeness) = walked.engine.likeness(reason.rule, value, others) else { continue };
        if told.iter().any(|(rule, shared, _)| *rule == reason.rule && *shared == likeness.shared) {
            continue;
        }
        let has = |other: &usize| {
            let values = &walked.reports[*other].values;
            walked
                .engine
                .likeness(reason.rule, &likeness.other, values)
                .is_some_and(|found| found.shared == likeness.shared)
        };
        told.push((reason.rule, likeness.shared.clone(), (0..walked.reports.len()).filter(has).collect()));
    }
    told
}

/// Labels of reports, the commonest first.
fn labels(walked: &Walked, reports: &[usize]) -> String {
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for report in reports {
        *by.entry(walked.label(*report)).or_default() += 1;
    }
    let mut by: Vec<(&str, usize)> = by.into_iter().collect();
    by.sort_by_key(|(label, reports)| (std::cmp::Reverse(*reports), *label));
    let mut told: Vec<String> = by.iter().take(6).map(|(label, reports)| format!("{label} ({reports})")).collect();
    if by.len() > 6 {
        told.push(format!("{} more labels", by.len() - 6));
    }
    told.join(", ")
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn day(walked: &Walked, report: usize) -> String {
    let at = jiff::Timestamp::from_millisecond(walked.reports[report].at).unwrap();
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A value that nobody follows by mistake, cut if it is long.
fn short(value: &str) -> String {
    let value = if value.contains("[number]") { value.to_owned() } else { model::defang(value) };
    match value.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

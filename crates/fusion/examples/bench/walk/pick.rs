//! Which campaigns and mistakes are told.

use std::collections::BTreeMap;

use super::Walked;

/// Rules by which two reports have the value itself in common, or whose it is.
const STRONG: [&str; 3] = ["same-value", "url-host", "owned-domain"];
/// Fewest reports of a campaign that is told.
const REPORTS_MIN: usize = 3;

/// A mistake.
#[derive(Clone, Copy)]
pub enum Mistake {
    /// A report joined a campaign that has no report of its label.
    Wrong { report: usize },
    /// A report stayed apart from an earlier one of its label with which it shares values.
    Missed { report: usize, earlier: usize, shared: usize },
}

/// The largest campaign all of whose reports are of the later half and of one label, the median one, and the largest in which no report
/// is for a value, host or owner that it shares. Of equals the one that began first.
pub fn campaigns(walked: &Walked) -> Vec<(&'static str, Vec<usize>)> {
    let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for report in walked.half..walked.reports.len() {
        let reports = walked.campaign(report);
        of.insert(reports[0], reports);
    }
    let mut pure: Vec<Vec<usize>> = of
        .into_values()
        .filter(|reports| reports.len() >= REPORTS_MIN && reports[0] >= walked.half)
        .filter(|reports| reports.iter().all(|report| walked.is_same(reports[0], *report)))
        .collect();
    pure.sort_by_key(|reports| (std::cmp::Reverse(reports.len()), reports[0]));
    let weak = |reports: &&Vec<usize>| {
        let reasons = || reports.iter().flat_map(|report| &walked.arrivals[*report].reasons);
        reasons().next().is_some() && reasons().all(|reason| !STRONG.contains(&reason.rule))
    };
    println!(
        "The later half begins with report {} of {}; {} campaigns of three or more reports have one label.",
        walked.half,
        walked.reports.len(),
        pure.len()
    );
    let told = [
        ("The largest true campaign", pure.first()),
        ("The median true campaign", pure.get(pure.len() / 2)),
        ("The largest true campaign without a value, host or owner in common", pure.iter().find(weak)),
    ];
    told.into_iter().filter_map(|(why, reports)| Some((why, reports?.clone()))).collect()
}

/// The surest link to a campaign that has no report of the label; the surest of those that are by a shared host alone, of another
/// label; and the report that shares most values with an earlier one of its label from which it stayed apart.
pub fn mistakes(walked: &Walked) -> Vec<(&'static str, Mistake)> {
    let mut wrong: Vec<(usize, f32)> = Vec::new();
    for report in walked.half..walked.reports.len() {
        let arrival = &walked.arrivals[report];
        let Some(held) = arrival.joined.map(|joined| &arrival.considered[joined]) else { continue };
        if held.reports.iter().all(|other| !walked.is_same(report, *other)) {
            wrong.push((report, held.what.log_odds));
        }
    }
    wrong.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let surest = wrong.first().map(|(report, _)| *report);
    let hosts = |report: usize| {
        let reasons = &walked.arrivals[report].reasons;
        !reasons.is_empty() && reasons.iter().all(|reason| ["url-host", "owned-domain"].contains(&reason.rule))
    };
    let by_host = wrong.iter().map(|(report, _)| *report).find(|report| {
        hosts(*report) && surest.is_none_or(|surest| surest != *report && !walked.is_same(surest, *report))
    });
    let mut missed: Option<(usize, usize, usize)> = None;
    let mut holders: BTreeMap<&model::Observable, Vec<usize>> = BTreeMap::new();
    for (report, told) in walked.reports.iter().enumerate() {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for value in &told.values {
            let held = holders.entry(value).or_default();
            for other in held.iter().filter(|other| **other != report) {
                *shared.entry(*other).or_default() += 1;
            }
            held.push(report);
        }
        let arrival = &walked.arrivals[report];
        let with = arrival.joined.map_or(&[][..], |joined| &arrival.considered[joined].reports);
        for (earlier, shared) in shared {
            let apart = report >= walked.half && walked.is_same(report, earlier) && !with.contains(&earlier);
            // What became one with it, at once or later, is no miss.
            let stays_apart = || !walked.campaign(report).contains(&earlier);
            if apart && missed.is_none_or(|(_, _, most)| shared > most) && stays_apart() {
                missed = Some((report, earlier, shared));
            }
        }
    }
    let told = [
        ("The surest wrong link", surest.map(|report| Mistake::Wrong { report })),
        ("The surest wrong link by a host or owner alone", by_host.map(|report| Mistake::Wrong { report })),
        (
            "The miss that shares most values",
            missed.map(|(report, earlier, shared)| Mistake::Missed { report, earlier, shared }),
        ),
    ];
    told.into_iter().filter_map(|(why, mistake)| Some((why, mistake?))).collect()
}

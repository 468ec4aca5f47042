//! What each firm reads of its own reports beside what is declared to it: nothing early, nothing of another's, nothing lost.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::pair::Difference;
use crate::rho::{OwnReport, Rho};
use crate::script::value;
use crate::world::{Observer, World};

/// Firms that are asked each time.
const ASKED: usize = 3;

/// What a firm has: reports by their references, those that came without one, and how many are unread.
#[derive(Default)]
struct Reports<'a> {
    told: BTreeMap<&'a String, String>,
    imported: usize,
    unread: usize,
}

/// Of so many cases the page of one is looked at each time.
const PAGES_ASKED: usize = 4;

fn line(report: &OwnReport) -> String {
    let mut values: Vec<String> = Vec::new();
    // A recalled report has nothing left; of a withdrawn one its firm reads what it had sent.
    if report.state != "recalled" {
        values.extend(report.report.values.iter().map(|number| value(*number)));
        values.extend(report.report.own_name.map(|place| place.text(report.firm)));
        values.sort();
    }
    format!("{} unread {} {:?} {values:?}", report.state, report.unread, report.thread)
}

fn json(seen: &str) -> Json {
    serde_json::from_str(seen.rsplit_once('\n').map(|(_, body)| body).unwrap_or_default()).unwrap_or_default()
}

fn told(report: &Json) -> String {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let rows = report["thread"].as_array().into_iter().flatten();
    let thread: Vec<String> = rows
        .map(|row| match (text(&row["from"]).as_str(), text(&row["kind"]).as_str()) {
            ("cell", "message") if row["asks"] == true => "cell asks".to_owned(),
            (from, kind) => format!("{from} {kind}"),
        })
        // That somebody of the cell has it is its state.
        .filter(|row| row != "cell read")
        .collect();
    let mut values: Vec<String> =
        report["values"].as_array().into_iter().flatten().map(|value| text(&value["value"])).collect();
    values.sort();
    format!("{} unread {} {thread:?} {values:?}", text(&report["state"]), report["unread"])
}

/// The cell's page of a report: its thread to the minute, and nothing that names its firm.
async fn page(world: &World, reference: &str, report: &OwnReport, index: usize) -> Result<(), Difference> {
    let path = format!("/cell/v1/reports/{reference}");
    let seen = world.ask(Observer::Analyst, "GET", &path, &[], "").await.0;
    let page = json(&seen);
    let mut rows = page["thread"].as_array().cloned().unwrap_or_default();
    // What the cell feeds back to its source is for the cell alone.
    rows.retain(|row| row["kind"] != "verdict" && row["kind"] != "limited");
    let seconds = rows.iter().chain([&page]).map(|row| row["at"].as_str().unwrap_or_default().to_owned());
    let seconds: Vec<String> = seconds.filter(|at| at.split(':').nth(2).is_none_or(|rest| !is_whole(rest))).collect();
    let named = report.report.named || report.report.own_name.is_some();
    if !seconds.is_empty() || !named && seen.contains(&format!("irm {}\"", report.firm)) {
        return Err(Difference(format!("after operation {index} the page of a case tells too much: {seen}")));
    }
    // A recall takes what was told before it out of the thread of its firm, and its texts out of the cell's.
    let told = report.thread.iter().filter(|row| **row != "partnership released").count();
    if !matches!(report.state, "recalled" | "aged") && rows.len() != told {
        return Err(Difference(format!("after operation {index} the page of a case lacks acts: {seen}")));
    }
    Ok(())
}

/// Whether the seconds of a time are none.
fn is_whole(seconds: &str) -> bool {
    seconds.trim_end_matches('Z').bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// Compares what a few firms read with what the model says.
pub async fn compare(world: &World, rho: &Rho, index: usize) -> Result<(), Difference> {
    let mut by_firm: BTreeMap<usize, Reports<'_>> = BTreeMap::new();
    for (label, report) in rho.own_reports() {
        let own = by_firm.entry(report.firm).or_default();
        // An import tells no reference.
        let Some(reference) = world.reference(label) else {
            own.imported += 1;
            own.unread += usize::from(report.unread);
            continue;
        };
        own.unread += usize::from(report.unread);
        own.told.insert(reference, line(report));
        if (label + index).is_multiple_of(PAGES_ASKED) {
            page(world, reference, report, index).await?;
        }
    }
    let firms: Vec<usize> = by_firm.keys().copied().collect();
    let from = if firms.is_empty() { 0 } else { index % firms.len() };
    for firm in firms.iter().cycle().skip(from).take(ASKED.min(firms.len())) {
        let says = &by_firm[firm];
        let ask = async |path: String| json(&world.ask(Observer::MemberKey(*firm), "GET", &path, &[], "").await.0);
        let list = ask("/api/v1/reports".to_owned()).await;
        let rows = list["items"].as_array().cloned().unwrap_or_default();
        let (many, unread) = (says.imported + says.told.len(), says.unread);
        if rows.len() != many || list["unread"] != unread {
            return Err(Difference(format!(
                "after operation {index} firm {firm} has {many} reports, {unread} of them unread, and its list says {list}"
            )));
        }
        for (reference, says) in &says.told {
            let gets = told(&ask(format!("/api/v1/reports/{reference}")).await);
            if gets != *says {
                return Err(Difference(format!(
                    "after operation {index} firm {firm} reads of its report {gets}, declared: {says}"
                )));
            }
        }
    }
    Ok(())
}

//! Waves: attacks that hit five to fifteen firms within six hours, hidden in a year of what people posted.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use fusion::Weights;
use model::{Kind, Observable};

use crate::data::{self, Names, Random, Report};
use crate::scattered;

const FIRMS: u64 = 160;
const WAVES: usize = 200;
const HOUR: i64 = 3_600_000;
/// No wave hides here.
const BACKGROUND: u32 = u32::MAX;
/// Values that one run of a campaign uses, of which each firm sees some.
const RUN: usize = 20;

/// What people posted: a report each post, in the name of one of the firms.
pub fn background(data: &Path) -> Vec<Report> {
    let text = data::gunzip(&data.join("stream/tweetfeed-2025.csv.gz"));
    let mut posts: HashMap<&str, usize> = HashMap::new();
    let mut reporters = Names::default();
    let mut reports: Vec<Report> = Vec::new();
    let text = String::from_utf8_lossy(&text).into_owned();
    for line in text.lines() {
        let mut parts = line.splitn(4, ',');
        let (Some(time), Some(reporter), Some(kind), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let mut rest = rest.rsplitn(3, ',');
        let (Some(post), Some(_), Some(value)) = (rest.next(), rest.next(), rest.next()) else { continue };
        let kind = if kind == "ip" { "ipv4" } else { kind };
        let Some(value) = data::observable(kind, value) else { continue };
        let at: jiff::Timestamp = format!("{}Z", time.replace(' ', "T")).parse().unwrap();
        let member = reporters.number(reporter) % FIRMS as u32;
        let place = *posts.entry(post).or_insert_with(|| {
            reports.push(Report {
                at: at.as_millisecond(),
                campaign: BACKGROUND,
                member,
                values: Vec::new(),
                tags: Vec::new(),
            });
            reports.len() - 1
        });
        reports[place].values.push(value);
    }
    reports
}

/// A value that is like another one and not the same: beside it below one owner, in one network, at one host.
fn pivot(value: &Observable, random: &mut Random) -> Option<Observable> {
    let fresh = random.next();
    let text = value.value();
    match value.kind() {
        Kind::Domain => data::observable("domain", &format!("n{fresh:x}.{text}")),
        Kind::Ipv4 => {
            let (net, last) = text.rsplit_once('.')?;
            let other = (last.parse::<u64>().ok()? + 1 + random.below(254)) % 256;
            data::observable("ipv4", &format!("{net}.{other}"))
        }
        Kind::Url => {
            let (scheme, rest) = text.split_once("://")?;
            let host = rest.split('/').next()?;
            data::observable("url", &format!("{scheme}://{host}/{fresh:x}"))
        }
        _ => None,
    }
}

/// Attacks on some firms within six hours each; `run` values of a campaign are in use at a time.
fn attacks(campaigns: &[&[Observable]], run: usize, from: i64, to: i64, random: &mut Random) -> Vec<Report> {
    let mut reports = Vec::new();
    for (wave, values) in campaigns.iter().enumerate() {
        let start = from + (random.unit() * (to - from) as f64) as i64;
        let used = random.sample(values, values.len().min(run));
        let firms = 5 + random.below(11) as usize;
        let all: Vec<u64> = (0..FIRMS).collect();
        for firm in random.sample(&all, firms) {
            let n = (3 + random.below(8) as usize).min(used.len());
            let mut told = random.sample(&used, n);
            for value in &mut told {
                if random.below(3) == 0
                    && let Some(like) = pivot(value, random)
                {
                    *value = like;
                }
            }
            let at = start + (random.unit() * (6 * HOUR) as f64) as i64;
            reports.push(Report { at, campaign: wave as u32, member: firm as u32, values: told, tags: Vec::new() });
        }
    }
    reports
}

/// Which attacks were told as waves, and how many waves were told besides.
fn judge(reports: &[Report], networks: &Arc<fusion::Networks>) -> (HashSet<u32>, usize) {
    let mut engine = data::engine(networks, Weights::default());
    let (mut found, mut besides) = (HashSet::new(), 0);
    for (number, report) in reports.iter().enumerate() {
        data::step(&mut engine, number as u32, report, &mut Vec::new());
        for wave in engine.take_changes().waves {
            let cases = engine.campaign(wave.campaign).unwrap().cases;
            let late = cases.iter().map(|case| &reports[data::number(*case) as usize]);
            let late: Vec<u32> = late.filter(|of| report.at - of.at <= 6 * HOUR).map(|of| of.campaign).collect();
            let mine = late.iter().filter(|of| **of == report.campaign && **of != BACKGROUND).count();
            if mine * 2 > late.len() {
                found.insert(report.campaign);
            } else {
                besides += 1;
            }
        }
    }
    (found, besides)
}

pub fn run(labels: &Path, data: &Path) -> u32 {
    let networks = Arc::new(data::networks(data));
    let campaigns = scattered::campaigns(labels);
    let stream = background(data);
    let (from, to) = (stream.first().unwrap().at, stream.last().unwrap().at);
    let known: HashSet<&str> = stream.iter().flat_map(|report| &report.values).map(Observable::value).collect();
    let strange: Vec<&[Observable]> = campaigns
        .iter()
        .map(|campaign| campaign.values.as_slice())
        .filter(|values| values.iter().all(|value| !known.contains(value.value())))
        .collect();
    let weeks = (to - from) as f64 / (7 * 24 * HOUR) as f64;
    // Other attacks tell how far the figures rest on these.
    let seed = std::env::var("FUSION_BENCH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_250_102);
    let mut missed = 0;
    for (name, run) in [("one run of twenty values", RUN), ("the whole campaign", usize::MAX)] {
        let mut random = Random(seed);
        let chosen = random.sample(&strange, WAVES.min(strange.len()));
        let mut reports = attacks(&chosen, run, from, to, &mut random);
        reports.extend(stream.iter().map(|report| Report {
            values: report.values.clone(),
            tags: Vec::new(),
            ..*report
        }));
        reports.sort_by_key(|report| report.at);
        let (found, besides) = judge(&reports, &networks);
        let mut times: Vec<i64> = reports.iter().map(|report| report.at).collect();
        times = random.sample(&times, times.len());
        for (report, at) in reports.iter_mut().zip(times) {
            report.at = at;
        }
        reports.sort_by_key(|report| report.at);
        let (by_chance, others) = judge(&reports, &networks);
        let (recall, false_ones) =
            (found.len() as f64 / chosen.len() as f64, (by_chance.len() + others) as f64 / weeks);
        let met = recall >= 0.95 && false_ones <= 1.0;
        missed += u32::from(!met);
        println!(
            "waves of values of {name}: {} of {} found ({recall:.3}; wanted 0.95), {false_ones:.2} a week with times permuted \
             (wanted 1), {:.2} a week besides in the stream itself: {}",
            found.len(),
            chosen.len(),
            besides as f64 / weeks,
            if met { "met" } else { "missed" }
        );
    }
    missed
}

//! Scattered campaigns: each of some firms reports a part of a campaign's values, among noise, and the engine puts them together.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use fusion::{Finding, Weights};
use model::Observable;

use crate::data::{self, Random, Report};

/// Firms of the partnership.
const FIRMS: u64 = 160;
/// Share of a report's values that are noise.
const NOISE: f64 = 0.2;
const DAY: f64 = 86_400_000.0;

/// How much of a campaign one firm sees.
#[derive(Clone, Copy)]
pub enum Part {
    Share(usize),
    Values(usize),
}

pub struct Campaign {
    truth: u32,
    pub values: Vec<Observable>,
}

pub fn campaigns(labels: &Path) -> Vec<Campaign> {
    let text = std::fs::read_to_string(labels.join("campaigns.tsv")).unwrap();
    let mut by_name: BTreeMap<&str, Vec<Observable>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut parts = line.split('\t');
        let (Some(name), Some(kind), Some(value)) = (parts.next(), parts.next(), parts.next()) else { continue };
        by_name.entry(name).or_default().extend(data::observable(kind, value));
    }
    by_name.retain(|_, values| values.len() >= 20);
    let names: Vec<&str> = by_name.keys().copied().collect();
    let place: HashMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    let mut parent: Vec<usize> = (0..names.len()).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    let overlap = std::fs::read_to_string(labels.join("overlap.tsv")).unwrap_or_default();
    for line in overlap.lines().skip(1) {
        let parts: Vec<&str> = line.split('\t').collect();
        let (Some(a), Some(b)) = (place.get(parts[0]), place.get(parts[1])) else { continue };
        let smaller = by_name[names[*a]].len().min(by_name[names[*b]].len());
        if parts[2].parse::<usize>().unwrap() * 10 >= smaller {
            let (a, b) = (root(&mut parent, *a), root(&mut parent, *b));
            parent[a] = b;
        }
    }
    let truths: Vec<u32> = (0..names.len()).map(|at| root(&mut parent, at) as u32).collect();
    by_name.into_values().zip(truths).map(|(values, truth)| Campaign { truth, values }).collect()
}

/// Reports of all campaigns within a year, in time order. A campaign begins at any time and reaches its firms within days or
/// weeks: delays are exponential with a mean between one day and thirty, evenly in its logarithm.
fn scatter(campaigns: &[Campaign], popular: &[Observable], part: Part, random: &mut Random) -> Vec<Report> {
    let mut reports = Vec::new();
    for campaign in campaigns {
        let start = random.unit() * 365.0 * DAY;
        let mean = 30_f64.powf(random.unit()) * DAY;
        let firms = 2 + random.below(11);
        let mut chosen: Vec<u64> = Vec::new();
        while (chosen.len() as u64) < firms {
            let firm = random.below(FIRMS);
            if !chosen.contains(&firm) {
                chosen.push(firm);
            }
        }
        for firm in chosen {
            let n = match part {
                Part::Share(share) => campaign.values.len().div_ceil(share),
                Part::Values(n) => n.min(campaign.values.len()),
            };
            let mut values: Vec<Observable> = random.sample(&campaign.values, n);
            let noise = NOISE / (1.0 - NOISE) * n as f64;
            let noise = noise.floor() as usize + usize::from(random.unit() < noise.fract());
            for _ in 0..noise {
                if random.unit() < 0.5 {
                    values.push(popular[random.below(popular.len() as u64) as usize].clone());
                } else {
                    let other = &campaigns[random.below(campaigns.len() as u64) as usize];
                    values.push(other.values[random.below(other.values.len() as u64) as usize].clone());
                }
            }
            let at = (start - mean * (1.0 - random.unit()).ln()) as i64 + 1_735_689_600_000;
            reports.push(Report { at, campaign: campaign.truth, member: firm as u32, values, tags: Vec::new() });
        }
    }
    reports.sort_by_key(|report| report.at);
    reports
}

/// B-cubed F1 and the share of links that were wrong.
fn judge(reports: &[Report], networks: &Arc<fusion::Networks>) -> (f64, f64, f64, f64, usize) {
    let mut engine = data::engine(networks, Weights::default());
    let (mut links, mut wrong) = (0, 0);
    for (number, report) in reports.iter().enumerate() {
        let mut findings = Vec::new();
        data::step(&mut engine, number as u32, report, &mut findings);
        for finding in findings {
            let (Finding::Joined { .. } | Finding::Merged { .. }) = finding else { continue };
            // A link is right if most reports of the campaign that it leads to are of the same truth.
            let campaign = engine.campaign(engine.campaign_of(data::id(number as u32)).unwrap()).unwrap();
            let others =
                campaign.cases.iter().map(|case| data::number(*case) as usize).filter(|other| *other != number);
            let same = others.clone().filter(|other| reports[*other].campaign == report.campaign).count();
            links += 1;
            wrong += usize::from(same * 2 < others.count());
        }
    }
    let mut found: HashMap<_, BTreeMap<u32, usize>> = HashMap::new();
    let mut truth: HashMap<u32, usize> = HashMap::new();
    for (number, report) in reports.iter().enumerate() {
        let campaign = engine.campaign_of(data::id(number as u32)).unwrap();
        *found.entry(campaign).or_default().entry(report.campaign).or_default() += 1;
        *truth.entry(report.campaign).or_default() += 1;
    }
    let (mut precision, mut recall) = (0.0, 0.0);
    for of in found.values() {
        let size: usize = of.values().sum();
        for (label, n) in of {
            precision += (n * n) as f64 / size as f64;
            recall += (n * n) as f64 / truth[label] as f64;
        }
    }
    let n = reports.len() as f64;
    let (precision, recall) = (precision / n, recall / n);
    let f1 = 2.0 * precision * recall / (precision + recall);
    (f1, precision, recall, f64::from(wrong as u32) / f64::from(links.max(1) as u32), links)
}

fn popular(data: &Path) -> Vec<Observable> {
    let text = String::from_utf8(data::gunzip(&data.join("noise/tranco-1m-sample-100k.txt.gz"))).unwrap();
    text.lines().filter_map(|line| data::observable("domain", line.rsplit(',').next()?)).collect()
}

/// Tags of each post of the stream, also of those that have none.
fn tags_of_posts(data: &Path) -> Vec<Vec<String>> {
    let text = String::from_utf8(data::gunzip(&data.join("stream/tweetfeed-2025.csv.gz"))).unwrap();
    let mut posts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut parts = line.rsplit(',');
        let (Some(post), Some(tags)) = (parts.next(), parts.next()) else { continue };
        posts.entry(post).or_insert_with(|| tags.split_whitespace().map(str::to_owned).collect());
    }
    posts.into_values().collect()
}

/// How the reports of a scattering are tagged.
#[derive(Clone, Copy, Debug)]
enum Tagged {
    /// Not at all.
    Not,
    /// A campaign has the tags of one post of the stream; a firm says each of them six times in ten, and those of another post twice in ten.
    ByCampaign,
    /// Each report has the tags of any post of the stream.
    AtRandom,
}

fn tag(reports: &mut [Report], posts: &[Vec<String>], how: Tagged, random: &mut Random) {
    let mut of: BTreeMap<u32, &[String]> = BTreeMap::new();
    for report in reports {
        let mut any = || posts[random.below(posts.len() as u64) as usize].as_slice();
        let own = *of.entry(report.campaign).or_insert_with(&mut any);
        let other = any();
        report.tags = match how {
            Tagged::Not => Vec::new(),
            Tagged::AtRandom => other.to_vec(),
            Tagged::ByCampaign => {
                let mut tags: Vec<String> = own.iter().filter(|_| random.unit() < 0.6).cloned().collect();
                if random.unit() < 0.2 {
                    tags.extend_from_slice(other);
                }
                tags
            }
        };
    }
}

/// What tags do to scattered campaigns: the labelled data have none, so those of the stream are given to them.
pub fn run_tagged(labels: &Path, data: &Path) {
    let (networks, campaigns) = (Arc::new(data::networks(data)), campaigns(labels));
    let (popular, posts) = (popular(data), tags_of_posts(data));
    for (name, part) in [("a third", Part::Share(3)), ("a tenth", Part::Share(10)), ("five values", Part::Values(5))] {
        for how in [Tagged::Not, Tagged::ByCampaign, Tagged::AtRandom] {
            let (mut f1_sum, mut wrong_sum) = (0.0, 0.0);
            for seed in 1..=3 {
                let mut reports = scatter(&campaigns, &popular, part, &mut Random(seed));
                tag(&mut reports, &posts, how, &mut Random(1_000 + seed));
                let (f1, _, _, wrong, _) = judge(&reports, &networks);
                (f1_sum, wrong_sum) = (f1_sum + f1, wrong_sum + wrong);
            }
            println!(
                "tagged {how:?}, each firm {name}: mean of three scatterings, B-cubed F1 {:.4}, {:.2} % of links wrong",
                f1_sum / 3.0,
                wrong_sum / 3.0 * 100.0
            );
        }
    }
}

pub fn run(labels: &Path, data: &Path) -> u32 {
    let networks = Arc::new(data::networks(data));
    let campaigns = campaigns(labels);
    let popular = popular(data);
    // Other scatterings of the same campaigns tell how far the figures rest on one of them.
    let seed = std::env::var("FUSION_BENCH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_250_101);
    let mut missed = 0;
    let wanted = [
        ("a third of the values", Part::Share(3), 0.96, 0.01),
        ("a tenth of the values", Part::Share(10), 0.75, 1.0),
        ("five values", Part::Values(5), 0.70, 1.0),
    ];
    for (name, part, least, most_wrong) in wanted {
        let reports = scatter(&campaigns, &popular, part, &mut Random(seed));
        let (f1, precision, recall, wrong, links) = judge(&reports, &networks);
        let met = f1 >= least && wrong <= most_wrong;
        missed += u32::from(!met);
        println!(
            "scattered, each firm {name}: {} reports of {} campaigns, B-cubed F1 {f1:.3} (precision {precision:.3}, recall \
             {recall:.3}; wanted {least}), {:.2} % of {links} links wrong: {}",
            reports.len(),
            campaigns.len(),
            wrong * 100.0,
            if met { "met" } else { "missed" }
        );
    }
    missed
}

//! What the cell knows of one value, and the values that link nothing.

use std::collections::HashSet;

use fusion::{Fusion, OverCommon};
use model::{KeySeed, Kind, Observable, Timestamp};
use vault::{Journal, Seq};

use crate::desk::{Desk, rfc3339};
use crate::firms::Firms;
use crate::rows::report_at;
use crate::sources::MINUTE_MILLIS;
use crate::views::{CampaignName, LookupView, NoiseRow};

/// Campaigns that a look-up names.
const CAMPAIGNS_NAMED_MAX: usize = 10;
/// Cases that are looked through for the first and last time and the campaigns.
const CASES_READ_MAX: usize = 1_000;
/// Everyday values that are looked at for one page.
pub const NOISE_SCANNED_MAX: usize = 500;

impl Desk {
    /// What the cell knows of a value as a person typed it. `released` tells whether members have it. Without a kind, it is
    /// looked for as everything that it can be, and the first that a report names is told.
    #[must_use]
    pub fn lookup(
        &self,
        query: &str,
        kind: Option<Kind>,
        now: Timestamp,
        fusion: &Fusion,
        released: impl Fn(&Observable) -> bool,
    ) -> LookupView {
        let mut view = LookupView {
            query: query.to_owned(),
            kind: None,
            normal: None,
            verdict: "unreadable".to_owned(),
            meaning: "This is no address, name, hash or other value that can be looked up.".to_owned(),
            reports: 0,
            firms: 0,
            firms_at_most: false,
            first: None,
            last: None,
            score: 0.0,
            noise: None,
            campaigns: Vec::new(),
            released: false,
            exercise: self.exercise,
        };
        let (read, readings) = match kind {
            Some(kind) => {
                let read = Observable::parse(kind, query).ok();
                (read.clone(), read.into_iter().collect())
            }
            None => (Observable::detect(query), Observable::readings(query)),
        };
        let named = readings.into_iter().find(|reading| !fusion.who_else(reading.key(self.key_seed)).is_empty());
        let Some(observable) = named.or(read) else {
            if let Some(kind) = kind {
                view.meaning = format!("This is no value of the kind that was asked for ({}).", kind.title());
            }
            return view;
        };
        let key = observable.key(self.key_seed);
        view.kind = Some(observable.kind().as_str().to_owned());
        view.normal = Some(observable.value().to_owned());
        view.noise = fusion.noise(&observable).map(|noise| noise.why);
        view.released = released(&observable);
        let cases = fusion.who_else(key);
        view.reports = u32::try_from(cases.len()).unwrap_or(u32::MAX);
        let lanes: HashSet<Option<usize>> =
            cases.iter().map(|case| self.cases.get(case).and_then(|place| place.lane)).collect();
        let lanes = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
        let firms = Firms::of(fusion.distinct_members(key), view.reports, lanes);
        (view.firms, view.firms_at_most) = (firms.told, firms.at_most);
        if cases.is_empty() {
            let everyday = view.noise.is_some();
            view.verdict = if everyday { "everyday" } else { "not-seen" }.to_owned();
            view.meaning = if everyday {
                "No report names it, and it is an everyday value.".to_owned()
            } else {
                "No report names it. That does not make it safe.".to_owned()
            };
            return view;
        }
        view.score = f64::from(fusion.score(key, now));
        let seen = |case| self.cases.get(case).map(|place| rfc3339(place.received_at.floor_to(MINUTE_MILLIS)));
        view.first = cases.first().and_then(seen);
        view.last = cases.last().and_then(seen);
        for case in cases.iter().take(CASES_READ_MAX) {
            let Some(campaign) = fusion.campaign_of(*case) else { continue };
            let id = campaign.to_string();
            if view.campaigns.iter().any(|named| named.id == id) {
                continue;
            }
            if view.campaigns.len() == CAMPAIGNS_NAMED_MAX {
                break;
            }
            let letter = self.letters.get(campaign);
            if let Some(row) = self.row(campaign, letter.clone().unwrap_or_default(), now, fusion) {
                view.campaigns.push(CampaignName { id, letter, title: row.title });
            }
        }
        let plural = |n: u32, one: &str, many: &str| if n == 1 { format!("{n} {one}") } else { format!("{n} {many}") };
        let told = format!("{} of {}", plural(view.reports, "report", "reports"), firms.words());
        if view.noise.is_some() {
            view.verdict = "everyday".to_owned();
            view.meaning = format!("Named in {told}, but it is an everyday value and links nothing.");
        } else {
            view.verdict = "seen".to_owned();
            view.meaning = format!("Named in {told}.");
        }
        view
    }

    /// Which everyday values come next, and where their text lies; the text is read by [`NoisePlan::read`], outside any lock
    /// on the desk. At most [`NOISE_SCANNED_MAX`] values are looked at: a page may be short and still have a next one.
    #[must_use]
    pub fn noise(&self, after: Option<usize>, fusion: &Fusion) -> NoisePlan {
        let from = after.unwrap_or(0);
        let mut values: Vec<(usize, OverCommon, Option<Seq>)> = Vec::new();
        let mut more = false;
        for (index, common) in fusion.over_common().enumerate().skip(from) {
            if values.len() == NOISE_SCANNED_MAX {
                more = true;
                break;
            }
            let place = self.cases.get(&common.example).map(|place| place.seq);
            values.push((index, common, place));
        }
        NoisePlan { values, more, key_seed: self.key_seed }
    }
}

/// Everyday values of which the text is still to be read.
pub struct NoisePlan {
    values: Vec<(usize, OverCommon, Option<Seq>)>,
    more: bool,
    key_seed: KeySeed,
}

impl NoisePlan {
    /// Reads the text of the values and keeps those that hold a part of it, at most `limit`; with the place to go on from.
    #[must_use]
    pub fn read(self, journal: &dyn Journal, query: &str, limit: usize) -> (Vec<NoiseRow>, Option<usize>) {
        let query = query.trim().to_ascii_lowercase();
        let mut rows = Vec::new();
        let mut next = None;
        for (index, common, place) in self.values {
            if rows.len() == limit {
                return (rows, Some(index));
            }
            next = Some(index + 1);
            let Some(report) = place.and_then(|seq| report_at(journal, seq)) else { continue };
            let values = report.items.into_iter().map(|item| item.sighting.observable);
            let Some(observable) = { values }.find(|value| value.key(self.key_seed) == common.key) else { continue };
            if query.is_empty() || observable.value().contains(&query) {
                rows.push(NoiseRow {
                    kind: observable.kind().as_str().to_owned(),
                    value: observable.value().to_owned(),
                    why: common.why,
                    seen: common.seen,
                });
            }
        }
        (rows, next.filter(|_| self.more))
    }
}

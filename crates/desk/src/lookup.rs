//! What the cell knows of one value, and the values that link nothing.

use fusion::Fusion;
use model::{Observable, Timestamp};

use crate::desk::{Desk, rfc3339};
use crate::views::{CampaignName, LookupView, NoiseRow};

/// Campaigns that a look-up names.
const CAMPAIGNS_NAMED_MAX: usize = 10;
/// Cases that are looked through for the first and last time and the campaigns.
const CASES_READ_MAX: usize = 1_000;

impl Desk {
    /// What the cell knows of a value as a person typed it. `released` tells whether members have it.
    #[must_use]
    pub fn lookup(
        &self,
        query: &str,
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
            first: None,
            last: None,
            score: 0.0,
            noise: None,
            campaigns: Vec::new(),
            released: false,
        };
        let Some(observable) = Observable::detect(query) else { return view };
        let key = observable.key(self.key_seed);
        view.kind = Some(observable.kind().as_str().to_owned());
        view.normal = Some(observable.value().to_owned());
        view.noise = fusion.noise(&observable).map(|noise| noise.why);
        view.released = released(&observable);
        let cases = fusion.who_else(key);
        view.reports = u32::try_from(cases.len()).unwrap_or(u32::MAX);
        view.firms = fusion.distinct_members(key);
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
        let seen = |case| {
            self.cases.get(case).and_then(|place| self.report_at(place.seq)).map(|report| rfc3339(report.received_at))
        };
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
        let told = format!("{} of {}", plural(view.reports, "report", "reports"), plural(view.firms, "firm", "firms"));
        if view.noise.is_some() {
            view.verdict = "everyday".to_owned();
            view.meaning = format!("Named in {told}, but it is an everyday value and links nothing.");
        } else {
            view.verdict = "seen".to_owned();
            view.meaning = format!("Named in {told}.");
        }
        view
    }

    /// Values that link nothing because they are too common, by a part of their text, in pages.
    #[must_use]
    pub fn noise(
        &self,
        query: &str,
        after: Option<usize>,
        limit: usize,
        fusion: &Fusion,
    ) -> (Vec<NoiseRow>, Option<usize>) {
        let from = after.unwrap_or(0);
        let query = query.trim().to_ascii_lowercase();
        let mut rows = Vec::new();
        let mut next = None;
        for (index, common) in fusion.over_common().enumerate().skip(from) {
            if rows.len() == limit {
                next = Some(index);
                break;
            }
            let text = self.cases.get(&common.example).and_then(|place| self.report_at(place.seq));
            let Some(observable) = text.and_then(|report| {
                report
                    .items
                    .into_iter()
                    .map(|item| item.observable)
                    .find(|value| value.key(self.key_seed) == common.key)
            }) else {
                continue;
            };
            if query.is_empty() || observable.value().contains(&query) {
                rows.push(NoiseRow {
                    kind: observable.kind().as_str().to_owned(),
                    value: observable.value().to_owned(),
                    why: common.why.clone(),
                    seen: common.seen,
                });
            }
        }
        (rows, next)
    }
}

//! A campaign's page for the cell: which report holds which value first, why they are linked, how it spread.

use std::collections::HashMap;

use fusion::Fusion;
use model::{CampaignId, ObservableKey, Timestamp};

use crate::desk::{Desk, rfc3339};
use crate::leaks;
use crate::views::{CampaignPage, CaseRow, IndicatorRow, ReasonRow, TimelineRow};

/// Cases that a page shows; the oldest and the newest half of them.
pub const CASES_SHOWN_MAX: usize = 200;
/// Values that a page shows.
pub const INDICATORS_SHOWN_MAX: usize = 500;
/// Links that a page shows.
const REASONS_SHOWN_MAX: usize = 500;

impl Desk {
    /// The page of a campaign or of one that was merged into it; `None` if there is none.
    #[must_use]
    pub fn campaign_page(&self, id: CampaignId, now: Timestamp, fusion: &Fusion) -> Option<CampaignPage> {
        let campaign = fusion.campaign(id)?;
        let total = campaign.cases.len();
        let half = CASES_SHOWN_MAX / 2;
        let mut shown: Vec<_> = if total <= CASES_SHOWN_MAX {
            campaign.cases.clone()
        } else {
            campaign.cases.iter().take(half).chain(campaign.cases.iter().skip(total - half)).copied().collect()
        };
        self.leak_order(&mut shown);
        let mut truncated = total > shown.len();

        let mut reports = Vec::new();
        let mut timeline = Vec::new();
        let mut reasons = Vec::new();
        let mut values: HashMap<ObservableKey, usize> = HashMap::new();
        let mut indicators: Vec<IndicatorRow> = Vec::new();
        for case in shown {
            let Some(report) = self.cases.get(&case).and_then(|place| self.report_at(place.seq)) else { continue };
            let index = u32::try_from(reports.len()).unwrap_or(u32::MAX);
            let lane =
                report.sector.as_deref().and_then(|id| self.lanes.index(id)).and_then(|lane| self.lanes.name(lane));
            let at = rfc3339(report.received_at);
            let links = fusion.explain(case);
            for item in &report.items {
                let key = item.observable.key(self.key_seed);
                let row = *values.entry(key).or_insert_with(|| {
                    indicators.push(IndicatorRow {
                        kind: item.observable.kind().as_str().to_owned(),
                        value: item.observable.value().to_owned(),
                        score: f64::from(fusion.score(key, now)),
                        noise: fusion.noise(&item.observable).map(|noise| noise.why),
                        reports: Vec::new(),
                    });
                    indicators.len() - 1
                });
                if let Some(row) = indicators.get_mut(row)
                    && row.reports.last() != Some(&index)
                {
                    row.reports.push(index);
                }
                for (when, reason) in links.iter().filter(|(_, reason)| reason.key == key) {
                    reasons.push(ReasonRow {
                        from: case.to_string(),
                        to: reason.other.to_string(),
                        at: rfc3339(*when),
                        text: reason.sentence(item.observable.value()),
                    });
                }
            }
            let mut lane_shown = lane.unwrap_or("Sector not shown").to_owned();
            leaks::add_region(&mut lane_shown, &report);
            timeline.push(TimelineRow {
                at: at.clone(),
                lane: lane_shown,
                text: format!("{}, {} values", report.attack.title(), report.items.len()),
            });
            reports.push(CaseRow {
                case: case.to_string(),
                at,
                sector: lane.map(str::to_owned),
                attack: report.attack.title().to_owned(),
                severity: report.severity.as_str().to_owned(),
                title: report.title.clone(),
            });
        }
        // The most widely held first; among equals, the one that came first stays first.
        indicators.sort_by_key(|row| std::cmp::Reverse(row.reports.len()));
        truncated |= indicators.len() > INDICATORS_SHOWN_MAX || reasons.len() > REASONS_SHOWN_MAX;
        indicators.truncate(INDICATORS_SHOWN_MAX);
        reasons.truncate(REASONS_SHOWN_MAX);
        Some(CampaignPage {
            campaign: self.row(campaign.id, self.letters.get(campaign.id).unwrap_or_default(), now, fusion)?,
            aliases: campaign.aliases.iter().map(ToString::to_string).collect(),
            reports,
            indicators,
            reasons,
            timeline,
            truncated,
        })
    }
}

//! The rows of campaigns that hit several firms.

use std::collections::VecDeque;

use fusion::Fusion;
use model::{CampaignId, CaseId, Severity, Timestamp};
use vault::{Body, ReportEntry, Seq};

use crate::desk::{CasePlace, Desk, REPORTS_KEPT, rfc3339};
use crate::views::{CampaignRow, Hit};

/// Firms that a campaign must have hit to be "same attack, several firms".
const SEVERAL_FIRMS: u32 = 2;
/// "New" firms are those of the last ten minutes.
const DELTA_MILLIS: i64 = 10 * 60_000;
/// A campaign without news for this long is cooling.
const COOLING_MILLIS: i64 = 15 * 60_000;
/// Longest value that a campaign's title quotes, in characters.
const TITLE_VALUE_CHARS_MAX: usize = 60;
/// Values of the oldest report that a title chooses from.
const TITLE_ITEMS_MAX: usize = 50;

/// What the desk keeps of a campaign on the wall, beside what fusion knows.
pub(crate) struct Watched {
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) owner: Option<String>,
    pub(crate) alerted: bool,
    pub(crate) firms: u32,
    /// When the number of firms grew, by how many.
    pub(crate) growth: VecDeque<(Timestamp, u32)>,
}

impl Desk {
    /// Brings a campaign's row up to date; `None` while it has hit too few firms for the wall.
    pub(crate) fn refresh(&mut self, id: CampaignId, now: Timestamp, fusion: &Fusion) -> Option<CampaignRow> {
        let campaign = fusion.campaign(id)?;
        let id = campaign.id;
        let firms = fusion.distinct_members_of_campaign(id);
        if firms < SEVERAL_FIRMS {
            return None;
        }
        let first = self.cases.get(&CaseId::from_bytes(*id.as_bytes())).copied();
        let title =
            if self.watched.contains_key(&id) { String::new() } else { self.title(first, campaign.values, fusion) };
        let watched = self.watched.entry(id).or_insert_with(|| Watched {
            title,
            severity: first.map_or(Severity::Medium, |place| place.severity),
            owner: None,
            alerted: false,
            firms: 0,
            growth: VecDeque::new(),
        });
        if firms > watched.firms {
            watched.growth.push_back((campaign.last_seen, firms - watched.firms));
        }
        // After a merge the sum of both may be too large: a firm can have been in both.
        watched.firms = firms;
        let old = |at: &Timestamp| now.millis_since(*at) > DELTA_MILLIS;
        watched.growth.retain(|(at, _)| !old(at));
        for case in campaign.cases.iter().rev().take(REPORTS_KEPT) {
            if let Some(place) = self.cases.get(case) {
                watched.severity = watched.severity.min(place.severity);
            }
            if watched.owner.is_none() {
                watched.owner = self.claims.get(case).cloned();
            }
        }
        let oldest = |holder: &CampaignId| fusion.campaign(*holder).map_or(i64::MIN, |held| held.last_seen.as_millis());
        let letter = self.letters.give(id, oldest);
        self.row(id, letter, now, fusion)
    }

    /// A campaign's title: what its oldest report was, and the most widely seen value that it named.
    fn title(&self, first: Option<CasePlace>, values: u32, fusion: &Fusion) -> String {
        let Some(place) = first else { return "Campaign".to_owned() };
        let kind = place.attack.title();
        let Some(report) = self.report_at(place.seq) else { return kind.to_owned() };
        let telling = report
            .items
            .iter()
            .take(TITLE_ITEMS_MAX)
            .filter(|item| fusion.noise(&item.observable).is_none())
            .max_by_key(|item| fusion.distinct_members(item.observable.key(self.key_seed)));
        let Some(item) = telling else { return kind.to_owned() };
        let short: String = item.observable.value().chars().take(TITLE_VALUE_CHARS_MAX).collect();
        match values.saturating_sub(1) {
            0 => format!("{kind}: {short}"),
            others => format!("{kind}: {short} and {others} more"),
        }
    }

    /// The report that lies at a place of the journal.
    pub(crate) fn report_at(&self, seq: Seq) -> Option<Box<ReportEntry>> {
        let entry = self.journal.read(seq, 1).ok()?.into_iter().next()?;
        match &entry.body {
            Body::Report(report) if entry.seq == seq => Some(report.clone()),
            _ => None,
        }
    }

    /// A campaign's row, if it is on the wall.
    pub(crate) fn row(&self, id: CampaignId, letter: String, now: Timestamp, fusion: &Fusion) -> Option<CampaignRow> {
        let campaign = fusion.campaign(id)?;
        let first = self.cases.get(&CaseId::from_bytes(*campaign.id.as_bytes())).copied();
        let watched = self.watched.get(&campaign.id);
        let hits: Vec<Hit> = campaign
            .first_by_sector
            .iter()
            .filter_map(|(sector, at)| {
                let lane = self.lanes.index(sector)?;
                Some(Hit { s: u32::try_from(lane).ok()?, at: rfc3339(*at) })
            })
            .collect();
        let delta = watched.map_or(0, |watched| {
            let new = watched.growth.iter().filter(|(at, _)| now.millis_since(*at) <= DELTA_MILLIS);
            new.map(|(_, grown)| grown).sum::<u32>().min(watched.firms)
        });
        let quiet = now.millis_since(campaign.last_seen) > COOLING_MILLIS;
        let trend = if quiet {
            "cooling"
        } else if delta > 0 {
            "spreading"
        } else {
            "steady"
        };
        let owner = watched.and_then(|watched| watched.owner.clone());
        let alerted = watched.is_some_and(|watched| watched.alerted);
        let state = match (alerted, &owner) {
            (true, _) => "Alert sent",
            (false, Some(_)) => "Watching",
            (false, None) => "Nobody on it",
        };
        Some(CampaignRow {
            id: campaign.id.to_string(),
            letter,
            title: watched.map_or_else(
                || first.map_or("Campaign", |place| place.attack.title()).to_owned(),
                |watched| watched.title.clone(),
            ),
            firms: fusion.distinct_members_of_campaign(campaign.id),
            sectors: hits
                .iter()
                .filter_map(|hit| Some(self.lanes.name(usize::try_from(hit.s).ok()?)?.to_owned()))
                .collect(),
            indicators: campaign.values,
            delta,
            trend: trend.to_owned(),
            owner,
            state: state.to_owned(),
            severity: watched
                .map_or_else(|| first.map_or(Severity::Medium, |place| place.severity), |watched| watched.severity)
                .as_str()
                .to_owned(),
            hits,
        })
    }
}

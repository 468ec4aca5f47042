//! A campaign's page for the cell: which report holds which value first, why they are linked, how it spread.

use std::collections::HashMap;

use fusion::{Fusion, Reason};
use model::{CampaignId, CaseId, ObservableKey, Timestamp};
use vault::{Journal, ReportEntry, Seq};

use crate::desk::{Desk, rfc3339};
use crate::leaks;
use crate::rows::report_now;
use crate::sources::MINUTE_MILLIS;
use crate::views::{CampaignPage, CaseRow, IndicatorRow, ReasonRow, TimelineRow};
use crate::words::{HistoryRow, WordPlan, WordRow};

/// Cases that a page shows; the oldest and the newest half of them.
pub const CASES_SHOWN_MAX: usize = 200;
/// Values that a page shows.
pub const INDICATORS_SHOWN_MAX: usize = 500;
/// Links that a page shows.
const REASONS_SHOWN_MAX: usize = 500;

/// What a page needs of the desk before its reports are read.
pub struct PagePlan {
    campaign: CampaignId,
    cases: Vec<PlacedCase>,
    truncated: bool,
    words: WordPlan,
}

pub(crate) struct PlacedCase {
    pub(crate) case: CaseId,
    seq: Seq,
    amends: Vec<Seq>,
    pub(crate) at: Timestamp,
    lane: Option<String>,
    links: Vec<(Timestamp, Reason)>,
}

/// A plan with the reports that it named.
pub struct PageText {
    campaign: CampaignId,
    cases: Vec<PlacedCase>,
    truncated: bool,
    reports: Vec<Option<Box<ReportEntry>>>,
    words: Vec<WordRow>,
    history: Vec<HistoryRow>,
}

impl PagePlan {
    /// Reads the reports from the journal, outside any lock on the desk.
    #[must_use]
    pub fn read(self, journal: &dyn Journal) -> PageText {
        let reports = self.cases.iter().map(|placed| report_now(journal, placed.seq, &placed.amends)).collect();
        let Self { campaign, cases, truncated, words } = self;
        let (words, history) = words.read(journal);
        PageText { campaign, cases, truncated, reports, words, history }
    }
}

impl Desk {
    /// What the page of a campaign, or of one that was merged into it, will show; `None` if there is none.
    #[must_use]
    pub fn page_plan(&self, id: CampaignId, fusion: &Fusion) -> Option<PagePlan> {
        let campaign = fusion.campaign(id)?;
        let total = campaign.cases.len();
        let half = CASES_SHOWN_MAX / 2;
        let left_out = if total <= CASES_SHOWN_MAX { total..total } else { half..total - half };
        let shown = campaign.cases.iter().enumerate().filter(|(index, _)| !left_out.contains(index));
        let mut cases: Vec<PlacedCase> = shown
            .filter_map(|(_, case)| {
                let place = self.cases.get(case)?;
                Some(PlacedCase {
                    case: *case,
                    seq: place.seq,
                    amends: self.amends(*case),
                    // The minute, and within it the order of the pseudonyms: a run of cases would be one firm's import.
                    at: place.received_at.floor_to(MINUTE_MILLIS),
                    lane: place.lane.and_then(|lane| self.lanes.name(lane)).map(str::to_owned),
                    links: fusion.explain(*case),
                })
            })
            .collect();
        cases.sort_by_key(|placed| (placed.at, placed.case));
        self.leak_order(&mut cases);
        let words = self.word_plan(campaign.id, fusion);
        Some(PagePlan { campaign: campaign.id, cases, truncated: !left_out.is_empty(), words })
    }

    /// The page of a campaign, its reports read before.
    #[must_use]
    pub fn page(&self, text: PageText, now: Timestamp, fusion: &Fusion) -> Option<CampaignPage> {
        let PageText { campaign, cases, mut truncated, reports: texts, words, history } = text;
        let minutes: HashMap<CaseId, Timestamp> = cases.iter().map(|placed| (placed.case, placed.at)).collect();
        let mut reports = Vec::new();
        let mut timeline = Vec::new();
        let mut reasons = Vec::new();
        let mut values: HashMap<ObservableKey, usize> = HashMap::new();
        let mut indicators: Vec<IndicatorRow> = Vec::new();
        let by_case: HashMap<CaseId, &ReportEntry> =
            cases.iter().zip(&texts).filter_map(|(placed, report)| Some((placed.case, report.as_deref()?))).collect();
        for (placed, report) in cases.iter().zip(&texts) {
            let (case, at, Some(report)) = (placed.case, rfc3339(placed.at), report) else { continue };
            let index = u32::try_from(reports.len()).unwrap_or(u32::MAX);
            for item in &report.items {
                let key = item.sighting.observable.key(self.key_seed);
                let row = *values.entry(key).or_insert_with(|| {
                    indicators.push(IndicatorRow {
                        kind: item.sighting.observable.kind().as_str().to_owned(),
                        value: item.sighting.observable.value().to_owned(),
                        score: f64::from(fusion.score(key, now)),
                        noise: fusion
                            .noise(&item.sighting.observable)
                            .map(|noise| noise.why)
                            .or_else(|| fusion.why_left_out(placed.case, key)),
                        reports: Vec::new(),
                    });
                    indicators.len() - 1
                });
                if let Some(row) = indicators.get_mut(row)
                    && row.reports.last() != Some(&index)
                {
                    row.reports.push(index);
                }
                for (when, reason) in placed.links.iter().filter(|(_, reason)| reason.key == key) {
                    if reasons.len() >= REASONS_SHOWN_MAX {
                        truncated = true;
                        break;
                    }
                    let others = by_case.get(&reason.other).map_or(&[][..], |report| &report.items);
                    let others = others.iter().map(|item| &item.sighting.observable);
                    let text = fusion.sentence(reason, &item.sighting.observable, others);
                    reasons.push(reason_row(placed, &minutes, *when, reason, text));
                }
            }
            let techniques = report.techniques.iter().map(|technique| technique.as_str());
            for tag in techniques.chain(report.tags.iter().map(String::as_str)) {
                let Some(key) = fusion.tag_key(tag) else { continue };
                for (when, reason) in placed.links.iter().filter(|(_, reason)| reason.key == key) {
                    if reasons.len() >= REASONS_SHOWN_MAX {
                        truncated = true;
                        break;
                    }
                    reasons.push(reason_row(placed, &minutes, *when, reason, fusion.sentence_of_tag(tag)));
                }
            }
            let lane = placed.lane.as_deref();
            let mut lane_shown = lane.unwrap_or("Sector not shown").to_owned();
            leaks::add_region(&mut lane_shown, report);
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
                passed_to: self.passed_names(case),
                withdrawn: self.is_withdrawn(case),
            });
        }
        // The most widely held first; among equals, the one that came first stays first.
        indicators.sort_by_key(|row| std::cmp::Reverse(row.reports.len()));
        truncated |= indicators.len() > INDICATORS_SHOWN_MAX;
        indicators.truncate(INDICATORS_SHOWN_MAX);
        let id = fusion.brief(campaign)?.id;
        Some(CampaignPage {
            campaign: self.row(id, self.letters.get(id).unwrap_or_default(), now, fusion)?,
            name: self.name_row(id),
            aliases: fusion.campaign(id)?.aliases.iter().map(ToString::to_string).collect(),
            words,
            history,
            reports,
            indicators,
            reasons,
            timeline,
            truncated,
            exercise: self.exercise,
        })
    }
}

fn reason_row(
    placed: &PlacedCase,
    minutes: &HashMap<CaseId, Timestamp>,
    when: Timestamp,
    reason: &Reason,
    text: String,
) -> ReasonRow {
    // Which of two came first is not told within a minute.
    let (from, to) = match minutes.get(&reason.other) {
        Some(minute) if *minute == placed.at => (placed.case.max(reason.other), placed.case.min(reason.other)),
        _ => (placed.case, reason.other),
    };
    ReasonRow { from: from.to_string(), to: to.to_string(), at: rfc3339(when.floor_to(MINUTE_MILLIS)), text }
}

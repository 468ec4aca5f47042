//! The rows of campaigns that hit several firms.

use std::collections::VecDeque;

use fusion::{Brief, Fusion};
use model::{CampaignId, CaseId, Severity, Timestamp};
use vault::{Body, Journal, ReportEntry, Seq};

use crate::desk::{CasePlace, Desk, rfc3339};
use crate::firms::Firms;
use crate::sources::MINUTE_MILLIS;
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
    /// What its title begins with.
    pub(crate) called: Called,
    /// Distinct values that it has now.
    pub(crate) values: u32,
    pub(crate) severity: Severity,
    pub(crate) owner: Option<String>,
    /// Whether all of its cases were looked through for severity and owner; those that join later are one by one.
    pub(crate) whole: bool,
    /// Firms as they were told last.
    pub(crate) firms: u32,
    /// When the number of firms grew, by how many.
    pub(crate) growth: VecDeque<(Timestamp, u32)>,
    /// When the row will change by the passing of time alone.
    pub(crate) changes_at: Option<Timestamp>,
}

/// What a campaign's title begins with: chosen once, so that a campaign is known again.
#[derive(Clone)]
pub(crate) enum Called {
    /// What kind of attack its oldest report was.
    Kind(String),
    /// The kind, and the most widely seen value that its oldest report named.
    Value(String),
}

impl Watched {
    /// Its title, as many values as it has now.
    pub(crate) fn title(&self) -> String {
        match (&self.called, self.values.saturating_sub(1)) {
            (Called::Kind(text), _) | (Called::Value(text), 0) => text.clone(),
            (Called::Value(text), others) => format!("{text} and {others} more"),
        }
    }
}

impl Desk {
    /// What is told of the number of firms in a campaign: by members' reports and their sectors alone. A report of a feed or of
    /// somebody outside is no firm's, and a sector more that only such a report is of would let the number pair two others.
    pub(crate) const fn firms(brief: &Brief) -> Firms {
        // A report of no known sector may be of any: it makes no lane of its own.
        Firms::of(brief.members, brief.of_members, if brief.lanes == 0 { 1 } else { brief.lanes })
    }

    /// A case that has come to a watched campaign, or was claimed there, counts for its severity and its owner.
    pub(crate) fn join(&mut self, campaign: CampaignId, case: CaseId) {
        let Some(watched) = self.watched.get_mut(&campaign) else { return };
        if let Some(place) = self.cases.get(&case) {
            watched.severity = watched.severity.min(place.severity);
        }
        if watched.owner.is_none() {
            watched.owner = self.claims.get(&case).map(|claimant| claimant.name.clone());
        }
    }

    /// Brings a campaign's row up to date; `None` while it has hit too few firms for the wall.
    pub(crate) fn refresh(&mut self, id: CampaignId, now: Timestamp, fusion: &Fusion) -> Option<CampaignRow> {
        let brief = fusion.brief(id)?;
        let id = brief.id;
        let firms = Self::firms(&brief).told;
        if firms < SEVERAL_FIRMS {
            // After a split.
            if self.unwatch(id).is_some() {
                self.gone.push((id, None));
            }
            return None;
        }
        if !self.watched.get(&id).is_some_and(|watched| watched.whole) {
            self.watch(id, &brief, fusion);
        }
        let watched = self.watched.get_mut(&id)?;
        if firms > watched.firms {
            watched.growth.push_back((brief.last_seen, firms - watched.firms));
        }
        // After a merge the sum of both may be too large: a firm can have been in both.
        (watched.firms, watched.values) = (firms, brief.values);
        watched.growth.retain(|(at, _)| now.millis_since(*at) <= DELTA_MILLIS);
        let older = watched.growth.iter().map(|(at, _)| at.plus_millis(DELTA_MILLIS + 1));
        let ebbs = brief.wave.map(|found| wave_ends(found).plus_millis(1)).filter(|at| *at > now);
        let cools = Some(brief.last_seen.plus_millis(COOLING_MILLIS + 1)).filter(|at| *at > now);
        let next = older.chain(cools).chain(ebbs).min();
        if let Some(before) = std::mem::replace(&mut watched.changes_at, next) {
            self.ageing.remove(&(before, id));
        }
        self.ageing.extend(next.map(|at| (at, id)));
        let oldest = |holder: &CampaignId| fusion.brief(*holder).map_or(i64::MIN, |held| held.last_seen.as_millis());
        let letter = self.letters.give(id, oldest);
        self.row(id, letter, now, fusion)
    }

    /// Begins to watch a campaign, or looks through its cases once more after a merge.
    fn watch(&mut self, id: CampaignId, brief: &Brief, fusion: &Fusion) {
        let first = self.cases.get(&CaseId::from_bytes(*id.as_bytes())).copied();
        let called = match self.watched.get(&id) {
            Some(watched) => watched.called.clone(),
            None => self.called(first, fusion),
        };
        let watched = self.watched.entry(id).or_insert_with(|| Watched {
            called,
            values: brief.values,
            severity: first.map_or(Severity::Medium, |place| place.severity),
            owner: None,
            whole: false,
            firms: 0,
            growth: VecDeque::new(),
            changes_at: None,
        });
        watched.whole = true;
        let cases = fusion.campaign(id).map(|campaign| campaign.cases).unwrap_or_default();
        for case in cases.into_iter().rev() {
            self.join(id, case);
        }
    }

    fn called(&self, first: Option<CasePlace>, fusion: &Fusion) -> Called {
        let Some(place) = first else { return Called::Kind("Campaign".to_owned()) };
        let kind = place.attack.title();
        let report = report_at(&*self.journal, place.seq);
        let telling = report.as_ref().and_then(|report| {
            let named = report.items.iter().take(TITLE_ITEMS_MAX).map(|item| &item.sighting.observable);
            named
                .filter(|observable| fusion.noise(observable).is_none())
                .max_by_key(|observable| fusion.distinct_members(observable.key(self.key_seed)))
        });
        let Some(observable) = telling else { return Called::Kind(kind.to_owned()) };
        let short: String = observable.value().chars().take(TITLE_VALUE_CHARS_MAX).collect();
        Called::Value(format!("{kind}: {short}"))
    }

    /// What a campaign is called: as an analyst named it, or by what it is.
    pub(crate) fn title_of(&self, id: CampaignId) -> String {
        if let Some(name) = self.name_of(id) {
            return name.to_owned();
        }
        let first = || self.cases.get(&CaseId::from_bytes(*id.as_bytes()));
        let kind = || first().map_or("Campaign", |place| place.attack.title()).to_owned();
        self.watched.get(&id).map_or_else(kind, Watched::title)
    }

    /// A campaign's row, if it is on the wall.
    pub(crate) fn row(&self, id: CampaignId, letter: String, now: Timestamp, fusion: &Fusion) -> Option<CampaignRow> {
        let campaign = fusion.brief(id)?;
        let firms = Self::firms(&campaign);
        let first = self.cases.get(&CaseId::from_bytes(*campaign.id.as_bytes())).copied();
        let watched = self.watched.get(&campaign.id);
        // By the minute, and within it in the order of the lanes: a hit is a report, of which no finer time is told.
        let mut firsts: Vec<(Timestamp, u32)> = fusion
            .first_by_sector(id)
            .into_iter()
            .filter_map(|(sector, at)| {
                let lane = self.lanes.index(sector)?;
                Some((at.floor_to(MINUTE_MILLIS), u32::try_from(lane).ok()?))
            })
            .collect();
        firsts.sort_unstable();
        let hits: Vec<Hit> = firsts.into_iter().map(|(at, s)| Hit { s, at: rfc3339(at) }).collect();
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
        let wave = campaign.wave.filter(|found| wave_ends(*found) >= now);
        let owner = watched.and_then(|watched| watched.owner.clone());
        let alerted = self.advised.contains(&campaign.id);
        let state = match (alerted, &owner) {
            (true, _) => "Alert sent",
            (false, Some(_)) => "Watching",
            (false, None) => "Nobody on it",
        };
        Some(CampaignRow {
            id: campaign.id.to_string(),
            letter,
            title: self.title_of(campaign.id),
            firms: firms.told,
            firms_at_most: firms.at_most,
            sectors: hits
                .iter()
                .filter_map(|hit| Some(self.lanes.name(usize::try_from(hit.s).ok()?)?.to_owned()))
                .collect(),
            indicators: campaign.values,
            delta,
            trend: trend.to_owned(),
            wave: wave.map(|found| rfc3339(found.floor_to(MINUTE_MILLIS))),
            owner,
            state: state.to_owned(),
            severity: watched
                .map_or_else(|| first.map_or(Severity::Medium, |place| place.severity), |watched| watched.severity)
                .as_str()
                .to_owned(),
            hits,
            exercise: self.exercise,
        })
    }
}

/// Until when a wave that was found then stands on the wall: by the minute, as it is told.
fn wave_ends(found: Timestamp) -> Timestamp {
    found.floor_to(MINUTE_MILLIS).plus_millis(fusion::WAVE_MILLIS)
}

/// The report that lies at a place of the journal, as it stands after what its reporter changed.
pub(crate) fn report_now(journal: &dyn Journal, seq: Seq, amends: &[Seq]) -> Option<Box<ReportEntry>> {
    let mut report = report_at(journal, seq)?;
    for seq in amends {
        let entry = journal.read(*seq, 1).ok()?.into_iter().next()?;
        if let Body::Amend(amend) = &entry.body {
            report.amend(&amend.change);
        }
    }
    Some(report)
}

/// The report that lies at a place of the journal, as it came.
pub(crate) fn report_at(journal: &dyn Journal, seq: Seq) -> Option<Box<ReportEntry>> {
    let entry = journal.read(seq, 1).ok()?.into_iter().next()?;
    match &entry.body {
        Body::Report(report) if entry.seq == seq => Some(report.clone()),
        _ => None,
    }
}

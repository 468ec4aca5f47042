//! What the cell sees, folded from the journal: lanes, reports in, campaigns on the wall, alerts, sources.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use fusion::{Finding, Fusion};
use model::{AdvisoryId, AttackKind, CampaignId, CaseId, KeySeed, MemberToken, Severity, Timestamp};
use serde::Serialize;
use vault::{Body, Entry, Journal, ReportEntry, Seq};

use crate::lanes::{Lanes, SLOTS};
use crate::leaks::Leaks;
use crate::letters::Letters;
use crate::rows::Watched;
use crate::views::{AlertRow, CampaignRow, LaneView, PostureRow, ReportRow, SourceRow, Tick, Wall};

/// Reports that the wall keeps.
pub(crate) const REPORTS_KEPT: usize = 40;
/// Alerts that the wall keeps.
const ALERTS_KEPT: usize = 3;
/// Campaigns that the wall gets.
const CAMPAIGNS_SHOWN: usize = 10;
/// Least time between two ticks of lane counts.
const TICK_MILLIS: i64 = 250;
/// A source that was heard once and then not for this long is silent.
const SILENT_MILLIS: i64 = 10 * 60_000;

/// What a desk is made with.
#[derive(Clone)]
pub struct DeskConfig {
    /// Where the text of cases is read from, for the few that a page shows.
    pub journal: Arc<dyn Journal>,
    /// Key of the hash that makes observable keys.
    pub key_seed: KeySeed,
    /// Lanes as (name in data, name that a person reads).
    pub lanes: Vec<(String, String)>,
    /// Length of a lane slot in milliseconds.
    pub slot_millis: i64,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// One event for the cell's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Name of the event.
    pub event: &'static str,
    /// Its data as JSON.
    pub data: String,
}

struct Recent {
    case: CaseId,
    at: Timestamp,
    lane: Option<usize>,
    attack: AttackKind,
    severity: Severity,
}

struct Alert {
    id: AdvisoryId,
    title: String,
    tlp: model::Tlp,
    at: Timestamp,
    sent: u32,
    readers: HashSet<MemberToken>,
}

/// Where an entry's case lies and what its row needs.
#[derive(Clone, Copy)]
pub(crate) struct CasePlace {
    pub(crate) seq: Seq,
    pub(crate) attack: AttackKind,
    pub(crate) severity: Severity,
}

/// The cell's views; see the crate's documentation.
pub struct Desk {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) key_seed: KeySeed,
    pub(crate) lanes: Lanes,
    pub(crate) cases: HashMap<CaseId, CasePlace>,
    pub(crate) letters: Letters,
    exercise: bool,
    members: u32,
    recent: VecDeque<Recent>,
    /// Live cases whose row has not gone out yet: it goes out once fusion has placed them.
    fresh: Vec<CaseId>,
    pub(crate) claims: HashMap<CaseId, String>,
    alerts: VecDeque<Alert>,
    posture: Option<PostureRow>,
    pub(crate) watched: HashMap<CampaignId, Watched>,
    touched: BTreeSet<CampaignId>,
    frames: Vec<Frame>,
    last_tick: Timestamp,
    heard_members: Option<Timestamp>,
    heard_feeds: Option<Timestamp>,
    last_release: Option<Timestamp>,
    last_feeds_frame: Timestamp,
    leaks: Leaks,
}

/// RFC 3339 in UTC with milliseconds.
#[must_use]
pub(crate) fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

fn json(value: &impl Serialize) -> String {
    // Plain rows of strings and numbers always serialise; an empty object keeps the stream alive if one day they do not.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

impl Desk {
    /// An empty desk.
    #[must_use]
    pub fn new(config: DeskConfig) -> Self {
        Self {
            journal: config.journal,
            key_seed: config.key_seed,
            fresh: Vec::new(),
            lanes: Lanes::new(config.lanes, config.slot_millis),
            cases: HashMap::new(),
            letters: Letters::default(),
            exercise: config.exercise,
            members: 0,
            recent: VecDeque::new(),
            claims: HashMap::new(),
            alerts: VecDeque::new(),
            posture: None,
            watched: HashMap::new(),
            touched: BTreeSet::new(),
            frames: Vec::new(),
            last_tick: Timestamp::default(),
            heard_members: None,
            heard_feeds: None,
            last_release: None,
            last_feeds_frame: Timestamp::default(),
            leaks: Leaks::default(),
        }
    }

    /// Moves the lanes' clock; call before applying live entries and at each release tick.
    pub fn advance(&mut self, now: Timestamp) {
        self.lanes.advance(now, true);
    }

    /// Takes in one entry with the findings that the run over all items made of it. `live` entries also go out as frames.
    pub fn apply(&mut self, entry: &Entry, findings: &[Finding], live: bool) {
        if !live {
            self.lanes.advance(entry.at, false);
        }
        match &entry.body {
            Body::Genesis(genesis) => self.exercise = genesis.exercise,
            Body::Population(population) => self.members = population.members,
            Body::Report(report) => self.report(entry.seq, report, live),
            Body::Claim { case, name, .. } => {
                self.claims.insert(*case, name.clone());
                self.leaks.claimed(*case, name);
                if live {
                    self.frame("claim", &Claimed { case: case.to_string(), owner: name.clone() });
                }
            }
            Body::Advisory(advisory) => {
                if let Some(watched) = advisory.campaign.and_then(|campaign| self.watched.get_mut(&campaign)) {
                    watched.alerted = true;
                }
                self.touched.extend(advisory.campaign);
                self.alerts.push_front(Alert {
                    id: advisory.id,
                    title: advisory.title.clone(),
                    tlp: advisory.marking.tlp,
                    at: entry.at,
                    sent: self.members,
                    readers: HashSet::new(),
                });
                self.alerts.truncate(ALERTS_KEPT);
                self.alert_frame(advisory.id, live);
            }
            Body::AdvisoryRead(id, token) => {
                let known = self.alerts.iter_mut().find(|alert| alert.id == *id);
                if known.is_some_and(|alert| alert.readers.insert(*token)) {
                    self.alert_frame(*id, live);
                }
            }
            Body::Posture { word, text, .. } => {
                let row = PostureRow { word: word.as_str().to_owned(), text: text.clone(), at: rfc3339(entry.at) };
                if live {
                    self.frame("posture", &row);
                }
                self.posture = Some(row);
            }
            Body::Release(_) => self.last_release = Some(entry.at),
            Body::DataSet(_) | Body::RuleSet(_) | Body::Tick(_) | Body::Findings(_) => {}
        }
        for finding in findings {
            self.finding(finding);
        }
    }

    fn report(&mut self, seq: Seq, report: &ReportEntry, live: bool) {
        let place = CasePlace { seq, attack: report.attack, severity: report.severity };
        self.cases.insert(report.case, place);
        self.leaks.came(report);
        let heard = if report.own { &mut self.heard_feeds } else { &mut self.heard_members };
        *heard = (*heard).max(Some(report.received_at));
        let lane = report.sector.as_deref().and_then(|id| self.lanes.index(id));
        if let Some(lane) = lane {
            let count = u32::try_from(report.items.len().max(1)).unwrap_or(u32::MAX);
            self.lanes.add(lane, count, report.received_at, live);
        }
        if !report.own {
            let recent = Recent {
                case: report.case,
                at: report.received_at,
                lane,
                attack: report.attack,
                severity: report.severity,
            };
            if live && self.fresh.len() < REPORTS_KEPT {
                self.fresh.push(report.case);
            }
            self.recent.push_front(recent);
            self.recent.truncate(REPORTS_KEPT);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        match finding {
            Finding::Merged { kept, alias, .. } => {
                self.letters.merge(*kept, *alias);
                if let Some(gone) = self.watched.remove(alias) {
                    match self.watched.get_mut(kept) {
                        Some(watched) => {
                            watched.growth.extend(gone.growth);
                            watched.firms = watched.firms.saturating_add(gone.firms);
                        }
                        None => {
                            self.watched.insert(*kept, gone);
                        }
                    }
                }
                self.touched.insert(*kept);
            }
            Finding::Joined { campaign, .. } => {
                self.touched.insert(*campaign);
            }
            Finding::CampaignFormed { .. } | Finding::OverCommon { .. } => {}
        }
    }

    fn frame(&mut self, event: &'static str, value: &impl Serialize) {
        self.frames.push(Frame { event, data: json(value) });
    }

    fn alert_frame(&mut self, id: AdvisoryId, live: bool) {
        let Some(row) = self.alerts.iter().find(|alert| alert.id == id).map(alert_row) else { return };
        if live {
            self.frame("alert", &row);
        }
    }

    /// Events since the last call, in order: reports, campaigns, alerts as they came; lane counts and sources when due.
    pub fn frames(&mut self, now: Timestamp, fusion: &Fusion) -> Vec<Frame> {
        for campaign in std::mem::take(&mut self.touched) {
            if let Some(row) = self.refresh(campaign, now, fusion) {
                self.frame("campaign", &row);
            }
        }
        for case in std::mem::take(&mut self.fresh) {
            let row =
                self.recent.iter().find(|recent| recent.case == case).map(|recent| self.report_row(recent, fusion));
            if let Some(row) = row {
                self.frame("report", &row);
            }
        }
        if now.millis_since(self.last_tick) >= TICK_MILLIS
            && let Some(c) = self.lanes.take_tick()
        {
            self.last_tick = now;
            self.frame("tick", &Tick { at: rfc3339(now), c });
        }
        if now.millis_since(self.last_feeds_frame) >= 5_000 {
            self.last_feeds_frame = now;
            let feeds = self.sources(now);
            self.frame("feeds", &feeds);
        }
        std::mem::take(&mut self.frames)
    }

    fn report_row(&self, recent: &Recent, fusion: &Fusion) -> ReportRow {
        let owner = self.claims.get(&recent.case).or_else(|| self.leaks.hand_of(recent.case)).cloned();
        let campaign = fusion.campaign_of(recent.case);
        ReportRow {
            case: recent.case.to_string(),
            at: rfc3339(recent.at),
            sector: recent.lane.and_then(|lane| self.lanes.name(lane)).map(str::to_owned),
            attack: recent.attack.title().to_owned(),
            severity: recent.severity.as_str().to_owned(),
            state: if owner.is_some() { "claimed" } else { "new" }.to_owned(),
            owner,
            campaign: campaign.and_then(|id| self.letters.get(id)),
            campaign_id: campaign.map(|id| id.to_string()),
        }
    }

    fn sources(&self, now: Timestamp) -> Vec<SourceRow> {
        let row = |id: &str, name: &str, at: Option<Timestamp>, may_rest: bool| SourceRow {
            id: id.to_owned(),
            name: name.to_owned(),
            at: at.map(rfc3339),
            silent: !may_rest && at.is_some_and(|at| now.millis_since(at) > SILENT_MILLIS),
        };
        let mut rows = vec![
            row("members", "Members' reports", self.heard_members, false),
            row("gate", "Release gate", self.last_release, true),
            row("journal", "Journal", Some(now), false),
        ];
        if self.heard_feeds.is_some() {
            rows.insert(1, row("feeds", "Feeds and imports", self.heard_feeds, true));
        }
        rows
    }

    /// Rows of the campaigns that hit several firms, the most recently active first.
    #[must_use]
    pub fn campaigns(&self, now: Timestamp, fusion: &Fusion, limit: usize) -> Vec<CampaignRow> {
        let mut held: Vec<(CampaignId, i64)> = self
            .watched
            .keys()
            .filter_map(|id| {
                Some((*id, fusion.campaign(*id).filter(|campaign| campaign.id == *id)?.last_seen.as_millis()))
            })
            .collect();
        held.sort_by_key(|(id, last)| (std::cmp::Reverse(*last), *id));
        let rows = held.into_iter().take(limit);
        rows.filter_map(|(id, _)| self.row(id, self.letters.get(id).unwrap_or_default(), now, fusion)).collect()
    }

    /// Everything that the wall shows now.
    #[must_use]
    pub fn wall(&self, now: Timestamp, fusion: &Fusion) -> Wall {
        let slot_millis = self.lanes.slot_millis();
        Wall {
            now: rfc3339(now),
            slot_ms: slot_millis,
            slots: u32::try_from(SLOTS).unwrap_or(u32::MAX),
            slot_start: rfc3339(self.lanes.open_slot(now)),
            exercise: self.exercise,
            sectors: self
                .lanes
                .all()
                .iter()
                .map(|lane| LaneView {
                    id: lane.id.clone(),
                    name: lane.name.clone(),
                    normal: lane.normal_per_minute(slot_millis),
                })
                .collect(),
            history: self.lanes.all().iter().map(|lane| lane.slots().to_vec()).collect(),
            campaigns: self.campaigns(now, fusion, CAMPAIGNS_SHOWN),
            reports: self.recent.iter().map(|recent| self.report_row(recent, fusion)).collect(),
            alerts: self.alerts.iter().map(alert_row).collect(),
            feeds: self.sources(now),
            posture: self.posture.clone(),
        }
    }

    /// Whether a case exists (for acts upon it).
    #[must_use]
    pub fn has_case(&self, case: CaseId) -> bool {
        self.cases.contains_key(&case)
    }

    /// Who claimed a case.
    #[must_use]
    pub fn owner(&self, case: CaseId) -> Option<&str> {
        self.claims.get(&case).map(String::as_str)
    }
}

#[derive(Serialize)]
struct Claimed {
    case: String,
    owner: String,
}

fn alert_row(alert: &Alert) -> AlertRow {
    AlertRow {
        id: alert.id.to_string(),
        title: alert.title.clone(),
        tlp: alert.tlp.as_str().to_owned(),
        at: rfc3339(alert.at),
        sent: alert.sent,
        read: u32::try_from(alert.readers.len()).unwrap_or(u32::MAX),
    }
}

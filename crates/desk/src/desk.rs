//! What the cell sees, folded from the journal: lanes, reports in, campaigns on the wall, alerts, sources.

mod asks;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use fusion::{Finding, Fusion};
use model::{AdvisoryId, AttackKind, CampaignId, CaseId, KeySeed, MemberToken, PersonId, Severity, Timestamp};
use serde::Serialize;
use vault::{Body, Entry, Journal, ReportEntry, Seq};

use self::asks::alert_row;
use crate::lanes::{Lanes, SLOTS};
use crate::letters::Letters;
use crate::outside::Outside;
use crate::rows::{Called, Watched};
use crate::sight::Sight;
use crate::sources::{Facts, MINUTE_MILLIS};
use crate::thread::Thread;
use crate::views::{AlertRow, CampaignGone, CampaignRow, LaneView, PostureRow, ReportRow, Tick, Wall};

/// Reports that the wall keeps.
pub(crate) const REPORTS_KEPT: usize = 40;
/// Alerts that the wall keeps.
const ALERTS_KEPT: usize = 3;
/// Campaigns that the wall gets.
const CAMPAIGNS_SHOWN: usize = 10;
/// Least time between two ticks of lane counts.
const TICK_MILLIS: i64 = 250;
/// Time between two frames of sources.
const SOURCES_MILLIS: i64 = 5_000;
/// Campaigns whose rows are sent anew in one step because time has passed.
const AGED_PER_STEP: usize = 8;
/// Campaigns of several firms that are kept for the wall and the list; with more, those go that were quiet for longest.
pub(crate) const WATCHED_MAX: usize = 1_000;

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
    pub(crate) lane: Option<usize>,
    pub(crate) received_at: Timestamp,
}

/// Who took a case.
#[derive(Clone)]
pub(crate) struct Claimant {
    pub(crate) by: PersonId,
    pub(crate) name: String,
}

/// The cell's views; see the crate's documentation.
pub struct Desk {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) key_seed: KeySeed,
    pub(crate) lanes: Lanes,
    pub(crate) cases: HashMap<CaseId, CasePlace>,
    pub(crate) letters: Letters,
    pub(crate) exercise: bool,
    members: u32,
    recent: VecDeque<Recent>,
    /// Live cases whose row has not gone out yet: it goes out once fusion has placed them.
    fresh: Vec<CaseId>,
    pub(crate) claims: HashMap<CaseId, Claimant>,
    /// Secondees that cases were passed to, by name.
    pub(crate) passes: HashMap<CaseId, BTreeMap<PersonId, String>>,
    /// Cases that were claimed since the last frames: their campaigns have an owner now.
    claimed: Vec<CaseId>,
    /// Cases from outside the partnership.
    pub(crate) outside: Outside,
    /// What was said of cases, and what their reporters changed.
    pub(crate) threads: HashMap<CaseId, Thread>,
    /// Cases that were recalled, whose campaigns may quote them in their titles.
    pub(crate) retitle: Vec<CaseId>,
    /// Campaigns that members were written to about.
    pub(crate) advised: HashSet<CampaignId>,
    alerts: VecDeque<Alert>,
    posture: Option<PostureRow>,
    pub(crate) watched: HashMap<CampaignId, Watched>,
    /// Campaigns that viewers must forget, with what they became a part of.
    pub(crate) gone: Vec<(CampaignId, Option<CampaignId>)>,
    /// The campaign that each merged one became part of.
    pub(crate) kept: HashMap<CampaignId, CampaignId>,
    pub(crate) touched: BTreeSet<CampaignId>,
    /// When time alone will change a watched campaign's row.
    pub(crate) ageing: BTreeSet<(Timestamp, CampaignId)>,
    frames: Vec<Frame>,
    last_tick: Timestamp,
    pub(crate) heard_members: Option<Timestamp>,
    pub(crate) heard_feeds: Option<Timestamp>,
    pub(crate) last_release: Option<Timestamp>,
    pub(crate) last_entry: Option<Timestamp>,
    pub(crate) last_seq: Seq,
    last_feeds_frame: Timestamp,
    /// What analysts said of campaigns.
    pub(crate) words: crate::words::Words,
    pub(crate) leaks: crate::leaks::Leaks,
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
            passes: HashMap::new(),
            claimed: Vec::new(),
            outside: Outside::default(),
            threads: HashMap::new(),
            retitle: Vec::new(),
            advised: HashSet::new(),
            ageing: BTreeSet::new(),
            last_entry: None,
            last_seq: 0,
            alerts: VecDeque::new(),
            posture: None,
            watched: HashMap::new(),
            gone: Vec::new(),
            kept: HashMap::new(),
            touched: BTreeSet::new(),
            frames: Vec::new(),
            last_tick: Timestamp::default(),
            heard_members: None,
            heard_feeds: None,
            last_release: None,
            last_feeds_frame: Timestamp::default(),
            words: crate::words::Words::default(),
            leaks: crate::leaks::Leaks::default(),
        }
    }

    /// An empty desk behind a wall: its lanes stay blank. Whoever folds it gives it no entry of a walled case.
    pub(crate) fn behind(config: DeskConfig, sight: &Sight) -> Self {
        let mut desk = Self::new(config);
        desk.lanes.wall_off(|group| !sight.admits_group(Some(group)));
        desk
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
        self.last_entry = Some(entry.at);
        self.last_seq = entry.seq;
        match &entry.body {
            Body::Genesis(genesis) => self.exercise = genesis.exercise,
            Body::Population(population) => self.members = population.members,
            Body::Report(report) => self.report(entry.seq, report, live),
            Body::Claim { case, by, name } => {
                // Of two who claimed at once, the first in the journal has it.
                self.outside.read(*case);
                self.claims.entry(*case).or_insert_with(|| Claimant { by: *by, name: name.clone() });
                self.claimed.push(*case);
                self.leaks.claimed(*case, name);
                if live && let Some(owner) = self.owner_of(*case) {
                    self.frame("claim", &Claimed { case: case.to_string(), owner, exercise: self.exercise });
                }
            }
            Body::Message(message) => self.message(entry.seq, message, live),
            Body::Amend(amend) => self.amend(entry.seq, amend, live),
            Body::File(file) => self.file(entry.seq, file, live),
            Body::Opened(opened) => self.opened(entry.seq, opened.case, live),
            Body::Aged(aged) => self.aged(aged.case, aged.class),
            Body::Feedback(feedback) => self.feedback(entry.seq, feedback, live),
            Body::Word(word) => self.word(entry.seq, word, entry.at),
            Body::Pass { case, to, name, given, .. } => {
                let passed = self.passes.entry(*case).or_default();
                if *given {
                    passed.insert(*to, name.clone());
                } else {
                    passed.remove(to);
                }
                if live {
                    let passed_to = self.passed_names(*case);
                    self.frame("pass", &Passed { case: case.to_string(), passed_to, exercise: self.exercise });
                }
            }
            Body::Advisory(advisory) => {
                // The text names a campaign by the id that it had for its author; others may have been joined since.
                let mut about = advisory.campaign;
                while let Some(kept) = about.and_then(|campaign| self.kept.get(&campaign)) {
                    about = Some(*kept);
                }
                self.advised.extend(about);
                self.touched.extend(about);
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
                let row = PostureRow {
                    word: word.as_str().to_owned(),
                    text: text.clone(),
                    at: rfc3339(entry.at),
                    exercise: self.exercise,
                };
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
        let lane = report.sector.as_deref().and_then(|id| self.lanes.index(id));
        let place =
            CasePlace { seq, attack: report.attack, severity: report.severity, lane, received_at: report.received_at };
        self.cases.insert(report.case, place);
        self.leaks.came(report);
        // Whoever is outside is not heard as a member or a feed.
        if report.outside {
            self.outside.came(seq, report.case);
        } else {
            let heard = if report.own { &mut self.heard_feeds } else { &mut self.heard_members };
            *heard = (*heard).max(Some(report.received_at));
        }
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
                self.merge_names(*kept, *alias);
                self.kept.insert(*alias, *kept);
                if self.advised.remove(alias) {
                    self.advised.insert(*kept);
                }
                self.touched.remove(alias);
                if let Some(gone) = self.unwatch(*alias) {
                    self.gone.push((*alias, Some(*kept)));
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
                if let Some(watched) = self.watched.get_mut(kept) {
                    // Its cases are looked through once more: the worst of both, and whoever works on either.
                    watched.whole = false;
                }
                self.touched.insert(*kept);
            }
            Finding::Joined { campaign, case, .. } => {
                self.join(*campaign, *case);
                self.touched.insert(*campaign);
            }
            Finding::Split { kept, parted } => self.split(*kept, *parted),
            Finding::CampaignFormed { .. } | Finding::OverCommon { .. } => {}
        }
    }

    pub(crate) fn frame(&mut self, event: &'static str, value: &impl Serialize) {
        self.frames.push(Frame { event, data: json(value) });
    }

    fn alert_frame(&mut self, id: AdvisoryId, live: bool) {
        let found = self.alerts.iter().find(|alert| alert.id == id);
        let Some(row) = found.map(|alert| alert_row(alert, self.exercise)) else { return };
        if live {
            self.frame("alert", &row);
        }
    }

    /// Stops watching a campaign.
    pub(crate) fn unwatch(&mut self, id: CampaignId) -> Option<Watched> {
        let gone = self.watched.remove(&id)?;
        if let Some(at) = gone.changes_at {
            self.ageing.remove(&(at, id));
        }
        Some(gone)
    }

    /// Events since the last call, in order: reports, campaigns, alerts as they came; lane counts and sources when due.
    pub fn frames(&mut self, now: Timestamp, fusion: &Fusion, facts: &Facts) -> Vec<Frame> {
        for case in std::mem::take(&mut self.claimed) {
            if let Some(campaign) = fusion.campaign_of(case) {
                self.join(campaign, case);
                self.touched.insert(campaign);
            }
        }
        for case in std::mem::take(&mut self.retitle) {
            if let Some(campaign) = fusion.campaign_of(case)
                && let Some(watched) = self.watched.get_mut(&campaign)
            {
                let kind = self.cases.get(&case).map_or("Campaign", |place| place.attack.title());
                watched.called = Called::Kind(kind.to_owned());
                self.touched.insert(campaign);
            }
        }
        for _ in 0..AGED_PER_STEP {
            let Some((at, campaign)) = self.ageing.first().copied().filter(|(at, _)| *at <= now) else { break };
            self.ageing.remove(&(at, campaign));
            self.touched.insert(campaign);
        }
        self.place_names(fusion);
        for campaign in self.take_touched(fusion) {
            if let Some(row) = self.refresh(campaign, now, fusion) {
                self.frame("campaign", &row);
            }
        }
        self.prune(fusion);
        // After the row of what they became a part of, so that no viewer is without both.
        for (id, into) in std::mem::take(&mut self.gone) {
            let into = into.map(|into| into.to_string());
            self.frame("campaign-gone", &CampaignGone { id: id.to_string(), into, exercise: self.exercise });
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_unstable();
        for case in fresh {
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
            self.frame("tick", &Tick { at: rfc3339(now), c, exercise: self.exercise });
        }
        if now.millis_since(self.last_feeds_frame) >= SOURCES_MILLIS {
            self.last_feeds_frame = now;
            let feeds = self.sources(now, facts);
            self.frame("feeds", &feeds);
        }
        std::mem::take(&mut self.frames)
    }

    /// The campaigns that were touched; after a replay, which touches all, the most recently active.
    fn take_touched(&mut self, fusion: &Fusion) -> Vec<CampaignId> {
        let mut touched: Vec<CampaignId> = std::mem::take(&mut self.touched).into_iter().collect();
        if touched.len() > WATCHED_MAX {
            touched.sort_by_cached_key(|id| std::cmp::Reverse(fusion.brief(*id).map(|brief| brief.last_seen)));
            touched.truncate(WATCHED_MAX);
        }
        touched
    }

    /// Keeps the number of watched campaigns bounded: the ones that were quiet for longest go.
    fn prune(&mut self, fusion: &Fusion) {
        let over = self.watched.len().saturating_sub(WATCHED_MAX);
        if over == 0 {
            return;
        }
        let last = |id: &CampaignId| fusion.brief(*id).map_or(i64::MIN, |brief| brief.last_seen.as_millis());
        let mut by_age: Vec<(i64, CampaignId)> = self.watched.keys().map(|id| (last(id), *id)).collect();
        by_age.sort_unstable();
        for (_, id) in by_age.into_iter().take(over + WATCHED_MAX / 10) {
            self.unwatch(id);
            self.gone.push((id, None));
        }
    }

    fn report_row(&self, recent: &Recent, fusion: &Fusion) -> ReportRow {
        let owner = self.owner_of(recent.case);
        let campaign = fusion.campaign_of(recent.case);
        ReportRow {
            case: recent.case.to_string(),
            at: rfc3339(recent.at.floor_to(MINUTE_MILLIS)),
            sector: recent.lane.and_then(|lane| self.lanes.name(lane)).map(str::to_owned),
            attack: recent.attack.title().to_owned(),
            severity: recent.severity.as_str().to_owned(),
            state: if owner.is_some() { "claimed" } else { "new" }.to_owned(),
            owner,
            passed_to: self.passed_names(recent.case),
            withdrawn: self.is_withdrawn(recent.case),
            outside: self.outside.has(recent.case),
            waits: self.waits(recent.case),
            campaign: campaign.and_then(|id| self.letters.get(id)),
            campaign_id: campaign.map(|id| id.to_string()),
            exercise: self.exercise,
        }
    }
}

#[derive(Serialize)]
struct Claimed {
    case: String,
    owner: String,
    exercise: bool,
}

#[derive(Serialize)]
struct Passed {
    case: String,
    passed_to: Vec<String>,
    exercise: bool,
}

//! What a desk answers when it is asked: the wall, the campaigns, whose a case is.

use super::*;

impl Desk {
    /// Rows of the campaigns that may have hit several firms, the most recently active first; those that may as well be one
    /// firm's come last.
    #[must_use]
    pub fn campaigns(&self, now: Timestamp, fusion: &Fusion, limit: usize) -> Vec<CampaignRow> {
        let mut held: Vec<(bool, i64, CampaignId)> = self
            .watched
            .keys()
            .filter_map(|id| {
                let brief = fusion.brief(*id).filter(|brief| brief.id == *id)?;
                let firms = Self::firms(&brief);
                Some((firms.at_most && firms.told <= 2, brief.last_seen.as_millis(), *id))
            })
            .collect();
        held.sort_by_key(|(doubtful, last, id)| (*doubtful, std::cmp::Reverse(*last), *id));
        let rows = held.into_iter().take(limit);
        rows.filter_map(|(_, _, id)| self.row(id, self.letters.get(id).unwrap_or_default(), now, fusion)).collect()
    }

    /// Everything that the wall shows now.
    #[must_use]
    pub fn wall(&self, now: Timestamp, fusion: &Fusion, facts: &Facts) -> Wall {
        let mut recent: Vec<&Recent> = self.recent.iter().collect();
        // Within a minute the order in which reports came is nobody's to see: a run of them would be one firm's import.
        recent.sort_by_key(|recent| (std::cmp::Reverse(recent.at.floor_to(MINUTE_MILLIS)), recent.case));
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
                    walled: lane.walled,
                })
                .collect(),
            history: self.lanes.all().iter().map(|lane| lane.slots().to_vec()).collect(),
            campaigns: self.campaigns(now, fusion, CAMPAIGNS_SHOWN),
            reports: recent.into_iter().map(|recent| self.report_row(recent, fusion)).collect(),
            alerts: self.alerts.iter().map(|alert| alert_row(alert, self.exercise)).collect(),
            feeds: self.sources(now, facts),
            posture: self.posture.clone(),
        }
    }

    /// Names of the secondees that a case was passed to.
    pub(crate) fn passed_names(&self, case: CaseId) -> Vec<String> {
        self.passes.get(&case).map(|to| to.values().cloned().collect()).unwrap_or_default()
    }

    /// Whether a case exists (for acts upon it).
    #[must_use]
    pub fn has_case(&self, case: CaseId) -> bool {
        self.cases.contains_key(&case)
    }

    /// Who claimed a case.
    #[must_use]
    pub fn owner(&self, case: CaseId) -> Option<PersonId> {
        self.claims.get(&case).map(|claimant| claimant.by)
    }
}

pub(super) fn alert_row(alert: &Alert, exercise: bool) -> AlertRow {
    AlertRow {
        id: alert.id.to_string(),
        title: alert.title.clone(),
        tlp: alert.tlp.as_str().to_owned(),
        at: rfc3339(alert.at),
        sent: alert.sent,
        read: u32::try_from(alert.readers.len()).unwrap_or(u32::MAX),
        exercise,
    }
}

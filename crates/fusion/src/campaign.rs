//! A campaign: cases linked by values, named by its oldest case.

use model::{CampaignId, CaseId, Region, Timestamp};

/// A campaign as it stands; borrowed from the engine for one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its id: that of its oldest case.
    pub id: CampaignId,
    /// Ids of campaigns that were merged into it, oldest merge first.
    pub aliases: Vec<CampaignId>,
    /// Its cases in the order in which they came.
    pub cases: Vec<CaseId>,
    /// Distinct values.
    pub values: u32,
    /// When its first case came.
    pub first_seen: Timestamp,
    /// When its last case came.
    pub last_seen: Timestamp,
    /// First case in each sector, in the order in which sectors were hit.
    pub first_by_sector: Vec<(String, Timestamp)>,
    /// Distinct counting members, in all.
    pub members: u32,
    /// Distinct counting members by sector.
    pub members_by_sector: Vec<(String, u32)>,
    /// Distinct counting members by region.
    pub members_by_region: Vec<(Region, u32)>,
}

/// The figures of a campaign that a row shows, without its list of cases: however large it is, this costs the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its id: that of its oldest case.
    pub id: CampaignId,
    /// Number of its cases.
    pub cases: u32,
    /// Distinct values.
    pub values: u32,
    /// When its last case came.
    pub last_seen: Timestamp,
    /// Distinct counting members.
    pub members: u32,
    /// Cases of members, named or not.
    pub of_members: u32,
    /// Sectors of those, as far as they may be known.
    pub lanes: u32,
    /// When the last wave of it was found, if one was.
    pub wave: Option<Timestamp>,
}

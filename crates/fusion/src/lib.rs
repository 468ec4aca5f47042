//! Fusion: finds the campaign and misses the noise: pure and deterministic, `step(event) → findings`, pairs never stored.
//!
//! Time and ids come with each event; members are opaque tokens; values are 64-bit keys. The same engine runs twice: over
//! all items for the cell, and over community items for members.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod ask;
mod budget;
mod campaign;
mod cluster;
mod cover;
mod crowd;
mod digest;
mod engine;
mod forget;
mod history;
mod holders;
mod keys;
mod leave;
mod link;
mod networks;
mod noise;
mod parts;
mod places;
mod posting;
mod reasons;
mod rules;
mod score;
mod sentences;
mod slots;
mod small;
mod steps;
mod store;
mod tags;
mod take;
mod tree;
mod waves;
mod weigh;
mod words;
mod zones;

use model::{CampaignId, CaseId, KeySeed, MemberToken, Observable, ObservableKey, Region, Timestamp};

pub use campaign::{Brief, Campaign};
pub use engine::Fusion;
pub use history::{Happened, What};
pub use networks::{NetworkSet, Networks};
pub use noise::{ListKind, NoiseLists, NoiseSet, NoiseVerdict};
pub use rules::{RULES, rule_names, rule_set_text};
pub use score::{Opinion, Told};
pub use sentences::Likeness;
pub use waves::SPAN_MILLIS as WAVE_MILLIS;
pub use weigh::{Weights, pair_log_odds};
pub use words::{Said, Word};
pub use zones::Zones;

use std::sync::Arc;

/// Stands as a rule's name in a reason that is an analyst's word.
pub const ANALYST: &str = "analyst";

/// What the engine is made with.
#[derive(Clone)]
pub struct Config {
    /// Names and addresses that are reserved for documentation are ordinary in an exercise and noise in life.
    pub exercise: bool,
    /// Lists of everyday values.
    pub noise: Arc<NoiseLists>,
    /// Zones below which unrelated people get names.
    pub zones: Arc<Zones>,
    /// Which networks belong to whom; empty if nothing is known of that.
    pub networks: Arc<Networks>,
    /// Key of the hash that makes observable keys: the engine makes the key of a URL's host by itself.
    pub key_seed: KeySeed,
    /// How evidence is added up.
    pub weights: Weights,
    /// Whether waves are looked for: how many members were hit within hours is not for members.
    pub waves: bool,
    /// A value that this many distinct members hold links nothing any more, once that is decided.
    pub over_common_members: u32,
}

impl Config {
    /// The project's own short lists; no value is over-common until it is said how many members make one so.
    #[must_use]
    pub fn new(exercise: bool, key_seed: KeySeed) -> Self {
        Self {
            exercise,
            noise: Arc::new(NoiseLists::own(exercise)),
            zones: Arc::new(Zones::own()),
            networks: Arc::default(),
            key_seed,
            weights: Weights::default(),
            waves: true,
            over_common_members: u32::MAX,
        }
    }
}

/// One value of a report.
#[derive(Clone, Copy)]
pub struct Observation<'a> {
    /// Its key.
    pub key: ObservableKey,
    /// The value itself, for noise lists and pivots; not kept.
    pub observable: &'a Observable,
}

/// One report as fusion sees it.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// When it counts.
    pub at: Timestamp,
    /// The report. An event for a known case adds values to it.
    pub case: CaseId,
    /// The member, opaque.
    pub token: MemberToken,
    /// Number of the token window that the token belongs to.
    pub window: u32,
    /// The sector group, if it may be known.
    pub sector: Option<&'a str>,
    /// The region, if it may be known.
    pub region: Option<Region>,
    /// Whether the member counts towards breadth (named reports, feeds and the cell's own do not).
    pub counts: bool,
    /// Whether a member sent it, named or not: neither the cell, nor a feed, nor somebody from outside the partnership.
    pub of_member: bool,
    /// The values.
    pub observations: &'a [Observation<'a>],
    /// ATT&CK techniques that the report names.
    pub techniques: &'a [&'a str],
    /// Names of malware and other tags, as they are written.
    pub tags: &'a [&'a str],
}

/// Why two cases are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Name of the rule.
    pub rule: &'static str,
    /// The value that links; of a tag what [`Fusion::tag_key`] gives.
    pub key: ObservableKey,
    /// The earlier case.
    pub other: CaseId,
}

/// What a report was held against: how likely it is that it belongs to one campaign.
#[derive(Clone, Copy, Debug)]
pub struct Considered {
    /// A case of the campaign.
    pub other: CaseId,
    /// Reports of the campaign.
    pub size: u32,
    /// Days since it was last seen, or as many as the reports since: on a busy day chance has its way sooner.
    pub days: f32,
    /// What it says, in nats, that it began within [`WAVE_MILLIS`], if it did and something specific is shared; else 0.
    pub young: f32,
    /// What it says that so much of the report's values is shared, in nats.
    pub cover: f32,
    /// Evidence in nats of each rule, in the order of [`rule_names`].
    pub evidence: [f32; RULES],
    /// Log-odds that the report belongs to the campaign.
    pub log_odds: f32,
}

/// What a step concluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A case is the first of a campaign of its own.
    CampaignFormed {
        /// The campaign: its id is that of the case.
        campaign: CampaignId,
        /// The case.
        case: CaseId,
    },
    /// A case belongs to a campaign that existed.
    Joined {
        /// The campaign.
        campaign: CampaignId,
        /// The case.
        case: CaseId,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// Two campaigns are one.
    Merged {
        /// The older campaign, which keeps its id.
        kept: CampaignId,
        /// The younger one, whose id is an alias from now on.
        alias: CampaignId,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// One campaign is two, because an analyst said so.
    Split {
        /// The part with the oldest case, which keeps the id.
        kept: CampaignId,
        /// The other part, which has the id of its oldest case.
        parted: CampaignId,
    },
    /// A value links nothing from now on.
    OverCommon {
        /// The value.
        key: ObservableKey,
        /// Why, in words.
        why: String,
    },
}

/// A value that links nothing, with how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverCommon {
    /// The value.
    pub key: ObservableKey,
    /// Why, in words.
    pub why: String,
    /// In how many cases it was.
    pub seen: u32,
    /// A case that holds it, so that its text can be found.
    pub example: CaseId,
}

/// One campaign hit several members within hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wave {
    /// The campaign, by the id that it had then.
    pub campaign: CampaignId,
    /// Distinct members that were hit by then.
    pub members: u32,
    /// The earliest of their latest hits.
    pub since: Timestamp,
}

/// What changed since the last call of [`Fusion::take_changes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Campaigns that began, grew or merged, by their present id, in order of id.
    pub campaigns: Vec<CampaignId>,
    /// Merges as (kept, alias), in the order in which they happened.
    pub merged: Vec<(CampaignId, CampaignId)>,
    /// Waves that began, in that order.
    pub waves: Vec<Wave>,
}

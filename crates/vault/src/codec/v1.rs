//! Version 1 of every type, as serde shapes: never changed, only followed by a version 2 beside it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub(super) t: Cow<'a, str>,
    pub(super) v: u32,
}

#[derive(Deserialize)]
pub(super) struct Case<'a> {
    #[serde(borrow)]
    pub(super) case: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Typed<'a, T> {
    pub(super) t: Cow<'a, str>,
    pub(super) v: u32,
    #[serde(flatten)]
    pub(super) rest: T,
}

#[derive(Serialize, Deserialize)]
pub(super) struct GenesisV1 {
    pub(super) partnership: String,
    pub(super) exercise: bool,
    pub(super) params: ParamsV1,
    pub(super) key_seed: String,
    pub(super) made_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ParamsV1 {
    pub(super) others: u32,
    pub(super) coalition: u32,
    pub(super) tick_millis: i64,
    pub(super) block_millis: i64,
    pub(super) epoch_millis: i64,
    pub(super) hold_members: u32,
    pub(super) block_members: u32,
    pub(super) sector_floor: u32,
    pub(super) watch_millis: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PopulationV1 {
    pub(super) members: u32,
    pub(super) sectors: Vec<(String, u32)>,
    pub(super) regions: Vec<(String, u32)>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DataSetV1 {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ItemV1 {
    pub(super) k: String,
    pub(super) v: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) held: Option<String>,
}

/// The part of a report that a later version seals.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedV1 {
    pub(super) token: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReportV1 {
    pub(super) case: String,
    pub(super) s: SealedV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    pub(super) received_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) happened_at: Option<i64>,
    pub(super) warn: String,
    pub(super) know: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) named: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) own: bool,
    pub(super) tlp: String,
    pub(super) pap: String,
    pub(super) attack: String,
    pub(super) severity: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) ongoing: bool,
    pub(super) title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) narrative: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) techniques: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    pub(super) items: Vec<ItemV1>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TickV1 {
    pub(super) at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct FindingsV1 {
    pub(super) run: String,
    pub(super) items: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ObjectV1 {
    pub(super) k: String,
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) lookup: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) campaign: Option<String>,
    pub(super) body: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(super) const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReleaseV1 {
    pub(super) tick: i64,
    pub(super) objects: Vec<ObjectV1>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AdvisoryV1 {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) actions: Vec<String>,
    pub(super) severity: String,
    pub(super) tlp: String,
    pub(super) pap: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) campaign: Option<String>,
    pub(super) author: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AdvisoryReadV1 {
    pub(super) id: String,
    pub(super) s: SealedV1,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ClaimV1 {
    pub(super) case: String,
    pub(super) by: String,
    pub(super) name: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PassV1 {
    pub(super) case: String,
    pub(super) to: String,
    pub(super) name: String,
    pub(super) by: String,
    pub(super) given: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PostureV1 {
    pub(super) word: String,
    pub(super) text: String,
    pub(super) by: String,
}

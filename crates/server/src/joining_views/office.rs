//! What the cell is shown and sends of organisations, invitations, acts, mail and settings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::*;

/// An organisation in the cell's list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganisationView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `member` or `observer`.
    pub class: String,
    /// Main sector.
    pub sector: String,
    /// Region.
    pub region: Option<String>,
    /// Size.
    pub size: Option<String>,
    /// `invited`, `active`, `dormant`, `suspended` or `left`.
    pub status: String,
    /// Nobody has signed in for sixty days.
    pub quiet: bool,
    /// Accounts.
    pub people: u32,
    /// The version of the terms that was accepted last.
    pub terms: u32,
    /// Whether it can only read until it accepts the latest.
    pub overdue: bool,
}

/// A page of organisations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganisationList {
    /// Organisations by name.
    pub items: Vec<OrganisationView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// One organisation, for the cell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganisationPage {
    /// What the list shows.
    pub row: OrganisationView,
    /// Its sectors, the main one first.
    pub sectors: Vec<String>,
    /// Its domains.
    pub domains: Vec<String>,
    /// Its address ranges.
    pub ranges: Vec<String>,
    /// Its names and brands.
    pub brands: Vec<String>,
    /// Software that it uses.
    pub software: Vec<String>,
    /// Who proposed it.
    pub sponsor: Option<String>,
    /// What its people did, up to yesterday.
    pub acts: Vec<OwnAct>,
    /// Another way in that a lead asked for, and to which another one has not agreed yet.
    pub recovery: Option<RecoveryAskedView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// An organisation to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisationView {
    /// Name.
    pub name: String,
    /// `member` or `observer`.
    #[serde(default)]
    pub class: Option<String>,
    /// Sectors, the main one first.
    pub sectors: Vec<String>,
    /// Region.
    pub region: Option<String>,
    /// Size.
    pub size: Option<String>,
    /// Domains.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Name of its first person.
    pub contact: String,
    /// Address of that person.
    pub email: String,
    /// Language to write in.
    #[serde(default)]
    pub language: String,
}

/// What an organisation is, as the cell writes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisationEdit {
    /// Name.
    pub name: String,
    /// Sectors, the main one first.
    pub sectors: Vec<String>,
    /// Region.
    pub region: Option<String>,
    /// Size.
    pub size: Option<String>,
    /// Domains.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Address ranges.
    #[serde(default)]
    pub ranges: Vec<String>,
    /// Names and brands.
    #[serde(default)]
    pub brands: Vec<String>,
    /// Software.
    #[serde(default)]
    pub software: Vec<String>,
}

/// Where an organisation is to stand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatus {
    /// `suspended`, `active` (again) or `left`.
    pub status: String,
}

/// Who gets another way in: a person who is an admin there, or a new one by name and address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecovery {
    /// Id of the person.
    pub person: Option<String>,
    /// Name of a new admin.
    pub name: Option<String>,
    /// Address of a new admin.
    pub email: Option<String>,
}

/// What came of asking for another way in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecoveryView {
    /// `asked`: another lead has to agree, by asking for the same within three days. `sent`: two have.
    pub state: String,
    /// The link that opens the way, shown once, where no mail server is set up; else null.
    pub link: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Another way in that waits for a second lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecoveryAskedView {
    /// Id of who gets it; null if it is somebody new.
    pub person: Option<String>,
    /// Name of who gets it.
    pub name: String,
    /// Address to which it goes.
    pub email: String,
    /// Who asked.
    pub by: String,
    /// Whether you did.
    pub own: bool,
    /// Until when another lead may agree.
    pub until: String,
}

/// Somebody to invite to the cell, or to an observing organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCellInvitation {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// `analyst`, `seconded-analyst`, `lead`, `administrator` or `observer`.
    pub role: String,
    /// Id of the home organisation of a secondee, or of an observer's organisation.
    pub organisation: Option<String>,
    /// Vetting level of a secondee.
    pub vetting: Option<String>,
    /// The day on which the vetting ends, as `2026-11-25`.
    pub vetted_until: Option<String>,
    /// Sectors that a secondee is walled from; the home organisation's among them.
    #[serde(default)]
    pub wall: Vec<String>,
    /// Language to write in.
    #[serde(default)]
    pub language: String,
}

/// One act of the cell's trail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActView {
    /// Its place in the trail.
    pub seq: i64,
    /// When.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// What, as a word.
    pub what: String,
    /// To whom or what.
    pub target: String,
    /// More in words.
    pub detail: String,
}

/// A page of the cell's trail of acts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActList {
    /// The acts, the latest first.
    pub items: Vec<ActView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A mail as an operator sees it: neither subject nor text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailView {
    /// The address.
    pub to: String,
    /// `invitation`, `sponsorship`, `recovery`, `notice` or `trial`.
    pub kind: String,
    /// `queued`, `sending`, `sent` or `failed`.
    pub state: String,
    /// Tries.
    pub attempts: u32,
    /// The day on which it was queued.
    pub day: String,
    /// What the last try failed by.
    pub trouble: Option<String>,
    /// Whether it may have arrived twice.
    pub unsure: bool,
}

/// The outbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Outbox {
    /// Mails that wait.
    pub waiting: u64,
    /// Mails that were sent in thirty days.
    pub sent: u64,
    /// Mails that were refused in thirty days.
    pub failed: u64,
    /// The latest, those with trouble first.
    pub items: Vec<MailView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// One setting.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingView {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The settings of joining and leaving.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingList {
    /// The settings.
    pub items: Vec<SettingView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A setting's new value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSetting {
    /// The value.
    pub value: String,
}

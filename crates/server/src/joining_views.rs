//! What joining, organisations and people look like on the way in and out.

mod office;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use office::*;

/// The token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLook {
    /// What stands behind the `#` of the link.
    pub token: String,
}

/// One version of the terms of membership.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TermsView {
    /// Its number.
    pub version: u32,
    /// The text: plain, in paragraphs.
    pub text: String,
    /// The day from which it holds.
    pub from_day: String,
}

/// What a link is for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitedView {
    /// `organisation`, `person`, `cell` or `recovery`.
    pub kind: String,
    /// The organisation.
    pub organisation: Option<String>,
    /// The role.
    pub role: String,
    /// The address that the link was sent to.
    pub email: String,
    /// The name as the sender wrote it.
    pub name: String,
    /// Until when the link works.
    pub expires_at: String,
    /// The terms that are accepted with it.
    pub terms: TermsView,
    /// Name of the partnership.
    pub partnership: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// An invitation that is accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJoin {
    /// What stands behind the `#` of the link.
    pub token: String,
    /// The name of whoever joins.
    pub name: String,
    /// The version of the terms that was shown; a member's people must name it.
    pub terms: Option<u32>,
}

/// Somebody has joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JoinedView {
    /// Begins, once and within half an hour, the session in which a first way to sign in is set.
    pub ticket: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnrolment {
    /// The ticket.
    pub ticket: String,
}

/// The own organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnOrganisation {
    /// Its name.
    pub name: String,
    /// `member` or `observer`.
    pub class: String,
    /// Its sectors, the main one first.
    pub sectors: Vec<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its size.
    pub size: Option<String>,
    /// Its domains.
    pub domains: Vec<String>,
    /// Its address ranges.
    pub ranges: Vec<String>,
    /// Its names and brands.
    pub brands: Vec<String>,
    /// Software that it uses.
    pub software: Vec<String>,
    /// Why it can only read: `dormant` or `terms`.
    pub read_only: Option<String>,
    /// Whether domains, ranges and brands were proposed by its invitation and no administrator has saved them yet: nobody
    /// reports until one has, whatever of them is kept.
    pub proposed: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What an organisation tells of itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwnOrganisation {
    /// Its region.
    pub region: Option<String>,
    /// Its size: `1-9`, `10-49`, `50-249`, `250-999` or `1000+`.
    pub size: Option<String>,
    /// Its domains.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Its address ranges.
    #[serde(default)]
    pub ranges: Vec<String>,
    /// Its names and brands.
    #[serde(default)]
    pub brands: Vec<String>,
    /// Software that it uses.
    #[serde(default)]
    pub software: Vec<String>,
}

/// Somebody with an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: String,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// Home organisation of a secondee.
    pub home: Option<String>,
    /// Vetting level of a secondee.
    pub vetting: Option<String>,
    /// When the vetting ends.
    pub vetted_until: Option<String>,
    /// Sectors that a secondee is walled from.
    pub wall: Vec<String>,
}

/// A page of people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonList {
    /// The people.
    pub items: Vec<PersonView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What becomes of somebody: at least one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersonState {
    /// Another role.
    pub role: Option<String>,
    /// Whether they may not sign in.
    pub disabled: Option<bool>,
}

/// An invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationView {
    /// Id.
    pub id: String,
    /// `organisation`, `person`, `cell` or `recovery`.
    pub kind: String,
    /// The organisation.
    pub organisation: Option<String>,
    /// The role.
    pub role: String,
    /// Name of whom it was sent to.
    pub name: String,
    /// Address.
    pub email: String,
    /// `open`, `accepted`, `expired` or `withdrawn`.
    pub state: String,
    /// The day on which it was sent.
    pub day: String,
    /// Until when its link works.
    pub expires_at: String,
}

/// A page of invitations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationList {
    /// The invitations, the latest first.
    pub items: Vec<InvitationView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Somebody to invite to the own organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersonInvitation {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// `reader`, `reporter` or `organisation-admin`.
    pub role: String,
    /// Language to write in, such as `en`.
    #[serde(default)]
    pub language: String,
}

/// An invitation is on its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkView {
    /// The link, shown this once and to be handed over; absent where it goes by mail.
    pub link: Option<String>,
    /// The organisation that was invited, if one was.
    pub organisation: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A firm that is proposed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSponsorshipView {
    /// Name.
    pub name: String,
    /// Main sector.
    pub sector: String,
    /// Region.
    pub region: Option<String>,
    /// Size.
    pub size: Option<String>,
    /// A domain of its own.
    pub domain: String,
    /// Name of the person to invite.
    pub contact: String,
    /// Address of that person.
    pub email: String,
    /// Why it should join.
    pub why: String,
}

/// A proposal as its sponsor sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SponsorshipView {
    /// Id.
    pub id: String,
    /// The firm.
    pub name: String,
    /// Its main sector.
    pub sector: String,
    /// Its domain.
    pub domain: String,
    /// The person to invite.
    pub contact: String,
    /// That person's address.
    pub email: String,
    /// Why.
    pub why: String,
    /// `pending`, `invited`, `not-now` or `withdrawn`.
    pub state: String,
    /// The day on which it was proposed.
    pub day: String,
}

/// A page of proposals.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SponsorshipList {
    /// The proposals, the latest first.
    pub items: Vec<SponsorshipView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A proposal as the cell sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CellSponsorshipView {
    /// Id.
    pub id: String,
    /// Who proposes.
    pub sponsor: String,
    /// The firm.
    pub name: String,
    /// Its main sector.
    pub sector: String,
    /// Its region.
    pub region: Option<String>,
    /// Its size.
    pub size: Option<String>,
    /// Its domain.
    pub domain: String,
    /// The person to invite.
    pub contact: String,
    /// That person's address.
    pub email: String,
    /// Why.
    pub why: String,
    /// `pending`, `approved`, `refused` or `withdrawn`.
    pub state: String,
    /// The day on which it was proposed.
    pub day: String,
    /// The day on which it was decided.
    pub decided_day: Option<String>,
    /// Why it was refused: the sponsor is not told.
    pub reason: Option<String>,
}

/// A page of proposals for the cell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CellSponsorshipList {
    /// The proposals, the latest first.
    pub items: Vec<CellSponsorshipView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Why not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReason {
    /// The reason, for the cell alone.
    pub reason: String,
}

/// How the own organisation stands to the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TermsStandingView {
    /// The latest version.
    pub terms: TermsView,
    /// The version that was accepted last; zero if none.
    pub accepted: u32,
    /// The last day on which the organisation may report without accepting.
    pub until_day: Option<String>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A version that is accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAcceptance {
    /// The version.
    pub version: u32,
}

/// Every version of the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TermsList {
    /// The versions, the latest first.
    pub items: Vec<TermsView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The next version of the terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTerms {
    /// The text.
    pub text: String,
    /// The day from which it holds, as `2026-11-25`.
    pub from_day: String,
}

/// An organisation in the directory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DirectoryEntry {
    /// Its name.
    pub name: String,
    /// Its sectors, the main one first.
    pub sectors: Vec<String>,
}

/// A page of the directory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Directory {
    /// Organisations by name.
    pub items: Vec<DirectoryEntry>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What the own people did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnAct {
    /// The day.
    pub day: String,
    /// By whom.
    pub actor: String,
    /// What, as a word.
    pub what: String,
    /// To whom or what.
    pub target: String,
    /// More in words.
    pub detail: String,
}

/// What the own people did, the latest day first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnActs {
    /// The acts.
    pub items: Vec<OwnAct>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

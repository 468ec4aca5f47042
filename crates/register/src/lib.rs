//! Who is in the room: organisations, people, roles, credentials and sessions, in a store of their own. It knows no report.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod audit;
mod cell_key;
mod credentials;
mod devices;
mod groups;
mod held;
mod insert;
mod joining;
mod keys;
mod lanes;
mod lead_keys;
mod mail;
mod names;
mod notices;
mod nouns;
mod organisations;
mod paging;
mod passkeys;
mod password;
mod people;
mod reach;
mod recovery;
mod register;
mod rights;
mod schema;
mod scopes;
mod seal;
mod sessions;
mod shown;
mod signin;
mod throttle;
mod totp;

pub use audit::{Act, Actor, MemberAct};
pub use credentials::{KEY_PREFIX, Secret};
pub use devices::{DEVICE_MILLIS, DeviceInfo, NewDevice, PAIRING_MILLIS};
pub use groups::{GROUP_MEMBERS_MAX, GROUPS_OF_ONE_MAX, GroupMember, NewGroup, SharingGroup, WhoMayAdd};
pub use joining::dormancy::{Change, Notice, QUIET_DAYS, Use, due};
pub use joining::invitations::{
    EnrolmentTicket, INVITATION_PREFIX, INVITATIONS_OPEN_MAX, Invitation, InvitationKind, InvitationState, Invited,
    TICKET_PREFIX,
};
pub use joining::join::Joined;
pub use joining::letters::{date, day_named};
pub use joining::listing::{DirectoryRow, OrganisationQuery, OrganisationRow, PAGE_ROWS};
pub use joining::many::Onboarded;
pub use joining::members::Invitee;
pub use joining::onboarding::{
    ONBOARDING_BYTES_MAX, ONBOARDING_COLUMNS, ONBOARDING_LINES_MAX, OnboardingFile, OnboardingLine, OnboardingProblem,
    read_onboarding,
};
pub use joining::profile::{BRANDS_MAX, DOMAINS_MAX, FURTHER_SECTORS_MAX, Profile, RANGES_MAX, SOFTWARE_MAX, SizeBand};
pub use joining::rounds::Round;
pub use joining::settings::{JOINING_SETTINGS, JoiningSettings};
pub use joining::sponsorship::{NewSponsorship, Sponsorship, SponsorshipState, WHY_CHARS_MAX};
pub use joining::terms::{TERMS_CHARS_MAX, Terms, TermsStanding};
pub use joining::way_in::{RECOVERY_MILLIS, Recovery, RecoveryAsked, RecoveryFor};
pub use joining::{Delivery, JoinError, Link, Page, Place};
pub use keys::{KEY_DAYS_MAX, NewKey};
pub use lead_keys::{
    LEAD_KEY_BYTES, LEAD_KEY_CONFIRMATIONS, LEAD_KEYS_MAX, LeadKey, WaitingLeadKey, lead_key_fingerprint,
};
pub use mail::{
    MAIL_SUBJECT_CHARS_MAX, MAIL_TEXT_BYTES_MAX, MAILS_WAITING_MAX, Mail, MailCounts, MailId, MailInfo, MailKind,
    MailState, NewMail,
};
pub use notices::Noticed;
pub use nouns::{
    Answers, Face, KeyInfo, Means, NewOrganisation, NewPerson, Organisation, OrganisationClass, Person, Populations,
    Principal, Secondment, Status,
};
pub use paging::{HOOK_BYTES_MAX, Hook, NewPage, SHIFT_ENTRIES_MAX, Stage, Woken};
pub use passkeys::{PASSKEYS_EACH_MAX, PasskeyInfo, StoredPasskey};
pub use password::{PASSWORD_CHARS_MIN, PasswordCost};
pub use reach::Readers;
pub use recovery::RECOVERY_CODES;
pub use register::{Register, RegisterError, SignInError};
pub use rights::{Right, Rights, Role, rights_table};
pub use scopes::{Scope, Scopes};
pub use seal::SealKey;
pub use sessions::{FRESH_MILLIS, SESSION_IDLE_MILLIS, SESSION_MILLIS, SessionInfo, SessionKind};
pub use signin::{CHALLENGE_MILLIS, Demand, Factors, Second, SecondStep};
pub use totp::TotpSecret;

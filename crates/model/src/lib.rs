//! The nouns of threat sharing: observables, markings, reports, sectors, ids and times.
//!
//! Pure values: no I/O, no JSON, no async, no clock, and nothing about who may see what.
//!
//! Two nouns have only their ids here, since each has one home and no two crates share its shape: a campaign is what
//! `fusion::Campaign` finds in the run over everything and `released::CampaignView` tells members in bands, and an
//! organisation is what `register` keeps of it. `docs/decisions/0040-where-campaign-and-organisation-live.md` says why.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod ids;
mod kind;
mod marking;
mod normal;
mod observable;
mod outside;
mod report;
mod sealed_file;
mod sealed_words;
mod sector;
mod sighting;
mod time;

pub use ids::{
    AdvisoryId, CampaignId, CaseId, FileId, GroupId, InvitationId, MemberToken, MessageId, ObservableKey,
    OrganisationId, PersonId, SponsorshipId,
};
pub use kind::Kind;
pub use marking::{Marking, Pap, Tlp};
pub use normal::VALUE_BYTES_MAX;
pub use observable::{KeySeed, Observable, ParseError, defang, refang};
pub use outside::{Clock, Entropy};
pub use report::{AttackKind, Draft, DraftIndicator, Origin, Severity, Technique, WhoMayBeWarned, WhoMayKnow};
pub use sealed_file::{
    ENCAPSULATED_BYTES, SEALED_FILE_BYTES_MAX, SEALED_FILE_PIECE_BYTES, SEALED_PIECE_BYTES, SealedFile, SealedFileError,
};
pub use sealed_words::{SEALED_WORDS_BYTES_MAX, SEALED_WORDS_BYTES_MIN, SealedWords, SealedWordsError};
pub use sector::{Region, Sector};
pub use sighting::{Indicator, Sighting};
pub use time::Timestamp;

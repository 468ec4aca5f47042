//! What happens to an organisation's own reports: the nouns that callers hand over, and their limits.

use model::{CaseId, OrganisationId, Timestamp};

/// Longest title of a case, in bytes.
pub const TITLE_BYTES_MAX: usize = 512;
/// Longest type of attack, in bytes.
pub const ATTACK_BYTES_MAX: usize = 64;
/// Longest status, in bytes.
pub const STATUS_BYTES_MAX: usize = 64;
/// Longest body of a note, in bytes: a report of 2 MiB and what is told around it.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024 + 128 * 1024;

/// What the list of own reports shows of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its title; empty after a recall.
    pub title: String,
    /// Type of the attack.
    pub attack: String,
    /// Where it stands.
    pub status: String,
    /// When it was reported.
    pub at: Timestamp,
}

/// One record of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its id: a note that comes twice is there once.
    pub id: [u8; 16],
    /// When it was written.
    pub at: Timestamp,
    /// A text that the caller defines and this store only keeps.
    pub body: String,
}

/// One change. What is named by an organisation is found by that organisation alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new case, the newest of its organisation's list. A case that is known already stays as it is.
    Open {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        case: CaseId,
        /// What the list shows.
        summary: Summary,
        /// The first note of its thread.
        note: Note,
    },
    /// A note for the thread of a case. A note that is known already changes nothing, nor does it mark the case again.
    Note {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        case: CaseId,
        /// What is added at the thread's end.
        note: Note,
        /// Whether the organisation thus has something new to read.
        unread: bool,
        /// Whether its people may be told by mail that it has.
        mail: bool,
    },
    /// The list shows the case otherwise.
    Summarise {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        case: CaseId,
        /// What the list shows from now on.
        summary: Summary,
    },
    /// A recall: every note of the case is removed and one put in their place. The case stays on the list without a title.
    Erase {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        case: CaseId,
        /// What the list shows from now on; its title is left out.
        summary: Summary,
        /// The one note of the thread.
        note: Note,
    },
    /// The organisation has read the case.
    Read {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        case: CaseId,
    },
    /// There is something new for the organisation that is new for all: its people are to be told as of a note to read.
    News {
        /// Whose.
        organisation: OrganisationId,
    },
    /// Its people were told that there is something new.
    Told {
        /// Whose.
        organisation: OrganisationId,
    },
}

/// A change of a batch that was not made; all others were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the batch, from 0.
    pub place: usize,
    /// Why it was not made.
    pub why: Why,
}

/// Why a change is not made. It is no error of the batch: one that can never be made would hold up all later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The organisation has no such case.
    #[error("the organisation has no such case")]
    NoSuchCase,
    /// The thread takes no more notes.
    #[error("the thread is full: it takes {} notes or {} bytes", crate::THREAD_NOTES_MAX, crate::THREAD_BYTES_MAX)]
    ThreadFull,
    /// The note is too long.
    #[error("the note is longer than {BODY_BYTES_MAX} bytes")]
    NoteTooLong,
    /// A text of the list is too long.
    #[error("{0} is too long for the list")]
    SummaryTooLong(&'static str),
}

impl Summary {
    pub(crate) fn check(&self) -> Result<(), Why> {
        let limits = [
            ("the title", &self.title, TITLE_BYTES_MAX),
            ("the type of attack", &self.attack, ATTACK_BYTES_MAX),
            ("the status", &self.status, STATUS_BYTES_MAX),
        ];
        match limits.into_iter().find(|(_, text, max)| text.len() > *max) {
            Some((name, ..)) => Err(Why::SummaryTooLong(name)),
            None => Ok(()),
        }
    }
}

impl Note {
    pub(crate) fn check(&self) -> Result<(), Why> {
        if self.body.len() > BODY_BYTES_MAX { Err(Why::NoteTooLong) } else { Ok(()) }
    }
}

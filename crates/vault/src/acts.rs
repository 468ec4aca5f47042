//! What is said of a case after it came, and what its reporter changes in it.

use std::collections::HashSet;

use model::{AttackKind, CaseId, FileId, MessageId, Observable, PersonId, Severity, Timestamp, WhoMayBeWarned};

use crate::entry::{Item, ReportEntry, Seq};

/// Who speaks in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// Whoever filed the case; nothing more is said of them.
    Reporter,
    /// Somebody of the cell.
    Cell {
        /// Who.
        by: PersonId,
        /// The name that the cell's screens show; the reporter reads "the cell".
        name: String,
    },
}

/// Something said in the thread of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEntry {
    /// Its id.
    pub id: MessageId,
    /// The case.
    pub case: CaseId,
    /// Who says it.
    pub from: Party,
    /// What; plain text.
    pub text: String,
    /// The cell asks whether more may be shared than the reporter has allowed.
    pub asks: bool,
}

/// A file that came with a case; its bytes lie sealed beside the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its id.
    pub id: FileId,
    /// The case.
    pub case: CaseId,
    /// Who sent it.
    pub from: Party,
    /// Its name, made harmless.
    pub name: String,
    /// Bytes; zero once it was recalled, for none comes empty.
    pub size: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// What it is, in a word.
    pub kind: String,
    /// What is to be said about it.
    pub notes: Vec<String>,
}

/// Two leads opened who reported a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedEntry {
    /// The case.
    pub case: CaseId,
    /// Who, with the names that the cell's screens show.
    pub by: [(PersonId, String); 2],
    /// Why; the reporter is told.
    pub reason: String,
}

/// What an analyst says of the campaign that a case belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordEntry {
    /// The case.
    pub case: CaseId,
    /// Who.
    pub by: PersonId,
    /// The name that the cell's screens show.
    pub name: String,
    /// What.
    pub what: Word,
}

/// See [`WordEntry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Whether it and another case are of one attack.
    Related {
        /// The other case.
        other: CaseId,
        /// Whether they are.
        same: bool,
        /// Why.
        reason: String,
    },
    /// What its campaign is called; empty takes the name back.
    Named(String),
}

/// What the cell feeds back to the source of a case, whoever that is. Its reporter is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackEntry {
    /// The case.
    pub case: CaseId,
    /// Who.
    pub by: PersonId,
    /// The name that the cell's screens show.
    pub name: String,
    /// What.
    pub what: Feedback,
}

/// See [`FeedbackEntry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feedback {
    /// What the case was worth.
    Judged(Verdict),
    /// Its source sends too much, or nothing of use: it may send less for a while.
    Limited {
        /// Why.
        reason: String,
    },
}

/// What a case was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What it says is so.
    Confirmed,
    /// What it says is not so, or is noise.
    Refuted,
    /// Nothing is known yet, or what was said before is taken back.
    Open,
}

impl Verdict {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "false",
            Self::Open => "open",
        }
    }

    /// The verdict of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Confirmed, Self::Refuted, Self::Open].into_iter().find(|verdict| verdict.as_str() == name)
    }
}

/// A change that the reporter of a case makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendEntry {
    /// The case.
    pub case: CaseId,
    /// Place of its report in the journal.
    pub of: Seq,
    /// What changes.
    pub change: Change,
}

/// What a reporter changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The first answer: the reporter lets more be warned than before.
    Consent {
        /// The answer from now on.
        warn: WhoMayBeWarned,
    },
    /// What the report says.
    Correct(Box<Correction>),
    /// The report is taken back: the cell keeps it, members lose what only it had told them.
    Withdraw,
    /// The report should never have been sent: its content is gone from the journal too.
    Recall {
        /// Entries whose content was taken out, each with what is left of it.
        redacted: Vec<Redacted>,
    },
}

/// What a report says from now on. Who may be warned, who may know and the marking stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// When it happened, if the reporter says.
    pub happened_at: Option<Timestamp>,
    /// The closest match.
    pub attack: AttackKind,
    /// How bad.
    pub severity: Severity,
    /// Still going on?
    pub ongoing: bool,
    /// One line; never shown to members.
    pub title: String,
    /// The reporter's words; never shown to members.
    pub narrative: String,
    /// Values that it names beside those before.
    pub added: Vec<Item>,
    /// Values that it names no more.
    pub dropped: Vec<Observable>,
}

/// A class of what cases consist of, each with a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Words of reports, their threads and files, and what leads open a source with.
    Words,
    /// Values that nobody beyond the cell was shown, nor will be: held, for the cell only, or RED.
    Values,
    /// All of what came from outside the partnership.
    Letters,
}

impl Class {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Words, Self::Values, Self::Letters];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Values => "values",
            Self::Letters => "letters",
        }
    }

    /// Whether words, threads and files go with it.
    pub(crate) const fn has_words(self) -> bool {
        matches!(self, Self::Words | Self::Letters)
    }

    /// Whether values that only the cell had go with it.
    pub(crate) const fn has_values(self) -> bool {
        matches!(self, Self::Values | Self::Letters)
    }
}

impl std::str::FromStr for Class {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|class| class.as_str() == text).ok_or(())
    }
}

/// The time of a class of a case's content is over, and it was taken out of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgedEntry {
    /// The case.
    pub case: CaseId,
    /// What of it.
    pub class: Class,
    /// Place of the last entry of the case that was looked at: what is said later has a time of its own.
    pub to: Seq,
    /// The same place as the list beside the keys has it: another one in a copy of the data that is older than the list.
    pub listed: Seq,
    /// Entries that lost content, each with what is left of it.
    pub redacted: Vec<Redacted>,
    /// Whether values are left that only the cell has.
    pub rest: bool,
    /// Numbers of the keys that were destroyed: a start makes up for a crash in between.
    pub keys: Vec<u64>,
}

/// An entry whose content was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// Its place.
    pub seq: Seq,
    /// Its hash in the chain, which what followed it was chained to.
    pub hash: [u8; 32],
    /// SHA-256 of what is stored in its place.
    pub left: [u8; 32],
}

impl Change {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Consent { .. } => "consent",
            Self::Correct(_) => "correction",
            Self::Withdraw => "withdrawal",
            Self::Recall { .. } => "recall",
        }
    }
}

impl ReportEntry {
    /// The report as it stands after a change that its reporter made.
    pub fn amend(&mut self, change: &Change) {
        match change {
            // Nobody outside lets members be warned; no such change is taken, and none has an effect.
            Change::Consent { .. } if self.outside => {}
            Change::Consent { warn } => self.warn = *warn,
            Change::Correct(correction) => {
                self.happened_at = correction.happened_at;
                self.attack = correction.attack;
                self.severity = correction.severity;
                self.ongoing = correction.ongoing;
                self.title.clone_from(&correction.title);
                self.narrative.clone_from(&correction.narrative);
                let dropped: HashSet<&Observable> = correction.dropped.iter().collect();
                self.items.retain(|item| !dropped.contains(&item.sighting.observable));
                let known = self.items.iter().map(|item| item.sighting.observable.clone());
                let mut known: HashSet<Observable> = known.collect();
                let fresh = |item: &&Item| known.insert(item.sighting.observable.clone());
                self.items.extend(correction.added.iter().filter(fresh).cloned());
            }
            Change::Withdraw => self.warn = WhoMayBeWarned::CellOnly,
            Change::Recall { .. } => {
                self.warn = WhoMayBeWarned::CellOnly;
                self.title = String::new();
                self.narrative = String::new();
                self.tags = Vec::new();
                self.techniques = Vec::new();
                self.items = Vec::new();
                self.named = None;
                self.grade = None;
            }
        }
    }
}

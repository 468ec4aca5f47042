//! What happens to a case after its report: messages, and what its reporter changes. Nobody but the reporter's organisation
//! acts on a case from the member side, and a case that is another's is absent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{CaseId, FileId, MessageId, OrganisationId, PersonId, Timestamp, WhoMayBeWarned};

use super::Vault;
use super::filing::FILES_PER_CASE_MAX;
use super::repeats::{Again, Repeat};
use crate::acts::{AmendEntry, Change, Class, Correction, FileEntry, MessageEntry, Party};
use crate::entry::{Body, ReportEntry, Seq};
use crate::error::{JournalError, VaultError};
use crate::journal::{Filed, NewEntry};

/// Longest message, in characters.
pub const MESSAGE_CHARS_MAX: usize = 10_000;
/// Messages and changes that one case takes.
pub const ACTS_PER_CASE_MAX: u32 = 1_000;
/// Values that the corrections of one case add, in all: as many as a report has at most. Whatever is done with a case at once, as when
/// it is taken back, is done with no more than twice that.
pub const VALUES_ADDED_PER_CASE_MAX: usize = 1_000;

/// What the reporter of a case does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Says something in its thread.
    Say {
        /// What.
        text: String,
    },
    /// Lets more be warned than before.
    Consent {
        /// The answer from now on.
        warn: WhoMayBeWarned,
    },
    /// Corrects what it says.
    Correct(Box<Correction>),
    /// Adds a file, whose bytes are durable already.
    File(Box<FileEntry>),
    /// Takes it back: members lose what it alone had told them, the cell keeps it.
    Withdraw,
    /// Takes it back for good: it should never have been sent, and its content goes from the journal too.
    Recall,
}

/// What became of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is on disk.
    Done,
    /// There is no such case of that organisation.
    Absent,
    /// It cannot be done to this case; why.
    Refused(Cow<'static, str>),
    /// Something was done under its key before, or is being done.
    Again(Again),
}

/// Runs once an act is on disk, or is refused, or failed.
pub type ActDone = Box<dyn FnOnce(Result<Acted, JournalError>) + Send>;

/// Where a case stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    /// Messages and changes so far.
    acts: u32,
    /// Values that corrections added so far.
    added: usize,
    /// Taken back.
    withdrawn: bool,
    /// Taken back for good; whether its content is out of the journal.
    recalled: Option<bool>,
    /// Where its messages and changes lie.
    entries: Vec<Seq>,
    /// The first answer, where it was changed.
    warn: Option<WhoMayBeWarned>,
    /// Its files, with the places of their entries.
    files: Vec<(Seq, FileId)>,
    /// Files whose entries are on their way to the disk.
    filing: usize,
    /// Classes of it that went by their time, each with the place up to which the list beside the keys has it.
    aged: Vec<(Class, Seq)>,
}

/// Cases that something happened to after they came.
#[derive(Default)]
pub(super) struct Cases(Mutex<HashMap<CaseId, Standing>>);

impl Cases {
    fn with<T>(&self, ask: impl FnOnce(&mut HashMap<CaseId, Standing>) -> T) -> T {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in what the journal says has happened.
    pub(super) fn note(&self, seq: Seq, body: &Body) {
        match body {
            Body::Message(message) => self.with(|cases| {
                let standing = cases.entry(message.case).or_default();
                standing.acts += 1;
                standing.entries.push(seq);
            }),
            Body::Feedback(feedback) => self.with(|cases| {
                let standing = cases.entry(feedback.case).or_default();
                standing.acts += 1;
                standing.entries.push(seq);
            }),
            Body::Word(word) => self.with(|cases| {
                let standing = cases.entry(word.case).or_default();
                standing.acts += 1;
                standing.entries.push(seq);
            }),
            Body::Opened(opened) => self.with(|cases| cases.entry(opened.case).or_default().entries.push(seq)),
            Body::Amend(amend) => self.with(|cases| {
                let standing = cases.entry(amend.case).or_default();
                standing.acts += 1;
                standing.entries.push(seq);
                if let Change::Recall { redacted } = &amend.change {
                    standing.recalled = Some(!redacted.is_empty());
                }
                standing.withdrawn |= matches!(amend.change, Change::Withdraw | Change::Recall { .. });
                if standing.recalled == Some(true) {
                    standing.files.clear();
                }
                match &amend.change {
                    Change::Consent { warn } => standing.warn = Some(*warn),
                    Change::Correct(correction) => standing.added += correction.added.len(),
                    Change::Withdraw | Change::Recall { .. } => {}
                }
            }),
            Body::File(file) => self.with(|cases| {
                let standing = cases.entry(file.case).or_default();
                standing.acts += 1;
                standing.entries.push(seq);
                standing.files.push((seq, file.id));
            }),
            Body::Aged(aged) => self.with(|cases| {
                let standing = cases.entry(aged.case).or_default();
                standing.aged.push((aged.class, aged.listed));
                if aged.class.has_words() {
                    standing.files.retain(|(seq, _)| *seq > aged.to);
                }
            }),
            _ => {}
        }
    }

    /// Whether a case takes one more file; why not.
    pub(super) fn takes_files(&self, case: CaseId) -> Result<(), &'static str> {
        self.with(|cases| cases.get(&case).map_or(Ok(()), Standing::takes_files))
    }

    /// The files of a case.
    pub(super) fn files(&self, case: CaseId) -> Vec<FileId> {
        self.files_to(case, Seq::MAX)
    }

    /// The files of a case whose entries lie up to a place.
    pub(super) fn files_to(&self, case: CaseId, to: Seq) -> Vec<FileId> {
        let of = |standing: &Standing| {
            standing.files.iter().filter(|(seq, _)| *seq <= to).map(|(_, id)| *id).collect::<Vec<_>>()
        };
        self.with(|cases| cases.get(&case).map(of).unwrap_or_default())
    }

    /// The files of all cases.
    pub(super) fn all_files(&self) -> Vec<(CaseId, FileId)> {
        let of = |(case, standing): (&CaseId, &Standing)| -> Vec<(CaseId, FileId)> {
            standing.files.iter().map(|(_, id)| (*case, *id)).collect()
        };
        self.with(|cases| cases.iter().flat_map(of).collect())
    }

    /// Takes the place of one more act, or says why there is none; `warn` is the first answer that the report came with.
    pub(super) fn enter(&self, case: CaseId, act: &Act, warn: Option<WhoMayBeWarned>) -> Result<(), &'static str> {
        self.with(|cases| {
            let standing = cases.entry(case).or_default();
            let late = match act {
                Act::Say { .. } => false,
                Act::Recall => standing.recalled.is_some(),
                _ => standing.withdrawn,
            };
            if late {
                return Err("it was withdrawn: send a new report if you need to");
            }
            if standing.acts >= ACTS_PER_CASE_MAX {
                return Err("its thread is full: send a new report");
            }
            if let Act::Consent { warn: wider } = act {
                let before = standing.warn.or(warn);
                if before.is_none_or(|before| reach(wider) <= reach(&before)) {
                    return Err("it may be warned as widely already: withdraw the report to take it back");
                }
            }
            if let Act::Correct(correction) = act {
                let added = standing.added + correction.added.len();
                if !correction.added.is_empty() && added > VALUES_ADDED_PER_CASE_MAX {
                    return Err("its corrections add more than 1,000 values in all: send a new report for the others");
                }
                standing.added = added;
            }
            if let Act::File(_) = act {
                standing.takes_files()?;
                standing.filing += 1;
            }
            standing.acts += 1;
            standing.withdrawn |= matches!(act, Act::Withdraw | Act::Recall);
            Ok(())
        })
    }

    /// An act is on disk.
    pub(super) fn acted(&self, case: CaseId, act: &Act, seqs: &[Seq]) {
        self.with(|cases| {
            let standing = cases.entry(case).or_default();
            standing.entries.extend(seqs);
            match act {
                Act::Consent { warn } => standing.warn = Some(*warn),
                Act::Recall => standing.recalled = Some(false),
                Act::File(file) => {
                    standing.filing = standing.filing.saturating_sub(1);
                    standing.files.extend(seqs.iter().map(|seq| (*seq, file.id)));
                }
                _ => {}
            }
        });
    }

    /// Cases that were taken back for good, and whose content is still in the journal.
    pub(super) fn recalled(&self) -> Vec<CaseId> {
        self.with(|cases| {
            let waiting = cases.iter().filter(|(_, standing)| standing.recalled == Some(false));
            let mut waiting: Vec<CaseId> = waiting.map(|(case, _)| *case).collect();
            waiting.sort_unstable();
            waiting
        })
    }

    /// Where the messages and changes of a case lie.
    pub(super) fn entries(&self, case: CaseId) -> Vec<Seq> {
        self.with(|cases| cases.get(&case).map(|standing| standing.entries.clone()).unwrap_or_default())
    }

    /// Whether a class of a case's content went by its time, as far as the list beside the keys has it.
    pub(super) fn is_aged(&self, case: CaseId, class: Class, listed: Seq) -> bool {
        let is = |known: &(Class, Seq)| known.0 == class && known.1 >= listed;
        self.with(|cases| cases.get(&case).is_some_and(|standing| standing.aged.iter().any(is)))
    }

    /// Whether a case was recalled, whatever is left of it.
    pub(super) fn is_recalled(&self, case: CaseId) -> bool {
        self.with(|cases| cases.get(&case).is_some_and(|standing| standing.recalled.is_some()))
    }

    /// Whether the content of a recalled case is out of the journal.
    pub(super) fn is_redacted(&self, case: CaseId) -> bool {
        self.with(|cases| cases.get(&case).is_some_and(|standing| standing.recalled == Some(true)))
    }

    /// The content of a case is out of the journal.
    pub(super) fn redacted(&self, case: CaseId) {
        self.with(|cases| {
            let standing = cases.entry(case).or_default();
            standing.recalled = Some(true);
            standing.files.clear();
        });
    }

    /// An act that was entered did not reach the disk.
    pub(super) fn undo(&self, case: CaseId, act: &Act) {
        self.with(|cases| {
            if let Some(standing) = cases.get_mut(&case) {
                standing.acts = standing.acts.saturating_sub(1);
                standing.filing = standing.filing.saturating_sub(usize::from(matches!(act, Act::File(_))));
                standing.withdrawn &= !matches!(act, Act::Withdraw | Act::Recall);
                if let Act::Correct(correction) = act {
                    standing.added = standing.added.saturating_sub(correction.added.len());
                }
            }
        });
    }
}

impl Standing {
    const fn takes_files(&self) -> Result<(), &'static str> {
        if self.withdrawn {
            return Err("it was withdrawn: send a new report if you need to");
        }
        if self.files.len() + self.filing >= FILES_PER_CASE_MAX {
            return Err("it has 20 files already: send a new report");
        }
        Ok(())
    }
}

/// How far an answer reaches; only a wider one is a consent.
const fn reach(warn: &WhoMayBeWarned) -> u8 {
    match warn {
        WhoMayBeWarned::CellOnly => 0,
        WhoMayBeWarned::Group { .. } => 1,
        WhoMayBeWarned::OnceThreeHaveIt => 2,
        WhoMayBeWarned::NextEpoch => 3,
        WhoMayBeWarned::Now => 4,
    }
}

impl Vault {
    /// A case's report as it stands now, and its place in the journal; `None` if there is no such case.
    ///
    /// # Errors
    /// [`VaultError`] if the journal cannot be read.
    pub fn report_of(&self, case: CaseId) -> Result<Option<(Box<ReportEntry>, Seq)>, VaultError> {
        let Some(Filed { seq, .. }) = self.journal.filed(case)? else { return Ok(None) };
        Ok(self.report_at(seq)?.map(|report| (report, seq)))
    }

    /// The report at a place of the journal, as it came.
    ///
    /// # Errors
    /// [`VaultError`] if the journal cannot be read.
    pub fn report_at(&self, seq: Seq) -> Result<Option<Box<ReportEntry>>, VaultError> {
        let entry = self.journal.read(seq, 1)?.into_iter().next().filter(|entry| entry.seq == seq);
        Ok(entry.and_then(|entry| match &entry.body {
            Body::Report(report) => Some(report.clone()),
            _ => None,
        }))
    }

    /// Lets an organisation act on a case that it filed; `done` runs after the act is on disk, or at once if it is refused.
    ///
    /// # Errors
    /// [`VaultError`] if it could not even be queued; `done` does not run then.
    pub fn act_then(
        self: &Arc<Self>,
        organisation: OrganisationId,
        case: CaseId,
        act: Act,
        at: Timestamp,
        done: ActDone,
    ) -> Result<(), VaultError> {
        self.act_once(organisation, case, act, at, None, done)
    }

    /// As [`Vault::act_then`], unless it was done before under the same key.
    ///
    /// # Errors
    /// As [`Vault::act_then`].
    pub fn act_once(
        self: &Arc<Self>,
        organisation: OrganisationId,
        case: CaseId,
        act: Act,
        at: Timestamp,
        repeat: Option<&Repeat>,
        done: ActDone,
    ) -> Result<(), VaultError> {
        let ticket = match repeat.map(|repeat| self.begin(repeat)).transpose()?.transpose() {
            Ok(ticket) => ticket,
            Err(again) => {
                done(Ok(Acted::Again(again)));
                return Ok(());
            }
        };
        let filed = self.filed_by(case, organisation)?;
        let Some(Filed { seq, .. }) = filed else {
            done(Ok(Acted::Absent));
            return Ok(());
        };
        let warn = match act {
            Act::Consent { .. } => match self.report_at(seq)? {
                Some(report) if report.outside => {
                    done(Ok(Acted::Refused(
                        "it came from outside the partnership: the cell writes what members get".into(),
                    )));
                    return Ok(());
                }
                report => report.map(|report| report.warn),
            },
            _ => None,
        };
        if let Some(why) = self.refuses_sealed(case, seq, &act)? {
            done(Ok(Acted::Refused(why.into())));
            return Ok(());
        }
        let rows = match repeat.zip(ticket.as_ref()) {
            Some((repeat, ticket)) => vec![self.kept(ticket, repeat, Some(case), None)?],
            None => Vec::new(),
        };
        if let Err(why) = self.cases.enter(case, &act, warn) {
            done(Ok(Acted::Refused(why.into())));
            return Ok(());
        }
        if matches!(act, Act::Withdraw | Act::Recall) {
            self.forget_sent(seq)?;
        }
        let body = match act.clone() {
            Act::Say { text } => {
                let id = MessageId::from_bytes(self.entropy.bytes());
                Body::Message(Box::new(MessageEntry { id, case, from: Party::Reporter, text, asks: false }))
            }
            Act::Consent { warn } => amend(case, seq, Change::Consent { warn }),
            Act::Correct(correction) => amend(case, seq, Change::Correct(correction)),
            Act::File(file) => Body::File(file),
            Act::Withdraw => amend(case, seq, Change::Withdraw),
            Act::Recall => amend(case, seq, Change::Recall { redacted: Vec::new() }),
        };
        let cases = Arc::clone(&self.cases);
        let (kept, failed) = (Arc::clone(&cases), act.clone());
        let queued = self.journal.append_keeping(
            vec![NewEntry::new(at, body)],
            rows,
            Box::new(move |outcome| {
                match &outcome {
                    Err(_) => kept.undo(case, &failed),
                    Ok(seqs) => kept.acted(case, &failed, seqs),
                }
                drop(ticket);
                done(outcome.map(|_| Acted::Done));
            }),
        );
        if queued.is_err() {
            cases.undo(case, &act);
        }
        Ok(queued?)
    }

    /// Somebody of the cell says something to the reporter of a case; gives the message's id, `None` if there is no such case.
    ///
    /// # Errors
    /// [`VaultError`] if it is not on disk.
    pub fn say(
        &self,
        case: CaseId,
        (by, name): (PersonId, String),
        text: String,
        asks: bool,
    ) -> Result<Option<Result<MessageId, &'static str>>, VaultError> {
        if self.journal.filed(case)?.is_none() {
            return Ok(None);
        }
        let act = Act::Say { text: String::new() };
        if let Err(why) = self.cases.enter(case, &act, None) {
            return Ok(Some(Err(why)));
        }
        let id = MessageId::from_bytes(self.entropy.bytes());
        let message = MessageEntry { id, case, from: Party::Cell { by, name }, text, asks };
        let at = self.clock.now();
        match self.journal.append(vec![NewEntry::new(at, Body::Message(Box::new(message)))]) {
            Ok(seqs) => {
                self.cases.acted(case, &act, &seqs);
                Ok(Some(Ok(id)))
            }
            Err(error) => {
                self.cases.undo(case, &act);
                Err(error.into())
            }
        }
    }

    /// What a withdrawn report told may be sent again.
    pub(super) fn forget_sent(&self, seq: Seq) -> Result<(), VaultError> {
        let Some(report) = self.report_at(seq)? else { return Ok(()) };
        let window = crate::keys::Keys::window(report.received_at);
        let seed = self.key_seed();
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        for item in &report.items {
            own.take_back(window, report.token, item.sighting.observable.key(seed));
        }
        drop(own);
        Ok(())
    }
}

fn amend(case: CaseId, of: Seq, change: Change) -> Body {
    Body::Amend(Box::new(AmendEntry { case, of, change }))
}

//! The way back: what happens to a case is told to its reporter's own store, which nobody else can read.
//!
//! This is the only place where a case meets its organisation, and it gives neither to its caller. It follows the journal
//! behind the fold; after a crash it goes on from the place that the store itself remembers.

use std::sync::{Arc, Mutex, PoisonError};

use ::own::{Change as Told, Note, OwnError, Summary, Writer};
use model::{CaseId, OrganisationId, Timestamp};
use policy::planted::{self, Leak};
use register::Register;
use vault::{Body, Change, Entry, Party, ReportEntry, Seq, Vault, VaultError};

use crate::notices::Notices;
use crate::thread_notes::{Content, Corrected, OwnFileNote, OwnNote, warn_word};

/// Entries that are read at once on the way from where the store was to the journal's end.
const ENTRIES_AT_ONCE: usize = 256;
/// Threads that were read since the last step; with more, some stay unread once more.
const READS_MAX: usize = 4_096;
/// Reports that a planted leak tells of at most.
const LEAKED_MAX: usize = 50;
const DAY_MILLIS: i64 = 86_400_000;
/// The note that something of a report was released: one for each case, however often it is told.
const RELEASED_NOTE: [u8; 16] = [0xff; 16];
/// Longest title on the list, in bytes.
const TITLE_BYTES_MAX: usize = 400;

/// Threads that their organisations have read, on their way to the store.
#[derive(Clone, Default)]
pub struct Reads(Arc<Mutex<Vec<(OrganisationId, CaseId)>>>);

impl Reads {
    /// An organisation has read a thread.
    pub fn note(&self, organisation: OrganisationId, case: CaseId) {
        let mut reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reads.len() < READS_MAX {
            reads.push((organisation, case));
        }
    }

    fn take(&self) -> Vec<(OrganisationId, CaseId)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why something could not be told.
#[derive(Debug, thiserror::Error)]
pub enum ReturnError {
    /// The store.
    #[error("own reports: {0}")]
    Own(#[from] OwnError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// See the module.
pub(crate) struct Returns {
    vault: Arc<Vault>,
    writer: Writer,
    reads: Reads,
    notices: Notices,
    next: Seq,
    /// The day on which the file was last laid out anew: that is done when it is opened.
    day: Option<i64>,
}

fn note_id(seq: Seq) -> [u8; 16] {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(seq.to_be_bytes()) {
        *to = from;
    }
    id
}

fn note(id: [u8; 16], at: Timestamp, note: &OwnNote) -> Note {
    // Plain texts and numbers always serialise.
    Note { id, at, body: serde_json::to_string(note).unwrap_or_default() }
}

fn clipped(title: &str) -> String {
    let mut end = title.len().min(TITLE_BYTES_MAX);
    while !title.is_char_boundary(end) {
        end -= 1;
    }
    title.get(..end).unwrap_or_default().to_owned()
}

fn summary(report: &ReportEntry, status: &str) -> Summary {
    Summary {
        title: clipped(&report.title),
        attack: report.attack.as_str().to_owned(),
        status: status.to_owned(),
        at: report.received_at,
    }
}

impl Returns {
    /// Goes on where the store was.
    pub(crate) fn open(
        vault: Arc<Vault>,
        writer: Writer,
        reads: Reads,
        register: Arc<Register>,
    ) -> Result<Self, ReturnError> {
        let next = writer.progress()? + 1;
        let notices = Notices::new(register, vault.genesis().params.epoch_millis);
        Ok(Self { vault, writer, reads, notices, next, day: None })
    }

    /// Tells what came up to `last`, which threads were read, and which reports something came of.
    pub(crate) fn step(&mut self, last: Seq, outcomes: &[CaseId], now: Timestamp) -> Result<(), ReturnError> {
        while self.next <= last {
            let entries = self.vault.journal().read(self.next, ENTRIES_AT_ONCE).map_err(VaultError::from)?;
            let entries: Vec<&Arc<Entry>> = entries.iter().take_while(|entry| entry.seq <= last).collect();
            let Some(end) = entries.last().map(|entry| entry.seq) else { break };
            let mut batch = Vec::new();
            for entry in entries {
                self.tell(entry, &mut batch)?;
            }
            self.flush(batch, end)?;
            self.next = end + 1;
        }
        let mut batch = Vec::new();
        for (organisation, case) in self.reads.take() {
            batch.push(Told::Read { organisation, case });
        }
        for case in outcomes {
            // No mail leaves for it: whoever sees that one came would know whose the values are that were shown just before.
            let body = note(RELEASED_NOTE, now, &OwnNote::Released);
            self.to(*case, |organisation| {
                batch.push(Told::Note { organisation, case: *case, note: body, unread: true, mail: false });
            })?;
        }
        if !batch.is_empty() {
            self.flush(batch, self.next - 1)?;
        }
        // Queued first: what is told twice after a crash is better than what is told never.
        let told = self.notices.step(&self.writer.reader(), now)?.0;
        if !told.is_empty() {
            self.flush(told, self.next - 1)?;
        }
        self.rearrange(now)
    }

    /// Lays the store's file out anew on the first step of each day, so that its pages tell no order of more than one.
    fn rearrange(&mut self, now: Timestamp) -> Result<(), ReturnError> {
        let today = now.as_millis().div_euclid(DAY_MILLIS);
        let last = self.day.replace(today);
        if last.is_some_and(|last| last != today) && !self.writer.rearrange_daily()? {
            tracing::debug!("own reports were not laid out anew today");
        }
        Ok(())
    }

    fn flush(&mut self, batch: Vec<Told>, progress: Seq) -> Result<(), ReturnError> {
        let mut rest = batch.as_slice();
        while rest.len() > ::own::BATCH_CHANGES_MAX {
            let (now, later) = rest.split_at(::own::BATCH_CHANGES_MAX);
            // The place is that of the end: what comes again after a crash is told once.
            let kept = self.writer.progress()?;
            self.writer.apply(now, kept)?;
            rest = later;
        }
        for refused in self.writer.apply(rest, progress)? {
            tracing::debug!(why = %refused.why, "a note of a thread was not kept");
        }
        Ok(())
    }

    fn to(&self, case: CaseId, deliver: impl FnOnce(OrganisationId)) -> Result<(), ReturnError> {
        Ok(self.vault.return_to(case, deliver)?)
    }

    fn tell(&mut self, entry: &Entry, batch: &mut Vec<Told>) -> Result<(), ReturnError> {
        let (at, id) = (entry.at, note_id(entry.seq));
        match &entry.body {
            Body::Report(report) if !report.own => {
                let case = report.case;
                let body = OwnNote::Report(Box::new(Content::of(report)));
                self.to(case, |organisation| {
                    let (summary, note) = (summary(report, "received"), note(id, at, &body));
                    batch.push(Told::Open { organisation, case, summary, note });
                })?;
            }
            Body::Message(message) => {
                let from_cell = matches!(message.from, Party::Cell { .. });
                let body = OwnNote::Message {
                    id: message.id.to_string(),
                    from: if from_cell { "cell" } else { "reporter" }.to_owned(),
                    text: message.text.clone(),
                    asks: message.asks,
                };
                let case = message.case;
                let mut to = vec![case];
                if from_cell && planted::is_on(Leak::ReplyToAll) {
                    let mut firm = None;
                    self.to(case, |organisation| firm = Some(organisation))?;
                    let list = firm.map(|firm| self.writer.reader().list(firm, None, LEAKED_MAX)).transpose()?;
                    to.extend(list.into_iter().flat_map(|page| page.entries).map(|entry| entry.case));
                }
                for case in to {
                    self.to(case, |organisation| {
                        batch.push(Told::Note {
                            organisation,
                            case,
                            note: note(id, at, &body),
                            unread: from_cell,
                            mail: true,
                        });
                    })?;
                }
                // Whoever answers has read it, as whoever claims has.
                if from_cell {
                    self.summarise(case, None, "read", batch)?;
                }
            }
            // One that was recalled before this came by says nothing any more.
            Body::File(file) if file.size > 0 => {
                let (case, unread) = (file.case, matches!(file.from, Party::Cell { .. }));
                let note = note(id, at, &OwnNote::File(Box::new(OwnFileNote::of(file))));
                self.to(case, |organisation| batch.push(Told::Note { organisation, case, note, unread, mail: true }))?;
            }
            Body::Advisory(_) => batch.extend(self.notices.news_of_all()),
            Body::Opened(opened) => {
                let (case, body) = (opened.case, OwnNote::Opened { reason: opened.reason.clone() });
                self.to(case, |organisation| {
                    let note = note(id, at, &body);
                    batch.push(Told::Note { organisation, case, note, unread: true, mail: true });
                })?;
            }
            // What its reporter has of it goes with what the cell has: it lies in the same folder.
            Body::Aged(aged) => self.age(aged.case, note(id, at, &OwnNote::Aged), batch)?,
            Body::Claim { case, .. } => self.change(*case, entry, OwnNote::Claimed, "read", batch)?,
            Body::Amend(amend) => {
                let case = amend.case;
                match &amend.change {
                    Change::Consent { warn } => {
                        let body = OwnNote::Consent { warn: warn_word(*warn) };
                        self.to(case, |organisation| {
                            batch.push(Told::Note {
                                organisation,
                                case,
                                note: note(id, at, &body),
                                unread: false,
                                mail: false,
                            });
                        })?;
                    }
                    Change::Correct(correction) => {
                        let body = OwnNote::Correction(Box::new(Corrected::of(correction)));
                        self.change(case, entry, body, "", batch)?;
                    }
                    Change::Withdraw => self.change(case, entry, OwnNote::Withdrawal, "withdrawn", batch)?,
                    Change::Recall { redacted } if redacted.is_empty() => {
                        self.empty(case, "recalled", note(id, at, &OwnNote::Recall), batch)?;
                    }
                    Change::Recall { .. } => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Leaves of a case one note in its place on the list.
    fn empty(&self, case: CaseId, status: &str, note: Note, batch: &mut Vec<Told>) -> Result<(), ReturnError> {
        let Some((report, _)) = self.vault.report_of(case)? else { return Ok(()) };
        let summary = Summary { title: String::new(), ..summary(&report, status) };
        self.to(case, |organisation| batch.push(Told::Erase { organisation, case, summary, note }))
    }

    /// Leaves of a case whose time is over that it was released, which stays so: without that note the next start, which comes to all
    /// outcomes anew, would tell it once more.
    fn age(&mut self, case: CaseId, aged: Note, batch: &mut Vec<Told>) -> Result<(), ReturnError> {
        // What the thread has depends on what this batch has told so far.
        self.flush(std::mem::take(batch), self.next - 1)?;
        let mut found = None;
        self.to(case, |organisation| found = Some(organisation))?;
        let Some(organisation) = found else { return Ok(()) };
        let thread = self.writer.reader().thread(organisation, case)?;
        let released = thread.and_then(|thread| thread.notes.into_iter().find(|note| note.id == RELEASED_NOTE));
        let Some(released) = released else { return self.empty(case, "aged", aged, batch) };
        self.empty(case, "aged", released, batch)?;
        batch.push(Told::Note { organisation, case, note: aged, unread: false, mail: false });
        Ok(())
    }

    /// A note that changes what the list shows of a case; `status` is empty where that stays.
    fn change(
        &mut self,
        case: CaseId,
        entry: &Entry,
        body: OwnNote,
        status: &str,
        batch: &mut Vec<Told>,
    ) -> Result<(), ReturnError> {
        let corrected = if let OwnNote::Correction(corrected) = &body { Some(&**corrected) } else { None };
        if let Some(organisation) = self.summarise(case, corrected, status, batch)? {
            let note = note(note_id(entry.seq), entry.at, &body);
            batch.push(Told::Note { organisation, case, note, unread: false, mail: false });
        }
        Ok(())
    }

    /// What the list shows of a case from now on; gives whose it is.
    fn summarise(
        &mut self,
        case: CaseId,
        corrected: Option<&Corrected>,
        status: &str,
        batch: &mut Vec<Told>,
    ) -> Result<Option<OrganisationId>, ReturnError> {
        // What the list shows now depends on what this batch has told so far.
        self.flush(std::mem::take(batch), self.next - 1)?;
        let reader = self.writer.reader();
        let mut found = None;
        self.to(case, |organisation| found = Some(organisation))?;
        let Some(organisation) = found else { return Ok(None) };
        let Some(thread) = reader.thread(organisation, case)? else { return Ok(None) };
        let mut summary = thread.entry.summary;
        if let Some(corrected) = corrected {
            summary.title = clipped(&corrected.title);
            summary.attack.clone_from(&corrected.attack);
        }
        // One that was taken back stays so.
        let closed = matches!(summary.status.as_str(), "withdrawn" | "recalled" | "aged");
        let stays = status.is_empty() || closed && status == "read";
        if !stays {
            summary.status = status.to_owned();
        }
        batch.push(Told::Summarise { organisation, case, summary });
        Ok(Some(organisation))
    }
}

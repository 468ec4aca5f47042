//! Readers: an organisation's list, a thread of its own, and how much is new, each answered from one moment.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use model::{CaseId, OrganisationId};
use rusqlite::Connection;

use crate::change::{Note, Summary};
use crate::file::{self, Identity};
use crate::key::OwnKey;
use crate::records::{Head, NEWS_OF_ALL, NEWS_OWN, Numbered, Record as _, SHEET_CASES, Sheet, Slip};
use crate::{OwnError, rows};

/// Connections that read at the same time.
const CONNECTIONS: usize = 4;
/// Cases of one page of a list.
pub const LIST_MAX: usize = 200;

/// A place on an organisation's list: what comes in meanwhile does not move it. Callers hand it on as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(u64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// A case on an organisation's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub case: CaseId,
    /// What the list shows.
    pub summary: Summary,
    /// Whether there is something new to read.
    pub unread: bool,
}

/// A part of an organisation's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Cases, newest first.
    pub entries: Vec<Entry>,
    /// Where older ones go on; `None` at the end.
    pub next: Option<Cursor>,
    /// Cases on the whole list.
    pub cases: u64,
}

/// What is new that people were not told of by mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// In a thread of the organisation's own.
    pub own: bool,
    /// For every member.
    pub of_all: bool,
}

/// A case and what was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// What the list shows of it.
    pub entry: Entry,
    /// Its notes, in the order in which they were added.
    pub notes: Vec<Note>,
    /// Whether it takes no more notes. A note of some length may be refused before.
    pub full: bool,
}

struct Open {
    conn: Connection,
    identity: Option<Identity>,
}

#[allow(clippy::large_enum_variant, reason = "there is one behind an Arc")]
enum Source {
    File { path: PathBuf, slots: [Mutex<Option<Open>>; CONNECTIONS], turn: AtomicUsize },
    Memory(Arc<Mutex<Connection>>),
}

/// Answers an organisation about its own reports; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    source: Arc<Source>,
    key: Arc<OwnKey>,
}

impl Reader {
    /// Reads a store that another process writes.
    ///
    /// # Errors
    /// [`OwnError`] if there is no store yet, or it has another layout or is sealed with another key.
    pub fn in_file(path: &Path, key: OwnKey) -> Result<Self, OwnError> {
        let reader = Self::on_file(path, Arc::new(key));
        reader.read(|_| Ok(()))?;
        Ok(reader)
    }

    pub(crate) fn on_file(path: &Path, key: Arc<OwnKey>) -> Self {
        let slots = std::array::from_fn(|_| Mutex::new(None));
        Self { source: Arc::new(Source::File { path: path.to_owned(), slots, turn: AtomicUsize::new(0) }), key }
    }

    pub(crate) fn on_memory(conn: Arc<Mutex<Connection>>, key: Arc<OwnKey>) -> Self {
        Self { source: Arc::new(Source::Memory(conn)), key }
    }

    /// Asks within one transaction, so that all answers are of one moment.
    fn read<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, OwnError>) -> Result<T, OwnError> {
        let (path, slots, turn) = match &*self.source {
            Source::Memory(conn) => return ask(&conn.lock().unwrap_or_else(PoisonError::into_inner)),
            Source::File { path, slots, turn } => (path, slots, turn),
        };
        let free = slots.iter().find_map(|slot| match slot.try_lock() {
            Ok(open) => Some(open),
            Err(TryLockError::Poisoned(open)) => Some(open.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let mut slot = match free {
            Some(slot) => slot,
            None => {
                let turn = turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
                let slot = slots.get(turn).ok_or(OwnError::Damaged("a connection"))?;
                slot.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        // A store that was removed and made anew would stay readable as it was, and never change.
        let identity = file::identity(path);
        if slot.as_ref().is_none_or(|open| open.identity != identity) {
            *slot = Some(Open { conn: file::open_reader(path, &self.key)?, identity });
        }
        let Some(open) = slot.as_mut() else { return Err(OwnError::Damaged("a connection")) };
        let transaction = open.conn.transaction()?;
        ask(&transaction)
    }

    /// The organisation's cases, newest first: the newest `max` of them (at most [`LIST_MAX`]), or those after a cursor.
    ///
    /// # Errors
    /// [`OwnError`] if the store cannot be read.
    pub fn list(&self, organisation: OrganisationId, before: Option<Cursor>, max: usize) -> Result<Page, OwnError> {
        let max = max.min(LIST_MAX);
        self.read(|conn| {
            let head = head(conn, &self.key, organisation)?;
            let mut page = Page { cases: head.cases, ..Page::default() };
            let mut end = before.map_or(head.cases, |cursor| cursor.0.min(head.cases));
            while end > 0 && page.entries.len() < max {
                let sheet = sheet(conn, &self.key, organisation, (end - 1) / SHEET_CASES)?;
                let on_sheet = usize::try_from((end - 1) % SHEET_CASES + 1).unwrap_or(usize::MAX);
                let lines = sheet.0.get(..on_sheet).ok_or(OwnError::Damaged(Sheet::NAME))?;
                for line in lines.iter().rev().take(max - page.entries.len()) {
                    end -= 1;
                    page.entries.push(Entry { case: line.case, summary: line.summary.clone(), unread: line.unread });
                }
            }
            page.next = (end > 0).then_some(Cursor(end));
            Ok(page)
        })
    }

    /// A thread of the organisation. `None` if there is no such case or it is another organisation's: both are looked for in
    /// one place, which depends on who asks, and nothing is there.
    ///
    /// # Errors
    /// [`OwnError`] if the store cannot be read.
    pub fn thread(&self, organisation: OrganisationId, case: CaseId) -> Result<Option<Thread>, OwnError> {
        let scope = self.key.thread(organisation, case)?;
        self.read(|conn| {
            let records = rows::range(conn, &scope.hash)?;
            if records.is_empty() {
                return Ok(None);
            }
            let (mut slip, mut notes) = (None, Vec::with_capacity(records.len()));
            let at = self.key.only(&scope);
            for (place, sealed) in records {
                if place == at {
                    slip = Some(scope.open(&place, Slip::NAME, sealed, Slip::decode)?);
                } else {
                    notes.push(scope.open(&place, Numbered::NAME, sealed, Numbered::decode)?);
                }
            }
            let slip = slip.ok_or(OwnError::Damaged(Slip::NAME))?;
            if usize::try_from(slip.notes) != Ok(notes.len()) {
                return Err(OwnError::Damaged("a thread"));
            }
            notes.sort_unstable_by_key(|note| note.number);
            let sheet = sheet(conn, &self.key, organisation, slip.place / SHEET_CASES)?;
            let line = sheet.0.into_iter().find(|line| line.case == case).ok_or(OwnError::Damaged(Sheet::NAME))?;
            let entry = Entry { case, summary: line.summary, unread: line.unread };
            let notes = notes.into_iter().map(|numbered| numbered.note).collect();
            Ok(Some(Thread { entry, notes, full: !slip.takes(0) }))
        })
    }

    /// Who stands for whoever has a way-back code: a keyed hash, so that what is stored tells no code. Codes of one length only.
    #[must_use]
    pub fn outsider(&self, code: &[u8]) -> OrganisationId {
        self.key.outsider(code)
    }

    /// Cases of the organisation with something new to read: one small record.
    ///
    /// # Errors
    /// [`OwnError`] if the store cannot be read.
    pub fn unread(&self, organisation: OrganisationId) -> Result<u32, OwnError> {
        self.read(|conn| Ok(head(conn, &self.key, organisation)?.unread))
    }

    /// What is new that the organisation's people were not told of by mail: one small record.
    ///
    /// # Errors
    /// [`OwnError`] if the store cannot be read.
    pub fn news(&self, organisation: OrganisationId) -> Result<News, OwnError> {
        let bits = self.read(|conn| Ok(head(conn, &self.key, organisation)?.news))?;
        Ok(News { own: bits & NEWS_OWN != 0, of_all: bits & NEWS_OF_ALL != 0 })
    }
}

/// An organisation without a case has no head.
fn head(conn: &Connection, key: &OwnKey, organisation: OrganisationId) -> Result<Head, OwnError> {
    Ok(rows::open_only(conn, key, &key.head(organisation)?)?.map_or_else(Head::default, |(head, _)| head))
}

fn sheet(conn: &Connection, key: &OwnKey, organisation: OrganisationId, number: u64) -> Result<Sheet, OwnError> {
    let found = rows::open_only(conn, key, &key.sheet(organisation, number)?)?;
    found.map(|(sheet, _)| sheet).ok_or(OwnError::Damaged(Sheet::NAME))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Entropy, Timestamp};
    use rusqlite::StatementStatus;

    use super::*;
    use crate::{Change, Writer};

    struct Counting(AtomicUsize);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            bytes.iter_mut().zip(number).for_each(|(byte, new)| *byte = new);
        }
    }

    /// Runs and steps of every statement that reads.
    fn work(conn: &Arc<Mutex<Connection>>, ask: impl FnOnce()) -> Vec<(i32, i32)> {
        let of = |reset: bool| {
            let conn = conn.lock().unwrap();
            let all = rows::READS.map(|sql| {
                let statement = conn.prepare_cached(sql).unwrap();
                let both = [StatementStatus::Run, StatementStatus::VmStep];
                let [runs, steps] = both.map(|which| {
                    let now = statement.get_status(which);
                    if reset {
                        statement.reset_status(which);
                    }
                    now
                });
                (runs, steps)
            });
            all.to_vec()
        };
        of(true);
        ask();
        of(false)
    }

    #[test]
    fn anothers_case_is_the_same_work_as_none() {
        let (ann, bob) = (OrganisationId::from_bytes([1; 16]), OrganisationId::from_bytes([2; 16]));
        let (case, none) = (CaseId::from_bytes([3; 16]), CaseId::from_bytes([4; 16]));
        let entropy = Arc::new(Counting(AtomicUsize::new(1)));
        let mut writer = Writer::in_memory(OwnKey::new(&[9; 32]), entropy).unwrap();
        let note = Note { id: [5; 16], at: Timestamp::from_millis(1), body: "x".repeat(5_000) };
        let open = Change::Open { organisation: ann, case, summary: Summary::default(), note };
        writer.apply(&[open], 1).unwrap();
        let reader = writer.reader();
        let Source::Memory(conn) = &*reader.source else { panic!("it is in memory") };
        let ask = |organisation, case, there: bool| {
            work(conn, || assert_eq!(reader.thread(organisation, case).unwrap().is_some(), there))
        };
        let nothing = ask(bob, none, false);
        assert_eq!(nothing.iter().map(|work| work.0).sum::<i32>(), 1, "one statement");
        assert_eq!(ask(bob, case, false), nothing);
        assert_ne!(ask(ann, case, true), nothing, "the measure sees work");
        // What is new is one record, and a page of a list two.
        let runs = |work: Vec<(i32, i32)>| work.iter().map(|work| work.0).sum::<i32>();
        assert_eq!(runs(work(conn, || assert_eq!(reader.unread(ann).unwrap(), 0))), 1);
        assert_eq!(runs(work(conn, || assert_eq!(reader.list(ann, None, 50).unwrap().cases, 1))), 2);
    }
}

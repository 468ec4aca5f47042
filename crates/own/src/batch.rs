//! A batch of changes: each head, sheet and slip is loaded and sealed once, and rows are written in the order of their hashes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

use model::{CaseId, Entropy, OrganisationId};
use rusqlite::Connection;

use crate::change::{Change, Note, Refused, Summary, Why};
use crate::key::{OwnKey, Place, Scope};
use crate::records::{Head, Line, NEWS_OF_ALL, NEWS_OWN, Numbered, Record, SHEET_CASES, Sheet, Slip, numbered};
use crate::{OwnError, rows};

/// Sealed bytes that wait before they are written, though the batch goes on.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What a change meets: refused as data, or an error of the whole batch.
enum Stop {
    Refused(Why),
    Failed(OwnError),
}

impl From<OwnError> for Stop {
    fn from(error: OwnError) -> Self {
        Self::Failed(error)
    }
}

impl From<Why> for Stop {
    fn from(why: Why) -> Self {
        Self::Refused(why)
    }
}

/// The one record of a scope while a batch works on it.
struct Kept<T> {
    scope: Scope,
    record: T,
    /// Bytes that it takes in the file.
    before: usize,
    changed: bool,
}

impl<T> Kept<T> {
    const fn new(scope: Scope, record: T) -> Self {
        Self { scope, record, before: 0, changed: false }
    }
}

/// What a batch needs of one organisation.
struct Shelf {
    organisation: OrganisationId,
    head: Kept<Head>,
    sheets: BTreeMap<u64, Kept<Sheet>>,
    slips: BTreeMap<CaseId, Kept<Slip>>,
}

/// A batch within its transaction.
pub(crate) struct Batch<'a> {
    desk: Desk<'a>,
    shelves: BTreeMap<OrganisationId, Shelf>,
}

/// Where records are taken from and put.
struct Desk<'a> {
    conn: &'a Connection,
    key: &'a OwnKey,
    entropy: &'a dyn Entropy,
    waiting: BTreeMap<Place, (Vec<u8>, usize)>,
    waiting_bytes: usize,
}

impl Desk<'_> {
    fn take<T: Record>(&self, scope: Scope) -> Result<Result<Kept<T>, Scope>, OwnError> {
        Ok(match rows::open_only(self.conn, self.key, &scope)? {
            Some((record, before)) => Ok(Kept { scope, record, before, changed: false }),
            None => Err(scope),
        })
    }

    fn put(
        &mut self,
        scope: &Scope,
        place: Place,
        name: &'static str,
        contents: &[u8],
        before: usize,
    ) -> Result<(), OwnError> {
        let sealed = scope.seal(self.entropy, &place, name, contents)?;
        self.waiting_bytes += sealed.len();
        self.waiting.insert(place, (sealed, before));
        if self.waiting_bytes > WAITING_BYTES_MAX { self.write() } else { Ok(()) }
    }

    fn put_kept<T: Record>(&mut self, kept: &Kept<T>) -> Result<(), OwnError> {
        if !kept.changed {
            return Ok(());
        }
        let place = self.key.only(&kept.scope);
        self.put(&kept.scope, place, T::NAME, &kept.record.encode(), kept.before)
    }

    /// In the order of hashes, so that even the bytes within a page of the file tell no order of changes.
    fn write(&mut self) -> Result<(), OwnError> {
        self.waiting_bytes = 0;
        for (place, (sealed, before)) in std::mem::take(&mut self.waiting) {
            rows::put(self.conn, &place, &sealed, before)?;
        }
        Ok(())
    }

    fn has(&self, place: &Place) -> Result<bool, OwnError> {
        Ok(self.waiting.contains_key(place) || rows::has(self.conn, place)?)
    }

    fn erase(&mut self, scope: &Scope) -> Result<(), OwnError> {
        self.waiting.retain(|place, _| place.scope != scope.hash);
        rows::erase(self.conn, &scope.hash)
    }
}

impl Shelf {
    fn take(desk: &Desk<'_>, organisation: OrganisationId) -> Result<Self, OwnError> {
        let head = desk.take(desk.key.head(organisation)?)?.unwrap_or_else(|scope| Kept::new(scope, Head::default()));
        Ok(Self { organisation, head, sheets: BTreeMap::new(), slips: BTreeMap::new() })
    }

    /// Takes the slip of a case; the scope of its thread if there is no such case.
    fn find(&mut self, desk: &Desk<'_>, case: CaseId) -> Result<Option<Scope>, OwnError> {
        if self.slips.contains_key(&case) {
            return Ok(None);
        }
        match desk.take(desk.key.thread(self.organisation, case)?)? {
            Ok(slip) => {
                self.slips.insert(case, slip);
                Ok(None)
            }
            Err(scope) => Ok(Some(scope)),
        }
    }

    fn slip(&mut self, desk: &Desk<'_>, case: CaseId) -> Result<&mut Kept<Slip>, Stop> {
        self.find(desk, case)?;
        self.slips.get_mut(&case).ok_or(Stop::Refused(Why::NoSuchCase))
    }

    fn sheet(&mut self, desk: &Desk<'_>, number: u64, made: bool) -> Result<&mut Kept<Sheet>, OwnError> {
        match self.sheets.entry(number) {
            MapEntry::Occupied(sheet) => Ok(sheet.into_mut()),
            MapEntry::Vacant(room) => match desk.take(desk.key.sheet(self.organisation, number)?)? {
                Ok(sheet) => Ok(room.insert(sheet)),
                Err(scope) if made => Ok(room.insert(Kept::new(scope, Sheet::default()))),
                Err(_) => Err(OwnError::Damaged(Sheet::NAME)),
            },
        }
    }

    /// The line of a case on its sheet, and the head.
    fn line(&mut self, desk: &Desk<'_>, case: CaseId) -> Result<(Line, u64), Stop> {
        let place = self.slip(desk, case)?.record.place;
        let sheet = self.sheet(desk, place / SHEET_CASES, false)?;
        let line = usize::try_from(place % SHEET_CASES).ok().and_then(|at| sheet.record.0.get(at));
        match line {
            Some(line) if line.case == case => Ok((line.clone(), place)),
            _ => Err(OwnError::Damaged(Sheet::NAME).into()),
        }
    }

    fn set_line(&mut self, desk: &Desk<'_>, place: u64, line: Line) -> Result<(), Stop> {
        let sheet = self.sheet(desk, place / SHEET_CASES, false)?;
        let at = usize::try_from(place % SHEET_CASES).ok().and_then(|at| sheet.record.0.get_mut(at));
        *at.ok_or(OwnError::Damaged(Sheet::NAME))? = line;
        sheet.changed = true;
        Ok(())
    }

    fn open(&mut self, desk: &mut Desk<'_>, case: CaseId, summary: &Summary, note: &Note) -> Result<(), Stop> {
        summary.check()?;
        note.check()?;
        let Some(scope) = self.find(desk, case)? else { return Ok(()) };
        let place = self.head.record.cases;
        let line = Line { case, unread: false, summary: summary.clone() };
        let sheet = self.sheet(desk, place / SHEET_CASES, place.is_multiple_of(SHEET_CASES))?;
        sheet.record.0.push(line);
        sheet.changed = true;
        self.head.record.cases += 1;
        self.head.changed = true;
        let slip = Kept::new(scope, Slip { place, notes: 0, next: 0, bytes: 0 });
        add(desk, self.slips.entry(case).or_insert(slip), note)?;
        Ok(())
    }

    fn note(&mut self, desk: &mut Desk<'_>, case: CaseId, note: &Note, unread: bool, mail: bool) -> Result<(), Stop> {
        note.check()?;
        let slip = self.slip(desk, case)?;
        if desk.has(&desk.key.note(&slip.scope, &note.id))? {
            return Ok(());
        }
        if !slip.record.takes(note.body.len() as u64) {
            return Err(Why::ThreadFull.into());
        }
        add(desk, slip, note)?;
        if !unread {
            return Ok(());
        }
        if mail {
            self.set_news(self.head.record.news | NEWS_OWN);
        }
        self.mark(desk, case, true)
    }

    fn summarise(&mut self, desk: &Desk<'_>, case: CaseId, summary: Summary) -> Result<(), Stop> {
        summary.check()?;
        let (line, place) = self.line(desk, case)?;
        if line.summary == summary {
            return Ok(());
        }
        self.set_line(desk, place, Line { summary, ..line })
    }

    fn erase(&mut self, desk: &mut Desk<'_>, case: CaseId, summary: &Summary, note: &Note) -> Result<(), Stop> {
        // The title is not stored, so its length is nobody's concern.
        let summary = Summary { title: String::new(), ..summary.clone() };
        note.check()?;
        self.summarise(desk, case, summary)?;
        let slip = self.slip(desk, case)?;
        desk.erase(&slip.scope)?;
        slip.before = 0;
        slip.record = Slip { notes: 0, bytes: 0, ..slip.record };
        add(desk, slip, note)?;
        Ok(())
    }

    fn mark(&mut self, desk: &Desk<'_>, case: CaseId, unread: bool) -> Result<(), Stop> {
        let (line, place) = self.line(desk, case)?;
        if line.unread == unread {
            return Ok(());
        }
        let count = &mut self.head.record.unread;
        *count = if unread { count.saturating_add(1) } else { count.saturating_sub(1) };
        self.head.changed = true;
        if self.head.record.unread == 0 {
            self.set_news(self.head.record.news & !NEWS_OWN);
        }
        self.set_line(desk, place, Line { unread, ..line })
    }

    fn set_news(&mut self, news: u8) {
        self.head.changed |= self.head.record.news != news;
        self.head.record.news = news;
    }
}

fn add(desk: &mut Desk<'_>, slip: &mut Kept<Slip>, note: &Note) -> Result<(), OwnError> {
    let place = desk.key.note(&slip.scope, &note.id);
    desk.put(&slip.scope, place, Numbered::NAME, &numbered(slip.record.next, note), 0)?;
    slip.record.notes = slip.record.notes.saturating_add(1);
    slip.record.next = slip.record.next.saturating_add(1);
    slip.record.bytes = slip.record.bytes.saturating_add(note.body.len() as u64);
    slip.changed = true;
    Ok(())
}

impl<'a> Batch<'a> {
    pub(crate) fn new(conn: &'a Connection, key: &'a OwnKey, entropy: &'a dyn Entropy) -> Self {
        let desk = Desk { conn, key, entropy, waiting: BTreeMap::new(), waiting_bytes: 0 };
        Self { desk, shelves: BTreeMap::new() }
    }

    /// Makes the changes in their order and writes what they come to; says which were not made.
    pub(crate) fn apply(mut self, changes: &[Change]) -> Result<Vec<Refused>, OwnError> {
        let mut refused = Vec::new();
        for (place, change) in changes.iter().enumerate() {
            match self.make(change) {
                Ok(()) => {}
                Err(Stop::Refused(why)) => refused.push(Refused { place, why }),
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        for shelf in self.shelves.values() {
            self.desk.put_kept(&shelf.head)?;
            shelf.sheets.values().try_for_each(|sheet| self.desk.put_kept(sheet))?;
            shelf.slips.values().try_for_each(|slip| self.desk.put_kept(slip))?;
        }
        self.desk.write()?;
        Ok(refused)
    }

    fn make(&mut self, change: &Change) -> Result<(), Stop> {
        let (Change::Open { organisation, .. }
        | Change::Note { organisation, .. }
        | Change::Summarise { organisation, .. }
        | Change::Erase { organisation, .. }
        | Change::Read { organisation, .. }
        | Change::News { organisation }
        | Change::Told { organisation }) = change;
        let desk = &mut self.desk;
        let shelf = match self.shelves.entry(*organisation) {
            MapEntry::Occupied(shelf) => shelf.into_mut(),
            MapEntry::Vacant(room) => room.insert(Shelf::take(desk, *organisation)?),
        };
        match change {
            Change::Open { case, summary, note, .. } => shelf.open(desk, *case, summary, note),
            Change::Note { case, note, unread, mail, .. } => shelf.note(desk, *case, note, *unread, *mail),
            Change::Summarise { case, summary, .. } => shelf.summarise(desk, *case, summary.clone()),
            Change::Erase { case, summary, note, .. } => shelf.erase(desk, *case, summary, note),
            Change::Read { case, .. } => shelf.mark(desk, *case, false),
            Change::News { .. } => {
                shelf.set_news(shelf.head.record.news | NEWS_OF_ALL);
                Ok(())
            }
            Change::Told { .. } => {
                shelf.set_news(0);
                Ok(())
            }
        }
    }
}

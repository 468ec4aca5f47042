//! The four records of an organisation: its head, the sheets of its list, the slip of each case, the notes of its thread.

use model::{CaseId, Timestamp};

use crate::change::{Note, Summary};
use crate::codec::{In, Out};

/// Notes of one thread.
pub const THREAD_NOTES_MAX: u32 = 2_000;
/// Bytes of one thread's notes: a thread is read whole.
pub const THREAD_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Cases on one sheet of a list.
pub(crate) const SHEET_CASES: u64 = 50;

/// Something that is sealed as a whole.
pub(crate) trait Record: Sized {
    /// What it is called where it does not open.
    const NAME: &'static str;
    fn encode(&self) -> Vec<u8>;
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// What is counted of an organisation. The number of sheets follows from the number of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) cases: u64,
    pub(crate) unread: u32,
    /// What its people were not told of by mail since the last time, as bits.
    pub(crate) news: u8,
}

/// Something new is in a thread of its own.
pub(crate) const NEWS_OWN: u8 = 1;
/// Something new is there for every member.
pub(crate) const NEWS_OF_ALL: u8 = 2;

impl Record for Head {
    const NAME: &'static str = "an organisation's head";

    fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.u64(self.cases).u32(self.unread).raw(&[self.news]);
        out.0
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        let (cases, unread) = (from.u64()?, from.u32()?);
        // A head from before there was news ends here.
        let news = if from.end().is_some() { 0 } else { from.array::<1>()?[0] };
        let head = Self { cases, unread, news };
        from.end()?;
        Some(head)
    }
}

/// A case on a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) case: CaseId,
    pub(crate) unread: bool,
    pub(crate) summary: Summary,
}

/// Up to [`SHEET_CASES`] cases of a list, in the order in which they were opened. No case ever leaves its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet(pub(crate) Vec<Line>);

impl Record for Sheet {
    const NAME: &'static str = "a sheet of a list";

    fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        for line in &self.0 {
            out.raw(line.case.as_bytes()).raw(&[u8::from(line.unread)]).i64(line.summary.at.as_millis());
            out.text(&line.summary.title).text(&line.summary.attack).text(&line.summary.status);
        }
        out.0
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        let mut lines = Vec::new();
        while from.end().is_none() {
            let case = CaseId::from_bytes(from.array()?);
            let [unread] = from.array()?;
            let at = Timestamp::from_millis(from.i64()?);
            let summary = Summary { title: from.text()?, attack: from.text()?, status: from.text()?, at };
            lines.push(Line { case, unread: unread != 0, summary });
        }
        Some(Self(lines))
    }
}

/// What is known of a case beside its notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slip {
    /// Its place on the organisation's list, from 0.
    pub(crate) place: u64,
    /// Notes in its thread.
    pub(crate) notes: u32,
    /// The next note's number.
    pub(crate) next: u32,
    /// Bytes of its notes' bodies.
    pub(crate) bytes: u64,
}

impl Slip {
    /// Whether a thread takes a note.
    pub(crate) const fn takes(&self, bytes: u64) -> bool {
        self.notes < THREAD_NOTES_MAX && self.bytes.saturating_add(bytes) <= THREAD_BYTES_MAX && self.next < u32::MAX
    }
}

impl Record for Slip {
    const NAME: &'static str = "the slip of a case";

    fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.u64(self.place).u32(self.notes).u32(self.next).u64(self.bytes);
        out.0
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        let slip = Self { place: from.u64()?, notes: from.u32()?, next: from.u32()?, bytes: from.u64()? };
        from.end()?;
        Some(slip)
    }
}

/// A note and its number within the thread, which lies in the seal: rows are in no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) number: u32,
    pub(crate) note: Note,
}

impl Record for Numbered {
    const NAME: &'static str = "a note";

    fn encode(&self) -> Vec<u8> {
        numbered(self.number, &self.note)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        let number = from.u32()?;
        let note = Note { id: from.array()?, at: Timestamp::from_millis(from.i64()?), body: from.text()? };
        from.end()?;
        Some(Self { number, note })
    }
}

/// The bytes of a [`Numbered`] note, without a copy of its body.
pub(crate) fn numbered(number: u32, note: &Note) -> Vec<u8> {
    let mut out = Out::default();
    out.u32(number).raw(&note.id).i64(note.at.as_millis()).text(&note.body);
    out.0
}

/// How far the journal was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress(pub(crate) u64);

impl Record for Progress {
    const NAME: &'static str = "the place in the journal";

    fn encode(&self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        let progress = Self(from.u64()?);
        from.end()?;
        Some(progress)
    }
}

//! Notes in an organisation's own store, and the thread that they make: what its people read of a report of theirs.

use model::{Observable, WhoMayBeWarned};
use released::rfc3339;
use serde::{Deserialize, Serialize};
use vault::{Correction, FileEntry, Item, Party, ReportEntry};

use crate::views::{OwnFile, OwnReportView, OwnThreadRow, OwnValue};

/// The first answer, as data has it.
pub(crate) fn warn_word(warn: WhoMayBeWarned) -> String {
    match warn {
        WhoMayBeWarned::Now => "now".to_owned(),
        WhoMayBeWarned::NextEpoch => "next-epoch".to_owned(),
        WhoMayBeWarned::OnceThreeHaveIt => "once-three".to_owned(),
        WhoMayBeWarned::CellOnly => "cell-only".to_owned(),
        WhoMayBeWarned::Group { group, .. } => format!("group:{group}"),
    }
}

/// One value, as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Value {
    k: String,
    v: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<String>,
}

impl Value {
    fn of(item: &Item) -> Self {
        Self { held: item.held.clone(), ..Self::named(&item.sighting.observable) }
    }

    fn named(observable: &Observable) -> Self {
        Self { k: observable.kind().as_str().to_owned(), v: observable.value().to_owned(), held: None }
    }

    fn is(&self, other: &Self) -> bool {
        (&self.k, &self.v) == (&other.k, &other.v)
    }
}

/// A report as its organisation sent it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    title: String,
    narrative: String,
    attack: String,
    severity: String,
    ongoing: bool,
    happened_at: Option<i64>,
    warn: String,
    know: String,
    tlp: String,
    pap: String,
    techniques: Vec<String>,
    tags: Vec<String>,
    values: Vec<Value>,
}

impl Content {
    pub(crate) fn of(report: &ReportEntry) -> Self {
        Self {
            title: report.title.clone(),
            narrative: report.narrative.clone(),
            attack: report.attack.as_str().to_owned(),
            severity: report.severity.as_str().to_owned(),
            ongoing: report.ongoing,
            happened_at: report.happened_at.map(model::Timestamp::as_millis),
            warn: warn_word(report.warn),
            know: report.know.as_str().to_owned(),
            tlp: report.marking.tlp.as_str().to_owned(),
            pap: report.marking.pap.as_str().to_owned(),
            techniques: report.techniques.iter().map(|technique| technique.as_str().to_owned()).collect(),
            tags: report.tags.clone(),
            values: report.items.iter().map(Value::of).collect(),
        }
    }
}

/// What a correction says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Corrected {
    pub(crate) title: String,
    narrative: String,
    pub(crate) attack: String,
    severity: String,
    ongoing: bool,
    happened_at: Option<i64>,
    added: Vec<Value>,
    dropped: Vec<Value>,
}

impl Corrected {
    pub(crate) fn of(correction: &Correction) -> Self {
        Self {
            title: correction.title.clone(),
            narrative: correction.narrative.clone(),
            attack: correction.attack.as_str().to_owned(),
            severity: correction.severity.as_str().to_owned(),
            ongoing: correction.ongoing,
            happened_at: correction.happened_at.map(model::Timestamp::as_millis),
            added: correction.added.iter().map(Value::of).collect(),
            dropped: correction.dropped.iter().map(Value::named).collect(),
        }
    }
}

/// One note of a thread, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum OwnNote {
    /// The report.
    Report(Box<Content>),
    /// Something said.
    Message {
        /// Its id.
        id: String,
        /// `cell` or `reporter`.
        from: String,
        /// What.
        text: String,
        /// The cell asks to share more.
        asks: bool,
    },
    /// Somebody of the cell has read it.
    Claimed,
    /// A wider first answer.
    Consent {
        /// The answer.
        warn: String,
    },
    /// A correction.
    Correction(Box<Corrected>),
    /// Taken back.
    Withdrawal,
    /// Taken back for good.
    Recall,
    /// Its content went by its time.
    Aged,
    /// Something that it contributed to was released.
    Released,
    /// Two leads opened who reported it.
    Opened {
        /// Why.
        reason: String,
    },
    /// A file.
    File(Box<OwnFileNote>),
}

/// A file of a report, as its note has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OwnFileNote {
    id: String,
    pub(crate) name: String,
    pub(crate) size: u64,
    sha256: String,
    what: String,
    notes: Vec<String>,
    from_cell: bool,
}

impl OwnFileNote {
    pub(crate) fn of(file: &FileEntry) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name.clone(),
            size: file.size,
            sha256: file.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            what: file.kind.clone(),
            notes: file.notes.clone(),
            from_cell: matches!(file.from, Party::Cell { .. }),
        }
    }

    fn row(self, at: String) -> OwnFile {
        OwnFile {
            id: self.id,
            name: self.name,
            size: self.size,
            sha256: self.sha256,
            kind: self.what,
            notes: self.notes,
            by: if self.from_cell { "cell" } else { "you" }.to_owned(),
            at,
        }
    }
}

/// A file of a thread by its id.
pub(crate) fn file(thread: &::own::Thread, id: &str) -> Option<OwnFileNote> {
    thread.notes.iter().find_map(|note| match serde_json::from_str::<OwnNote>(&note.body) {
        Ok(OwnNote::File(file)) if file.id == id => Some(*file),
        _ => None,
    })
}

/// The thread that these notes make.
pub(crate) fn view(thread: &::own::Thread, exercise: bool) -> OwnReportView {
    let summary = &thread.entry.summary;
    let mut view = OwnReportView {
        reference: thread.entry.case.to_string(),
        at: rfc3339(summary.at),
        state: summary.status.clone(),
        read: summary.status == "read",
        unread: thread.entry.unread,
        released: false,
        title: String::new(),
        narrative: String::new(),
        attack: summary.attack.clone(),
        severity: String::new(),
        ongoing: false,
        happened_at: None,
        warn: "cell-only".to_owned(),
        know: String::new(),
        tlp: String::new(),
        pap: String::new(),
        techniques: Vec::new(),
        tags: Vec::new(),
        values: Vec::new(),
        thread: Vec::new(),
        files: Vec::new(),
        exercise,
    };
    let mut values: Vec<Value> = Vec::new();
    for note in &thread.notes {
        // What a later version wrote is left out rather than guessed at.
        let Ok(told) = serde_json::from_str::<OwnNote>(&note.body) else { continue };
        let (mut text, mut asks, mut id) = (String::new(), false, None);
        let (from, kind) = match told {
            OwnNote::Report(content) => {
                view.title = content.title;
                view.narrative = content.narrative;
                view.attack = content.attack;
                view.severity = content.severity;
                view.ongoing = content.ongoing;
                view.happened_at = content.happened_at.map(|at| rfc3339(model::Timestamp::from_millis(at)));
                view.warn = content.warn;
                view.know = content.know;
                view.tlp = content.tlp;
                view.pap = content.pap;
                view.techniques = content.techniques;
                view.tags = content.tags;
                values = content.values;
                continue;
            }
            OwnNote::Message { id: of, from, text: said, asks: asking } => {
                (text, asks, id) = (said, asking, Some(of));
                (if from == "cell" { "cell" } else { "reporter" }, "message")
            }
            OwnNote::Claimed => ("cell", "read"),
            OwnNote::Consent { warn } => {
                text.clone_from(&warn);
                view.warn = warn;
                ("reporter", "consent")
            }
            OwnNote::Correction(corrected) => {
                view.title = corrected.title;
                view.narrative = corrected.narrative;
                view.attack = corrected.attack;
                view.severity = corrected.severity;
                view.ongoing = corrected.ongoing;
                view.happened_at = corrected.happened_at.map(|at| rfc3339(model::Timestamp::from_millis(at)));
                values.retain(|value| !corrected.dropped.iter().any(|dropped| dropped.is(value)));
                for value in corrected.added {
                    if !values.iter().any(|known| known.is(&value)) {
                        values.push(value);
                    }
                }
                ("reporter", "correction")
            }
            OwnNote::File(file) => {
                view.files.push(file.row(rfc3339(note.at)));
                continue;
            }
            OwnNote::Opened { reason } => {
                text = reason;
                ("partnership", "opened")
            }
            OwnNote::Withdrawal => ("reporter", "withdrawal"),
            OwnNote::Recall => ("reporter", "recall"),
            OwnNote::Aged => ("partnership", "aged"),
            OwnNote::Released => {
                view.released = true;
                ("partnership", "released")
            }
        };
        view.read |= from == "cell";
        view.thread.push(OwnThreadRow {
            id,
            from: from.to_owned(),
            at: rfc3339(note.at),
            kind: kind.to_owned(),
            text,
            asks,
        });
    }
    view.values = values
        .into_iter()
        .map(|value| OwnValue { kind: value.k, value: value.v, held: value.held, released_at: None, verdict: None })
        .collect();
    view
}

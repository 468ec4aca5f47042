//! The thread of a case as the cell has it: what was said, what its reporter changed, and the page of the case.

use fusion::Fusion;
use model::{CampaignId, CaseId, FileId, Timestamp, WhoMayBeWarned};
use policy::planted::{self, Leak};
use serde::Serialize;
use vault::{
    AmendEntry, Body, Change, Class, Entry, Feedback, FeedbackEntry, FileEntry, Journal, MessageEntry, Party,
    ReportEntry, Seq, Verdict,
};

use crate::desk::{CasePlace, Desk, rfc3339};
use crate::rows::report_at;
use crate::sources::MINUTE_MILLIS;
use crate::views::{CampaignName, CaseFile, CasePage, ThreadRow, ValueRow};

/// Values that the page of a case shows.
pub const VALUES_SHOWN_MAX: usize = 1_000;
/// Values that a correction names in the thread.
const VALUES_TOLD_MAX: usize = 10;

/// What the desk keeps of a thread: where its entries lie.
#[derive(Default)]
pub(crate) struct Thread {
    entries: Vec<Seq>,
    amends: Vec<Seq>,
    withdrawn: bool,
    recalled: bool,
    /// Its words went by their time.
    aged: bool,
    /// The reporter spoke last.
    waits: bool,
    /// What the cell says that it was worth.
    verdict: Option<Verdict>,
}

/// Something was said or changed in a thread; the page of the case tells what.
#[derive(Serialize)]
struct Said {
    case: String,
    from: &'static str,
    kind: &'static str,
    exercise: bool,
}

/// What the page of a case needs of the desk before its text is read.
pub struct CasePlan {
    case: CaseId,
    place: CasePlace,
    entries: Vec<Seq>,
}

/// A plan with what was read of the journal.
pub struct CaseText {
    plan: CasePlan,
    report: Option<Box<ReportEntry>>,
    entries: Vec<std::sync::Arc<Entry>>,
}

impl CasePlan {
    /// Reads the report and its thread from the journal, outside any lock on the desk.
    #[must_use]
    pub fn read(self, journal: &dyn Journal) -> CaseText {
        let mut report = report_at(journal, self.place.seq);
        let read = self.entries.iter().filter_map(|seq| journal.read(*seq, 1).ok()?.into_iter().next());
        let entries: Vec<_> = read.collect();
        for entry in &entries {
            if let (Body::Amend(amend), Some(report)) = (&entry.body, &mut report) {
                report.amend(&amend.change);
            }
        }
        CaseText { plan: self, report, entries }
    }

    /// What is told of a file of the case, if it has it.
    #[must_use]
    pub fn file(&self, journal: &dyn Journal, id: FileId) -> Option<FileEntry> {
        let mut entries = self.entries.iter().filter_map(|seq| journal.read(*seq, 1).ok()?.into_iter().next());
        entries.find_map(|entry| match &entry.body {
            Body::File(file) if file.id == id && file.size > 0 => Some((**file).clone()),
            _ => None,
        })
    }
}

impl Desk {
    /// What is said in a thread; `live` also goes out as a frame.
    pub(crate) fn message(&mut self, seq: Seq, message: &MessageEntry, live: bool) {
        let thread = self.threads.entry(message.case).or_default();
        thread.entries.push(seq);
        let from = match message.from {
            Party::Reporter => "reporter",
            Party::Cell { .. } => "cell",
        };
        thread.waits = from == "reporter";
        if from == "cell" {
            self.outside.read(message.case);
        }
        self.said(message.case, from, "message", live);
    }

    /// What the reporter of a case changes in it.
    pub(crate) fn amend(&mut self, seq: Seq, amend: &AmendEntry, live: bool) {
        if matches!(&amend.change, Change::Recall { redacted } if !redacted.is_empty()) {
            // The same once more, now that the content is out of the journal.
            return;
        }
        let thread = self.threads.entry(amend.case).or_default();
        thread.entries.push(seq);
        thread.amends.push(seq);
        thread.withdrawn |= matches!(amend.change, Change::Withdraw | Change::Recall { .. });
        thread.recalled |= matches!(amend.change, Change::Recall { .. });
        if let (Change::Correct(correction), Some(place)) = (&amend.change, self.cases.get_mut(&amend.case)) {
            place.attack = correction.attack;
            place.severity = correction.severity;
        }
        if let Change::Recall { .. } = amend.change {
            self.unname(amend.case);
            // The title of its campaign may quote it.
            self.retitle.push(amend.case);
        }
        self.said(amend.case, "reporter", amend.change.as_str(), live);
    }

    /// A file that came with a case.
    pub(crate) fn file(&mut self, seq: Seq, file: &FileEntry, live: bool) {
        let thread = self.threads.entry(file.case).or_default();
        thread.entries.push(seq);
        let from = match file.from {
            Party::Reporter => "reporter",
            Party::Cell { .. } => "cell",
        };
        thread.waits = from == "reporter";
        self.said(file.case, from, "file", live);
    }

    /// Two leads opened who reported a case: everybody who sees the case sees that they did, and not who it is.
    pub(crate) fn opened(&mut self, seq: Seq, case: CaseId, live: bool) {
        self.threads.entry(case).or_default().entries.push(seq);
        self.said(case, "cell", "opened", live);
    }

    /// The time of content of a case is over. No frame tells of it: nothing that is on a screen has changed.
    pub(crate) fn aged(&mut self, case: CaseId, class: Class) {
        if class != Class::Values {
            self.threads.entry(case).or_default().aged = true;
            self.unname(case);
        }
        if class != Class::Words {
            // The title of its campaign may quote a value that only the cell had.
            self.retitle.push(case);
        }
    }

    /// What the cell feeds back to the source of a case.
    pub(crate) fn feedback(&mut self, seq: Seq, feedback: &FeedbackEntry, live: bool) {
        let thread = self.threads.entry(feedback.case).or_default();
        thread.entries.push(seq);
        let kind = match feedback.what {
            Feedback::Judged(verdict) => {
                thread.verdict = Some(verdict);
                "verdict"
            }
            Feedback::Limited { .. } => "limited",
        };
        self.said(feedback.case, "cell", kind, live);
    }

    /// What the cell says that a case was worth.
    #[must_use]
    pub fn verdict(&self, case: CaseId) -> Verdict {
        self.threads.get(&case).and_then(|thread| thread.verdict).unwrap_or(Verdict::Open)
    }

    fn said(&mut self, case: CaseId, from: &'static str, kind: &'static str, live: bool) {
        if live {
            self.frame("thread", &Said { case: case.to_string(), from, kind, exercise: self.exercise });
        }
    }

    /// Where the changes of a case lie.
    pub(crate) fn amends(&self, case: CaseId) -> Vec<Seq> {
        self.threads.get(&case).map(|thread| thread.amends.clone()).unwrap_or_default()
    }

    /// Whether the reporter of a case took it back.
    pub(crate) fn is_withdrawn(&self, case: CaseId) -> bool {
        self.threads.get(&case).is_some_and(|thread| thread.withdrawn)
    }

    /// Whether the reporter of a case waits for an answer.
    pub(crate) fn waits(&self, case: CaseId) -> bool {
        self.threads.get(&case).is_some_and(|thread| thread.waits)
    }

    /// What the page of a case will show; `None` if there is no such case.
    #[must_use]
    pub fn case_plan(&self, case: CaseId) -> Option<CasePlan> {
        let place = *self.cases.get(&case)?;
        let entries = self.threads.get(&case).map(|thread| thread.entries.clone()).unwrap_or_default();
        Some(CasePlan { case, place, entries })
    }

    /// The page of a case, its text read before.
    #[must_use]
    pub fn case_page(&self, text: CaseText, fusion: &Fusion) -> Option<CasePage> {
        let CaseText { plan: CasePlan { case, place, .. }, report, entries } = text;
        let report = report?;
        let campaign = fusion.campaign_of(case);
        let thread = self.threads.get(&case);
        let state = match thread {
            Some(thread) if thread.recalled => "recalled",
            Some(thread) if thread.withdrawn => "withdrawn",
            Some(thread) if thread.aged => "aged",
            _ => "open",
        };
        let value = |item: &vault::Item| ValueRow {
            kind: item.sighting.observable.kind().as_str().to_owned(),
            value: item.sighting.observable.value().to_owned(),
            held: item.held.clone(),
            kept: item.kept.clone(),
        };
        Some(CasePage {
            case: case.to_string(),
            at: minute(place.received_at),
            sector: place.lane.and_then(|lane| self.lanes.name(lane)).map(str::to_owned),
            attack: report.attack.title().to_owned(),
            severity: report.severity.as_str().to_owned(),
            ongoing: report.ongoing,
            title: report.title.clone(),
            narrative: report.narrative.clone(),
            words: "plain".to_owned(),
            happened_at: report.happened_at.map(rfc3339),
            techniques: report.techniques.iter().map(|technique| technique.as_str().to_owned()).collect(),
            tags: report.tags.clone(),
            tlp: report.marking.tlp.as_str().to_owned(),
            pap: report.marking.pap.as_str().to_owned(),
            warn: warn_word(report.warn).to_owned(),
            named: report.named.clone(),
            values: report.items.iter().take(VALUES_SHOWN_MAX).map(value).collect(),
            truncated: report.items.len() > VALUES_SHOWN_MAX,
            state: state.to_owned(),
            outside: report.outside,
            grade: report.grade.and_then(vault::Grade::letter).map(str::to_owned),
            judged: self.verdict(case).as_str().to_owned(),
            owner: self.claims.get(&case).map(|claimant| claimant.name.clone()),
            passed_to: self.passed_names(case),
            campaign: campaign.map(|id| self.campaign_name(id)),
            thread: entries.iter().filter_map(|entry| row(entry)).collect(),
            files: entries.iter().filter_map(|entry| file_row(entry)).collect(),
            exercise: self.exercise,
        })
    }

    fn campaign_name(&self, id: CampaignId) -> CampaignName {
        CampaignName { id: id.to_string(), letter: self.letters.get(id), title: self.title_of(id) }
    }
}

fn minute(at: Timestamp) -> String {
    if planted::is_on(Leak::ThreadTimes) {
        return rfc3339(at);
    }
    rfc3339(at.floor_to(MINUTE_MILLIS))
}

/// The first answer, as data has it; which group is the reporter's affair.
const fn warn_word(warn: WhoMayBeWarned) -> &'static str {
    match warn {
        WhoMayBeWarned::Now => "now",
        WhoMayBeWarned::NextEpoch => "next-epoch",
        WhoMayBeWarned::OnceThreeHaveIt => "once-three",
        WhoMayBeWarned::CellOnly => "cell-only",
        WhoMayBeWarned::Group { .. } => "group",
    }
}

/// A change in words.
fn told(change: &Change) -> String {
    match change {
        Change::Consent { warn } => match warn {
            WhoMayBeWarned::Now => "Members may be warned now".to_owned(),
            WhoMayBeWarned::NextEpoch => "Members may be warned at the next epoch".to_owned(),
            WhoMayBeWarned::OnceThreeHaveIt => "Members may be warned once three have it".to_owned(),
            WhoMayBeWarned::Group { .. } => "A sharing group may be warned".to_owned(),
            WhoMayBeWarned::CellOnly => "For the cell only".to_owned(),
        },
        Change::Correct(correction) => {
            let values = |what: &str, values: Vec<&str>| match values.len() {
                0 => String::new(),
                many => {
                    let shown: Vec<&str> = values.into_iter().take(VALUES_TOLD_MAX).collect();
                    let rest = many - shown.len();
                    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
                    format!("; {what}: {}{rest}", shown.join(", "))
                }
            };
            let added = correction.added.iter().map(|item| item.sighting.observable.value()).collect();
            let dropped = correction.dropped.iter().map(model::Observable::value).collect();
            format!("Corrected{}{}", values("added", added), values("no longer named", dropped))
        }
        Change::Withdraw => "Withdrawn: members lose what only this report had told them".to_owned(),
        Change::Recall { .. } => "Recalled: its content is gone".to_owned(),
    }
}

fn row(entry: &Entry) -> Option<ThreadRow> {
    let at = minute(entry.at);
    Some(match &entry.body {
        Body::Message(message) => {
            let (from, name) = match &message.from {
                Party::Reporter => ("reporter", None),
                Party::Cell { name, .. } => ("cell", Some(name.clone())),
            };
            ThreadRow {
                id: Some(message.id.to_string()),
                from: from.to_owned(),
                name,
                at,
                kind: "message".to_owned(),
                text: message.text.clone(),
                asks: message.asks,
            }
        }
        Body::Amend(amend) => ThreadRow {
            id: None,
            from: "reporter".to_owned(),
            name: None,
            at,
            kind: amend.change.as_str().to_owned(),
            text: told(&amend.change),
            asks: false,
        },
        Body::Opened(opened) => ThreadRow {
            id: None,
            from: "cell".to_owned(),
            name: Some(opened.by.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")),
            at,
            kind: "opened".to_owned(),
            text: opened.reason.clone(),
            asks: false,
        },
        Body::Feedback(feedback) => {
            let (kind, text) = match &feedback.what {
                Feedback::Judged(verdict) => ("verdict", verdict_told(*verdict)),
                Feedback::Limited { reason } => ("limited", reason.as_str()),
            };
            ThreadRow {
                id: None,
                from: "cell".to_owned(),
                name: Some(feedback.name.clone()),
                at,
                kind: kind.to_owned(),
                text: text.to_owned(),
                asks: false,
            }
        }
        _ => return None,
    })
}

const fn verdict_told(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Refuted => "false or noise",
        Verdict::Open => "taken back",
    }
}

fn file_row(entry: &Entry) -> Option<CaseFile> {
    let Body::File(file) = &entry.body else { return None };
    // One that was recalled is there no more.
    (file.size > 0).then(|| CaseFile {
        id: file.id.to_string(),
        name: file.name.clone(),
        size: file.size,
        sha256: file.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        kind: file.kind.clone(),
        media: String::new(),
        notes: file.notes.clone(),
        seal: "plain".to_owned(),
        by: match file.from {
            Party::Reporter => "reporter",
            Party::Cell { .. } => "cell",
        }
        .to_owned(),
        at: minute(entry.at),
    })
}

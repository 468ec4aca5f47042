//! Whole files: any known format becomes reports, sent in chunks, in constant memory; a second time changes nothing.

use std::io::Read;
use std::num::NonZeroU32;

use formats::{Event, ImportOptions, Summary};
use model::{Clock, Draft, Marking};
use register::Answers;
use vault::{Accepted, ItemOutcome, Submission};

use crate::limits::{CHUNK_BYTES_MAX, CHUNK_ITEMS_MAX, CHUNK_REPORTS_MAX};
use crate::report::of_draft;
use crate::reporter::Reporter;
use crate::sender::SendError;
use crate::size::stored_bytes;

/// Something in a file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedProblem {
    /// Name of the file.
    pub file: String,
    /// Line, where the format has lines.
    pub line: Option<NonZeroU32>,
    /// Path of the field; empty if there is none.
    pub field: String,
    /// What is wrong.
    pub why: String,
}

/// What became of everything: each value that was read is accepted, a duplicate or refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Reports made.
    pub reports: u64,
    /// Values taken.
    pub accepted: u64,
    /// Values that the same submitter had sent before, or that stand in one report twice.
    pub duplicates: u64,
    /// Values that were not taken, and reports that hold none.
    pub refused: u64,
    /// What was wrong, up to the limit of the options.
    pub problems: Vec<PlacedProblem>,
    /// Problems beyond that limit.
    pub untold: u64,
    /// Why a file could not be read, or not to its end.
    pub unread: Vec<PlacedProblem>,
}

/// Why reports were not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// They can never be stored as they are: what follows is read on.
    #[error("{0}")]
    Refused(String),
    /// Nothing can be stored for now: the import stops before its end.
    #[error("{0}")]
    Stopped(String),
}

impl From<SendError> for ImportError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused(why) => Self::Refused(why),
            error => Self::Stopped(error.to_string()),
        }
    }
}

/// Problems that are kept with their text; more are only counted.
const PROBLEMS_KEPT_MAX: usize = 10_000;

/// Reads files for one reporter.
pub struct Importer<'a> {
    reporter: &'a Reporter,
    answers: Answers,
    marking: Marking,
    exercise: bool,
    clock: &'a dyn Clock,
    options: ImportOptions,
    totals: Totals,
}

impl<'a> Importer<'a> {
    /// An importer with the two answers and the marking that stand where a file says none.
    #[must_use]
    pub fn new(
        reporter: &'a Reporter,
        answers: Answers,
        marking: Marking,
        exercise: bool,
        clock: &'a dyn Clock,
    ) -> Self {
        Self {
            reporter,
            answers,
            marking,
            exercise,
            clock,
            options: ImportOptions::default(),
            totals: Totals::default(),
        }
    }

    /// With other limits.
    #[must_use]
    pub const fn with_options(mut self, options: ImportOptions) -> Self {
        self.options = options;
        self
    }

    /// Totals so far.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Totals in the end.
    #[must_use]
    pub fn into_totals(self) -> Totals {
        self.totals
    }

    /// Reads one file; `send` stores a chunk of submissions and tells what became of each.
    ///
    /// # Errors
    /// [`ImportError::Stopped`] as `send` returns it: what was stored before stays, and a second import stores the rest.
    pub fn read(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        send: &mut dyn FnMut(Vec<Submission>) -> Result<Vec<Accepted>, ImportError>,
    ) -> Result<Summary, ImportError> {
        let options = ImportOptions { marking: self.marking, ..self.options };
        let mut told = 0;
        let mut reading = Reading { importer: self, name, send, chunk: Chunk::default(), problems: 0, stopped: None };
        let summary = formats::import_reader(name, reader, &options, &mut |event| match event {
            Event::Problem(problem) => {
                told += 1;
                reading.problems += 1;
                reading.importer.problem(PlacedProblem {
                    file: name.to_owned(),
                    line: problem.line,
                    field: problem.field,
                    why: problem.why,
                });
            }
            // After a failure the rest of the file is read past: the reader has no way to stop.
            Event::Draft(_) if reading.stopped.is_some() => {}
            Event::Draft(draft) => reading.draft(draft),
        });
        if summary.broken {
            // What breaks a file is the last problem told of it.
            let totals = &mut reading.importer.totals;
            totals.unread.extend(totals.problems.pop());
        }
        reading.flush();
        let stopped = reading.stopped;
        let totals = &mut self.totals;
        totals.duplicates += summary.repeated;
        totals.refused += summary.refused;
        totals.untold += summary.problems.saturating_sub(told);
        stopped.map_or(Ok(summary), Err)
    }

    fn problem(&mut self, problem: PlacedProblem) {
        if self.totals.problems.len() < PROBLEMS_KEPT_MAX {
            self.totals.problems.push(problem);
        } else {
            self.totals.untold += 1;
        }
    }

    fn count(&mut self, accepted: &[Accepted]) {
        for report in accepted {
            self.totals.reports += u64::from(report.case.is_some());
            for item in &report.items {
                match item {
                    ItemOutcome::Accepted => self.totals.accepted += 1,
                    ItemOutcome::Duplicate => self.totals.duplicates += 1,
                }
            }
        }
    }
}

#[derive(Default)]
struct Chunk {
    submissions: Vec<Submission>,
    items: usize,
    bytes: usize,
}

/// One file on its way.
struct Reading<'r, 'a> {
    importer: &'r mut Importer<'a>,
    name: &'r str,
    send: &'r mut dyn FnMut(Vec<Submission>) -> Result<Vec<Accepted>, ImportError>,
    chunk: Chunk,
    /// Problems since the last draft.
    problems: u64,
    stopped: Option<ImportError>,
}

impl Reading<'_, '_> {
    fn draft(&mut self, draft: Draft) {
        let (line, field, items) = (draft.origin.line, draft.origin.field.clone(), draft.indicators.len());
        let problem = |why: String| PlacedProblem { file: self.name.to_owned(), line, field: field.clone(), why };
        let told = std::mem::take(&mut self.problems) > 0;
        let importer = &mut *self.importer;
        if items == 0 {
            // Where its values were refused one by one they are counted already.
            importer.totals.refused += u64::from(!told);
            importer.problem(problem(format!(
                "report {:?} holds no value that can be taken: it is not stored",
                draft.title
            )));
            return;
        }
        let now = importer.clock.now();
        let submission = of_draft(draft, importer.answers, importer.marking, importer.reporter, importer.exercise, now);
        let bytes = match stored_bytes(&submission) {
            Ok(bytes) => bytes,
            Err(why) => {
                importer.totals.refused += items as u64;
                importer.problem(problem(format!("report {:?} is not stored: {why}", submission.report.title)));
                return;
            }
        };
        if self.chunk.bytes + bytes > CHUNK_BYTES_MAX {
            self.flush();
        }
        self.chunk.submissions.push(submission);
        self.chunk.items += items;
        self.chunk.bytes += bytes;
        if self.chunk.submissions.len() >= CHUNK_REPORTS_MAX || self.chunk.items >= CHUNK_ITEMS_MAX {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        if chunk.submissions.is_empty() || self.stopped.is_some() {
            return;
        }
        let reports = chunk.submissions.len();
        match (self.send)(chunk.submissions) {
            Ok(accepted) => self.importer.count(&accepted),
            Err(ImportError::Refused(why)) => {
                self.importer.totals.refused += chunk.items as u64;
                let why = format!("{reports} reports are not stored: {why}");
                let file = self.name.to_owned();
                self.importer.problem(PlacedProblem { file, line: None, field: String::new(), why });
            }
            Err(stopped) => self.stopped = Some(stopped),
        }
    }
}

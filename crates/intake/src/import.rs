//! Whole files: any known format becomes reports, sent in chunks, in constant memory; a second time changes nothing.

use std::io::Read;
use std::num::NonZeroU32;

use formats::{Event, ImportOptions, Summary};
use model::{Clock, Marking};
use register::Answers;
use vault::{Accepted, ItemOutcome, Submission};

use crate::limits::{CHUNK_ITEMS_MAX, CHUNK_REPORTS_MAX};
use crate::report::of_draft;
use crate::reporter::Reporter;

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

/// What became of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Reports made.
    pub reports: u64,
    /// Values taken.
    pub accepted: u64,
    /// Values that the same submitter had sent before.
    pub duplicates: u64,
    /// Objects that were not taken.
    pub refused: u64,
    /// What was wrong, up to the limit of the options.
    pub problems: Vec<PlacedProblem>,
}

/// Why an import stopped before its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(pub String);

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
    /// What `send` returns: what was stored before stays, and a second import stores the rest.
    pub fn read(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        send: &mut dyn FnMut(Vec<Submission>) -> Result<Vec<Accepted>, ImportError>,
    ) -> Result<Summary, ImportError> {
        let mut chunk: Vec<Submission> = Vec::new();
        let mut items = 0;
        let mut failed = None;
        let options = ImportOptions { marking: self.marking, ..self.options };
        let summary = formats::import_reader(name, reader, &options, &mut |event| match event {
            Event::Problem(problem) => self.problem(name, problem),
            Event::Draft(draft) => {
                // After a failure the rest of the file is read past: the reader has no way to stop.
                if failed.is_some() || draft.indicators.is_empty() {
                    return;
                }
                items += draft.indicators.len();
                chunk.push(of_draft(draft, self.answers, self.marking, self.reporter, self.exercise, self.clock.now()));
                if chunk.len() >= CHUNK_REPORTS_MAX || items >= CHUNK_ITEMS_MAX {
                    items = 0;
                    match send(std::mem::take(&mut chunk)) {
                        Ok(accepted) => self.count(&accepted),
                        Err(error) => failed = Some(error),
                    }
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        if !chunk.is_empty() {
            let accepted = send(chunk)?;
            self.count(&accepted);
        }
        Ok(summary)
    }

    fn problem(&mut self, name: &str, problem: formats::Problem) {
        self.totals.refused += 1;
        if self.totals.problems.len() < PROBLEMS_KEPT_MAX {
            self.totals.problems.push(PlacedProblem {
                file: name.to_owned(),
                line: problem.line,
                field: problem.field,
                why: problem.why,
            });
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
